// What a caller may write for a value of each type, as JSON Schema with an example: the same forms that the checks on a row take.

import {
  type DataType,
  type DecimalType,
  decimalText,
  kindOf,
  type ListType,
  type StructType,
} from "../../core/core.ts";

/** A JSON Schema, or any part of the document. */
export type Json = Readonly<Record<string, unknown>>;

/** The schema of one type's values, null left out. */
export function valueSchema(type: DataType): Json {
  const kind = kindOf(type);
  switch (kind) {
    case "string":
      return { type: "string" };
    case "bool":
      return { type: "boolean" };
    case "float32":
      return { type: "number", format: "float" };
    case "float64":
      return { type: "number", format: "double" };
    case "int32":
      return { type: "integer", format: "int32", minimum: -(2 ** 31), maximum: 2 ** 31 - 1 };
    case "int64":
      return {
        oneOf: [
          { type: "integer", minimum: Number.MIN_SAFE_INTEGER, maximum: Number.MAX_SAFE_INTEGER },
          { type: "string", pattern: "^-?[0-9]{1,19}$" },
        ],
        description: "A whole number; as text beyond 2^53, which JSON numbers lose.",
      };
    case "decimal": {
      const { precision, scale } = type as DecimalType;
      return {
        type: "string",
        format: "decimal",
        pattern: scale === 0 ? "^[+-]?[0-9]+$" : "^[+-]?[0-9]+(\\.[0-9]*)?$",
        description: `An exact decimal as text: at most ${precision - scale} digits before and ${scale} after the point.`,
      };
    }
    case "bytes":
      return { type: "string", format: "byte", contentEncoding: "base64" };
    case "date":
      return { type: "string", format: "date" };
    case "timestamp":
      return { type: "string", format: "date-time", description: "ISO 8601 with its zone." };
    case "uuid":
      return { type: "string", format: "uuid" };
    case "list":
      return { type: "array", items: { anyOf: [valueSchema((type as ListType).of), { type: "null" }] } };
    case "struct": {
      const { fields } = type as StructType;
      const required = fields.filter(({ optional }) => !optional).map(({ name }) => name);
      const properties = fields.map((field): [string, Json] => {
        const schema = valueSchema(field.type);
        return [field.name, field.optional ? { anyOf: [schema, { type: "null" }] } : schema];
      });
      return {
        type: "object",
        properties: Object.fromEntries(properties),
        additionalProperties: false,
        ...(required.length === 0 ? {} : { required }),
      };
    }
    default:
      return kind satisfies never;
  }
}

/** A value of the type that would be taken. */
export function valueExample(type: DataType): unknown {
  const kind = kindOf(type);
  switch (kind) {
    case "string":
      return "text";
    case "bool":
      return true;
    case "float32":
    case "float64":
      return 1.5;
    case "int32":
    case "int64":
      return 1;
    case "decimal": {
      const { precision, scale } = type as DecimalType;
      return decimalText(BigInt("1234".slice(0, precision)), scale);
    }
    case "bytes":
      return "AAEC";
    case "date":
      return "2013-07-01";
    case "timestamp":
      return "2013-07-01T14:00:00Z";
    case "uuid":
      return "123e4567-e89b-12d3-a456-426614174000";
    case "list":
      return [valueExample((type as ListType).of)];
    case "struct":
      return Object.fromEntries((type as StructType).fields.map((field) => [field.name, valueExample(field.type)]));
    default:
      return kind satisfies never;
  }
}
