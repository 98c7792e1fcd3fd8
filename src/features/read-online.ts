// Online reads: the features of one row's entities, from one snapshot of the store, each view with how fresh it is.

import { type Duration, formatInstant, type Instant, SlipwayError, type Value } from "../core/core.ts";
import type { OnlineKey, OnlineStore } from "../ports/ports.ts";
import { encodeKey, keyValues, metaKey } from "./entity-key.ts";
import { decodeMeta } from "./materialize.ts";
import { viewState } from "./online-state.ts";
import type { OnlineView } from "./online-view.ts";

/** What reading one view for one key gave. */
export interface OnlineRead {
  readonly view: string;
  readonly values: Readonly<Record<string, Value>>;
  /** `expired`: there is a row, older than the view's ttl. `missing`: nothing is known of this key, or the key is null. */
  readonly status: "present" | "expired" | "missing";
  /** Time since the newest event of this key; null when there is none, or the source has no times. */
  readonly age: Duration | null;
  /** Everything known up to here is in the values; null when the view was never materialised. */
  readonly through: Instant | null;
}

/** Reads `views` for one row of key values, as of `at`. Throws INPUT_INVALID when `at` is before what the store has moved on to. */
export async function readOnline(
  online: OnlineStore,
  views: readonly OnlineView[],
  row: Readonly<Record<string, Value | undefined>>,
  at: Instant,
): Promise<readonly OnlineRead[]> {
  const wanted: OnlineKey[] = [];
  const places = views.map((view) => {
    const key = encodeKey(view.spec.keys, keyValues(view.spec.keys, row, `Feature view "${view.spec.name}"`));
    wanted.push({ namespace: view.namespace, key: metaKey });
    if (!key) return undefined;
    return wanted.push({ namespace: view.namespace, key }) - 1;
  });
  const found = await online.get(wanted);
  let meta = 0;
  return views.map((view, index): OnlineRead => {
    const place = places[index];
    const known = decodeMeta(found[meta]);
    const through = known?.through ?? null;
    meta += place === undefined ? 1 : 2;
    if (through !== null && !view.isStatic && at < through)
      throw new SlipwayError(
        "INPUT_INVALID",
        `Feature view "${view.spec.name}" is materialised up to ${formatInstant(through)}, which is after ${formatInstant(at)}. Online values go forward only; read the past from a training set.`,
      );
    if (known && !view.isStatic && at < known.rightFrom)
      throw new SlipwayError(
        "INPUT_INVALID",
        `Feature view "${view.spec.name}" is being materialised for the first time, for reads from ${formatInstant(known.rightFrom)} on, which is after ${formatInstant(at)}. Let it end, or read the past from a training set.`,
      );
    const stored = place === undefined ? undefined : found[place];
    const state = stored ? viewState(view.shape, stored) : undefined;
    const values = view.read(state, at);
    const newest = view.isStatic ? undefined : view.newest(state);
    const age = newest === undefined ? null : at - newest;
    return {
      view: view.spec.name,
      values: Object.fromEntries(view.spec.features.map(({ name }, each) => [name, values[each] ?? null])),
      status: statusOf(view, state !== undefined, age),
      age,
      through,
    };
  });
}

function statusOf({ spec }: OnlineView, isThere: boolean, age: Duration | null): OnlineRead["status"] {
  if (!isThere) return "missing";
  return spec.ttl !== undefined && age !== null && age > spec.ttl ? "expired" : "present";
}
