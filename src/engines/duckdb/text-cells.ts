// Cells that are text until the declared type says what they mean, as SQL: a typed value, or null where the text is not one of that type.
// Nothing is guessed and nothing rounded: "1.5" is no whole number here, though DuckDB's own cast takes it.

import { type DataType, type DecimalType, isDecimal, isList, isStruct, kindOf } from "../../core/core.ts";
import { epochUnits, type TimeText } from "../../define/define.ts";
import { identifier, quote } from "./sql-text.ts";
import { typeName } from "./values.ts";

/** A cell of a text file, as SQL. */
export interface TextCell {
  /** Its text, or null. */
  readonly text: string;
  /** How a refusal shows it. */
  readonly shown: string;
  /** Whether it is of a kind that can be meant. */
  readonly fits: string;
}

/** A text file as a table expression over cells. */
export interface TextRows {
  /** Undefined when there is nothing to read; with `isNumbered`, `row` is the number of each. */
  relation(isNumbered: boolean): string | undefined;
  cell(name: string, type: DataType): TextCell;
}

/** A cell that is text already. */
export const plainCell = (sql: string): TextCell => ({ text: sql, shown: sql, fits: "true" });

const matches = (cell: string, pattern: string): string => `regexp_full_match(${cell}, ${quote(pattern)})`;

/** A value of a type from a cell of text, null where the text is none. Space around numbers and times is passed over. */
export function typedCell(type: DataType, cell: string, times: TimeText): string {
  const trimmed = `trim(${cell})`;
  const when = (pattern: string): string =>
    `TRY_CAST(CASE WHEN ${matches(trimmed, pattern)} THEN ${trimmed} END AS ${typeName(type)})`;
  const kind = kindOf(type);
  switch (kind) {
    case "string":
      return cell;
    case "bool":
      return `(CASE lower(${trimmed}) WHEN 'true' THEN true WHEN 't' THEN true WHEN '1' THEN true WHEN 'false' THEN false WHEN 'f' THEN false WHEN '0' THEN false END)`;
    case "int32":
    case "int64": {
      // What other programs write for a whole number among missing ones: "3.0".
      const whole = `(CASE WHEN ${matches(trimmed, "[+-]?[0-9]+([.]0*)?")} THEN split_part(${trimmed}, '.', 1) END)`;
      return `TRY_CAST(${whole} AS ${type === "int32" ? "INTEGER" : "BIGINT"})`;
    }
    case "float32":
    case "float64": {
      const number = `TRY_CAST(${trimmed} AS ${typeName(type)})`;
      const written = matches(trimmed, "[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?");
      return `(CASE WHEN ${written} THEN (CASE WHEN isfinite(${number}) THEN ${number} END) WHEN ${matches(trimmed, "(?i)nan|[+-]?inf(inity)?")} THEN ${number} END)`;
    }
    case "timestamp":
      return timeCell(trimmed, times);
    case "decimal":
      // Zeros at the end are no digits; more digits than the type has would be rounded.
      return when(`[+-]?[0-9]+([.][0-9]{0,${(type as DecimalType).scale}}0*)?`);
    case "date":
      return when(DAY);
    case "uuid":
      return when("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");
    case "bytes":
      return `from_base64(CASE WHEN ${matches(trimmed, BASE64)} THEN ${trimmed} END)`;
    case "list":
    case "struct":
      return nestedCell(type, `(CASE WHEN json_valid(${cell}) THEN ${cell}::JSON END)`, times, 0);
    default:
      return kind satisfies never;
  }
}

const NUMBER = ["BIGINT", "UBIGINT", "HUGEINT", "DOUBLE"];

/** The kinds of JSON value, as DuckDB names them, that a type is written as. Numbers may stand in quotes, to keep their digits. */
function jsonKinds(type: DataType, timeFormat: string | undefined): readonly string[] {
  const kind = kindOf(type);
  switch (kind) {
    case "bool":
      return ["BOOLEAN"];
    case "int32":
    case "int64":
    case "float32":
    case "float64":
    case "decimal":
      return [...NUMBER, "VARCHAR"];
    case "timestamp":
      return timeFormat !== undefined && timeFormat in epochUnits ? [...NUMBER, "VARCHAR"] : ["VARCHAR"];
    case "string":
    case "bytes":
    case "date":
    case "uuid":
      return ["VARCHAR"];
    case "list":
      return ["ARRAY"];
    case "struct":
      return ["OBJECT"];
    default:
      return kind satisfies never;
  }
}

