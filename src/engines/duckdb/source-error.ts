// How the refusals of a source read: what it is, where, which column or row, and what to do.

import { type DataType, didYouMean, SlipwayError, typeText } from "../../core/core.ts";
import { adviceFor } from "./source-types.ts";

interface Named {
  readonly name: string;
}

/** A declared column that is not there. */
export function missingColumn(
  { name: source }: Named,
  place: string,
  column: string,
  declared: DataType,
  known: readonly string[],
): SlipwayError {
  const meant = didYouMean(column, known);
  return new SlipwayError(
    "SOURCE_SCHEMA_MISMATCH",
    `Source "${source}": ${place} has no column "${column}"; it has ${known.join(", ") || "none"}.${meant} Put the column back, or declare the columns as they are now.`,
    { details: { source, path: place, column, declared: typeText(declared), found: null } },
  );
}

/** A column of another type than declared. */
export function wrongType(
  { name: source }: Named,
  place: string,
  column: string,
  declared: DataType,
  found: string,
): SlipwayError {
  return new SlipwayError(
    "SOURCE_SCHEMA_MISMATCH",
    `Source "${source}": ${place} has column "${column}" as ${found}, but it is declared ${typeText(declared)}${adviceFor(declared, found) || ". Write the column in that type again, or declare the type it has now"}.`,
    { details: { source, path: place, column, declared: typeText(declared), found } },
  );
}

/** A path that nothing is at. */
export function nothingFound({ name: source }: Named, path: string): SlipwayError {
  return new SlipwayError(
    "SOURCE_NOT_FOUND",
    `Source "${source}" finds no file at ${path}. Put the data there, or correct the path in its definition.`,
    { details: { source, path } },
  );
}

/** A file that is there and cannot be read as what it should be. */
export function unreadable(
  source: string,
  path: string,
  problem: string,
  advice: string,
  cause: unknown,
): SlipwayError {
  return new SlipwayError("SOURCE_UNREADABLE", `Source "${source}" cannot be read: ${path} ${problem}. ${advice}`, {
    cause,
    details: { source, path },
  });
}

/** A Parquet file that was cut short, damaged, or never was one. */
export function notParquet(source: string, path: string, cause: unknown): SlipwayError {
  return unreadable(
    source,
    path,
    `is not a whole Parquet file (${firstLine(cause)})`,
    "Write it again, or take it out of the path.",
    cause,
  );
}

/** What DuckDB said, without its hints. */
export function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split("\n")[0] ?? "";
}

/** Whether DuckDB failed because it was told to stop. */
export function isInterrupt(cause: unknown): boolean {
  return cause instanceof Error && /^INTERRUPT|interrupted/i.test(cause.message);
}
