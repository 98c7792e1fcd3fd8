// How DuckDB writes the few things SQL engines disagree on. Meaning is set by src/define/row-function.ts; what is odd below is odd
// because DuckDB's own operator differs from it: whole-number overflow is an error there and null here, `//` and `%` truncate.

import { type ColumnSchema, type DecimalType, isDecimal, isFloat, kindOf, type Value } from "../../core/core.ts";
import {
  type ExpressionNode,
  letInCondition,
  type PushSpec,
  readPattern,
  type SourceSpec,
} from "../../define/define.ts";
import type { LeafSql, SqlDialect } from "../../ports/ports.ts";
import { identifier } from "./sql-text.ts";
import { decimalFromUnits, decimalUnits, fromLine, lineType, literal, text, typeName } from "./values.ts";

/** The table expression of files of JSON lines; see `SqlDialect.scanLines`. */
export function scanLines(
  files: readonly string[],
  columns: readonly ColumnSchema[],
  objects: Readonly<Record<string, readonly ColumnSchema[]>>,
): string {
  const struct = (fields: readonly ColumnSchema[]): string =>
    `STRUCT(${fields.map(({ name, type }) => `${identifier(name)} ${lineType(type)}`).join(", ")})`;
  const types = [
    ...columns.map(({ name, type }) => `${text(name)}: ${text(lineType(type))}`),
    ...Object.entries(objects).map(([name, fields]) => `${text(name)}: ${text(struct(fields))}`),
  ];
  return `read_json([${files.map(text).join(", ")}], format = 'newline_delimited', columns = {${types.join(", ")}})`;
}

/**
 * The dialect over sources that `relation` gives as table expressions, in which the declared columns have their names and fitting types, and
 * `fileColumn`, if asked for, is where a row is from. `pushed` gives the events of push sources and the rest of their history.
 */
export function duckdbDialect(
  relation: (source: SourceSpec, fileColumn?: string) => string,
  pushed: { readonly events: (source: PushSpec) => string; readonly rest: (source: PushSpec) => string },
): SqlDialect {
  return {
    name: "duckdb",
    identifier,
    text,
    typeName,
    fromLine,
    decimalOf: (units, type) => `TRY(${decimalFromUnits(units, type)})`,
    expression,
    scanOwn: (files) => `read_parquet([${files.map(text).join(", ")}])`,
    scanLines,
    scanEvents: pushed.events,
    scanHistory: pushed.rest,
    scan(source) {
      const condition = letInCondition(source.expect);
      const rows = this.scanAll(source);
      if (condition === undefined) return rows;
      return `(SELECT * FROM ${rows} WHERE (${expression(condition, ({ name }) => identifier(name))}) IS NOT FALSE)`;
    },
    scanAll(source, fileColumn) {
      // Casts to the type a file has already are dropped by the planner, so that filters reach the file's own statistics. A time with a
      // zone becomes UTC, because the session's zone is.
      const columns = source.columns.map(
        ({ name, type }) => `${identifier(name)}::${typeName(type)} AS ${identifier(name)}`,
      );
      const file = fileColumn === undefined ? [] : [identifier(fileColumn)];
      return `(SELECT ${[...columns, ...file].join(", ")} FROM ${relation(source, fileColumn)})`;
    },
  };
}

/** The first and last microsecond that DuckDB's TIMESTAMP can be; the row function holds `shift` to the same. */
const TIMESTAMP_RANGE = "-9223372022400000000 AND 9223372036854775806";

/**
 * A number as BIGINT, null where it does not fit. Not TRY_CAST: comparing one with a constant, DuckDB 1.5.6 compares the number before the cast
 * and answers false where the cast would have given null.
 */
const fitted = (value: string): string => `TRY(CAST(${value} AS BIGINT))`;

/** A decimal with room for every sum and comparison of two. */
const wide = (value: string, scale: number): string => `(${value})::DECIMAL(38, ${scale})`;

function literalOf(node: ExpressionNode | undefined): Value {
  if (node?.kind !== "literal") throw new TypeError("The operator needs a literal.");
  return node.value;
}

