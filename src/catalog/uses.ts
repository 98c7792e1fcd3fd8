// Who uses a feature: models as they are defined now, and versions as they were trained, which remember what they read in their contract.

import type { ColumnSchema } from "../core/core.ts";
import {
  definitionHash,
  definitionsOf,
  type FeatureViewSpec,
  type InputSpec,
  leavesOf,
  type Project,
} from "../define/define.ts";

/** The part of a version's contract that says which features it reads. */
export interface TrainedFeatures {
  readonly inputs: readonly InputSpec[];
  readonly request?: readonly ColumnSchema[];
  /** Definition hash by view name. */
  readonly views: Readonly<Record<string, string>>;
}

/** A version and what it was trained to read. */
export interface TrainedVersion {
  readonly model: string;
  readonly number: number;
  readonly aliases: readonly string[];
  readonly features: unknown;
}

/** A feature by its view. */
export interface FeatureName {
  readonly view: string;
  readonly feature: string;
}

/** Every feature that some inputs read, as inputs or inside derived values, each once, with the inputs that read it. */
export function featuresRead(
  inputs: readonly InputSpec[],
): readonly (FeatureName & { readonly inputs: readonly string[] })[] {
  const found = new Map<string, { view: string; feature: string; inputs: string[] }>();
  const add = (view: string, feature: string, input: string): void => {
    const id = `${view}.${feature}`;
    const entry = found.get(id) ?? { view, feature, inputs: [] };
    if (!entry.inputs.includes(input)) entry.inputs.push(input);
    found.set(id, entry);
  };
  for (const input of inputs) {
    if (input.from === "feature") add(input.view, input.name, input.name);
    if (input.from === "derived")
      for (const leaf of leavesOf(input.value)) if (leaf.kind === "feature") add(leaf.view, leaf.name, input.name);
  }
  return [...found.values()];
}

/** What a version was trained to read; undefined for one that another tool registered. */
export function trainedFeatures({ features }: { readonly features: unknown }): TrainedFeatures | undefined {
  const known = features as Partial<TrainedFeatures> | null;
  return Array.isArray(known?.inputs) && typeof known.views === "object" ? (known as TrainedFeatures) : undefined;
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
