// Who uses a feature: models as they are defined now, and versions as they were trained, which remember what they read in their contract.

import type { ColumnSchema } from "../core/core.ts";
import {
  definitionHash,
  definitionsOf,
  type FeatureViewSpec,
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

/** Who uses a view, or one feature of it. */
export interface Uses {
  readonly models: readonly { readonly name: string; readonly features: readonly string[] }[];
  readonly versions: readonly {
    readonly model: string;
    readonly version: number;
    readonly aliases: readonly string[];
    /** Whether the view still means what it meant in training. */
    readonly isCurrent: boolean;
    readonly features: readonly string[];
  }[];
  readonly monitors: readonly string[];
  readonly retrains: readonly string[];
}

/** Who uses a view, by the definitions and by what versions remember. */
export function usesOf(
  project: Project,
  versions: readonly TrainedVersion[],
  view: FeatureViewSpec,
  feature?: string,
): Uses {
  const read = (inputs: readonly InputSpec[]): readonly string[] =>
    featuresRead(inputs)
      .filter((each) => each.view === view.name && (feature === undefined || each.feature === feature))
      .map((each) => each.feature);
  const models = definitionsOf(project, "model")
    .map(({ name, inputs }) => ({ name, features: read(inputs) }))
    .filter(({ features }) => features.length > 0);
  const about = new Set(models.map(({ name }) => name));
  const hash = definitionHash(view);
  return {
    models,
    versions: versions.flatMap((version) => {
      const trained = trainedFeatures(version);
      const features = trained ? read(trained.inputs) : [];
      if (!trained || features.length === 0) return [];
      const { model, number, aliases } = version;
      return [{ model, version: number, aliases, isCurrent: trained.views[view.name] === hash, features }];
    }),
    monitors: definitionsOf(project, "monitor")
      .filter(({ model }) => about.has(model))
      .map(({ name }) => name),
    retrains: definitionsOf(project, "retrain")
      .filter(({ model }) => about.has(model))
      .map(({ name }) => name),
  };
}
