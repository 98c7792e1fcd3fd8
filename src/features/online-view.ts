// A feature view compiled for the online store: how its source rows change a key's state, and how its features are read from one.
// The terms are those of the offline SQL (aggregate-terms.ts), so that both sides add up the same things over the same tiles.

import {
  type ColumnSchema,
  fitsDecimal,
  fitsInt64,
  floorTo,
  type Instant,
  isDecimal,
  isFloat,
  isValid,
  type Table,
  type Value,
  valueAt,
  windowHop,
  windowTail,
} from "../core/core.ts";
import { definitionHash, type FeatureSpec, type FeatureViewSpec, rowFunction } from "../define/define.ts";
import { MOMENTS_LIMIT, type Term, type WindowFeature, windowPlan } from "./aggregate-terms.ts";
import { encodeKey } from "./entity-key.ts";
import { decodeRow, encodeRow, isNewer } from "./online-row.ts";
import {
  addEvent,
  mergeBesidesSums,
  neutralSlots,
  type OnlineState,
  type SlotKind,
  type StateShape,
  type StateView,
} from "./online-state.ts";
import { valueGuard } from "./value-guard.ts";

/** One row of a batch. */
export interface Cursor {
  readonly table: Table;
  readonly index: number;
}

/** A view, ready for the online store. */
export interface OnlineView {
  readonly spec: FeatureViewSpec;
  /** Changes with the definition, so that values of two definitions never mix. */
  readonly namespace: string;
  readonly shape: StateShape;
  readonly isStatic: boolean;
  /** How far back an event can matter to a read at or after `through`; undefined when every row may. */
  readonly retention: bigint | undefined;
  keyOf(cursor: Cursor): Uint8Array | undefined;
  /** Adds a source row (columns in schema order, then `e`: the event time) to a key's state. */
  apply(state: OnlineState, cursor: Cursor): void;
  /** The features at `at`, and how new the key's newest row is: the state is taken apart once for both. */
  read(state: StateView | undefined, at: Instant, wanted?: readonly number[]): Reading;
}

/** What a key's state says at one time. */
export interface Reading {
  /** The wanted features in the order of `wanted`, without it all of them in the view's order. */
  readonly values: readonly Value[];
  /** The event time of the newest row; undefined when there is none, or the source has no times. */
  readonly newest: Instant | undefined;
  /** Places among the values that an expectation of the view rejects (they are null) and warns of; absent when nothing is expected. */
  readonly rejected?: readonly number[];
  readonly warned?: readonly number[];
}

interface SlotPlan {
  /** The first slot of each term. */
  readonly starts: readonly number[];
  readonly kinds: readonly SlotKind[];
}

function slotKinds(term: Term): readonly SlotKind[] {
  switch (term.kind) {
    case "rows":
    case "count":
    case "true":
    case "floatSum":
      return ["sum"];
    case "wholeSum":
      // Limbs of 22 bits: each sum is exact in a float64 for 2^31 events.
      return ["sum", "sum", "sum"];
    case "min":
      return [isFloat(term.value.type) ? "min" : "wholeMin"];
    case "max":
      return [isFloat(term.value.type) ? "max" : "wholeMax"];
    case "moments":
      return ["momentsNumber", "momentsMean", "momentsM2"];
    default:
      return term satisfies never;
  }
}

const LIMB = 22n;
const LIMB_MASK = 2n ** LIMB - 1n;

function fillSlots(term: Term, value: Value, slots: Float64Array, start: number): void {
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
    const tame = Math.abs(value as number) < MOMENTS_LIMIT;
    slots.set([1, tame ? (value as number) : Number.NaN, tame ? 0 : Number.NaN], start);
  } else if (term.kind === "floatSum" || isFloat(term.value.type)) slots[start] = value as number;
  else new BigInt64Array(slots.buffer)[start] = BigInt(value as bigint | number);
}

