// Reading features by name for many keys: what is asked for is looked up once and remembered, keys are checked against the entities of
// all views asked, and everything comes from one snapshot of the online store.

import {
  type ColumnSchema,
  didYouMean,
  type Instant,
  SlipwayError,
  sameType,
  typeText,
  type Value,
} from "../core/core.ts";
import {
  type AnyViewSpec,
  allViews,
  type DerivedFeatureSpec,
  type FeatureSpec,
  findAnyView,
  type Project,
} from "../define/define.ts";
import { derivedReader, onlineView, readViews, type ViewReads } from "../features/features.ts";
import type { Clock, OnlineStore } from "../ports/ports.ts";
import { parseRow, unknownField } from "../scoring/scoring.ts";

/** What is asked for, looked up. */
export interface FeatureSelection {
  readonly views: readonly SelectedView[];
  /** Every key that one of the views is about. */
  readonly keys: readonly ColumnSchema[];
  /** Everything that a row is asked with: the keys, and the request values of views that are computed on demand. */
  readonly fields: readonly ColumnSchema[];
}

/** Some features of one view. */
export interface SelectedView {
  readonly spec: AnyViewSpec;
  /** In the order of the values that are read. */
  readonly features: readonly (FeatureSpec | DerivedFeatureSpec)[];
  /** Their places in the view. */
  readonly places: readonly number[];
}

/** Features of many keys, as of one time. */
export interface FeatureReads {
  readonly selection: FeatureSelection;
  readonly at: Instant;
  /** The keys and request values as they were understood, in order. */
  readonly rows: readonly Readonly<Record<string, Value>>[];
  /** One per selected view, each with one read per key. */
  readonly views: readonly ViewReads[];
}

/** How keys and request values come. */
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
  /**
   * Reads what was selected for keys, each with the request values that are needed, as of now. A null key is missing; a key that is left out, and
   * anything unknown or of another type, is INPUT_INVALID.
   */
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
      const rows = keys.map((key, index) => keyRow(selection, key, index, isJson));
      const at = clock.now();
      return { selection, at, rows, views: await readSelected(online, selection, rows, at, asNumbers) };
    },
  };
}

/** Derived and on-demand views are computed from stored ones, which are read with all others from the same snapshot. */
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
    views.flatMap(({ spec }) => (spec.kind === "featureView" ? [] : spec.views)).map((view) => [view.name, view]),
  );
  const reads = await readViews(
    online,
    [...direct, ...[...below.values()].map((view) => ({ view: onlineView(view) }))],
    rows,
    at,
  );
  if (direct.length === views.length) return reads;
  const stored = new Map([...below.keys()].map((name, index) => [name, reads[direct.length + index] as ViewReads]));
  let next = 0;
  return views.map(({ spec, places }): ViewReads => {
    if (spec.kind !== "featureView") return derivedReader(spec, places)(stored, rows);
    next += 1;
    return reads[next - 1] as ViewReads;
  });
}

function selectFeatures(project: Project, names: readonly string[]): FeatureSelection {
  if (names.length === 0) {
    const views = allViews(project).map(({ name }) => name);
    throw new SlipwayError("INPUT_INVALID", `No feature is asked for. The views are: ${views.join(", ") || "none"}.`);
  }
  const wanted = new Map<string, { readonly spec: AnyViewSpec; readonly places: Set<number> }>();
  for (const name of names) {
    const [viewName = "", featureName, ...rest] = name.split(".");
    if (rest.length > 0)
      throw new SlipwayError(
        "INPUT_INVALID",
        `"${name}" names no feature. Write view.feature, or view for all of them.`,
      );
    const spec = findAnyView(project, viewName);
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
  const keys = askedKeys(views);
  return { views, keys: agreed(keys), fields: agreed([...keys, ...askedValues(views)]) };
}

function placeOf(spec: AnyViewSpec, name: string): number {
  const place = spec.features.findIndex((feature) => feature.name === name);
  if (place >= 0) return place;
  const names = spec.features.map((feature) => feature.name).join(", ");
  throw new SlipwayError(
    "DEFINITION_NOT_FOUND",
    `Feature view "${spec.name}" has no feature "${name}". It has: ${names}.`,
  );
}

/** A field that a view asks for. */
interface Asked {
  readonly field: ColumnSchema;
  readonly view: string;
}

/** Every key may be null: nothing is known of it then. */
function askedKeys(views: readonly SelectedView[]): readonly Asked[] {
  return views.flatMap(({ spec }) => spec.keys.map((key) => ({ field: { ...key, optional: true }, view: spec.name })));
}

function askedValues(views: readonly SelectedView[]): readonly Asked[] {
  return views.flatMap(({ spec }) =>
    spec.kind === "onDemand" ? spec.request.map((field) => ({ field, view: spec.name })) : [],
  );
}

/** Fields by name; one that is asked for twice may be null only where every asker allows it. */
function agreed(asked: readonly Asked[]): readonly ColumnSchema[] {
  const fields = new Map<string, Asked>();
  for (const { field, view } of asked) {
    const known = fields.get(field.name);
    if (known && !sameType(known.field.type, field.type))
      throw new SlipwayError(
        "INPUT_INVALID",
        `"${field.name}" is ${typeText(known.field.type)} in "${known.view}" and ${typeText(field.type)} in "${view}"; read them in two requests.`,
      );
    const optional = field.optional && known?.field.optional !== false;
    fields.set(field.name, { field: { ...field, optional }, view: known?.view ?? view });
  }
  return [...fields.values()].map(({ field }) => field);
}

function keyRow(
  { keys, fields }: FeatureSelection,
  given: Readonly<Record<string, unknown>>,
  index: number,
  isJson: boolean,
): Readonly<Record<string, Value>> {
  const place = `keys[${index}]`;
  for (const { name, type } of keys)
    if (given[name] === undefined || !Object.hasOwn(given, name)) {
      const known = keys.map((key) => key.name);
      const unknown = unknownField(given, fields);
      const meant = unknown === undefined ? "" : ` "${unknown}" is none of them.${didYouMean(unknown, known)}`;
      throw new SlipwayError(
        "INPUT_INVALID",
        `${place} has no "${name}" (${typeText(type)}). The keys are: ${known.join(", ")}.${meant} A null key is allowed: its features are missing.`,
        { details: { place, field: name } },
      );
    }
  return parseRow(place, fields, given, { what: place, isJson });
}
