// The catalogue as a service: what the server asks. Figures read the offline data, so they are kept until the source's files change.

import { type Instant, jsonFromText } from "../core/core.ts";
import { allViews, findView } from "../define/define.ts";
import {
  type FoundFeature,
  type ListedView,
  listFeatures,
  type ShownView,
  searchCatalog,
  showFeatures,
  showLineage,
} from "./catalog.ts";
import {
  featureHistory,
  featuresAsOf,
  type HistoryRequest,
  type PastDocument,
  type PastValues,
} from "./feature-history.ts";
import type { Platform } from "./open.ts";

/** What can be asked of the catalogue while serving. */
export interface Catalog {
  list(filter: Parameters<typeof listFeatures>[1]): Promise<readonly ListedView[]>;
  search(words: string, limit?: number): readonly FoundFeature[];
  show(view: string, options: { readonly withStatistics: boolean }): Promise<ShownView>;
  /** The key comes as text. */
  asOf(view: string, key: Readonly<Record<string, string>>, at: Instant): Promise<PastValues>;
  /** The key comes as text. */
  history(view: string, key: Readonly<Record<string, string>>, request: HistoryRequest): Promise<PastDocument>;
  lineage(thing: string, direction: Parameters<typeof showLineage>[2]): ReturnType<typeof showLineage>;
}

/** The catalogue of an open platform. */
export function catalogOf(platform: Platform): Catalog {
  const figures = new Map<string, { readonly state: string; readonly shown: Promise<ShownView> }>();
  return {
    list: (filter) => listFeatures(platform, filter),
    search: (words, limit) => searchCatalog(platform, words, limit),
    asOf: (view, key, at) => featuresAsOf(platform, view, keyFromText(platform, view, key), at),
    history: (view, key, request) => featureHistory(platform, view, keyFromText(platform, view, key), request),
    lineage: (thing, direction) => showLineage(platform, thing, direction),
    async show(name, options) {
      const plain = await showFeatures(platform, name, { withStatistics: false });
      if (!options.withStatistics) return plain;
      const view = allViews(platform.project).find((each) => each.name === name);
      const stored = view === undefined ? [] : view.kind === "featureView" ? [view] : view.views;
      const states = stored.map(({ source }) => platform.engines.offline.fingerprint(source));
      const state = (await Promise.all(states)).join("\n");
      let known = figures.get(name);
      if (known?.state !== state) {
        known = { state, shown: showFeatures(platform, name) };
        figures.set(name, known);
        known.shown.catch(() => figures.delete(name));
      }
      const { statistics, examples } = await known.shown;
      return { ...plain, statistics, examples };
    },
  };
}

function keyFromText(
  { project }: Platform,
  view: string,
  key: Readonly<Record<string, string>>,
): Readonly<Record<string, unknown>> {
  const types = new Map(findView(project, view).keys.map(({ name, type }) => [name, type]));
  return Object.fromEntries(Object.entries(key).map(([name, text]) => [name, jsonFromText(types.get(name), text)]));
}
