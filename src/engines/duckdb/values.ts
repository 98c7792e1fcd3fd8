// Types and values in DuckDB's SQL: names, literals, and how a value that was written into a line of JSON comes back. In a line, whatever is
// a bigint or a day in JavaScript is a whole number, and bytes are base64, so that a line is written without looking at types.

import {
  type DataType,
  type DecimalType,
  decimalText,
  isDecimal,
  type StructValue,
  type Value,
} from "../../core/core.ts";
import { identifier } from "./sql-text.ts";

/** A text literal. NUL cannot stand in DuckDB's SQL text, so it is spelled with chr(). */
export function text(value: string): string {
  const parts = value.split("\0").map((part) => `'${part.replaceAll("'", "''")}'`);
  return parts.length === 1 ? (parts[0] ?? "''") : `(${parts.join(" || chr(0) || ")})`;
}

const scalarNames = {
  bool: "BOOLEAN",
  int32: "INTEGER",
  int64: "BIGINT",
  float32: "FLOAT",
  float64: "DOUBLE",
  string: "VARCHAR",
  bytes: "BLOB",
  date: "DATE",
  timestamp: "TIMESTAMP",
  uuid: "UUID",
} as const;

/** DuckDB's name for a type. */
export function typeName(type: DataType): string {
  return nameWith(type, typeName, (scalar) =>
    isDecimal(scalar) ? `DECIMAL(${scalar.precision}, ${scalar.scale})` : scalarNames[scalar],
  );
}

type Flat = keyof typeof scalarNames | DecimalType;

function nameWith(type: DataType, inner: (type: DataType) => string, flat: (type: Flat) => string): string {
  if (typeof type === "string" || type.kind === "decimal") return flat(type);
  if (type.kind === "list") return `${inner(type.of)}[]`;
  return `STRUCT(${type.fields.map((field) => `${identifier(field.name)} ${inner(field.type)}`).join(", ")})`;
}

/** A literal of exactly this type. */
export function literal(value: Value, type: DataType): string {
  if (value === null) return `NULL::${typeName(type)}`;
  if (typeof type === "object") {
    if (type.kind === "decimal") return `'${decimalText(value as bigint, type.scale)}'::${typeName(type)}`;
    if (type.kind === "list") {
      const items = (value as readonly Value[]).map((item) => literal(item, type.of));
      return `[${items.join(", ")}]::${typeName(type)}`;
    }
    const struct = value as StructValue;
    const fields = type.fields.map(
      (field) => `${identifier(field.name)} := ${literal(struct[field.name] ?? null, field.type)}`,
    );
    return `struct_pack(${fields.join(", ")})`;
  }
  switch (type) {
    case "timestamp":
      return `make_timestamp(${value}::BIGINT)`;
    case "date":
      return `make_date(${value})`;
    case "string":
      return text(String(value));
    case "bytes":
      return `from_hex('${Buffer.from(value as Uint8Array).toString("hex")}')`;
    case "float32":
    case "float64":
      return `'${Object.is(value, -0) ? "-0.0" : value}'::${typeName(type)}`;
    default:
      // As text, because -9223372036854775808 is parsed as minus a number that does not fit.
      return `'${value}'::${typeName(type)}`;
  }
}

/** A decimal's units as BIGINT. Multiplied with room to spare: DuckDB keeps a product of short decimals to 18 digits. */
export function decimalUnits(value: string, { scale }: DecimalType): string {
  return `((${value})::DECIMAL(38, ${scale}) * ${10n ** BigInt(scale)}::DECIMAL(19, 0))::BIGINT`;
}

/** The decimal of so many units, which may be a HUGEINT. Fails where they do not fit. */
export function decimalFromUnits(units: string, type: DecimalType): string {
  const one = `0.${"1".padStart(type.scale, "0")}`;
  const unit = type.scale === 0 ? "1" : one;
  return `((${units})::DECIMAL(38, 0) * '${unit}'::DECIMAL(${type.scale + 1}, ${type.scale}))::${typeName(type)}`;
}

/** The type in which a line of JSON holds a value. */
export function lineType(type: DataType): string {
  return nameWith(type, lineType, (flat) => {
    if (isDecimal(flat) || flat === "timestamp") return "BIGINT";
    if (flat === "bytes" || flat === "uuid") return "VARCHAR";
    return flat === "date" ? "INTEGER" : scalarNames[flat];
  });
}

/** A value as a line of JSON held it, turned into the type that it has everywhere else. */
export function fromLine(value: string, type: DataType): string {
  if (typeof type === "object") {
    if (type.kind === "decimal") return decimalFromUnits(value, type);
    if (type.kind === "list")
      return lineType(type) === typeName(type)
        ? value
        : `list_transform(${value}, lambda x: ${fromLine("x", type.of)})`;
    if (lineType(type) === typeName(type)) return value;
    const fields = type.fields.map(
      ({ name, type: own }) => `${identifier(name)} := ${fromLine(`struct_extract(${value}, ${text(name)})`, own)}`,
    );
    return `(CASE WHEN (${value}) IS NOT NULL THEN struct_pack(${fields.join(", ")}) END)`;
  }
  switch (type) {
    case "timestamp":
      return `make_timestamp(${value})`;
    case "date":
      return `make_date(${value})`;
    case "bytes":
      return `from_base64(${value})`;
    case "uuid":
      return `(${value})::UUID`;
    default:
      return value;
  }
}
