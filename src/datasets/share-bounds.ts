// A split by shares as borders. Every row has a place between 0 and 1, in hexadecimal text: the start of a hash of the seed and of what decides, its own
// id or its group. Text compares the same in every engine, and so a row's part depends on nothing but itself, the seed and the shares. Where each
// stratum is to have the same share, it has borders of its own, found when the dataset was cut, so that later readers need no second look at the rows.

import type { Instant } from "../core/core.ts";
import { rowColumnNames, type SplitSpec } from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";
import type { SplitPart } from "./split.ts";

/** Rows below `test` test, others below `validate` validate, and the rest trains. Each is so many hexadecimal digits, or one that is above all. */
export interface ShareBorder {
  /** The stratum; null for rows without one. Absent where all rows have the same borders. */
  readonly of?: string | null;
  readonly test: string;
  readonly validate: string;
}

/** The bounds of a split by shares. */
export interface ShareBounds {
  /** What decides where a row goes. */
  readonly unit: "row" | "group";
  readonly seed: number;
  /** The column that each border is for a value of; absent where there is one border. */
  readonly strata?: string;
  readonly borders: readonly ShareBorder[];
  /** Rows of every part begin here; absent means no beginning. */
  readonly trainFrom?: Instant;
  /** Rows from then on are in no part; absent means no end. */
  readonly until?: Instant;
  /** What was known then is all that is used; absent means everything. */
  readonly knownBy?: Instant;
}

/** A split by shares. */
export type ShareSplit = Extract<SplitSpec, { readonly seed: number }>;

const DIGITS = 12;
/** Above every digit. */
export const ABOVE_ALL = "g";

/** Whether bounds are those of a split by shares. */
export function isShareBounds(bounds: object): bounds is ShareBounds {
  return "borders" in bounds;
}

/** The place that a share of all hashes lies below. */
export function shareBorder(share: number): string {
  if (share >= 1) return ABOVE_ALL;
  return Math.round(share * 16 ** DIGITS)
    .toString(16)
    .padStart(DIGITS, "0");
}

/** The column whose values are the strata of a split. */
export function strataColumn(split: ShareSplit): string | undefined {
  if (split.kind !== "stratified") return undefined;
  return split.by === undefined ? "label" : rowColumnNames.splitBy;
}

/** A row's place, as SQL over a snapshot's columns. A row that has no group is one of its own. */
export function placeSql(
  dialect: SqlDialect,
  { unit, seed }: { readonly unit: ShareBounds["unit"]; readonly seed: number | string },
): string {
  const text = (name: string): string => `${dialect.identifier(name)}::${dialect.typeName("string")}`;
  const own = unit === "row" ? text("key") : `coalesce(${text(rowColumnNames.splitBy)}, ${text("key")})`;
  return `substr(md5(concat(${dialect.text(`${seed}/`)}, ${own})), 1, ${DIGITS})`;
}

/** One side of a part that is divided once more, by the rows' ids. */
export interface PartSide {
  /** The share of the rows that is held back, between 0 and 1. */
  readonly share: number;
  readonly side: "held" | "rest";
}

/** The rows of one side, as a SQL condition. Its places are others than those of any split. */
export function sideCondition(dialect: SqlDialect, { share, side }: PartSide): string {
  const place = placeSql(dialect, { unit: "row", seed: "held back" });
  return `${place} ${side === "held" ? "<" : ">="} ${dialect.text(shareBorder(share))}`;
}

/** The rows of a part, as SQL conditions. */
export function shareCondition(dialect: SqlDialect, bounds: ShareBounds, part: SplitPart): readonly string[] {
  const place = placeSql(dialect, bounds);
  const border = (of: "test" | "validate"): string => borderSql(dialect, bounds, of);
  if (part === "test") return [`${place} < ${border("test")}`];
  if (part === "train") return [`${place} >= ${border("validate")}`];
  return [`${place} >= ${border("test")}`, `${place} < ${border("validate")}`];
}

function borderSql(dialect: SqlDialect, { strata, borders }: ShareBounds, of: "test" | "validate"): string {
  const { text } = dialect;
  if (strata === undefined) return text(borders[0]?.[of] ?? "");
  const value = `${dialect.identifier(strata)}::${dialect.typeName("string")}`;
  const cases = borders.map((border) =>
    border.of === null || border.of === undefined
      ? `WHEN ${value} IS NULL THEN ${text(border[of])}`
      : `WHEN ${value} = ${text(border.of)} THEN ${text(border[of])}`,
  );
  // Nothing is below an empty text: what no border is for is learnt from.
  return `CASE ${cases.join(" ")} ELSE '' END`;
}

/** Bounds by shares as a record holds them; undefined when they are none. What is read goes into SQL, and is checked for it. */
export function shareBoundsFrom(recorded: Readonly<Record<string, unknown>>): ShareBounds | undefined {
  const { unit, seed, strata, borders } = recorded;
  if ((unit !== "row" && unit !== "group") || !Number.isSafeInteger(seed) || !Array.isArray(borders)) return undefined;
  if (strata !== undefined && strata !== "label" && strata !== rowColumnNames.splitBy) return undefined;
  const isBorder = (value: unknown): boolean => typeof value === "string" && /^([0-9a-f]{12}|g)$/.test(value);
  const isRight = borders.every(
    (each: Partial<ShareBorder> | null) =>
      each !== null &&
      isBorder(each.test) &&
      isBorder(each.validate) &&
      (each.of === undefined || each.of === null || typeof each.of === "string"),
  );
  if (!isRight || borders.length === 0) return undefined;
  return {
    unit,
    seed: seed as number,
    ...(strata === undefined ? {} : { strata }),
    borders: borders as readonly ShareBorder[],
  };
}
