// Views and features as documents: plain JSON, the same on the command line and over HTTP.

import { type ColumnSchema, type DataType, formatDuration } from "../core/core.ts";
import {
  type AnyViewSpec,
  type DerivedFeatureSpec,
  definitionHash,
  expressionsOf,
  type FeatureSpec,
  leavesOf,
  type Metadata,
  sourcePlace,
} from "../define/define.ts";
import { expressionText } from "./expression-text.ts";
import { ruleText } from "./rule-text.ts";

/** One feature of a view as a document. */
export interface FeatureDocument extends Metadata {
  readonly name: string;
  readonly type: DataType;
  /** What it is, in words. */
  readonly is: string;
  /** What its value is computed from: `source.column`, or `view.feature` for a derived one. */
  readonly columns: readonly string[];
}

/** One view as a document. */
export interface ViewDocument extends Metadata {
  readonly name: string;
  readonly kind: AnyViewSpec["kind"];
  /** What it is about; null for an on-demand view, which may be about several things. */
  readonly entity: string | null;
  readonly keys: readonly { readonly name: string; readonly type: DataType }[];
  /** Where its rows come from; null for a view over other views. */
  readonly source: { readonly name: string; readonly place: string } | null;
  /** The stored views that it is computed from. */
  readonly views?: readonly string[];
  /** What has to be given when it is asked for. */
  readonly request?: readonly { readonly name: string; readonly type: DataType }[];
  readonly ttl?: string;
  readonly hash: string;
  readonly features: readonly FeatureDocument[];
}

/** A feature of any kind of view. */
export type AnyFeatureSpec = FeatureSpec | DerivedFeatureSpec;

/** A view with all or some of its features as a document. */
export function viewDocument(view: AnyViewSpec, features: readonly AnyFeatureSpec[] = view.features): ViewDocument {
  const { name, kind } = view;
  const fields = (columns: readonly ColumnSchema[]) =>
    columns.map((column) => ({ name: column.name, type: column.type }));
  const isStored = kind === "featureView";
  return {
    name,
    kind,
    entity: entityOf(view),
    keys: fields(view.keys),
    source: isStored ? { name: view.source.name, place: sourcePlace(view.source) } : null,
    ...(isStored ? {} : { views: view.views.map((each) => each.name) }),
    ...(kind === "onDemand" ? { request: fields(view.request) } : {}),
    ...(isStored && view.ttl !== undefined ? { ttl: formatDuration(view.ttl) } : {}),
    hash: definitionHash(view),
    ...metadataIn(view),
    features: features.map((feature) => ({
      name: feature.name,
      type: feature.type,
      is: featureText(feature),
      columns: columnsOf(feature),
      ...metadataIn(feature),
    })),
  };
}

/** What a view is about; null for an on-demand view. */
export function entityOf(view: AnyViewSpec): string | null {
  return view.kind === "onDemand" ? null : view.entity;
}

/** What a feature is, in words. */
export function featureText(feature: AnyFeatureSpec): string {
  return "rule" in feature ? ruleText(feature.rule) : expressionText(feature.value);
}

/** What a feature's value is computed from: `source.column`, `view.feature`, or the name of a request value. */
export function columnsOf(feature: AnyFeatureSpec): readonly string[] {
  const nodes = "rule" in feature ? expressionsOf(feature.rule) : [feature.value];
  const names = nodes.flatMap(leavesOf).map((leaf) => {
    if (leaf.kind === "column") return `${leaf.source}.${leaf.name}`;
    return leaf.kind === "feature" ? `${leaf.view}.${leaf.name}` : leaf.name;
  });
  return [...new Set(names)];
}

function metadataIn({ owner, description, tags }: Metadata): Metadata {
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags }),
  };
}
