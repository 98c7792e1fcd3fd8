// Reading and predicting by definition instead of by name: what goes in and what comes out has the types that were declared.

import type { ValueOf } from "../core/core.ts";
import {
  type FeatureTypes,
  type FeatureView,
  type Fields,
  type Model,
  type RowInput,
  specOf,
} from "../define/define.ts";
import type { OnlineRead } from "../features/features.ts";
import type { Prediction, Serving } from "../serving/serving.ts";
import { readFeatures as readByName } from "./feature-operations.ts";
import type { Platform } from "./open.ts";

/** A read of one view with each feature's own type; null where nothing is known. */
export interface FeatureRead<F extends FeatureTypes> extends Omit<OnlineRead, "values"> {
  readonly values: { readonly [N in keyof F]: ValueOf<F[N]> | null };
}

/** Reads a view online for one key, as of now: by its definition, with types, or by its name. */
export function readFeatures<K extends Fields, F extends FeatureTypes>(
  platform: Platform,
  view: FeatureView<K, F>,
  key: RowInput<K>,
): Promise<FeatureRead<F>>;
/** Reads a view online by its name. */
export function readFeatures(
  platform: Platform,
  view: string,
  key: Readonly<Record<string, unknown>>,
): Promise<OnlineRead>;
/** Reads a view online by its definition or name. */
export function readFeatures(
  platform: Platform,
  view: FeatureView | string,
  key: Readonly<Record<string, unknown>>,
): Promise<OnlineRead> {
  return readByName(platform, typeof view === "string" ? view : specOf(view).name, key);
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
