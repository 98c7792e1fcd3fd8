// Features made of features, online: the stored views they are made of are read like any other, from the same snapshot, and each expression is evaluated by
// the row function over what was read. Offline the same expressions are SQL over the join: see view-query.ts.

import type { Value } from "../core/core.ts";
import { type DerivedViewSpec, type OnDemandSpec, rowFunction } from "../define/define.ts";
import type { KeyRead, KeyRow, ViewReads } from "./read-online.ts";

/** What one row's values are made of. */
interface Made {
  /** One key of each stored view, by the view's name; values are all of the view's, in its order. */
  readonly stored: ReadonlyMap<string, KeyRead>;
  /** What was asked with, request values among it. */
  readonly row: KeyRow;
}

/** A view that makes its values of what was read of the stored ones for some rows, and of the rows' request values. */
export type DerivedReader = (stored: ReadonlyMap<string, ViewReads>, rows: readonly KeyRow[]) => ViewReads;

const compiled = new WeakMap<DerivedViewSpec | OnDemandSpec, readonly ((made: Made) => Value)[]>();

/** Compiles some features of a derived or on-demand view, once per definition. */
export function derivedReader(spec: DerivedViewSpec | OnDemandSpec, places: readonly number[]): DerivedReader {
  const functions = compiled.get(spec) ?? compile(spec);
  compiled.set(spec, functions);
  const wanted = places.map((place) => functions[place] as (made: Made) => Value);
  return (stored, rows) => {
    const views = spec.views.map(({ name }) => [name, stored.get(name)] as const);
    const throughs = views.map(([, reads]) => reads?.through ?? null);
    const keys = rows.map((row, index): KeyRead => {
      const own = new Map(views.map(([name, reads]) => [name, reads?.keys[index] as KeyRead]));
      const reads = [...own.values()];
      const made: Made = { stored: own, row };
      return { status: statusOf(reads), event: newestOf(reads), values: wanted.map((value) => value(made)) };
    });
    const [first = null, ...others] = throughs;
    return {
      through: others.reduce(
        (least, each) => (least === null || each === null ? null : each < least ? each : least),
        first,
      ),
      keys,
    };
  };
}

function compile({ features, views }: DerivedViewSpec | OnDemandSpec): readonly ((made: Made) => Value)[] {
  const places = new Map(
    views.flatMap((view) => view.features.map(({ name }, place) => [`${view.name}.${name}`, place] as const)),
  );
  return features.map(({ value }) =>
    rowFunction<Made>(value, (leaf) => {
      const { name } = leaf;
      if (leaf.kind !== "feature") return ({ row }) => row[name] ?? null;
      const place = places.get(`${leaf.view}.${name}`) ?? -1;
      return ({ stored }) => stored.get(leaf.view)?.values[place] ?? null;
    }),
  );
}

/** Something is known as soon as one of the views knows it, or where request values are all there is to know. */
function statusOf(reads: readonly KeyRead[]): KeyRead["status"] {
  if (reads.length === 0 || reads.some(({ status }) => status === "present")) return "present";
  return reads.some(({ status }) => status === "expired") ? "expired" : "missing";
}

function newestOf(reads: readonly KeyRead[]): KeyRead["event"] {
  return reads.reduce<KeyRead["event"]>(
    (newest, { event }) => (event !== null && (newest === null || event > newest) ? event : newest),
    null,
  );
}
