// Reading and predicting by definition instead of by name: what goes in and what comes out has the types that were declared.

import type { DataType, Duration, Instant, Value, ValueOf } from "../core/core.ts";
import {
  type AnyViewSpec,
  type DerivedReference,
  type DerivedView,
  derivedOf,
  type FeatureReference,
  type FeatureTypes,
  type FeatureView,
  type Fields,
  type Model,
  type OnDemand,
  type ReadableFeature,
  type ReadInput,
  type RowInput,
  specOf,
} from "../define/define.ts";
import { type KeyStatus, type ValueStatus, valueStatus } from "../features/features.ts";
import type { Prediction, Serving } from "../serving/serving.ts";
import type { FeatureReads } from "./feature-reader.ts";
import type { Platform } from "./open.ts";

/** How fresh one view's values of one key are. */
interface Freshness {
  readonly view: string;
  /** The newest event of the key; null when there is none, or the source has no times. */
  readonly event: Instant | null;
  /** Time since then. */
  readonly age: Duration | null;
  /** Everything known up to here is in the values; null when the view was never materialised. */
  readonly through: Instant | null;
}

/** A read of one view with each feature's own type; null where nothing is known. */
export interface FeatureRead<F extends FeatureTypes> extends Freshness {
  readonly status: KeyStatus;
  readonly values: { readonly [N in keyof F]: ValueOf<F[N]> | null };
  readonly statuses: { readonly [N in keyof F]: ValueStatus };
}

/** A read of one feature. */
export interface ValueRead<T extends DataType> extends Freshness {
  readonly feature: string;
  readonly status: ValueStatus;
  readonly value: ValueOf<T> | null;
}

/** What reading some views and features gives for one key, in the order asked. */
export type ReadsOf<W extends readonly ReadableFeature[]> = {
  readonly [P in keyof W]: W[P] extends FeatureView<Fields, infer F>
    ? FeatureRead<F>
    : W[P] extends DerivedView<Fields, infer F>
      ? FeatureRead<F>
      : W[P] extends OnDemand<Fields, Fields, infer F>
        ? FeatureRead<F>
        : W[P] extends FeatureReference<Fields, infer T>
          ? ValueRead<T>
          : W[P] extends DerivedReference<Fields, Fields, infer T>
            ? ValueRead<T>
            : never;
};

/** Views and features of many keys, as of one time. */
export interface FeatureRows<W extends readonly ReadableFeature[]> {
  readonly at: Instant;
  /** In the keys' order. */
  readonly rows: readonly ReadsOf<W>[];
}

type ReadableView = FeatureView | DerivedView | OnDemand<Fields, Fields>;

/** Reads views and features online for many keys, as of now and from one snapshot: `readFeatures(platform, [carrierDelays, weather.features.temp], keys)`. */
export function readFeatures<const W extends readonly ReadableFeature[]>(
  platform: Platform,
  wanted: W,
  keys: readonly ReadInput<W>[],
): Promise<FeatureRows<W>>;
/** Reads a view online for one key, as of now: by its definition, with types, or by its name. */
export function readFeatures<K extends Fields, F extends FeatureTypes>(
  platform: Platform,
  view: FeatureView<K, F>,
  key: RowInput<K>,
): Promise<FeatureRead<F>>;
/** Reads a derived view online for one key, as of now. */
export function readFeatures<K extends Fields, F extends FeatureTypes>(
  platform: Platform,
  view: DerivedView<K, F>,
  key: RowInput<K>,
): Promise<FeatureRead<F>>;
/** Computes an on-demand view for one key and its request values, as of now. */
export function readFeatures<K extends Fields, R extends Fields, F extends FeatureTypes>(
  platform: Platform,
  view: OnDemand<K, R, F>,
  row: RowInput<K & R>,
): Promise<FeatureRead<F>>;
/** Reads a view online by its name. */
export function readFeatures(
  platform: Platform,
  view: string,
  key: Readonly<Record<string, unknown>>,
): Promise<FeatureRead<FeatureTypes>>;
/** Reads views online by definition or name. */
export async function readFeatures(
  platform: Platform,
  wanted: readonly ReadableFeature[] | ReadableView | string,
  keys: unknown,
): Promise<unknown> {
  const isMany = Array.isArray(wanted);
  const asked = isMany ? (wanted as readonly ReadableFeature[]) : [wanted as ReadableView | string];
  const rows = (isMany ? keys : [keys]) as readonly Readonly<Record<string, unknown>>[];
  const names = asked.map(nameOf);
  const reads = await platform.features.read(platform.features.select(names), rows);
  if (!isMany) return readOf(reads, names[0] ?? "", 0);
  return { at: reads.at, rows: rows.map((_, row) => names.map((name) => readOf(reads, name, row))) };
}

/** How a view or feature is called over HTTP and in selections. */
function nameOf(feature: ReadableFeature | string): string {
  if (typeof feature === "string") return feature;
  if (derivedOf in feature) return `${feature[derivedOf].spec.name}.${feature[derivedOf].feature}`;
  if (!("node" in feature)) return specOf<AnyViewSpec>(feature).name;
  const { node } = feature;
  return node.kind === "feature" ? `${node.view}.${node.name}` : "";
}

function readOf({ selection, at, views }: FeatureReads, name: string, row: number): unknown {
  const [viewName, featureName] = name.split(".");
  const index = selection.views.findIndex(({ spec }) => spec.name === viewName);
  const features = selection.views[index]?.features ?? [];
  const read = views[index]?.keys[row];
  if (!read) throw new RangeError(`"${name}" was not read.`);
  const { status, event, values } = read;
  const freshness: Freshness = {
    view: viewName ?? "",
    event,
    age: event === null ? null : at - event,
    through: views[index]?.through ?? null,
  };
  const named = features.map((feature, place): [string, Value, ValueStatus] => {
    const value = values[place] ?? null;
    return [feature.name, value, valueStatus(feature, read, place)];
  });
  if (featureName === undefined)
    return {
      ...freshness,
      status,
      values: Object.fromEntries(named.map(([feature, value]) => [feature, value])),
      statuses: Object.fromEntries(named.map(([feature, , of]) => [feature, of])),
    };
  const one = named.find(([feature]) => feature === featureName);
  return { ...freshness, feature: featureName, value: one?.[1] ?? null, status: one?.[2] ?? "missing" };
}

/** Scores one row of a model, logs it, then answers. `id` is the caller's own name for it, by which its label will be found. */
export async function predict<Row>(
  serving: Serving,
  model: Model<Row>,
  row: Row,
  options: { readonly id?: string } = {},
): Promise<Prediction> {
  const [prediction] = await serving.predict(model.name, [
    { ...options, row: row as Readonly<Record<string, unknown>> },
  ]);
  return prediction as Prediction;
}
