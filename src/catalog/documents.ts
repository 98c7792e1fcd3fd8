// Views and features as documents: plain JSON, the same on the command line and over HTTP.

import { type DataType, formatDuration } from "../core/core.ts";
import {
  definitionHash,
  expressionsOf,
  type FeatureSpec,
  type FeatureViewSpec,
  leavesOf,
  type Metadata,
  sourcePlace,
} from "../define/define.ts";
import { ruleText } from "./rule-text.ts";

/** One feature of a view as a document. */
export interface FeatureDocument extends Metadata {
  readonly name: string;
  readonly type: DataType;
  /** What it is, in words. */
  readonly is: string;
  /** The source columns that its value is computed from. */
  readonly columns: readonly string[];
}

/** One view as a document. */
export interface ViewDocument extends Metadata {
  readonly name: string;
  readonly kind: "featureView";
  readonly entity: string;
  readonly keys: readonly { readonly name: string; readonly type: DataType }[];
  readonly source: { readonly name: string; readonly place: string };
  readonly ttl?: string;
  readonly hash: string;
  readonly features: readonly FeatureDocument[];
}

/** A view with all or some of its features as a document. */
export function viewDocument(view: FeatureViewSpec, features = view.features): ViewDocument {
  const { name, kind, entity, source, ttl } = view;
  return {
    name,
    kind,
    entity,
    keys: view.keys.map((key) => ({ name: key.name, type: key.type })),
    source: { name: source.name, place: sourcePlace(source) },
    ...(ttl === undefined ? {} : { ttl: formatDuration(ttl) }),
    hash: definitionHash(view),
    ...metadataIn(view),
    features: features.map(featureDocument),
  };
}

function featureDocument(feature: FeatureSpec): FeatureDocument {
  const { name, type, rule } = feature;
  return { name, type, is: ruleText(rule), columns: columnsOf(feature), ...metadataIn(feature) };
}

/** The source columns that a feature's value is computed from, as `source.column`. */
export function columnsOf({ rule }: FeatureSpec): readonly string[] {
  const names = expressionsOf(rule)
    .flatMap(leavesOf)
    .map((leaf) => (leaf.kind === "column" ? `${leaf.source}.${leaf.name}` : leaf.name));
  return [...new Set(names)];
}

function metadataIn({ owner, description, tags }: Metadata): Metadata {
  return {
    ...(owner === undefined ? {} : { owner }),
    ...(description === undefined ? {} : { description }),
    ...(tags === undefined ? {} : { tags }),
  };
}
