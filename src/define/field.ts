// Column types as users write them: `t.int64()`, `t.string().optional()`, `t.list(t.struct({ at: t.timestamp() }))`.

import {
  type ColumnSchema,
  type DataType,
  type DecimalType,
  type ListType,
  SlipwayError,
  type StructShape,
  type StructType,
  type ValueOf,
} from "../core/core.ts";

/** The declared type of one column, key or request value; `O` is true when nulls are allowed. */
export interface Field<T extends DataType = DataType, O extends boolean = boolean> {
  readonly type: T;
  readonly isOptional: O;
  /** The same type, nulls allowed. */
  optional(): Field<T, true>;
}

/** Fields by name. */
export type Fields = Readonly<Record<string, Field>>;

function field<T extends DataType, O extends boolean>(type: T, isOptional: O): Field<T, O> {
  return Object.freeze({ type, isOptional, optional: () => field(type, true) });
}

const MOST_DIGITS = 18;

function decimal(precision: number, scale: number): Field<DecimalType, false> {
  const isWhole = Number.isInteger(precision) && Number.isInteger(scale);
  if (!isWhole || precision < 1 || precision > MOST_DIGITS || scale < 0 || scale > precision)
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `t.decimal(${precision}, ${scale}): give 1 to ${MOST_DIGITS} digits, and of them 0 or more after the point, such as t.decimal(12, 2).`,
    );
  return field(Object.freeze({ kind: "decimal", precision, scale } as const), false);
}

function list<T extends DataType>(of: Field<T>): Field<ListType<T>, false> {
  return field(Object.freeze({ kind: "list", of: of.type } as const), false);
}

function struct<const F extends Fields>(fields: F): Field<StructType<F>, false> {
  const schema = schemaOf(fields);
  if (schema.length === 0) throw new SlipwayError("DEFINITION_INVALID", "t.struct({}) needs at least one field.");
  // DuckDB, like SQL, does not tell names apart by case.
  const names = new Set(schema.map(({ name }) => name.toLowerCase()));
  if (names.size < schema.length || names.has(""))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `t.struct({ ${schema.map(({ name }) => name).join(", ")} }): give every field a name of its own, upper and lower case being the same.`,
    );
  return field(Object.freeze({ kind: "struct", fields: Object.freeze(schema) } as const), false);
}

/** The words for types. */
export const t = {
  bool: () => field("bool", false),
  int32: () => field("int32", false),
  int64: () => field("int64", false),
  float32: () => field("float32", false),
  float64: () => field("float64", false),
  /** Exact numbers of up to `precision` digits (at most 18), `scale` of them after the point. */
  decimal,
  string: () => field("string", false),
  bytes: () => field("bytes", false),
  /** A day of the calendar. */
  date: () => field("date", false),
  /** Microseconds since the epoch, UTC. */
  timestamp: () => field("timestamp", false),
  uuid: () => field("uuid", false),
  /** A list of one type; an element may be null. */
  list,
  /** Named values: `t.struct({ lat: t.float64(), lon: t.float64() })`. */
  struct,
} as const;

type OptionalNames<F extends StructShape> = {
  [K in keyof F]: F[K]["isOptional"] extends true ? K : never;
}[keyof F];

/**
 * What a caller may write for a value of type `T`: whole numbers also as number, instants also as Date or ISO text with a zone, days and
 * decimals also as text.
 */
export type InputOf<T extends DataType> = [DataType] extends [T]
  ? ValueOf<T>
  : T extends "int64"
    ? bigint | number
    : T extends "timestamp"
      ? bigint | Date | string
      : T extends "date"
        ? number | string
        : T extends DecimalType
          ? bigint | string
          : T extends ListType<infer E>
            ? readonly (InputOf<E> | null)[]
            : T extends StructType<infer S>
              ? RowInput<S>
              : ValueOf<T>;

/** The object a caller writes for some fields: optional ones may be null or left out. */
export type RowInput<F extends StructShape> = {
  readonly [K in Exclude<keyof F, OptionalNames<F>>]: InputOf<F[K]["type"]>;
} & { readonly [K in OptionalNames<F>]?: InputOf<F[K]["type"]> | null };

/** Fields as a schema, in the order written. */
export function schemaOf(fields: Fields): readonly ColumnSchema[] {
  return Object.entries(fields).map(([name, { type, isOptional }]) =>
    Object.freeze({ name, type, optional: isOptional }),
  );
}
