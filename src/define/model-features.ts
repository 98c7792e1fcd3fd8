// What may stand in a model's `features`: views, single features, views over views, on-demand views and groups of all of these. Whatever is listed
// becomes inputs, the stored views that these need, and the request values that somebody must then give.

import { type ColumnSchema, SlipwayError, sameType, typeText } from "../core/core.ts";
import { checkName, type Definition, frozen, type Spec, spec, specOf } from "./definition.ts";
import {
  type DerivedReference,
  type DerivedView,
  type DerivedViewSpec,
  derivedOf,
  type OnDemand,
  type OnDemandSpec,
} from "./derived.ts";
import {
  type FeatureReference,
  type FeatureTypes,
  type FeatureView,
  type FeatureViewSpec,
  viewOf,
} from "./feature-view.ts";
import type { Fields, RowInput } from "./field.ts";
import { type Metadata, metadataOf } from "./metadata.ts";
import type { InputSpec } from "./model.ts";

/** A whole view, or one of its features. */
export type Feature = FeatureView | FeatureReference;

type AnyDerived = DerivedView | OnDemand<Fields, Fields> | DerivedReference<Fields, Fields>;

/** What can be read by itself: views of every kind, and features of these. What is computed on demand needs request values beside the keys. */
export type ReadableFeature = Feature | AnyDerived;

/** What a model takes as features. */
export type ModelFeature = Feature | AnyDerived | FeatureGroup;

/** A feature group as plain data. */
export interface FeatureGroupSpec extends Spec {
  readonly kind: "featureGroup";
  readonly inputs: readonly InputSpec[];
  readonly views: readonly FeatureViewSpec[];
  readonly request: readonly ColumnSchema[];
}

/** Features under one name, for several models. */
export interface FeatureGroup<F extends readonly unknown[] = readonly unknown[]> extends Definition<FeatureGroupSpec> {
  readonly name: string;
  readonly members: F;
}

type KeysOf<F> =
  F extends FeatureView<infer K, FeatureTypes>
    ? K
    : F extends FeatureReference<infer K>
      ? K
      : F extends DerivedView<infer K>
        ? K
        : F extends OnDemand<infer K, infer _>
          ? K
          : F extends DerivedReference<infer K, infer _>
            ? K
            : F extends FeatureGroup<infer M>
              ? KeysOf<M[number]>
              : never;

type RequestOf<F> =
  F extends OnDemand<infer _, infer R>
    ? R
    : F extends DerivedReference<infer _, infer R>
      ? R
      : F extends FeatureGroup<infer M>
        ? RequestOf<M[number]>
        : never;

type Together<U> = (U extends unknown ? (value: U) => void : never) extends (value: infer I) => void ? I : never;

/** The keys of every entity that some features are about. */
export type EntityKeys<F extends readonly unknown[]> =
  Together<KeysOf<F[number]>> extends infer K extends Fields ? K : Fields;

/** The request values that on-demand features among some features need. */
export type RequestKeys<F extends readonly unknown[]> = [RequestOf<F[number]>] extends [never]
  ? Record<never, never>
  : Together<RequestOf<F[number]>> extends infer R extends Fields
    ? R
    : Record<never, never>;

/** What reading some features takes: their keys, each of which may be null, and the request values of those computed on demand. */
export type ReadInput<F extends readonly unknown[]> = RowInput<EntityKeys<F> & RequestKeys<F>>;

/** Features as what a model makes of them. */
export interface ExpandedFeatures {
  readonly inputs: readonly InputSpec[];
  readonly views: readonly FeatureViewSpec[];
  readonly request: readonly ColumnSchema[];
}

/** Features as inputs, stored views and request values, each view and field once. Throws DEFINITION_INVALID where two do not agree. */
export function expandFeatures(what: string, features: readonly unknown[]): ExpandedFeatures {
  const parts = features.map((feature) => expanded(what, feature as ModelFeature));
  const views = new Map<string, FeatureViewSpec>();
  for (const view of parts.flatMap((part) => part.views)) views.set(view.name, view);
  return {
    inputs: parts.flatMap((part) => part.inputs),
    views: [...views.values()],
    request: mergeFields(
      what,
      parts.flatMap((part) => part.request),
    ),
  };
}

/** Fields by name; one that is asked for twice may be null only where every asker allows it. */
export function mergeFields(what: string, fields: readonly ColumnSchema[]): readonly ColumnSchema[] {
  const merged = new Map<string, ColumnSchema>();
  for (const field of fields) {
    const known = merged.get(field.name);
    if (known && !sameType(known.type, field.type))
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `${what} asks for "${field.name}" as ${typeText(known.type)} and as ${typeText(field.type)}; rename one.`,
      );
    merged.set(field.name, known ? { ...known, optional: known.optional && field.optional } : field);
  }
  return [...merged.values()];
}

function expanded(what: string, feature: ModelFeature): ExpandedFeatures {
  if ("members" in feature) return specOf(feature);
  if (derivedOf in feature) {
    const { spec: own, feature: name } = feature[derivedOf];
    return derivedInputs(own, (each) => each === name);
  }
  if (viewOf in feature) {
    const { node } = feature;
    if (node.kind !== "feature") throw notAFeature(what);
    const input = { from: "feature", name: node.name, type: node.type, view: node.view } as const;
    return { inputs: [input], views: [specOf(feature[viewOf]())], request: [] };
  }
  const own = (feature as Partial<Definition<FeatureViewSpec | DerivedViewSpec | OnDemandSpec>>)[spec];
  if (own?.kind === "derivedView" || own?.kind === "onDemand") return derivedInputs(own, () => true);
  if (own?.kind !== "featureView") throw notAFeature(what);
  const { name: view, features } = own;
  return {
    inputs: features.map(({ name, type }) => ({ from: "feature", name, type, view })),
    views: [own],
    request: [],
  };
}

function notAFeature(what: string): SlipwayError {
  return new SlipwayError(
    "DEFINITION_INVALID",
    `${what}: features takes views, view.features.x, derived and on-demand views and their features, and feature groups.`,
  );
}

function derivedInputs(own: DerivedViewSpec | OnDemandSpec, isWanted: (name: string) => boolean): ExpandedFeatures {
  const wanted = own.features.filter(({ name }) => isWanted(name));
  return {
    inputs: wanted.map(({ name, type, value }) => ({ from: "derived", name, type, value, view: own.name })),
    views: own.views,
    request: own.kind === "onDemand" ? own.request : [],
  };
}

/** Puts features under one name: `model({ features: [flightCore] })` takes all of them. */
export function featureGroup<const F extends readonly ModelFeature[]>(
  name: string,
  options: Metadata & { readonly features: F },
): FeatureGroup<F> {
  checkName("feature group", name);
  const what = `feature group "${name}"`;
  const { inputs, views, request } = expandFeatures(what, options.features);
  if (inputs.length === 0) throw new SlipwayError("DEFINITION_INVALID", `${what} has no feature.`);
  const about = metadataOf(what, options);
  const own: FeatureGroupSpec = frozen({ kind: "featureGroup", name, inputs, views, request, ...about });
  return Object.freeze({ name, members: options.features, [spec]: own }) as unknown as FeatureGroup<F>;
}
