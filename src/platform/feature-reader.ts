// Reading features by name for many keys: what is asked for is looked up once and remembered, keys are checked against the entities of
// all views asked, and everything comes from one snapshot of the online store.

import { type ColumnSchema, type Instant, SlipwayError, typeText, type Value } from "../core/core.ts";
import {
  type DerivedFeatureSpec,
  type FeatureSpec,
  findView,
  type Project,
  type ReadableViewSpec,
  readableViews,
} from "../define/define.ts";
import { derivedReader, onlineView, readViews, type ViewReads } from "../features/features.ts";
import type { Clock, OnlineStore } from "../ports/ports.ts";
import { parseRow } from "../serving/serving.ts";

/** What is asked for, looked up. */
export interface FeatureSelection {
  readonly views: readonly SelectedView[];
  /** Every key that one of the views is about. */
  readonly keys: readonly ColumnSchema[];
}

/** Some features of one view. */
export interface SelectedView {
  readonly spec: ReadableViewSpec;
  /** In the order of the values that are read. */
  readonly features: readonly (FeatureSpec | DerivedFeatureSpec)[];
  /** Their places in the view. */
  readonly places: readonly number[];
}

/** Features of many keys, as of one time. */
export interface FeatureReads {
  readonly selection: FeatureSelection;
  readonly at: Instant;
  /** The keys as they were understood, in order. */
  readonly rows: readonly Readonly<Record<string, Value>>[];
  /** One per selected view, each with one read per key. */
  readonly views: readonly ViewReads[];
}

/** How keys come. */
export interface ReadOptions {
  /** Whether they come from JSON, and only its own forms are taken. */
  readonly isJson?: boolean;
  /** Whether an int64 may come as a number where one holds it exactly: faster, for who writes it out at once. */
  readonly asNumbers?: boolean;
}

/** Reads a project's features. */
export interface FeatureReader {
  readonly project: Project;
  /** Looks names up: `view` for all of its features, `view.feature` for one. Throws DEFINITION_NOT_FOUND or INPUT_INVALID. */
  select(names: readonly string[]): FeatureSelection;
  /** Reads what was selected for keys, as of now. A null key is missing; one left out, unknown or of another type is INPUT_INVALID. */
  read(
    selection: FeatureSelection,
    keys: readonly Readonly<Record<string, unknown>>[],
    options?: ReadOptions,
  ): Promise<FeatureReads>;
}

/** What a reader works with. */
export interface ReaderContext {
  readonly project: Project;
  readonly online: OnlineStore;
  readonly clock: Clock;
}

/** So many selections are remembered: programs ask for few, over and over. */
const REMEMBERED = 100;

/** Opens a reader; it holds nothing that would have to be closed. */
export function featureReader({ project, online, clock }: ReaderContext): FeatureReader {
  const remembered = new Map<string, FeatureSelection>();
  return {
    project,
    select(names) {
      const mark = names.join(" ");
      const known = remembered.get(mark);
      if (known) return known;
      const selection = selectFeatures(project, names);
      if (remembered.size >= REMEMBERED) remembered.clear();
      remembered.set(mark, selection);
      return selection;
    },
    async read(selection, keys, { isJson = false, asNumbers = false } = {}) {
      const rows = keys.map((key, index) => keyRow(selection.keys, key, index, isJson));
      const at = clock.now();
      return { selection, at, rows, views: await readSelected(online, selection, rows, at, asNumbers) };
    },
  };
}

/** Derived views are computed from stored ones, which are read with all others from the same snapshot. */
async function readSelected(
  online: OnlineStore,
  { views }: FeatureSelection,
  rows: readonly Readonly<Record<string, Value>>[],
  at: Instant,
  asNumbers: boolean,
): Promise<readonly ViewReads[]> {
  const direct = views.flatMap(({ spec, places }) =>
    spec.kind === "featureView" ? [{ view: onlineView(spec), places, asNumbers }] : [],
  );
  const below = new Map(
    views.flatMap(({ spec }) => (spec.kind === "derivedView" ? spec.views : [])).map((view) => [view.name, view]),
  );
  const reads = await readViews(
    online,
    [...direct, ...[...below.values()].map((view) => ({ view: onlineView(view) }))],
    rows,
    at,
  );
  if (below.size === 0) return reads;
  const stored = new Map([...below.keys()].map((name, index) => [name, reads[direct.length + index] as ViewReads]));
  let next = 0;
  return views.map(({ spec, places }): ViewReads => {
    if (spec.kind === "derivedView") return derivedReader(spec, places)(stored, rows.length);
    next += 1;
    return reads[next - 1] as ViewReads;
  });
}

function selectFeatures(project: Project, names: readonly string[]): FeatureSelection {
  if (names.length === 0) {
    const views = readableViews(project).map(({ name }) => name);
    throw new SlipwayError("INPUT_INVALID", `No feature is asked for. The views are: ${views.join(", ") || "none"}.`);
  }
  const wanted = new Map<string, { readonly spec: ReadableViewSpec; readonly places: Set<number> }>();
  for (const name of names) {
    const [viewName = "", featureName, ...rest] = name.split(".");
    if (rest.length > 0)
      throw new SlipwayError(
        "INPUT_INVALID",
        `"${name}" names no feature. Write view.feature, or view for all of them.`,
      );
    const spec = findView(project, viewName);
    const { places } = wanted.get(viewName) ?? { places: new Set<number>() };
    wanted.set(viewName, { spec, places });
    if (featureName === undefined) for (const place of spec.features.keys()) places.add(place);
    else places.add(placeOf(spec, featureName));
  }
  const views = [...wanted.values()].map(({ spec, places }): SelectedView => {
    const chosen = [...places];
    const features = chosen.map((place) => spec.features[place] as FeatureSpec | DerivedFeatureSpec);
    return { spec, places: chosen, features };
  });
  return { views, keys: keysOf(views) };
}

function placeOf(spec: ReadableViewSpec, name: string): number {
  const place = spec.features.findIndex((feature) => feature.name === name);
  if (place >= 0) return place;
  const names = spec.features.map((feature) => feature.name).join(", ");
  throw new SlipwayError(
    "DEFINITION_NOT_FOUND",
    `Feature view "${spec.name}" has no feature "${name}". It has: ${names}.`,
  );
}

function keysOf(views: readonly SelectedView[]): readonly ColumnSchema[] {
  const keys = new Map<string, { readonly key: ColumnSchema; readonly view: string }>();
  for (const { spec } of views)
    for (const key of spec.keys) {
      const known = keys.get(key.name);
      if (known && known.key.type !== key.type)
        throw new SlipwayError(
          "INPUT_INVALID",
          `Key "${key.name}" is ${typeText(known.key.type)} in "${known.view}" and ${typeText(key.type)} in "${spec.name}"; read them in two requests.`,
        );
      // Every key may be null: nothing is known of it then.
      keys.set(key.name, { key: { ...key, optional: true }, view: spec.name });
    }
  return [...keys.values()].map(({ key }) => key);
}

function keyRow(
  keys: readonly ColumnSchema[],
  given: Readonly<Record<string, unknown>>,
  index: number,
  isJson: boolean,
): Readonly<Record<string, Value>> {
  const place = `keys[${index}]`;
  for (const { name, type } of keys)
    if (given[name] === undefined || !Object.hasOwn(given, name))
      throw new SlipwayError(
        "INPUT_INVALID",
        `${place} has no "${name}" (${typeText(type)}). The keys are: ${keys.map((key) => key.name).join(", ")}. A null key is allowed: its features are missing.`,
        { details: { place, field: name } },
      );
  return parseRow(place, keys, given, { what: place, isJson });
}
