// What is said where the catalogue has nothing for what was asked: that there is nothing, what it may have meant, and what to try.

import { didYouMean } from "../core/core.ts";
import type { ListedView } from "../platform/platform.ts";

/** What a list was narrowed to; the words as they were given. */
export interface ListedBy {
  readonly tag: readonly string[];
  readonly owner: string | undefined;
  readonly entity: string | undefined;
}

/** Why a list of features is empty, from all views that there are. */
export function nothingListed({ tag, owner, entity }: ListedBy, views: readonly ListedView[]): string {
  if (views.length === 0) return noViews;
  const said = views.flatMap((view) => [view, ...view.features]);
  const tags = said.flatMap((each) => Object.entries(each.tags ?? {}).map(([name, value]) => `${name}=${value}`));
  const owners = said.flatMap((each) => each.owner ?? []);
  const entities = views.flatMap((view) => view.entity ?? []);
  const unknown = [
    ...tag.flatMap((word) => unknownWord("tag", word, tags)),
    ...(owner === undefined ? [] : unknownWord("owner", owner, owners)),
    ...(entity === undefined ? [] : unknownWord("entity", entity, entities)),
  ];
  const asked = [
    ...tag.map((word) => `--tag ${word}`),
    ...(owner === undefined ? [] : [`--owner ${owner}`]),
    ...(entity === undefined ? [] : [`--entity ${entity}`]),
  ].join(" ");
  const why = unknown.length > 0 ? ` ${unknown.join(" ")}` : " Each is there, and no feature is filed under all of it.";
  return `No feature is listed for ${asked}.${why} All there are: slipway features list`;
}

/** Why a search found nothing. */
export function nothingHolds(query: string, views: readonly ListedView[]): string {
  if (views.length === 0) return noViews;
  const names = views.flatMap((view) => [view.name, ...view.features.map(({ name }) => name)]);
  return `Nothing holds any of: ${query}.${didYouMean(query, names)} Try other words, or see all there are: slipway features list`;
}

const noViews = "This project declares no feature view. Declare one with featureView(…) in its definitions.";

const MOST_NAMED = 10;

function unknownWord(what: string, word: string, all: readonly string[]): readonly string[] {
  const known = [...new Set(all)].sort();
  if (known.includes(word)) return [];
  if (known.length === 0) return [`Nothing here has ${what === "owner" ? "an owner" : `a ${what}`}.`];
  const more = known.length > MOST_NAMED ? ", …" : "";
  return [
    `No ${what} is "${word}"; there are ${known.slice(0, MOST_NAMED).join(", ")}${more}.${didYouMean(word, known)}`,
  ];
}
