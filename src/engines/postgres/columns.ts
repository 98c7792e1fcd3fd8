// Which Postgres types fit a declared type without loss, how they are selected, and how the text that comes back is read.

import { type DataType, didYouMean, fitsInt64, readTime, SlipwayError, type Value } from "../../core/core.ts";
import type { PostgresTableSpec } from "../../define/define.ts";
import type { PostgresReading } from "./connection.ts";

/** A column as the catalog describes it. */
export interface CatalogColumn {
  readonly name: string;
  /** As `format_type` writes it. */
  readonly shown: string;
  /** The name of the type, of a domain what it is over. */
  readonly base: string;
  readonly isEnum: boolean;
  /** Changes when the column becomes another one, or its values read differently. */
  readonly mark: string;
}

/** How a declared column is read. */
export interface ColumnReading {
  readonly name: string;
  readonly type: DataType;
  readonly sql: string;
  /** The value of a text; undefined when it is none of the type. */
  parse(text: string): Exclude<Value, null> | undefined;
}

/** A quoted identifier. */
export const identifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;

/** The columns of a relation, in order. */
export async function catalogColumns(reading: PostgresReading, relation: string): Promise<readonly CatalogColumn[]> {
  const rows = await reading.query(
    `WITH RECURSIVE c AS (
      SELECT attnum, attname, format_type(atttypid, atttypmod) AS shown, atttypid AS base
      FROM pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped
      UNION ALL
      SELECT c.attnum, c.attname, c.shown, t.typbasetype FROM c JOIN pg_type t ON t.oid = c.base WHERE t.typtype = 'd'
    )
    SELECT c.attname, c.shown, t.typname, (t.typtype = 'e')::text,
      concat_ws(' ', c.attname, c.attnum, c.shown, (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid))
    FROM c JOIN pg_type t ON t.oid = c.base WHERE t.typtype <> 'd' ORDER BY c.attnum`,
    [relation],
  );
  return rows.map(([name = "", shown, base, isEnum, mark]) => ({
    name: name ?? "",
    shown: shown ?? "",
    base: base ?? "",
    isEnum: isEnum === "true",
    mark: mark ?? "",
  }));
}

const accepted: Readonly<Record<DataType, readonly string[]>> = {
  bool: ["bool"],
  int32: ["int2", "int4"],
  int64: ["int2", "int4", "int8"],
  float64: ["float4", "float8", "int2", "int4"],
  string: ["text", "varchar", "bpchar", "name", "citext", "uuid", "json", "jsonb"],
  timestamp: ["timestamptz", "timestamp", "date"],
};

/** How the declared columns are read. Throws SOURCE_SCHEMA_MISMATCH for one that is missing, of another type, or a time without a zone. */
export function columnReadings(
  source: PostgresTableSpec,
  place: string,
  found: readonly CatalogColumn[],
): readonly ColumnReading[] {
  return source.columns.map(({ name, type }) => {
    const column = found.find((each) => each.name === name);
    const refuse = (problem: string, advice = ""): SlipwayError =>
      new SlipwayError("SOURCE_SCHEMA_MISMATCH", `Source "${source.name}": ${place} has ${problem}.${advice}`, {
        details: { source: source.name, path: place, column: name, declared: type, found: column?.shown ?? null },
      });
    if (!column) {
      const names = found.map((each) => each.name);
      throw refuse(`no column "${name}"; it has ${names.join(", ") || "none"}`, didYouMean(name, names));
    }
    const isFit = accepted[type].includes(column.base) || (type === "string" && column.isEnum);
    if (!isFit) throw refuse(`column "${name}" as ${column.shown}, but it is declared ${type}`);
    const needsZone = type === "timestamp" && column.base !== "timestamptz";
    if (needsZone && source.timeZone === undefined)
      throw refuse(
        `column "${name}" as ${column.shown}, times that say no zone`,
        ' Say which one is meant in the definition: timeZone: "UTC", or another.',
      );
    return { name, type, sql: selected(column, needsZone ? source.timeZone : undefined), parse: parserOf(type) };
  });
}

function selected({ name, base }: CatalogColumn, zone: string | undefined): string {
  const column = identifier(name);
  if (zone !== undefined) return `(${column}::timestamp AT TIME ZONE ${literal(zone)})`;
  // float4 is written with the digits of its own precision, which is another number as float64; char(n) with its padding.
  if (base === "float4") return `${column}::float8`;
  return base === "bpchar" ? `${column}::text` : column;
}

function parserOf(type: DataType): (text: string) => Exclude<Value, null> | undefined {
  switch (type) {
    case "bool":
      return (text) => text === "t";
    case "int32":
    case "float64":
      return Number;
    case "int64":
      return (text) => (fitsInt64(BigInt(text)) ? BigInt(text) : undefined);
    case "string":
      return (text) => text;
    case "timestamp":
      return (text) => {
        const time = readTime(text);
        return time?.hasZone ? time.instant : undefined;
      };
    default:
      return type satisfies never;
  }
}