function expression(node: ExpressionNode, leaf: LeafSql): string {
  if (node.kind === "literal") return literal(node.value, node.type);
  if (node.kind !== "call") return leaf(node);
  const args = node.args.map((arg) => expression(arg, leaf));
  const [a = "NULL", b = "NULL", c = "NULL"] = args;
  const isWhole = node.type === "int64";
  const types = node.args.map((arg) => arg.type);
  const [self = node.type] = types;
  const arithmetic = (operator: string): string =>
    isDecimal(node.type)
      ? `TRY(CAST(${wide(a, node.type.scale)} ${operator} ${wide(b, node.type.scale)} AS ${typeName(node.type)}))`
      : isWhole
        ? fitted(`(${a})::HUGEINT ${operator} (${b})::HUGEINT`)
        : `((${a})::DOUBLE ${operator} (${b})::DOUBLE)`;
  const compared = (operator: string): string => {
    if (isDecimal(self)) {
      const scale = Math.max(...types.map((type) => (type as DecimalType).scale));
      return `(${wide(a, scale)} ${operator} ${wide(b, scale)})`;
    }
    const cast = types.some(isFloat) ? "::DOUBLE" : types.includes("int64") ? "::BIGINT" : "";
    return `((${a})${cast} ${operator} (${b})${cast})`;
  };
  switch (node.operator) {
    case "add":
      return arithmetic("+");
    case "subtract":
      return arithmetic("-");
    case "multiply":
      return arithmetic("*");
    case "divide":
      // The sign of a zero is not part of a value, so that what is divided by it must not tell.
      return `((${a})::DOUBLE / ((${b})::DOUBLE + 0::DOUBLE))`;
    case "remainder":
      return `(CASE WHEN (${b}) <> 0 THEN ((${a})::HUGEINT % (${b})::HUGEINT)::BIGINT END)`;
    case "negate":
      return isWhole ? fitted(`-((${a})::HUGEINT)`) : `(-(${a}))::${typeName(node.type)}`;
    case "abs":
      return isWhole ? fitted(`abs((${a})::HUGEINT)`) : `abs(${a})::${typeName(node.type)}`;
    case "floor":
      return `floor((${a})::DOUBLE)`;
    case "toFloat64":
      return isDecimal(self) ? `(${decimalUnits(a, self)}::DOUBLE / 1e${self.scale}::DOUBLE)` : `(${a})::DOUBLE`;
    case "toInt64":
      if (isDecimal(self)) return `(${decimalUnits(a, self)} // ${10n ** BigInt(self.scale)})`;
      return isFloat(self) ? fitted(`trunc((${a})::DOUBLE)`) : `(${a})::BIGINT`;
    case "eq":
      return compared("=");
    case "ne":
      return compared("<>");
    case "lt":
      return compared("<");
    case "le":
      return compared("<=");
    case "gt":
      return compared(">");
    case "ge":
      return compared(">=");
    case "and":
      return `((${a}) AND (${b}))`;
    case "or":
      return `((${a}) OR (${b}))`;
    case "not":
      return `(NOT (${a}))`;
    case "isNull":
      return `((${a}) IS NULL)`;
    case "isNaN":
      return `isnan(${a})`;
    case "coalesce":
      return `coalesce(${a}, ${b})`;
    case "when":
      return `(CASE WHEN ${a} THEN ${b} ELSE ${c} END)`;
    case "concat":
      return `((${a}) || (${b}))`;
    case "length":
      return `${kindOf(self) === "bytes" ? "octet_length" : "length"}(${a})`;
    case "startsWith":
      return `starts_with(${a}, ${b})`;
    case "endsWith":
      return `ends_with(${a}, ${b})`;
    case "contains":
      return `contains(${a}, ${b})`;
    case "matches": {
      const [, pattern] = node.args;
      const source = pattern?.kind === "literal" ? String(pattern.value) : "";
      // Captured as a whole, because DuckDB 1.5.6 rewrites plain patterns to comparisons, and takes `a(?:)` and `$$` for equality.
      return `regexp_matches(${a}, ${text(`(${readPattern(source).re2})`)})`;
    }
    case "isOneOf":
      return `((${a}) IN (${args.slice(1).join(", ")}))`;
    case "substring":
      return `substring(${a}, (${b}) + 1, ${c})`;
    case "shift": {
      const moved = `(epoch_us(${a})::HUGEINT + (${b})::HUGEINT)`;
      return `(CASE WHEN ${moved} BETWEEN ${TIMESTAMP_RANGE} THEN make_timestamp(${moved}::BIGINT) END)`;
    }
    case "unitsSince": {
      const gap = `(epoch_us(${a})::HUGEINT - epoch_us(${b})::HUGEINT)`;
      return fitted(`(${gap} - (((${gap} % (${c})) + (${c})) % (${c}))) // (${c})`);
    }
    case "year":
      return `year(${a})`;
    case "month":
      return `month(${a})`;
    case "dayOfMonth":
      return `day(${a})`;
    case "dayOfWeek":
      return `isodow(${a})`;
    case "hourOfDay":
      return `hour(${a})`;
    case "minuteOfHour":
      return `minute(${a})`;
    case "daysSince":
      return `((${a}) - (${b}))`;
    case "at": {
      const place = Number(literalOf(node.args[1]));
      return `list_extract(${a}, ${place < 0 ? place : place + 1})`;
    }
    case "field":
      return `struct_extract(${a}, ${text(String(literalOf(node.args[1])))})`;
    case "units":
      return decimalUnits(a, self as DecimalType);
    default:
      return node.operator satisfies never;
  }
}
