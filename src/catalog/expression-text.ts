import { canonicalJson } from "../core/core.ts";
import type { ExpressionNode } from "../define/define.ts";

/** An expression as a person may read it: `gt(departures.dep_delay, 15)`. */
export function expressionText(node: ExpressionNode): string {
  switch (node.kind) {
    case "literal":
      // Only text is quoted; out of the records a whole number comes as text too.
      return node.type === "string" || typeof node.value === "object" ? canonicalJson(node.value) : String(node.value);
    case "call":
      return `${node.operator}(${node.args.map(expressionText).join(", ")})`;
    case "column":
      return `${node.source}.${node.name}`;
    case "feature":
      return `${node.view}.${node.name}`;
    case "row":
      return node.name;
    default:
      return node satisfies never;
  }
}
