// What changed definitions do against what is applied, worked out from the two and from what live versions were trained to read. Live is a
// version that an alias names. A change breaks when a feature that a live version reads would be gone or mean something else than it was
// trained with, while until now it meant that.

import { contentHash } from "../core/core.ts";
import {
  allViews,
  type DefinitionSpec,
  definitionHash,
  definitionsOf,
  type FeatureViewSpec,
  featureHash,
  featuresRead,
  type InputSpec,
  meaningOf,
  type Project,
  plainForm,
} from "../define/define.ts";
import { type FieldChange, fieldChanges } from "./field-changes.ts";
import { readOf, type TrainedVersion, trainedFeatures } from "./uses.ts";

/** A definition as it is applied; `spec` is in plain form. */
export interface AppliedDefinition {
  readonly kind: string;
  readonly name: string;
  readonly hash: string;
  readonly spec: unknown;
}

/** What becomes of one definition. `metadata`: only what is said about it differs. */
export type ChangeKind = "added" | "changed" | "metadata" | "removed" | "unchanged";

/** A version that a change touches. */
export interface AffectedVersion {
  readonly model: string;
  readonly version: number;
  readonly aliases: readonly string[];
}

/** A feature that a live version reads and would no longer find as it was. */
export interface BreakingUse extends AffectedVersion {
  readonly view: string;
  readonly feature: string;
  readonly change: "changed" | "removed";
}

/** What applying does to one definition. */
export interface DefinitionChange {
  readonly change: ChangeKind;
  readonly kind: string;
  readonly name: string;
}

/** The same with everything that follows from it. */
export interface PlannedChange extends DefinitionChange {
  readonly fields: readonly FieldChange[];
  readonly breaking: readonly BreakingUse[];
  /** Models that read it as they are defined now. */
  readonly models: readonly string[];
  /** Live versions that were trained to read it. */
  readonly versions: readonly AffectedVersion[];
}

/** What becomes of every definition, those that stay included. */
export function definitionChanges(
  project: Project,
  applied: readonly AppliedDefinition[],
): readonly DefinitionChange[] {
  const before = new Map(applied.map((row) => [`${row.kind} ${row.name}`, row]));
  const changes = project.definitions.map((definition): DefinitionChange => {
    const { kind, name } = definition;
    const known = before.get(`${kind} ${name}`);
    return { change: known ? changeOf(definition, known) : "added", kind, name };
  });
  const now = new Set(project.definitions.map(({ kind, name }) => `${kind} ${name}`));
  const removed = applied
    .filter((row) => !now.has(`${row.kind} ${row.name}`))
    .map(({ kind, name }): DefinitionChange => ({ change: "removed", kind, name }));
  return [...changes, ...removed];
}

function changeOf(definition: DefinitionSpec, applied: AppliedDefinition): ChangeKind {
  if (applied.hash !== definitionHash(definition)) return "changed";
  return contentHash(ownForm(definition)) === contentHash(ownForm(applied.spec)) ? "unchanged" : "metadata";
}

/** A definition with all that is said about it and its features, in plain form; of the definitions inside it only what they mean. */
function ownForm(spec: unknown): unknown {
  const members = Object.entries(spec as Readonly<Record<string, unknown>>);
  return plainForm(
    Object.fromEntries(members.map(([name, value]) => [name, name === "features" ? value : meaningOf(value)])),
  );
}

/** What follows from every definition that changes. */
export function plannedChanges(
  project: Project,
  applied: readonly AppliedDefinition[],
  versions: readonly TrainedVersion[],
): readonly PlannedChange[] {
  const breaking = breakingUses(project, applied, versions);
  const live = versions.filter(({ aliases }) => aliases.length > 0);
  const before = new Map(applied.map((row) => [`${row.kind} ${row.name}`, row]));
  const now = new Map(project.definitions.map((definition) => [`${definition.kind} ${definition.name}`, definition]));
  return definitionChanges(project, applied)
    .filter(({ change }) => change !== "unchanged")
    .map((each): PlannedChange => {
      const id = `${each.kind} ${each.name}`;
      const known = before.get(id);
      const definition = now.get(id);
      const isView = VIEWS.has(each.kind);
      const reads = (inputs: readonly InputSpec[]): boolean => isView && readOf(each.name, inputs).length > 0;
      return {
        ...each,
        fields: known && definition ? fieldChanges(ownForm(known.spec), ownForm(definition)) : [],
        breaking: isView ? breaking.filter(({ view }) => view === each.name) : [],
        models: definitionsOf(project, "model")
          .filter(({ inputs }) => reads(inputs))
          .map(({ name }) => name),
        versions: live
          .filter((version) =>
            each.kind === "model" ? version.model === each.name : reads(trainedFeatures(version)?.inputs ?? []),
          )
          .map(affected),
      };
    });
}

