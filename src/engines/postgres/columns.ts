// Which Postgres types fit a declared type without loss, how they are selected, and how the text that comes back is read.

import {
  type DataType,
  type DecimalType,
  didYouMean,
  fitsInt64,
  kindOf,
  parseDate,
  parseDecimal,
  readTime,
  SlipwayError,
  type TypeKind,
  typeText,
  type Value,
} from "../../core/core.ts";
import type { PostgresTableSpec } from "../../define/define.ts";
import type { PostgresReading } from "./connection.ts";

/** A column as the catalog describes it. */
export interface CatalogColumn {
  readonly name: string;
  /** As `format_type` writes it. */
  readonly shown: string;
  /** The name of the type; of a domain what it is over, of an array what it is of. */
  readonly base: string;
  readonly isArray: boolean;
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
    SELECT c.attname, c.shown, e.typname, (e.typtype = 'e')::text, (e.oid <> t.oid)::text,
      concat_ws(' ', c.attname, c.attnum, c.shown, (SELECT string_agg(enumlabel, ',' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = e.oid))
    FROM c JOIN pg_type t ON t.oid = c.base JOIN pg_type e ON e.oid = CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE t.oid END
    WHERE t.typtype <> 'd' ORDER BY c.attnum`,
    [relation],
  );
  return rows.map(([name = "", shown, base, isEnum, isArray, mark]) => ({
    name: name ?? "",
    shown: shown ?? "",
    base: base ?? "",
    isEnum: isEnum === "true",
    isArray: isArray === "true",
    mark: mark ?? "",
  }));
}

const accepted: Readonly<Record<Exclude<TypeKind, "list" | "struct">, readonly string[]>> = {
  bool: ["bool"],
  int32: ["int2", "int4"],
  int64: ["int2", "int4", "int8"],
  float32: ["float4"],
  float64: ["float4", "float8", "int2", "int4"],
  decimal: ["numeric", "int2", "int4", "int8"],
  string: ["text", "varchar", "bpchar", "name", "citext", "uuid", "json", "jsonb"],
  bytes: ["bytea"],
  date: ["date"],
  timestamp: ["timestamptz", "timestamp", "date"],
  uuid: ["uuid"],
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
        details: {
          source: source.name,
          path: place,
          column: name,
          declared: typeText(type),
          found: column?.shown ?? null,
        },
      });
    if (!column) {
      const names = found.map((each) => each.name);
      throw refuse(`no column "${name}"; it has ${names.join(", ") || "none"}`, didYouMean(name, names));
    }
    const own = typeof type === "object" && type.kind === "list" ? type.of : type;
    const kind = kindOf(own);
    const isFit =
      kind !== "list" &&
      kind !== "struct" &&
      column.isArray === (own !== type) &&
      (accepted[kind].includes(column.base) || (kind === "string" && column.isEnum));
    if (!isFit) throw refuse(`column "${name}" as ${column.shown}, but it is declared ${typeText(type)}`);
    const needsZone = kind === "timestamp" && column.base !== "timestamptz";
    if (needsZone && source.timeZone === undefined)
      throw refuse(
        `column "${name}" as ${column.shown}, times that say no zone`,
        ' Say which one is meant in the definition: timeZone: "UTC", or another.',
      );
    const sql = selected(column, needsZone ? source.timeZone : undefined);
    return { name, type, sql, parse: own === type ? parserOf(type) : listParser(parserOf(own)) };
  });
}

function selected({ name, base, isArray }: CatalogColumn, zone: string | undefined): string {
  const column = identifier(name);
  const element = isArray ? "e" : column;
  const cast = elementSql(element, base, zone);
  if (!isArray) return cast;
  // As JSON, because an array's own text needs a parser of its own; of texts, so that no number is one of JSON's. An array of arrays is
  // refused, because unnest would make it one list.
  return `CASE WHEN array_ndims(${column}) > 1 THEN 'array of arrays' WHEN ${column} IS NOT NULL THEN (SELECT coalesce(json_agg((${cast})::text ORDER BY o), '[]')::text FROM unnest(${column}) WITH ORDINALITY u(e, o)) END`;
}

function elementSql(element: string, base: string, zone: string | undefined): string {
  if (zone !== undefined) return `(${element}::timestamp AT TIME ZONE ${literal(zone)})`;
  // float4 is written with the digits of its own precision, which is another number as float64; char(n) with its padding.
  if (base === "float4") return `${element}::float8`;
  return base === "bpchar" ? `${element}::text` : element;
}

type Parser = (text: string) => Exclude<Value, null> | undefined;

function listParser(parse: Parser): Parser {
  return (text) => {
    if (!text.startsWith("[")) return undefined;
    const items = (JSON.parse(text) as readonly (string | null)[]).map((item) => (item === null ? null : parse(item)));
    return items.includes(undefined) ? undefined : (items as readonly Value[]);
  };
}

function parserOf(type: DataType): Parser {
  const kind = kindOf(type);
  switch (kind) {
    case "bool":
      return (text) => text.startsWith("t");
    case "int32":
    case "float32":
    case "float64":
      return Number;
    case "int64":
      return (text) => (fitsInt64(BigInt(text)) ? BigInt(text) : undefined);
    case "decimal":
      return (text) => parseDecimal(text, type as DecimalType);
    case "string":
    case "uuid":
      return (text) => text;
    case "bytes":
      return (text) => new Uint8Array(Buffer.from(text.slice(2), "hex"));
    case "date":
      return parseDate;
    case "timestamp":
      return (text) => {
        const time = readTime(text);
        return time?.hasZone ? time.instant : undefined;
      };
    case "list":
    case "struct":
      return () => undefined;
    default:
      return kind satisfies never;
  }
}
