// The cells of a view's tiles: how an event fills them, how those in a window are merged, and how a feature comes out of the merged ones.

import {
  fitsDecimal,
  fitsInt64,
  floorTo,
  type Instant,
  isDecimal,
  isFloat,
  type Value,
  windowHop,
  windowTail,
} from "../core/core.ts";
import { type CellResult, type CellTerm, isCellTerm, type Term, type WindowFeature } from "./aggregate-terms.ts";
import { fillMoments, MOMENT_SLOTS, sampleVariance } from "./exact-moments.ts";
import { addExactly, exactValue } from "./exact-sum.ts";
import { isAdded, mergeBesidesSums, neutralSlots, type SlotKind, type StateShape } from "./online-state.ts";
import type { StateView } from "./state-bytes.ts";

/** Which slots a view's terms fill. */
export interface SlotPlan {
  /** The first slot of each term; gathered terms have none. */
  readonly starts: readonly number[];
  readonly kinds: readonly SlotKind[];
}

/** Lays out the slots of some terms, one after the other. */
export function slotPlan(terms: readonly Term[]): SlotPlan {
  const starts: number[] = [];
  const kinds: SlotKind[] = [];
  for (const term of terms) {
    starts.push(kinds.length);
    if (isCellTerm(term)) kinds.push(...slotKinds(term));
  }
  return { starts, kinds };
}

function slotKinds(term: CellTerm): readonly SlotKind[] {
  switch (term.kind) {
    case "rows":
    case "count":
    case "true":
      return ["sum"];
    case "floatSum":
      return ["exactSum", "exactRest", "exactLast"];
    case "wholeSum":
      // Limbs of 22 bits: each sum is exact in a float64 for 2^31 events.
      return ["sum", "sum", "sum"];
    case "min":
      return [isFloat(term.value.type) ? "min" : "wholeMin"];
    case "max":
      return [isFloat(term.value.type) ? "max" : "wholeMax"];
    case "moments":
      // How many, then the moments.
      return ["sum", "momentScale", ...Array<SlotKind>(MOMENT_SLOTS - 1).fill("momentLimb")];
    default:
      return term satisfies never;
  }
}

const LIMB = 22n;
const LIMB_MASK = 2n ** LIMB - 1n;

/** Fills an event's slots of one term, which begin at `start`. */
export function fillSlots(term: CellTerm, value: Value, slots: Float64Array, start: number): void {
  if (term.kind === "rows") slots[start] = 1;
  else if (value === null) return;
  else if (term.kind === "count") slots[start] = 1;
  else if (term.kind === "true") slots[start] = value === true ? 1 : 0;
  else if (term.kind === "wholeSum") {
    const whole = BigInt(value as bigint | number);
    slots[start] = Number(whole & LIMB_MASK);
    slots[start + 1] = Number((whole >> LIMB) & LIMB_MASK);
    slots[start + 2] = Number(whole >> (LIMB * 2n));
  } else if (term.kind === "moments") {
    slots[start] = 1;
    fillMoments(slots, start + 1, value as number);
  } else if (term.kind === "floatSum") addExactly(slots, start, value as number);
  // Plus 0, because -0 and 0 are one value, and which of them is kept must not depend on the order of events.
  else if (isFloat(term.value.type)) slots[start] = (value as number) + 0;
  else new BigInt64Array(slots.buffer)[start] = BigInt(value as bigint | number);
}

function wholeSum(slots: Float64Array, start: number): bigint {
  const limb = (index: number): bigint => BigInt(slots[start + index] ?? 0);
  return limb(0) + (limb(1) << LIMB) + (limb(2) << (LIMB * 2n));
}

/** Merges the tiles in [tail, last hop before `at`) and the recent moments from there up to, not including, `at`. */
export function windowSlots(
  shape: StateShape,
  state: StateView | undefined,
  window: bigint,
  at: Instant,
): Float64Array {
  const into = neutralSlots(shape.slots);
  if (!state) return into;
  const hop = windowHop(window);
  const tail = windowTail(at, window);
  const head = floorTo(at, hop);
  const grid = shape.hops.findIndex((each) => each.hop === hop);
  mergeRange(shape, state, grid + 1, tail, head, into);
  mergeRange(shape, state, 0, head, at, into);
  return into;
}

function mergeRange(
  { slots: kinds }: StateShape,
  { groups, wholes, floats }: StateView,
  group: number,
  from: bigint,
  before: bigint,
  into: Float64Array,
): void {
  const { start, count } = groups[group] ?? { start: 0, count: 0 };
  const width = 1 + kinds.length;
  // Times are in order; two searches, and no time is looked at in between.
  const first = start + width * firstAtOrAfter(wholes, start, count, width, from);
  const last = start + width * firstAtOrAfter(wholes, start, count, width, before);
  for (let slot = 0; slot < kinds.length; slot += 1) {
    if (!isAdded(kinds[slot] as SlotKind)) continue;
    let total = into[slot] ?? 0;
    for (let at = first + 1 + slot; at < last; at += width) total += floats[at] ?? 0;
    into[slot] = total;
  }
  if (!kinds.every(isAdded))
    for (let at = first; at < last; at += width) mergeBesidesSums(kinds, into, floats.subarray(at + 1, at + width));
}

function firstAtOrAfter(wholes: BigInt64Array, start: number, count: number, width: number, time: bigint): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((wholes[start + middle * width] ?? 0n) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A feature's value from the merged slots of its window. */
export function cellResult(
  { feature, window }: WindowFeature,
  result: CellResult,
  terms: readonly Term[],
  { starts }: SlotPlan,
  slots: Float64Array,
  at: Instant,
): Value {
  const place = (term: number): number => starts[term] ?? 0;
  const slot = (term: number): number => slots[place(term)] ?? 0;
  const isWhole = (term: number): boolean => terms[term]?.kind === "wholeSum";
  const whole = (term: number): bigint => wholeSum(slots, place(term));
  const float = (term: number): number =>
    terms[term]?.kind === "floatSum" ? exactValue(slots, place(term)) : slot(term);
  const bits = (term: number): bigint => new BigInt64Array(slots.buffer)[place(term)] ?? 0n;
  switch (result.kind) {
    case "count":
      return BigInt(slot(result.of));
    case "rate":
      return slot(result.of) / (Number(at - windowTail(at, window)) / Number(result.unit));
    case "ratio": {
      const { top, count, scale = 0 } = result;
      const sum = isWhole(top) ? Number(whole(top)) : float(top);
      return slot(count) === 0 ? null : sum / (slot(count) * 10 ** scale);
    }
    case "since":
      return slot(result.count) === 0 ? null : (at - bits(result.of)) / result.unit;
    case "value": {
      const { of, count } = result;
      if (slot(count) === 0) return null;
      const { type } = feature;
      if (isWhole(of)) {
        const sum = whole(of);
        return (isDecimal(type) ? fitsDecimal(sum, type) : fitsInt64(sum)) ? sum : null;
      }
      if (isFloat(type)) return float(of);
      return type === "int32" || type === "date" ? Number(bits(of)) : bits(of);
    }
    case "wholeVariance": {
      const n = BigInt(slot(result.count));
      if (n < 2n) return null;
      const variance = Number(n * whole(result.squares) - whole(result.of) ** 2n) / Number(n * (n - 1n));
      return result.isRoot ? Math.sqrt(variance) : variance;
    }
    case "variance": {
      const n = slot(result.of);
      if (n < 2) return null;
      const variance = sampleVariance(n, slots, place(result.of) + 1);
      return result.isRoot ? Math.sqrt(variance) : variance;
    }
    default:
      return result satisfies never;
  }
}
