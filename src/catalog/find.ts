// Finding views and features: by what they are filed under, or by words. A feature is filed under what its view says and what it says itself.

import {
  type AnyViewSpec,
  allViews,
  definitionsOf,
  findDefinition,
  type Metadata,
  type Project,
  sourcePlace,
} from "../define/define.ts";
import { type AnyFeatureSpec, columnsOf, featureText } from "./documents.ts";
import { type SearchDocument, type SearchHit, search } from "./search.ts";

/** What to list; what is left out does not matter. */
export interface CatalogFilter {
  readonly tags?: Readonly<Record<string, string>>;
  readonly owner?: string;
  readonly entity?: string;
}

/** A view with those of its features that were found. */
export interface FoundView {
  readonly view: AnyViewSpec;
  readonly features: readonly AnyFeatureSpec[];
}

/** The views that have a feature that a filter lets through, each with these features. */
export function findViews(project: Project, { tags = {}, owner, entity }: CatalogFilter = {}): readonly FoundView[] {
  const passes = (said: Metadata): boolean =>
    (owner === undefined || said.owner === owner) &&
    Object.entries(tags).every(([tag, value]) => said.tags?.[tag] === value);
  return allViews(project)
    .filter((view) => entity === undefined || entitiesOf(view).includes(entity))
    .map((view) => ({ view, features: featuresIn(view).filter((feature) => passes(effective(view, feature))) }))
    .filter(({ features }) => features.length > 0);
}

const featuresIn = (view: AnyViewSpec): readonly AnyFeatureSpec[] => view.features;

/** What a view is about: an on-demand view is about all that its inputs are about. */
function entitiesOf(view: AnyViewSpec): readonly string[] {
  return view.kind === "onDemand" ? view.views.map(({ entity }) => entity) : [view.entity];
}

/** What is said about a feature: its own words, and its view's where it has none. */
export function effective(view: Metadata, feature: Metadata): Metadata {
  return { ...view, ...feature, tags: { ...view.tags, ...feature.tags } };
}

/** A view or one of its features. */
export interface FoundThing {
  readonly view: AnyViewSpec;
  readonly feature?: AnyFeatureSpec;
}

const WEIGHT = { name: 5, tags: 3, description: 2, owner: 2, entity: 2, rule: 1, columns: 1, view: 1 };

/** Views and features that hold some words in their names, descriptions, tags, owners or columns, best first. */
export function searchFeatures(project: Project, words: string): readonly SearchHit<FoundThing>[] {
  const documents = allViews(project).flatMap((view): readonly SearchDocument<FoundThing>[] => {
    const from =
      view.kind === "featureView"
        ? `${view.source.name} ${sourcePlace(view.source)}`
        : view.views.map(({ name }) => name).join(" ");
    return [
      {
        subject: { view },
        fields: [
          { text: view.name, weight: WEIGHT.name },
          ...said(view),
          ...entitiesOf(view).flatMap((entity) => entityText(project, entity)),
          { text: from, weight: WEIGHT.columns },
          { text: view.keys.map((key) => key.name).join(" "), weight: WEIGHT.columns },
        ],
      },
      ...featuresIn(view).map((feature) => ({
        subject: { view, feature },
        fields: [
          { text: feature.name, weight: WEIGHT.name },
          ...said(feature),
          { text: featureText(feature), weight: WEIGHT.rule },
          { text: columnsOf(feature).join(" "), weight: WEIGHT.columns },
          { text: `${view.name} ${entitiesOf(view).join(" ")}`, weight: WEIGHT.view },
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
