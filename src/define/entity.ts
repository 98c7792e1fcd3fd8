// Entities: what features are about, and the typed key that names one.

import { type ColumnSchema, type DataType, SlipwayError, typeText } from "../core/core.ts";
import { checkName, type Definition, frozen, type Spec, spec } from "./definition.ts";
import { type Fields, schemaOf } from "./field.ts";
import { type Metadata, metadataOf } from "./metadata.ts";

/** What names a thing: types whose equal values are always the same bytes. */
const KEY_TYPES: ReadonlySet<DataType> = new Set([
  "string",
  "int32",
  "int64",
  "uuid",
  "date",
  "timestamp",
  "bool",
] as const);

/** An entity as plain data. Keys are compared as typed tuples, in this order. */
export interface EntitySpec extends Spec {
  readonly kind: "entity";
  readonly keys: readonly ColumnSchema[];
}

/** An entity with its key fields. */
export interface Entity<K extends Fields = Fields> extends Definition<EntitySpec> {
  readonly name: string;
  readonly keys: K;
}

/** Declares an entity by its key: `entity("route", { origin: t.string(), dest: t.string() })`. */
export function entity<const K extends Fields>(name: string, keys: K, metadata: Metadata = {}): Entity<K> {
  checkName("entity", name);
  const schema = schemaOf(keys);
  if (schema.length === 0) throw new SlipwayError("DEFINITION_INVALID", `entity "${name}" needs at least one key.`);
  const unfit = schema.find((key) => !KEY_TYPES.has(key.type));
  if (unfit)
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `entity "${name}" key "${unfit.name}" is ${typeText(unfit.type)}; a key is string, int32, int64, uuid, date, timestamp or bool.`,
    );
  const own: EntitySpec = { kind: "entity", name, keys: schema, ...metadataOf(`entity "${name}"`, metadata) };
  return Object.freeze({ name, keys, [spec]: frozen(own) });
}
