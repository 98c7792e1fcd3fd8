import { formatDuration } from "../core/core.ts";
import type { FeatureRule } from "../define/define.ts";

/** What a feature is, in words. */
export function ruleText(rule: FeatureRule): string {
  switch (rule.kind) {
    case "latest":
      return "latest value";
    case "age":
      return `age in ${formatDuration(rule.unit)}`;
    case "window": {
      const { aggregate, rank, size, unit, where, window } = rule;
      const of = rank === undefined && size === undefined ? "" : ` ${rank ?? size}`;
      return `${aggregate}${of}${unit === undefined ? "" : ` in ${formatDuration(unit)}`} over ${formatDuration(window)}${where ? ", filtered" : ""}`;
    }
    default:
      return rule satisfies never;
  }
}
