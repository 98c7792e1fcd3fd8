// What every definition has: a plain, frozen, hashable spec behind a symbol, so that a source may have a column called "name".

import { contentHash, SlipwayError } from "../core/core.ts";

/** Where a definition keeps its spec. A registered symbol, so that two installed copies understand each other. */
export const spec: unique symbol = Symbol.for("slipway.spec") as never;

/** Every spec says what it is and what it is called. */
export interface Spec {
  readonly kind: string;
  readonly name: string;
}

/** A value a user exports: anything with a spec. */
export interface Definition<S extends Spec = Spec> {
  readonly [spec]: S;
}

/** The plain data of a definition. */
export function specOf<S extends Spec>(definition: Definition<S>): S {
  return definition[spec];
}

/** Whether a value is a definition. */
export function isDefinition(value: unknown): value is Definition {
  return typeof value === "object" && value !== null && spec in value;
}

/** The content hash of a definition: the same for the same meaning, wherever it was written. */
export function definitionHash(of: Spec): string {
  return contentHash(of);
}

const NAME = /^[a-z][a-z0-9_]{0,62}$/;

/** Refuses a name that would not survive as a SQL name, a file name and a URL: DEFINITION_INVALID. */
export function checkName(kind: string, name: string): string {
  if (!NAME.test(name))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `${kind} name "${name}" is not allowed: use lower-case letters, digits and _, starting with a letter, at most 63 long.`,
    );
  return name;
}

/** Freezes a spec all the way down. */
export function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) frozen(item);
  }
  return value;
}
