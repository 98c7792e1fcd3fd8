// The pieces that both ways of summing a window share: what a plan is about, where a window's tail lies, and a term's sum in SQL.

import { windowHop } from "../core/core.ts";
import type { Term, WindowPlan } from "./aggregate-terms.ts";
import type { ViewRelations } from "./view-events-sql.ts";

/** The names and pieces that both ways of summing share. */
export interface WindowContext extends Omit<ViewRelations, "events"> {
  readonly plan: WindowPlan;
  /** The relation of events: kid, e, k, and one column `v<term>` per term with a value. */
  readonly events: string;
  readonly isLate: boolean;
}

/** The tail of a window as SQL over `t`. */
export function tailSql(window: bigint): string {
  const hop = windowHop(window);
  // SQL division truncates; instants before 1970 need rounding down.
  return `(((t - ${window}) - (((t - ${window}) % ${hop}) + ${hop}) % ${hop}))`;
}

/** A term's sum over a group of events, as SQL. */
export function termSql(term: Term, index: number): string {
  switch (term.kind) {
    case "rows":
      return "count(*)";
    case "count":
      return `count(v${index})`;
    case "true":
      return `count(*) FILTER (WHERE v${index})`;
    case "wholeSum":
      return `coalesce(sum(v${index}), 0)`;
    case "floatSum":
      return `sum(v${index} ORDER BY e, v${index})`;
    case "min":
      return `min(v${index})`;
    case "max":
      return `max(v${index})`;
    default:
      return term satisfies never;
  }
}
