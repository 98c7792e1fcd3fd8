// A project: the definitions under one name, checked against each other. Which engines run them is decided in presets.

import { contentHash, SlipwayError } from "../core/core.ts";
import type { ChannelSpec } from "./channel.ts";
import { type Definition, definitionHash, isDefinition, type Spec, spec } from "./definition.ts";
import type { DerivedViewSpec, OnDemandSpec } from "./derived.ts";
import type { EntitySpec } from "./entity.ts";
import type { FeatureViewSpec } from "./feature-view.ts";
import type { ModelSpec } from "./model.ts";
import type { FeatureGroupSpec } from "./model-features.ts";
import type { MonitorSpec, RetrainSpec } from "./monitor.ts";
import type { SourceSpec } from "./source.ts";

/** The spec of any definition. */
export type DefinitionSpec =
  | SourceSpec
  | EntitySpec
  | FeatureViewSpec
  | DerivedViewSpec
  | OnDemandSpec
  | FeatureGroupSpec
  | ModelSpec
  | MonitorSpec
  | RetrainSpec
  | ChannelSpec;

/** What a slipway.config.ts exports. */
export interface ProjectConfig {
  /** Names the project in records. */
  readonly name: string;
  /** A module of definitions: `import * as definitions from "./definitions.ts"`. */
  readonly definitions: Readonly<Record<string, unknown>>;
  /** Which engines, from `slipway/presets` or of your own; default `local()`. */
  readonly engines?: (context: never) => Promise<unknown>;
  /** Where lineage is told as it happens, such as `openLineage({ file: "lineage.jsonl" })` from `slipway/presets`; default nowhere. */
  readonly lineage?: (context: never) => unknown;
}

/** Declares a project: the default export of slipway.config.ts. Nothing is opened or read. */
export function project(config: ProjectConfig): ProjectConfig {
  return Object.freeze({ ...config });
}

/** Definitions by kind and name, with those that others refer to included. */
export interface Project {
  readonly name: string;
  readonly definitions: readonly DefinitionSpec[];
  /** The content hash of all definitions: the same for the same meaning. */
  readonly hash: string;
}

/** Collects a module's definitions; exports that are not definitions are passed over. Throws DEFINITION_INVALID. */
export function collectProject(name: string, definitions: Readonly<Record<string, unknown>>): Project {
  const found = new Map<string, DefinitionSpec>();
  const add = (one: DefinitionSpec): void => {
    const id = `${one.kind} "${one.name}"`;
    const earlier = found.get(id);
    if (earlier && contentHash(earlier) !== contentHash(one))
      throw new SlipwayError("DEFINITION_INVALID", `Two different definitions are called ${id}; rename one.`);
    found.set(id, one);
  };
  const exported = Object.values(definitions)
    .filter((value): value is Definition => isDefinition(value))
    .map((definition) => definition[spec] as Spec as DefinitionSpec);
  const addSource = (source: SourceSpec): void => {
    add(source);
    for (const each of source.expect ?? [])
      if (each.kind === "set" && each.rule.check === "references") addSource(each.rule.source);
  };
  const addView = (view: FeatureViewSpec): void => {
    addSource(view.source);
    add(view);
  };
  for (const one of exported) {
    if (one.kind === "source") addSource(one);
    else if (one.kind === "featureView") addView(one);
    else add(one);
    if (one.kind === "derivedView" || one.kind === "onDemand" || one.kind === "featureGroup")
      one.views.forEach(addView);
    if (one.kind === "model") {
      one.views.forEach(addView);
      addSource(one.rows);
      addSource(one.label.source);
    }
  }
  const all = [...found.values()].sort((a, b) => (`${a.kind} ${a.name}` < `${b.kind} ${b.name}` ? -1 : 1));
  checkReferences(all);
  return Object.freeze({ name, definitions: Object.freeze(all), hash: contentHash(all.map(definitionHash)) });
}

