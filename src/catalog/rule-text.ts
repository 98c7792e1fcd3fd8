import { formatDuration } from "../core/core.ts";
import type { FeatureRule } from "../define/define.ts";

/** What a feature is, in words. */
export function ruleText(rule: FeatureRule): string {
  switch (rule.kind) {
    case "latest":
      return "latest value";
    case "age":
      return `age in ${formatDuration(rule.unit)}`;
    case "window":
      return `${rule.aggregate}${rule.unit === undefined ? "" : ` in ${formatDuration(rule.unit)}`} over ${formatDuration(rule.window)}${rule.where ? ", filtered" : ""}`;
    default:
      return rule satisfies never;
  }
}
