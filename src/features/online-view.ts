// A feature view compiled for the online store: how its source rows change a key's state, and how its features are read from one.
// The terms are those of the offline SQL (aggregate-terms.ts), so that both sides add up the same things over the same tiles.

import { type ColumnSchema, type Instant, isValid, type Table, type Value, valueAt } from "../core/core.ts";
import { definitionHash, type FeatureSpec, type FeatureViewSpec, rowFunction } from "../define/define.ts";
import {
  type CellResult,
  type CellTerm,
  termsOf,
  type WindowFeature,
  type WindowPlan,
  windowPlan,
} from "./aggregate-terms.ts";
import { encodeKey } from "./entity-key.ts";
import type { Item } from "./item-bytes.ts";
import { cellResult, fillSlots, type SlotPlan, slotPlan, windowSlots } from "./online-cells.ts";
import { decodeRow, encodeRow, isNewer, rowEvent, type TimedRow } from "./online-row.ts";
import { boundsOf, gridsOf, type Section, sectionsOf } from "./online-sections.ts";
import { addEvent, neutralSlots, type OnlineState, type StateShape } from "./online-state.ts";
import type { StateView } from "./state-bytes.ts";
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
  /** Whether a key's newest row is kept. */
  readonly keepsRow: boolean;
  /** What its windows add up, and the slots that fill. */
  readonly plan: WindowPlan;
  readonly slots: SlotPlan;
  /** The key of a row; undefined where there is a null in it. */
  keyOf(cursor: Cursor): Uint8Array | undefined;
  /** The one value of a key of one; undefined for a longer key. */
  bareKeyOf(cursor: Cursor): Value | undefined;
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
  const slots = slotPlan(plan.terms);
  const sections = sectionsOf(spec, plan);
  const shape: StateShape = {
    slots: slots.kinds,
    hops: gridsOf(plan.features),
    sections: sections.map(({ gathering }) => gathering),
  };
  const cell = (name: string): ((cursor: Cursor) => Value) => {
    const index = place.get(name) ?? -1;
    return ({ table, index: row }) => valueAt(table.columns[index] as never, row);
  };
  const termValues = plan.terms.map((term) =>
    term.kind === "rows" ? () => null : rowFunction<Cursor>(term.value, (leaf) => cell(leaf.name)),
  );
  const keyCells = spec.keys.map((key) => cell(key.name));
  const [onlyKey] = keyCells.length === 1 ? keyCells : [];
  const created = createdAt === undefined ? undefined : cell(createdAt);
  const hasLatest = spec.features.some(({ rule }) => rule.kind !== "window");
  const latest = spec.features.map(({ rule }) =>
    rule.kind === "latest"
      ? rowFunction<readonly Value[]>(rule.value, (leaf) => (values) => values[place.get(leaf.name) ?? -1] ?? null)
      : undefined,
  );
  const windows = new Map(plan.features.map((feature) => [feature.feature.name, feature]));
  const guard = valueGuard(spec);
  const sectionOf = new Map(
    plan.features.map(({ feature, result }) => [
      feature.name,
      sections.findIndex(({ term }) => term === termsOf(result)[0]),
    ]),
  );
  const everything = spec.features.map((_, place) => place);
  const sectionAt = plan.terms.map((_, term) => {
    const place = sections.findIndex((section) => section.term === term);
    return place < 0 ? undefined : { place, ...(sections[place] as Section) };
  });
  const neutral = neutralSlots(slots.kinds);
  /** Filled anew by each row. */
  const cells = neutralSlots(slots.kinds);

  return {
    spec,
    namespace: viewNamespace(spec.name, definitionHash(spec)),
    shape,
    isStatic,
    keepsRow: hasLatest,
    plan,
    slots,
    keyOf: (cursor) =>
      encodeKey(
        spec.keys,
        keyCells.map((read) => read(cursor)),
      ),
    bareKeyOf: (cursor) => onlyKey?.(cursor),
    apply(state, cursor) {
      const event = isStatic ? 0n : eventOf(cursor, columns);
      const wholeRow = (): TimedRow => {
        const values = columns.map((_, index) => valueAt(cursor.table.columns[index] as never, cursor.index));
        return { event, created: (created?.(cursor) as bigint | null) ?? event, values };
      };
      // The time alone decides, as long as there is no tie.
      const before = hasLatest && state.row !== undefined ? rowEvent(state.row) : undefined;
      if (hasLatest && (before === undefined || event >= before)) {
        const row = wholeRow();
        if (state.row === undefined || event !== before || isNewer(row, decodeRow(columns, state.row)))
          state.row = encodeRow(columns, row);
      }
      if (isStatic) return;
      cells.set(neutral);
      for (let index = 0; index < plan.terms.length; index += 1) {
        const value = termValues[index]?.(cursor) ?? null;
        const section = sectionAt[index];
        if (!section) fillSlots(plan.terms[index] as CellTerm, value, cells, slots.starts[index] ?? 0);
        else if (value !== null)
          section.gathering.add(state.sections[section.place], event, section.itemOf(value as Item), () =>
            encodeRow(columns, wholeRow()),
          );
      }
      addEvent(shape, state, event, cells);
    },
    read(state, at, wanted = everything) {
      const row = state?.row ? decodeRow(columns, state.row) : undefined;
      const fresh = row && (isStatic || spec.ttl === undefined || row.event >= at - spec.ttl) ? row : undefined;
      const sums = new Map<bigint, Float64Array>();
      const opened = new Map<Section, unknown>();
      const featureAt = (index: number): Value => {
        const { name, rule } = spec.features[index] as FeatureSpec;
        if (rule.kind === "latest") return fresh ? (latest[index]?.(fresh.values) ?? null) : null;
        if (rule.kind === "age") return fresh ? (at - fresh.event) / rule.unit : null;
        const feature = windows.get(name) as WindowFeature;
        const place = sectionOf.get(name) ?? -1;
        const section = sections[place];
        if (section) {
          if (!opened.has(section)) opened.set(section, section.gathering.decode(state?.sections[place]));
          return section.answer(opened.get(section), boundsOf(rule.window, at), feature);
        }
        let merged = sums.get(rule.window);
        if (!merged) {
          merged = windowSlots(shape, state, rule.window, at);
          sums.set(rule.window, merged);
        }
        return cellResult(feature, feature.result as CellResult, plan.terms, slots, merged, at);
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