function wholeSum(slots: Float64Array, start: number): bigint {
  const limb = (index: number): bigint => BigInt(slots[start + index] ?? 0);
  return limb(0) + (limb(1) << LIMB) + (limb(2) << (LIMB * 2n));
}

/** Where a view's online values lie: they change place with the definition, so that values of two definitions never mix. */
export function viewNamespace(view: string, hash: string): string {
  return `${view}@${hash.slice(0, 16)}`;
}

/** Views compiled so far: hashing a definition costs more than reading it. */
const compiled = new WeakMap<FeatureViewSpec, OnlineView>();

/** A view compiled for the online store, once per definition. */
export function onlineView(spec: FeatureViewSpec): OnlineView {
  const known = compiled.get(spec);
  if (known) return known;
  const view = compile(spec);
  compiled.set(spec, view);
  return view;
}

function compile(spec: FeatureViewSpec): OnlineView {
  const { columns, eventTime, createdAt } = spec.source;
  const place = new Map(columns.map((column, index) => [column.name, index]));
  const isStatic = eventTime === undefined;
  const plan = windowPlan(spec);
  const starts: number[] = [];
  const kinds: SlotKind[] = [];
  for (const term of plan.terms) {
    starts.push(kinds.length);
    kinds.push(...slotKinds(term));
  }
  const slotPlan: SlotPlan = { starts, kinds };
  const shape: StateShape = { slots: kinds, hops: hopsOf(plan.features) };
  const cell = (name: string): ((cursor: Cursor) => Value) => {
    const index = place.get(name) ?? -1;
    return ({ table, index: row }) => valueAt(table.columns[index] as never, row);
  };
  const termValues = plan.terms.map((term) =>
    term.kind === "rows" ? () => null : rowFunction<Cursor>(term.value, (leaf) => cell(leaf.name)),
  );
  const keyCells = spec.keys.map((key) => cell(key.name));
  const created = createdAt === undefined ? undefined : cell(createdAt);
  const hasLatest = spec.features.some(({ rule }) => rule.kind !== "window");
  const latest = spec.features.map(({ rule }) =>
    rule.kind === "latest"
      ? rowFunction<readonly Value[]>(rule.value, (leaf) => (values) => values[place.get(leaf.name) ?? -1] ?? null)
      : undefined,
  );
  const windows = new Map(plan.features.map((feature) => [feature.feature.name, feature]));
  const guard = valueGuard(spec);
  const everything = spec.features.map((_, place) => place);

  return {
    spec,
    namespace: viewNamespace(spec.name, definitionHash(spec)),
    shape,
    isStatic,
    retention: retentionOf(spec),
    keyOf: (cursor) =>
      encodeKey(
        spec.keys,
        keyCells.map((read) => read(cursor)),
      ),
    apply(state, cursor) {
      const event = isStatic ? 0n : eventOf(cursor, columns);
      if (hasLatest) {
        const values = columns.map((_, index) => valueAt(cursor.table.columns[index] as never, cursor.index));
        const row = { event, created: (created?.(cursor) as bigint | null) ?? event, values };
        if (state.row === undefined || isNewer(row, decodeRow(columns, state.row))) state.row = encodeRow(columns, row);
      }
      if (isStatic) return;
      const slots = neutralSlots(kinds);
      plan.terms.forEach((term, index) => {
        fillSlots(term, termValues[index]?.(cursor) ?? null, slots, starts[index] ?? 0);
      });
      addEvent(shape, state, event, slots);
    },
    read(state, at, wanted = everything) {
      const row = state?.row ? decodeRow(columns, state.row) : undefined;
      const fresh = row && (isStatic || spec.ttl === undefined || row.event >= at - spec.ttl) ? row : undefined;
      const sums = new Map<bigint, Float64Array>();
      const featureAt = (index: number): Value => {
        const { name, rule } = spec.features[index] as FeatureSpec;
        if (rule.kind === "latest") return fresh ? (latest[index]?.(fresh.values) ?? null) : null;
        if (rule.kind === "age") return fresh ? (at - fresh.event) / rule.unit : null;
        let slots = sums.get(rule.window);
        if (!slots) {
          slots = windowSlots(shape, state, rule.window, at);
          sums.set(rule.window, slots);
        }
        return resultOf(windows.get(name) as WindowFeature, plan.terms, slotPlan, slots, at);
      };
      const newest = isStatic ? undefined : hasLatest ? row?.event : state?.lastEvent;
      if (!guard) return { values: wanted.map(featureAt), newest };
      return { ...guard.guarded(wanted, (places) => places.map(featureAt)), newest };
    },
  };
}