/**
 * Whether a JSON value is of a kind that can be meant by a type, as SQL. DuckDB reads a number with a fraction as float64, so a decimal may be
 * written as one only with the 15 digits that a float64 keeps.
 */
export function jsonFits(type: DataType, json: string, timeFormat: string | undefined): string {
  const isKind = `json_type(${json}) IN (${jsonKinds(type, timeFormat).map(quote).join(", ")})`;
  if (!isDecimal(type)) return isKind;
  const digits = `length(regexp_replace(${json}->>'$', '[^0-9]|^-?0[.]', '', 'g'))`;
  return `(${isKind} AND (json_type(${json}) <> 'DOUBLE' OR ${digits} <= 15))`;
}

/** A value inside a list or struct as SQL, null where the JSON is none of its type; `depth` keeps the names of nested lambdas apart. */
function nestedCell(type: DataType, json: string, times: TimeText, depth: number): string {
  const of = (kind: string, value: string): string => `(CASE WHEN json_type(${json}) = '${kind}' THEN ${value} END)`;
  if (isList(type)) {
    const item = `x${depth}`;
    const value = nestedCell(type.of, item, times, depth + 1);
    const items = `from_json(${json}, '["JSON"]')`;
    const wrong = `len(list_filter(${items}, lambda ${item}: ${isThere(item)} AND ${value} IS NULL))`;
    return of("ARRAY", `(CASE WHEN ${wrong} = 0 THEN list_transform(${items}, lambda ${item}: ${value}) END)`);
  }
  if (isStruct(type)) {
    const fields = type.fields.map(({ name, type: own, optional }) => {
      const member = `json_extract(${json}, ${quote(`/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`)})`;
      const value = nestedCell(own, member, times, depth);
      return {
        packed: `${identifier(name)} := ${value}`,
        fits: optional ? `(NOT ${isThere(member)} OR ${value} IS NOT NULL)` : `${value} IS NOT NULL`,
      };
    });
    const all = fields.map(({ fits }) => fits).join(" AND ");
    const packed = fields.map((field) => field.packed).join(", ");
    return of("OBJECT", `(CASE WHEN ${all} THEN struct_pack(${packed}) END)`);
  }
  return `(CASE WHEN ${jsonFits(type, json, times.timeFormat)} THEN ${typedCell(type, `(${json}->>'$')`, times)} END)`;
}

const isThere = (json: string): string => `coalesce(json_type(${json}) <> 'NULL', false)`;

const BASE64 = "([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?";
const DAY = "[0-9]{4}-[0-9]{2}-[0-9]{2}";
const CLOCK = "[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6}0*)?)?";
const ZONE = "(Z|[+-][0-9]{2}(:?[0-9]{2})?)";

function timeCell(cell: string, { timeFormat, timeZone }: TimeText): string {
  const inZone = (local: string): string =>
    timeZone === undefined ? "NULL::TIMESTAMP" : `((${local} AT TIME ZONE ${quote(timeZone)})::TIMESTAMP)`;
  const unit = epochUnits[timeFormat ?? ""];
  if (unit !== undefined) {
    const micros = `TRY_CAST(CASE WHEN ${matches(cell, "-?[0-9]{1,18}")} THEN ${cell} END AS HUGEINT) * ${unit}`;
    return `(CASE WHEN ${micros} BETWEEN -9223372022400000000 AND 9223372036854775806 THEN make_timestamp((${micros})::BIGINT) END)`;
  }
  if (timeFormat !== undefined) {
    const parsed = `try_strptime(${cell}, ${quote(timeFormat)})`;
    return /%[zZ]/.test(timeFormat) ? `(${parsed}::TIMESTAMP)` : inZone(parsed);
  }
  // DuckDB reads no zone after hours and minutes alone.
  const filled = `regexp_replace(${cell}, '^(.{10}[T ][0-9]{2}:[0-9]{2})(Z|[+-].*)$', '\\1:00\\2')`;
  const zoned = `(TRY_CAST(${filled} AS TIMESTAMPTZ)::TIMESTAMP)`;
  const local = inZone(`TRY_CAST(${cell} AS TIMESTAMP)`);
  return `(CASE WHEN ${matches(cell, `${DAY}${CLOCK}${ZONE}`)} THEN ${zoned} WHEN ${matches(cell, `${DAY}(${CLOCK})?`)} THEN ${local} END)`;
}

/** Whether a text is an ISO 8601 time that lacks a zone: refused for another reason than nonsense. */
export function lacksZone(text: string): boolean {
  return new RegExp(`^${DAY}(${CLOCK})?$`).test(text.trim());
}
