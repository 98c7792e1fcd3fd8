// What a view's gathered terms keep online, and how a feature comes out of it.

import { type Instant, type Value, windowHop, windowTail } from "../core/core.ts";
import { compareValues, type FeatureViewSpec, rowFunction } from "../define/define.ts";
import { type GatheredTerm, isCellTerm, termsOf, type WindowFeature, type WindowPlan } from "./aggregate-terms.ts";
import type { Gathering, Grid, WindowBounds } from "./gathering.ts";
import type { Item } from "./item-bytes.ts";
import { firstRows, lastRows } from "./kept-rows.ts";
import { decodeRow } from "./online-row.ts";
import { seenItems } from "./seen-items.ts";
import { bucketOf, estimateDistinct, quantileOf, registerCode } from "./sketches.ts";
import { type Tally, talliedItems } from "./tallied-items.ts";

/** The grids of some window features, each with its longest window. */
export function gridsOf(features: readonly WindowFeature[]): readonly Grid[] {
  const longest = new Map<bigint, bigint>();
  for (const { window } of features) {
    const hop = windowHop(window);
    if (window > (longest.get(hop) ?? 0n)) longest.set(hop, window);
  }
  return [...longest].map(([hop, window]) => ({ hop, longest: window }));
}

/** One gathered term of a view. */
export interface Section {
  /** Its place among the view's terms. */
  readonly term: number;
  readonly gathering: Gathering<unknown, unknown>;
  /** What is kept of a value. */
  itemOf(value: Item): Item;
  /** A feature's value over one window. */
  answer(state: unknown, window: WindowBounds, feature: WindowFeature): Value;
}

/** The sections of a view, in the order they are stored. */
export function sectionsOf(spec: FeatureViewSpec, plan: WindowPlan): readonly Section[] {
  return plan.terms.flatMap((term, index) => {
    if (isCellTerm(term)) return [];
    const grids = gridsOf(plan.features.filter(({ result }) => termsOf(result).includes(index)));
    return [{ term: index, ...sectionOf(spec, term, grids) }];
  });
}

type Whole<S, A> = Pick<Section, "itemOf"> & {
  readonly gathering: Gathering<S, A>;
  readonly answer: (found: A, feature: WindowFeature) => Value;
};

function sectionOf(spec: FeatureViewSpec, term: GatheredTerm, grids: readonly Grid[]): Omit<Section, "term"> {
  const { columns } = spec.source;
  const { type } = term.value;
  switch (term.kind) {
    case "distinct":
      return section({
        gathering: seenItems(type, grids, false),
        itemOf: unsigned,
        answer: (items) => BigInt(items.length),
      });
    case "registers":
      return section({
        gathering: seenItems("int32", grids, true),
        itemOf: (value) => registerCode(value, type),
        answer: (codes) => estimateDistinct(codes as readonly number[]),
      });
    case "buckets":
      return section({
        gathering: talliedItems("int32", grids),
        itemOf: (value) => bucketOf(value as number),
        answer: (tally, { result }) =>
          result.kind === "quantile" ? quantileOf(countsOf(tally), result.rank, result.isWhole) : null,
      });
    case "tally":
      return section({
        gathering: talliedItems(type, grids),
        itemOf: unsigned,
        answer: (tally, { result }) => (result.kind === "top" ? mostFrequent(tally, result.size) : null),
      });
    case "first":
    case "last": {
      const evaluate = rowFunction<readonly Value[]>(term.value, ({ name }) => {
        const place = columns.findIndex((column) => column.name === name);
        return (values) => values[place] ?? null;
      });
      const value = (row: Uint8Array | undefined): Value => (row ? evaluate(decodeRow(columns, row).values) : null);
      const itemOf = (item: Item): Item => item;
      return term.kind === "first"
        ? section({ gathering: firstRows(columns, grids), itemOf, answer: value })
        : section({
            gathering: lastRows(columns, grids, term.size ?? 1),
            itemOf,
            answer: (rows) => (term.size === undefined || rows.length === 0 ? value(rows[0]) : rows.map(value)),
          });
    }
    default:
      return term satisfies never;
  }
}

/** An item as it is kept. Plus 0, because -0 and 0 are one value. */
const unsigned = (value: Item): Item => (typeof value === "number" ? value + 0 : value);

/** The most frequent items, the lesser of two equally frequent ones first; null when there are none. */
function mostFrequent(tally: Tally, size: number): Value {
  if (tally.size === 0) return null;
  const ordered = [...tally.values()].sort((a, b) => b.count - a.count || compareValues(a.item, b.item));
  return ordered.slice(0, size).map(({ item }) => item);
}

function countsOf(tally: Tally): ReadonlyMap<number, number> {
  return new Map([...tally.values()].map(({ item, count }) => [item as number, count]));
}

function section<S, A>({ gathering, itemOf, answer }: Whole<S, A>): Omit<Section, "term"> {
  return {
    gathering: gathering as Gathering<unknown, unknown>,
    itemOf,
    answer: (state, window, feature) => answer(gathering.read(state as S, window), feature),
  };
}

/** The bounds of a window that ends at `at`. */
export function boundsOf(window: bigint, at: Instant): WindowBounds {
  return { hop: windowHop(window), tail: windowTail(at, window), at };
}
