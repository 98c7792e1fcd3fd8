// What an online learner goes on from, as one more member of a linear model's JSON: who only scores reads over it.

import { canonicalJson, SlipwayError } from "../../core/core.ts";
import type { OnlineRule, OnlineState } from "./online-learner.ts";

/** A learner at rest. */
export interface OnlineSnapshot {
  readonly algorithm: OnlineRule["algorithm"];
  /** All rows that it has learnt from. */
  readonly events: number;
  readonly state: OnlineState;
}

/** A linear model's bytes with the state of its learner. */
export function onlineBytes(
  model: Uint8Array,
  { rule, events, state }: { readonly rule: OnlineRule; readonly events: number; readonly state: OnlineState },
): Uint8Array {
  const online = { ...rule, events, sums: [...state.sums], squares: [...state.squares] };
  return Buffer.from(canonicalJson({ ...(JSON.parse(Buffer.from(model).toString()) as object), online }));
}

/** The state in a linear model's bytes, which have been read as one before; undefined where it has none. Throws ARTIFACT_CORRUPT. */
export function onlineStateFrom(artifact: Uint8Array, columns: number): OnlineSnapshot | undefined {
  const { online } = JSON.parse(Buffer.from(artifact).toString()) as { readonly online?: unknown };
  if (online === undefined) return undefined;
  const { algorithm, events, sums, squares } = (online ?? {}) as Readonly<Record<string, unknown>>;
  const state = { sums: numbers(sums, columns + 1), squares: numbers(squares, columns + 1) };
  const isWhole =
    (algorithm === "ftrl" || algorithm === "adagrad") &&
    Number.isSafeInteger(events) &&
    state.sums !== undefined &&
    state.squares?.every((square) => square >= 0) === true;
  if (!isWhole)
    throw new SlipwayError(
      "ARTIFACT_CORRUPT",
      "The state of this online learner is not whole: it can be served, and not gone on from. Fetch or train the model again.",
    );
  return { algorithm, events: events as number, state: state as OnlineState };
}

function numbers(value: unknown, count: number): Float64Array | undefined {
  if (!Array.isArray(value) || value.length !== count) return undefined;
  // A negative zero is text in canonical JSON.
  const read = Float64Array.from(value, (each) => (each === "-0" ? -0 : typeof each === "number" ? each : Number.NaN));
  return read.every(Number.isFinite) ? read : undefined;
}
