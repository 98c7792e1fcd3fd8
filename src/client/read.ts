// Features as they come back over HTTP: names and types once, then values in their order, put together here to objects with the types of
// the definitions. Everything stays as JSON has it, except that int64 is always a bigint and what is not finite is a number again.

import type { DataType, ListType, StructType } from "../core/core.ts";
import type {
  DerivedReference,
  DerivedView,
  FeatureReference,
  FeatureTypes,
  FeatureView,
  Fields,
  OnDemand,
  ReadableFeature,
} from "../define/define.ts";

/** What may accompany one read. */
export interface ReadOptions {
  readonly signal?: AbortSignal;
}

/**
 * A feature's value: int64 as bigint, decimals as text, bytes as base64, days and timestamps as ISO 8601 in UTC, exact to the microsecond.
 */
export type ClientValue<T extends DataType> = [DataType] extends [T]
  ? AnyClientValue
  : T extends "bool"
    ? boolean
    : T extends "int64"
      ? bigint
      : T extends "int32" | "float32" | "float64"
        ? number
        : T extends ListType<infer E>
          ? readonly (ClientValue<E> | null)[]
          : T extends StructType<infer S>
            ? {
                readonly [K in keyof S]: ClientValue<S[K]["type"]> | (S[K]["isOptional"] extends true ? null : never);
              }
            : string;

type AnyClientValue =
  | boolean
  | bigint
  | number
  | string
  | readonly (AnyClientValue | null)[]
  | { readonly [field: string]: AnyClientValue | null };

type Status = "present" | "null" | "expired" | "missing" | "rejected";

interface Freshness {
  readonly view: string;
  /** The newest event of the key, in ISO 8601; null when there is none, or the source has no times. */
  readonly event_time: string | null;
  readonly age_seconds: number | null;
  /** Everything known up to here is in the values; null when the view was never materialised. */
  readonly materialized_through: string | null;
}

/** One view of one key. */
export interface ClientFeatureRead<F extends FeatureTypes> extends Freshness {
  readonly status: Exclude<Status, "null">;
  readonly values: { readonly [N in keyof F]: ClientValue<F[N]> | null };
  readonly statuses: { readonly [N in keyof F]: Status };
}

/** One feature of one key. */
export interface ClientValueRead<T extends DataType> extends Freshness {
  readonly feature: string;
  readonly status: Status;
  readonly value: ClientValue<T> | null;
}

/** What is read by a name alone. */
export type ClientRead = ClientFeatureRead<FeatureTypes> | ClientValueRead<DataType>;

/** What some views and features give for one key, in the order asked. */
export type ClientReads<W extends readonly ReadableFeature[]> = {
  readonly [P in keyof W]: W[P] extends FeatureView<Fields, infer F>
    ? ClientFeatureRead<F>
    : W[P] extends DerivedView<Fields, infer F>
      ? ClientFeatureRead<F>
      : W[P] extends OnDemand<Fields, Fields, infer F>
        ? ClientFeatureRead<F>
        : W[P] extends FeatureReference<Fields, infer T>
          ? ClientValueRead<T>
          : W[P] extends DerivedReference<Fields, Fields, infer T>
            ? ClientValueRead<T>
            : never;
};

/** Everything that was read. */
export interface ClientRows<Reads> {
  /** As of when, in ISO 8601. */
  readonly at: string;
  /** In the keys' order. */
  readonly rows: readonly Reads[];
}

/** The answer of `POST /api/v1/features/read`. */
interface Answer {
  readonly at: string;
  readonly views: Readonly<
    Record<
      string,
      {
        readonly features: readonly { readonly name: string; readonly type: DataType }[];
        readonly materialized_through: string | null;
      }
    >
  >;
  readonly results: readonly Readonly<
    Record<
      string,
      {
        readonly status: Exclude<Status, "null">;
        readonly event_time: string | null;
        readonly age_seconds: number | null;
        readonly values: readonly unknown[];
        readonly statuses: readonly Status[];
      }
    >
  >[];
}

/** Where a derived feature says what it is: the same symbol as in definitions, which this file must not pull in. */
const derivedOf = Symbol.for("slipway.derivedOf");

interface Derived {
  readonly [derivedOf]: { readonly spec: { readonly name: string }; readonly feature: string };
}

/** How a view or feature is called over HTTP: `view`, `view.feature`. */
export function nameOf(feature: ReadableFeature | string): string {
  if (typeof feature === "string") return feature;
  if (derivedOf in feature) {
    const { spec, feature: name } = (feature as unknown as Derived)[derivedOf];
    return `${spec.name}.${name}`;
  }
  if (!("node" in feature)) return feature.name;
  const { node } = feature;
  return node.kind === "feature" ? `${node.view}.${node.name}` : "";
}

/** An answer as one list of reads per key, in the order of `names`. */
export function rowsOf(names: readonly string[], { at, views, results }: Answer): ClientRows<readonly ClientRead[]> {
  const wanted = names.map((name) => {
    const [view = "", feature] = name.split(".");
    return { view, feature, ...(views[view] ?? { features: [], materialized_through: null }) };
  });
  const rows = results.map((result) =>
    wanted.map(({ view, feature, features, materialized_through }): ClientRead => {
      const {
        values = [],
        statuses = [],
        status = "missing",
        event_time = null,
        age_seconds = null,
      } = result[view] ?? {};
      const freshness = { view, event_time, age_seconds, materialized_through };
      const named = features.map(({ name, type }, place) => [name, decoded(type, values[place])] as const);
      if (feature === undefined)
        return {
          ...freshness,
          status,
          values: Object.fromEntries(named),
          statuses: Object.fromEntries(features.map(({ name }, place) => [name, statuses[place] ?? "missing"])),
        };
      const place = features.findIndex(({ name }) => name === feature);
      return { ...freshness, feature, value: named[place]?.[1] ?? null, status: statuses[place] ?? "missing" };
    }),
  );
  return { at, rows };
}

function decoded(type: DataType, value: unknown): AnyClientValue | null {
  if (value === null || value === undefined) return null;
  if (type === "int64") return BigInt(value as number | string);
  if (type === "float32" || type === "float64") return Number(value);
  if (typeof type === "string" || type.kind === "decimal") return value as AnyClientValue;
  if (type.kind === "list") return (value as readonly unknown[]).map((item) => decoded(type.of, item));
  const members = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(type.fields.map(({ name, type: own }) => [name, decoded(own, members[name])]));
}
