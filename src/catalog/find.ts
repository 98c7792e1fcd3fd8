// Finding views and features: by what they are filed under, or by words. A feature is filed under what its view says and what it says itself.

import {
  definitionsOf,
  type FeatureSpec,
  type FeatureViewSpec,
  findDefinition,
  type Metadata,
  type Project,
  sourcePlace,
} from "../define/define.ts";
import { columnsOf } from "./documents.ts";
import { ruleText } from "./rule-text.ts";
import { type SearchDocument, type SearchHit, search } from "./search.ts";

/** What to list; what is left out does not matter. */
export interface CatalogFilter {
  readonly tags?: Readonly<Record<string, string>>;
  readonly owner?: string;
  readonly entity?: string;
}

/** A view with those of its features that were found. */
export interface FoundView {
  readonly view: FeatureViewSpec;
  readonly features: readonly FeatureSpec[];
}

/** The views that have a feature that a filter lets through, each with these features. */
export function findViews(project: Project, { tags = {}, owner, entity }: CatalogFilter = {}): readonly FoundView[] {
  const passes = (said: Metadata): boolean =>
    (owner === undefined || said.owner === owner) &&
    Object.entries(tags).every(([tag, value]) => said.tags?.[tag] === value);
  return definitionsOf(project, "featureView")
    .filter((view) => entity === undefined || view.entity === entity)
    .map((view) => ({ view, features: view.features.filter((feature) => passes(effective(view, feature))) }))
    .filter(({ features }) => features.length > 0);
}

/** What is said about a feature: its own words, and its view's where it has none. */
export function effective(view: Metadata, feature: Metadata): Metadata {
  return { ...view, ...feature, tags: { ...view.tags, ...feature.tags } };
}

/** A view or one of its features. */
export interface FoundThing {
  readonly view: FeatureViewSpec;
  readonly feature?: FeatureSpec;
}

const WEIGHT = { name: 5, tags: 3, description: 2, owner: 2, entity: 2, rule: 1, columns: 1, view: 1 };

/** Views and features that hold some words in their names, descriptions, tags, owners or columns, best first. */
export function searchFeatures(project: Project, words: string): readonly SearchHit<FoundThing>[] {
  const documents = definitionsOf(project, "featureView").flatMap((view): readonly SearchDocument<FoundThing>[] => {
    const keys = view.keys.map((key) => `${view.source.name}.${key.name}`);
    return [
      {
        subject: { view },
        fields: [
          { text: view.name, weight: WEIGHT.name },
          ...said(view),
          ...entityText(project, view.entity),
          { text: `${view.source.name} ${sourcePlace(view.source)}`, weight: WEIGHT.columns },
          { text: keys.join(" "), weight: WEIGHT.columns },
        ],
      },
      ...view.features.map((feature) => ({
        subject: { view, feature },
        fields: [
          { text: feature.name, weight: WEIGHT.name },
          ...said(feature),
          { text: ruleText(feature.rule), weight: WEIGHT.rule },
          { text: columnsOf(feature).join(" "), weight: WEIGHT.columns },
          { text: `${view.name} ${view.entity}`, weight: WEIGHT.view },
        ],
      })),
    ];
  });
  return search(documents, words);
}

function said({ description = "", owner = "", tags = {} }: Metadata): SearchDocument<never>["fields"] {
  const pairs = Object.entries(tags).map(([tag, value]) => `${tag} ${value}`);
  return [
    { text: description, weight: WEIGHT.description },
    { text: owner, weight: WEIGHT.owner },
    { text: pairs.join(" "), weight: WEIGHT.tags },
  ];
}

function entityText(project: Project, name: string): SearchDocument<never>["fields"] {
  const known = definitionsOf(project, "entity").some((each) => each.name === name);
  const description = known ? (findDefinition(project, "entity", name).description ?? "") : "";
  return [{ text: `${name} ${description}`, weight: WEIGHT.entity }];
}
