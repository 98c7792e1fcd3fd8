// Entities: what features are about, and the typed key that names one.

import { type ColumnSchema, SlipwayError } from "../core/core.ts";
import { checkName, type Definition, frozen, type Spec, spec } from "./definition.ts";
import { type Fields, schemaOf } from "./field.ts";
import { type Metadata, metadataOf } from "./metadata.ts";

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
  const fraction = schema.find((key) => key.type === "float64");
  if (fraction)
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `entity "${name}" key "${fraction.name}" is float64; use a whole type.`,
    );
  const own: EntitySpec = { kind: "entity", name, keys: schema, ...metadataOf(`entity "${name}"`, metadata) };
  return Object.freeze({ name, keys, [spec]: frozen(own) });
}
