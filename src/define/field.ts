// Column types as users write them: `t.int64()`, `t.string().optional()`.

import type { ColumnSchema, DataType, ValueOf } from "../core/core.ts";

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

/** The words for types. */
export const t = {
  bool: () => field("bool", false),
  int32: () => field("int32", false),
  int64: () => field("int64", false),
  float64: () => field("float64", false),
  string: () => field("string", false),
  /** Microseconds since the epoch, UTC. */
  timestamp: () => field("timestamp", false),
} as const;

type OptionalNames<F extends Fields> = {
  [K in keyof F]: F[K] extends Field<DataType, true> ? K : never;
}[keyof F];

/** What a caller may write for a value of type `T`: whole numbers also as number, instants also as Date or ISO text. */
export type InputOf<T extends DataType> = T extends "int64"
  ? bigint | number
  : T extends "timestamp"
    ? bigint | Date | string
    : ValueOf<T>;

/** The object a caller writes for some fields: optional ones may be null or left out. */
export type RowInput<F extends Fields> = {
  readonly [K in Exclude<keyof F, OptionalNames<F>>]: InputOf<F[K]["type"]>;
} & { readonly [K in OptionalNames<F>]?: InputOf<F[K]["type"]> | null };

/** Fields as a schema, in the order written. */
export function schemaOf(fields: Fields): readonly ColumnSchema[] {
  return Object.entries(fields).map(([name, { type, isOptional }]) =>
    Object.freeze({ name, type, optional: isOptional }),
  );
}
