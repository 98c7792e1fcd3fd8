// One comparison of a filter as SQL, the same on SQLite and Postgres. Every value is a parameter.

import { type RawBuilder, sql } from "kysely";
import { SlipwayError } from "../../core/core.ts";
import type { RecordsDatabase } from "../../records/records.ts";
import type { Clause, Comparator } from "./filter.ts";

/** A condition. */
export type Condition = RawBuilder<unknown>;

/** Which database the SQL is for. */
export type DatabaseKind = RecordsDatabase["kind"];

const NUMERIC: readonly Comparator[] = ["=", "!=", ">", ">=", "<", "<="];
const TEXTUAL: readonly Comparator[] = ["=", "!=", "LIKE", "ILIKE"];

/** A column of numbers against a clause; `scale` turns the client's unit into the column's. */
export function compareNumber(column: Condition, clause: Clause, scale = 1): Condition {
  requireComparator(clause, NUMERIC);
  if (typeof clause.value !== "number")
    throw new SlipwayError(
      "INPUT_INVALID",
      `Expected a numeric value for ${shown(clause)}; write it without quotes. Got ${JSON.stringify(clause.value)}.`,
    );
  return sql`${column} ${sql.raw(clause.comparator)} ${clause.value * scale}`;
}

/** A column of text against a clause. */
export function compareText(
  kind: DatabaseKind,
  column: Condition,
  clause: Clause,
  comparators: readonly Comparator[] = TEXTUAL,
): Condition {
  requireComparator(clause, comparators);
  const { comparator, value } = clause;
  if (comparator === "IN" || comparator === "NOT IN") {
    const values = value as readonly string[];
    return sql`${column} ${sql.raw(comparator)} (${sql.join(values)})`;
  }
  if (typeof value !== "string")
    throw new SlipwayError(
      "INPUT_INVALID",
      `Expected a quoted string value for ${shown(clause)}. Got ${JSON.stringify(value)}.`,
    );
  if (comparator === "LIKE")
    // SQLite's LIKE looks past case; its GLOB does not.
    return kind === "sqlite" ? sql`${column} glob ${globOf(value)}` : sql`${column} like ${value}`;
  if (comparator === "ILIKE") return sql`${column} ${sql.raw(kind === "sqlite" ? "like" : "ilike")} ${value}`;
  return sql`${column} ${sql.raw(comparator)} ${value}`;
}

/** Text comparators and lists. */
export const TEXT_OR_LIST: readonly Comparator[] = [...TEXTUAL, "IN", "NOT IN"];

function globOf(pattern: string): string {
  return pattern.replace(/[[*?]/g, "[$&]").replaceAll("%", "*").replaceAll("_", "?");
}

function requireComparator(clause: Clause, allowed: readonly Comparator[]): void {
  if (allowed.includes(clause.comparator)) return;
  throw new SlipwayError(
    "INPUT_INVALID",
    `Invalid comparator '${clause.comparator}' for ${shown(clause)}; it takes one of ${allowed.join(", ")}.`,
  );
}

/** A clause's left side, for a message. */
export function shown({ entity, key }: { readonly entity: string; readonly key: string }): string {
  return entity === "" ? `'${key}'` : `'${entity}.${key}'`;
}

/** Refuses a key that the thing searched for does not have. */
export function unknownKey(
  clause: { readonly entity: string; readonly key: string },
  valid: readonly string[],
): SlipwayError {
  return new SlipwayError(
    "INPUT_INVALID",
    `Invalid attribute key ${shown(clause)} specified. Valid keys are: ${valid.join(", ")}.`,
  );
}
