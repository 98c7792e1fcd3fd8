// Derived features online: the stored views they are made of are read like any other, from the same snapshot, and each expression is evaluated by
// the row function over what was read. Offline the same expressions are SQL over the join: see view-query.ts.

import type { Value } from "../core/core.ts";
import { type DerivedViewSpec, rowFunction } from "../define/define.ts";
import type { KeyRead, ViewReads } from "./read-online.ts";

/** One key of each stored view, by the view's name; values are all of the view's, in its order. */
type Stored = ReadonlyMap<string, KeyRead>;

/** A derived view that reads its values out of what was read of the stored ones. */
export type DerivedReader = (stored: ReadonlyMap<string, ViewReads>, rows: number) => ViewReads;

const compiled = new WeakMap<DerivedViewSpec, readonly ((stored: Stored) => Value)[]>();

/** Compiles some features of a derived view, once per definition. */
export function derivedReader(spec: DerivedViewSpec, places: readonly number[]): DerivedReader {
  const functions = compiled.get(spec) ?? compile(spec);
  compiled.set(spec, functions);
  const wanted = places.map((place) => functions[place] as (stored: Stored) => Value);
  return (stored, rows) => {
    const views = spec.views.map(({ name }) => [name, stored.get(name)] as const);
    const throughs = views.map(([, reads]) => reads?.through ?? null);
    const keys = Array.from({ length: rows }, (_, row): KeyRead => {
      const own = new Map(views.map(([name, reads]) => [name, reads?.keys[row] as KeyRead]));
      const reads = [...own.values()];
      return { status: statusOf(reads), event: newestOf(reads), values: wanted.map((value) => value(own)) };
    });
    return {
      through: throughs.reduce((least, each) => (least === null || each === null ? null : each < least ? each : least)),
      keys,
    };
  };
}

function compile({ features, views }: DerivedViewSpec): readonly ((stored: Stored) => Value)[] {
  const places = new Map(
    views.flatMap((view) => view.features.map(({ name }, place) => [`${view.name}.${name}`, place] as const)),
  );
  return features.map(({ value }) =>
    rowFunction<Stored>(value, (leaf) => {
      if (leaf.kind !== "feature") return () => null;
      const place = places.get(`${leaf.view}.${leaf.name}`) ?? -1;
      return (stored) => stored.get(leaf.view)?.values[place] ?? null;
    }),
  );
}

/** Something is known as soon as one of the views knows it. */
function statusOf(reads: readonly KeyRead[]): KeyRead["status"] {
  if (reads.some(({ status }) => status === "present")) return "present";
  return reads.some(({ status }) => status === "expired") ? "expired" : "missing";
}

function newestOf(reads: readonly KeyRead[]): KeyRead["event"] {
  return reads.reduce<KeyRead["event"]>(
    (newest, { event }) => (event !== null && (newest === null || event > newest) ? event : newest),
    null,
  );
}
