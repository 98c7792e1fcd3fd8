// Rows that nothing can be trained or judged on, counted where a dataset is cut: what is wrong with them in SQL, and in words.

import { isFloat } from "../core/core.ts";
import { type ModelSpec, type RowRole, rowColumnNames } from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";
import type { SplitPart } from "./split.ts";

/** What of a row may be wrong, in the order in which it is refused. */
export const rowProblems = ["labels", "weights", "groups", "bounds"] as const;

/** How many rows of a part have something wrong; absent means none. */
export type RowProblems = Readonly<Partial<Record<(typeof rowProblems)[number], number>>>;

const texts: Readonly<Record<keyof RowProblems, readonly [what: string, remedy: string]>> = {
  labels: ["are NaN or infinite", "Make them null in the label's expression, and their rows are left out."],
  weights: [
    "are null, NaN, infinite, 0 or below",
    "A weight is above 0; make the label of such rows null, and they are left out.",
  ],
  groups: [
    "are null or NaN",
    "Every row is ranked in a group; make the label of such rows null, and they are left out.",
  ],
  bounds: [
    "are NaN or below the row's label",
    "Nothing ends before it has lasted so long: a bound equals the label where the end was seen, and is null while the row goes on.",
  ],
};

/** The first problem of a part's rows in words; undefined where there is none. */
export function problemText(part: SplitPart, rows: number, problems: RowProblems): string | undefined {
  const found = rowProblems.find((each) => (problems[each] ?? 0) > 0);
  if (found === undefined) return undefined;
  const [what, remedy] = texts[found];
  const named = found === "bounds" ? "upper bounds" : found;
  return `${problems[found]} of the ${rows} ${named} to ${part} on ${what}. ${remedy}`;
}

/** Whether a row has each of the problems, as SQL conditions that are never null. */
export function problemConditions(
  dialect: SqlDialect,
  { beside = {}, label }: Pick<ModelSpec, "beside" | "label">,
): Readonly<Record<keyof RowProblems, string>> {
  const own = dialect.identifier("label");
  const column = (role: RowRole): string => dialect.identifier(rowColumnNames[role]);
  const weight = `${column("weight")}::DOUBLE`;
  const group = column("group");
  const bound = `${column("upperBound")}::DOUBLE`;
  const isNan = isFloat(beside.group?.value.type ?? "bool") ? ` OR isnan(${group})` : "";
  return {
    labels: isFloat(label.value.type) ? `NOT isfinite(${own})` : "false",
    weights: beside.weight === undefined ? "false" : `coalesce(NOT (${weight} > 0 AND isfinite(${weight})), true)`,
    groups: beside.group === undefined ? "false" : `(${group} IS NULL${isNan})`,
    // NaN is above every number here, and a null goes on for ever.
    bounds: beside.upperBound === undefined ? "false" : `coalesce(isnan(${bound}) OR ${bound} < ${own}::DOUBLE, false)`,
  };
}
