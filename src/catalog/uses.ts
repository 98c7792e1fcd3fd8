// Who uses a feature: models as they are defined now, and versions as they were trained, which remember what they read in their contract.

import { type ColumnSchema, canonicalJson } from "../core/core.ts";
import {
  type AnyViewSpec,
  allViews,
  definitionHash,
  definitionsOf,
  featureHash,
  featuresRead,
  type InputSpec,
  type Project,
} from "../define/define.ts";

/** The part of a version's contract that says which features it reads. */
export interface TrainedFeatures {
  readonly inputs: readonly InputSpec[];
  readonly request?: readonly ColumnSchema[];
  /** Definition hash by view name. */
  readonly views: Readonly<Record<string, string>>;
  /** The hash of every feature's own meaning, as `view.feature`; versions of earlier releases have none. */
  readonly features?: Readonly<Record<string, string>>;
}

/** A version and what it was trained to read. */
export interface TrainedVersion {
  readonly model: string;
  readonly number: number;
  readonly aliases: readonly string[];
  readonly features: unknown;
}

/** What a version was trained to read; undefined for one that another tool registered. */
export function trainedFeatures({ features }: { readonly features: unknown }): TrainedFeatures | undefined {
  const known = features as Partial<TrainedFeatures> | null;
  return Array.isArray(known?.inputs) && typeof known.views === "object" ? (known as TrainedFeatures) : undefined;
}

/** The hashes of the views that a version was trained to read, by name. */
export function trainedViews({ features }: { readonly features: unknown }): Readonly<Record<string, string>> {
  return (features as Partial<TrainedFeatures> | null)?.views ?? {};
}

/** Who uses a view. */
export interface Uses {
  readonly models: readonly { readonly name: string; readonly features: readonly string[] }[];
  readonly versions: readonly {
    readonly model: string;
    readonly version: number;
    readonly aliases: readonly string[];
    /** Whether what it reads of the view still means what it meant in training. */
    readonly isCurrent: boolean;
    readonly features: readonly string[];
  }[];
  /** Derived and on-demand views that are made of it. */
  readonly views: readonly string[];
  readonly groups: readonly string[];
  readonly monitors: readonly string[];
  readonly retrains: readonly string[];
}

/** The features of a view that some inputs read: stored ones as they stand in expressions, derived ones by where they were declared. */
export function readOf(view: string, inputs: readonly InputSpec[]): readonly string[] {
  const stored = featuresRead(inputs).filter((each) => each.view === view);
  const derived = inputs.filter((input) => input.from === "derived" && input.view === view);
  return [...new Set([...stored.map(({ feature }) => feature), ...derived.map(({ name }) => name)])];
}

/** Who uses a view, by the definitions and by what versions remember. */
export function usesOf(project: Project, versions: readonly TrainedVersion[], view: AnyViewSpec): Uses {
  const models = definitionsOf(project, "model")
    .map(({ name, inputs }) => ({ name, features: readOf(view.name, inputs) }))
    .filter(({ features }) => features.length > 0);
  const about = new Set(models.map(({ name }) => name));
  const namesOf = <T extends { readonly name: string }>(all: readonly T[], isWanted: (one: T) => boolean) =>
    all.filter(isWanted).map(({ name }) => name);
  return {
    models,
    versions: versions.flatMap((version) => {
      const trained = trainedFeatures(version);
      const features = trained ? readOf(view.name, trained.inputs) : [];
      if (!trained || features.length === 0) return [];
      const { model, number, aliases } = version;
      const isCurrent = features.every((feature) => isAsTrained(view, feature, trained));
      return [{ model, version: number, aliases, isCurrent, features }];
    }),
    views: namesOf(
      allViews(project),
      (other) =>
        other.kind !== "featureView" && other.name !== view.name && other.views.some(({ name }) => name === view.name),
    ),
    groups: namesOf(definitionsOf(project, "featureGroup"), ({ inputs }) => readOf(view.name, inputs).length > 0),
    monitors: namesOf(definitionsOf(project, "monitor"), ({ model }) => about.has(model)),
    retrains: namesOf(definitionsOf(project, "retrain"), ({ model }) => about.has(model)),
  };
}

function isAsTrained(view: AnyViewSpec, feature: string, trained: TrainedFeatures): boolean {
  if (view.kind !== "featureView") {
    const then = trained.inputs.find(
      (input) => input.from === "derived" && input.view === view.name && input.name === feature,
    );
    const now = view.features.find(({ name }) => name === feature);
    return then?.from === "derived" && now !== undefined && canonicalJson(then.value) === canonicalJson(now.value);
  }
  const hash = trained.features?.[`${view.name}.${feature}`];
  return hash === undefined ? trained.views[view.name] === definitionHash(view) : hash === featureHash(view, feature);
}
