// What every definition has: a plain, frozen, hashable spec behind a symbol, so that a source may have a column called "name".

import { contentHash, SlipwayError } from "../core/core.ts";
import type { Metadata } from "./metadata.ts";

/** Where a definition keeps its spec. A registered symbol, so that two installed copies understand each other. */
export const spec: unique symbol = Symbol.for("slipway.spec") as never;

/** Every spec says what it is and what it is called. */
export interface Spec extends Metadata {
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

/** The content hash of a definition: the same for the same meaning, wherever it was written and whatever is said about it. */
export function definitionHash(of: Spec): string {
  return contentHash(meaningOf(of));
}

/** A definition, or any plain data made of definitions, without what is only said about them: owners, descriptions, tags, warnings. */
export function meaningOf<T>(value: T): T {
  return withoutMetadata(value) as T;
}

function withoutMetadata(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutMetadata);
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  const { kind } = value as { readonly kind?: unknown };
  // A literal may hold any names.
  if (kind === "literal") return value;
  // Stored features have a rule, derived ones a value of their own.
  const isFeature = "rule" in value || (kind === undefined && "name" in value && "value" in value);
  const isDescribed = DESCRIBED.has(String(kind)) || isFeature;
  const kept = Object.entries(value).filter(([name]) => !(isDescribed && METADATA.has(name)));
  const meant = kept.map(([name, item]) => [
    name,
    isDescribed && name === "expect" ? rejecting(item) : withoutMetadata(item),
  ]);
  return Object.fromEntries(meant.filter(([, item]) => item !== undefined));
}

/** Of expectations only those that reject rows change values; how they were written does not. */
function rejecting(expect: unknown): unknown {
  const found = (expect as readonly { readonly severity: string; readonly condition?: unknown }[])
    .filter(({ severity }) => severity === "reject")
    .map(({ condition }) => withoutMetadata(condition));
  return found.length === 0 ? undefined : found;
}

// What a version must show before it is promoted, how it is looked at, and whom a monitor tells, change neither.
const METADATA = new Set(["owner", "description", "tags", "promotion", "slices", "cost", "alerts"]);
const DESCRIBED = new Set([
  "source",
  "entity",
  "featureView",
  "derivedView",
  "onDemand",
  "featureGroup",
  "model",
  "monitor",
  "retrain",
  "channel",
]);

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

/** A checked name with its version: `carrier_delays` for the first, `carrier_delays@2` for the second. */
export function versionedName(kind: string, family: string, version = 1): string {
  checkName(kind, family);
  if (!Number.isSafeInteger(version) || version < 1)
    throw new SlipwayError("DEFINITION_INVALID", `${kind} "${family}" has version ${version}; count 1, 2, 3.`);
  return version === 1 ? family : `${family}@${version}`;
}

/** Freezes a spec all the way down. */
export function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value) && !ArrayBuffer.isView(value)) {
    Object.freeze(value);
    for (const item of Object.values(value)) frozen(item);
  }
  return value;
}