function eventOf({ table, index }: Cursor, columns: readonly ColumnSchema[]): Instant {
  const column = table.columns[columns.length];
  if (column?.type !== "int64" || !isValid(column, index)) throw new TypeError("The batch has no event time column.");
  return column.values[index] as bigint;
}

function hopsOf(features: readonly WindowFeature[]): StateShape["hops"] {
  const longest = new Map<bigint, bigint>();
  for (const { window } of features) {
    const hop = windowHop(window);
    if (window > (longest.get(hop) ?? 0n)) longest.set(hop, window);
  }
  return [...longest].map(([hop, window]) => ({ hop, longest: window }));
}

function retentionOf(spec: FeatureViewSpec): bigint | undefined {
  let back = 0n;
  for (const { rule } of spec.features) {
    const needs = rule.kind === "window" ? rule.window + windowHop(rule.window) : spec.ttl;
    if (needs === undefined) return undefined;
    if (needs > back) back = needs;
  }
  return back;
}

/** Merges the tiles in [tail, last hop before `at`) and the recent moments from there up to, not including, `at`. */
function windowSlots(shape: StateShape, state: StateView | undefined, window: bigint, at: Instant): Float64Array {
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
    if (kinds[slot] !== "sum") continue;
    let total = into[slot] ?? 0;
    for (let at = first + 1 + slot; at < last; at += width) total += floats[at] ?? 0;
    into[slot] = total;
  }
  if (kinds.some((kind) => kind !== "sum"))
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

function resultOf(
  { feature, window, result }: WindowFeature,
  terms: readonly Term[],
  { starts }: SlotPlan,
  slots: Float64Array,
  at: Instant,
): Value {
  const place = (term: number): number => starts[term] ?? 0;
  const slot = (term: number): number => slots[place(term)] ?? 0;
  const isWhole = (term: number): boolean => terms[term]?.kind === "wholeSum";
  const whole = (term: number): bigint => wholeSum(slots, place(term));
  const bits = (term: number): bigint => new BigInt64Array(slots.buffer)[place(term)] ?? 0n;
  switch (result.kind) {
    case "count":
      return BigInt(slot(result.of));
    case "rate":
      return slot(result.of) / (Number(at - windowTail(at, window)) / Number(result.unit));
    case "ratio": {
      const { top, count, scale = 0 } = result;
      const sum = isWhole(top) ? Number(whole(top)) : slot(top);
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
      if (isFloat(type)) return slot(of);
      return type === "int32" || type === "date" ? Number(bits(of)) : bits(of);
    }
    case "wholeVariance": {
      const n = BigInt(slot(result.count));
      if (n < 2n) return null;
      const variance = Number(n * whole(result.squares) - whole(result.of) ** 2n) / Number(n * (n - 1n));
      return result.isRoot ? Math.sqrt(variance) : variance;
    }
    case "variance": {
      const [n = 0, , m2 = 0] = slots.subarray(place(result.of));
      if (n < 2) return null;
      const variance = Number.isFinite(m2 / (n - 1)) ? m2 / (n - 1) : Number.NaN;
      return result.isRoot ? Math.sqrt(variance) : variance;
    }
    default:
      return result satisfies never;
  }
}