function affected({ model, number, aliases }: TrainedVersion): AffectedVersion {
  return { model, version: number, aliases };
}

/** The uses that a project's definitions would break. */
export function breakingUses(
  project: Project,
  applied: readonly AppliedDefinition[],
  versions: readonly TrainedVersion[],
): readonly BreakingUse[] {
  const viewsBefore = new Map(applied.filter(({ kind }) => kind === "featureView").map((row) => [row.name, row]));
  const viewsNow = new Map(definitionsOf(project, "featureView").map((view) => [view.name, view]));
  return versions
    .filter(({ aliases }) => aliases.length > 0)
    .flatMap((version): readonly BreakingUse[] => {
      const trained = trainedFeatures(version);
      const derived = derivedBreaks(project, applied, trained?.inputs ?? []);
      const stored = featuresRead(trained?.inputs ?? []).flatMap(({ view, feature }): readonly BreakingUse[] => {
        const row = viewsBefore.get(view);
        if (!row || !trained) return [];
        const before = plainFeatureHash(row.spec, feature);
        const then =
          trained.features?.[`${view}.${feature}`] ?? (trained.views[view] === row.hash ? before : undefined);
        const definition = viewsNow.get(view);
        const after = definition && featureHash(definition, feature);
        // What was broken before is not broken by this.
        if (then === undefined || before !== then || after === then) return [];
        return [{ view, feature, change: after === undefined ? "removed" : "changed", ...affected(version) }];
      });
      return [...stored, ...derived.map((each) => ({ ...each, ...affected(version) }))];
    });
}

/** Derived features that were applied as a version was trained with them, and would not be any more. */
function derivedBreaks(
  project: Project,
  applied: readonly AppliedDefinition[],
  inputs: readonly InputSpec[],
): readonly Pick<BreakingUse, "view" | "feature" | "change">[] {
  const derived = allViews(project).filter((view) => view.kind !== "featureView");
  return inputs.flatMap((input) => {
    if (input.from !== "derived" || input.view === undefined) return [];
    const { view, name: feature } = input;
    const row = applied.find((each) => VIEWS.has(each.kind) && each.name === view);
    const before = valueIn(row?.spec, feature);
    const after = valueIn(plainForm(derived.find(({ name }) => name === view) ?? null), feature);
    // Contracts keep a bigint as text with an n, plain forms without.
    const then = contentHash(withoutMarks(input.value));
    if (before !== then || after === then) return [];
    return [{ view, feature, change: after === undefined ? ("removed" as const) : ("changed" as const) }];
  });
}

/** The hash of a derived feature's expression out of a view in plain form. */
function valueIn(spec: unknown, feature: string): string | undefined {
  const { features = [] } = (spec ?? {}) as {
    readonly features?: readonly { readonly name: string; readonly value?: unknown }[];
  };
  const value = features.find(({ name }) => name === feature)?.value;
  return value === undefined ? undefined : contentHash(withoutMarks(value));
}

function withoutMarks(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, item: unknown) =>
      key === "value" && typeof item === "string" ? item.replace(/^(-?\d+)n$/, "$1") : item,
    ),
  );
}

/** Kinds whose features are asked for by the view's name. */
const VIEWS: ReadonlySet<string> = new Set(["featureView", "derivedView", "onDemand"]);

/** A feature's hash out of a view in plain form: the plain form of a plain form is itself. */
function plainFeatureHash(spec: unknown, feature: string): string | undefined {
  return featureHash(spec as FeatureViewSpec, feature);
}