function checkReferences(all: readonly DefinitionSpec[]): void {
  const has = (kind: DefinitionSpec["kind"], name: string): boolean =>
    all.some((one) => one.kind === kind && one.name === name);
  const views = new Map<string, string>();
  for (const { kind, name } of all.filter((one) => VIEWS.has(one.kind))) {
    const other = views.get(name);
    if (other !== undefined)
      throw new SlipwayError("DEFINITION_INVALID", `${other} and ${kind} are both called "${name}"; rename one.`);
    views.set(name, kind);
  }
  for (const one of all) {
    if ((one.kind === "monitor" || one.kind === "retrain") && !has("model", one.model))
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `${one.kind} "${one.name}" is about model "${one.model}", which is not exported.`,
      );
    if (one.kind === "monitor")
      for (const { channel } of one.alerts?.to ?? [])
        if (!has("channel", channel))
          throw new SlipwayError(
            "DEFINITION_INVALID",
            `monitor "${one.name}" tells channel "${channel}", which is not exported.`,
          );
    if (one.kind === "retrain")
      for (const trigger of one.when)
        if (!has("monitor", trigger.monitor))
          throw new SlipwayError(
            "DEFINITION_INVALID",
            `retrain "${one.name}" waits for monitor "${trigger.monitor}", which is not exported.`,
          );
  }
}

/** Kinds whose features are asked for by the view's name. */
const VIEWS: ReadonlySet<string> = new Set(["featureView", "derivedView", "onDemand"]);

/** The definition of a kind and name. Throws DEFINITION_NOT_FOUND, naming those there are. */
export function findDefinition<K extends DefinitionSpec["kind"]>(
  project: Project,
  kind: K,
  name: string,
): Extract<DefinitionSpec, { readonly kind: K }> {
  const ofKind = definitionsOf(project, kind);
  const found = ofKind.find((one) => one.name === name);
  if (found) return found;
  const names = ofKind.map((one) => one.name).join(", ") || "none";
  throw new SlipwayError(
    "DEFINITION_NOT_FOUND",
    `Project "${project.name}" has no ${kind} "${name}". It has: ${names}.`,
  );
}

/** A view that can be read by its name and a key: stored, or derived from stored ones. */
export type ReadableViewSpec = FeatureViewSpec | DerivedViewSpec;

/** The views that can be read by name, by name. */
export function readableViews(project: Project): readonly ReadableViewSpec[] {
  return project.definitions
    .filter((one): one is ReadableViewSpec => one.kind === "featureView" || one.kind === "derivedView")
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

/** A view of any kind: one that can be read by name, or one that needs request values too. */
export type AnyViewSpec = ReadableViewSpec | OnDemandSpec;

/** The views of every kind, by name. */
export function allViews(project: Project): readonly AnyViewSpec[] {
  return [...readableViews(project), ...definitionsOf(project, "onDemand")];
}

/** The view of that name that can be read by a key alone. Throws DEFINITION_NOT_FOUND, naming those there are. */
export function findView(project: Project, name: string): ReadableViewSpec {
  const found = findAnyView(project, name);
  if (found.kind !== "onDemand") return found;
  const below = found.views.map((view) => view.name).join(", ");
  throw new SlipwayError(
    "DEFINITION_NOT_FOUND",
    `"${name}" is computed from request values when it is asked for, and has no past. ${below === "" ? "It is made of nothing else." : `It is made of ${below}.`}`,
  );
}

/** The view of any kind of that name. Throws DEFINITION_NOT_FOUND, naming those there are. */
export function findAnyView(project: Project, name: string): AnyViewSpec {
  const views = allViews(project);
  const found = views.find((view) => view.name === name);
  if (found) return found;
  const names = views.map((view) => view.name).join(", ") || "none";
  throw new SlipwayError(
    "DEFINITION_NOT_FOUND",
    `Project "${project.name}" has no featureView "${name}". It has: ${names}.`,
  );
}

/** The definitions of one kind, by name. */
export function definitionsOf<K extends DefinitionSpec["kind"]>(
  project: Project,
  kind: K,
): readonly Extract<DefinitionSpec, { readonly kind: K }>[] {
  return project.definitions.filter((one): one is Extract<DefinitionSpec, { readonly kind: K }> => one.kind === kind);
}
