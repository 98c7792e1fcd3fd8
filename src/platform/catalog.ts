// The catalogue: which features there are, and everything that is known about one view, as documents that the command line and the server
// show alike.

import {
  type CatalogFilter,
  entityOf,
  findViews,
  type Lineage,
  type LineageDirection,
  lineageGraph,
  lineageOf,
  searchFeatures,
  type Uses,
  usesOf,
  type ViewDocument,
  viewDocument,
} from "../catalog/catalog.ts";
import { formatInstant, type Instant, SlipwayError, valueToJson } from "../core/core.ts";
import { type AnyViewSpec, allViews, findView, type ModelSpec } from "../define/define.ts";
import {
  exampleRows,
  hasMoments,
  materializedThrough,
  onlineView,
  type ViewQuery,
  type ViewStatistics,
  viewQuery,
  viewStatistics,
} from "../features/features.ts";
import { fromJson } from "../records/records.ts";
import { datasetOrigins, getRun, liveDeployments, loggedOrigins, versionOrigins } from "../registry/registry.ts";
import { appliedModels } from "./apply.ts";
import type { Platform } from "./open.ts";

/** A view as a list shows it. */
export interface ListedView extends ViewDocument {
  /** Everything known up to here is online; null when it was never materialised. */
  readonly online: string | null;
}

/** The views with a feature that a filter lets through, with those features. */
export async function listFeatures(platform: Platform, filter: CatalogFilter = {}): Promise<readonly ListedView[]> {
  return Promise.all(
    findViews(platform.project, filter).map(async ({ view, features }) => ({
      ...viewDocument(view, features),
      online: await onlineUpTo(platform, view),
    })),
  );
}

async function onlineUpTo(platform: Platform, view: AnyViewSpec): Promise<string | null> {
  const through = await throughOf(platform, view);
  return through === undefined ? null : formatInstant(through);
}

/** Up to when everything known is online; of a view over others as far as the one that lags behind the others. */
async function throughOf({ engines }: Platform, view: AnyViewSpec): Promise<Instant | undefined> {
  const stored = view.kind === "featureView" ? [view] : view.views;
  const all = await Promise.all(stored.map((each) => materializedThrough(engines.online, onlineView(each))));
  return all.reduce((least, each) =>
    least === undefined || each === undefined ? undefined : each < least ? each : least,
  );
}

/** One thing that a search found. */
export interface FoundFeature {
  readonly view: string;
  /** Null for the view itself. */
  readonly feature: string | null;
  readonly type: string | null;
  readonly entity: string | null;
  readonly owner: string | null;
  readonly description: string | null;
  readonly score: number;
  readonly matched: readonly string[];
}

/** Views and features that hold some words, best first. Throws INPUT_INVALID for a text without words. */
export function searchCatalog({ project }: Platform, words: string, limit = 20): readonly FoundFeature[] {
  if (!/[\p{L}\p{N}]/u.test(words))
    throw new SlipwayError("INPUT_INVALID", `"${words}" has no words to look for; give some, such as: delay carrier.`);
  return searchFeatures(project, words)
    .slice(0, limit)
    .map(({ subject: { view, feature }, score, matched }) => ({
      view: view.name,
      feature: feature?.name ?? null,
      type:
        feature === undefined ? null : typeof feature.type === "string" ? feature.type : JSON.stringify(feature.type),
      entity: entityOf(view),
      owner: feature?.owner ?? view.owner ?? null,
      description: (feature ?? view).description ?? null,
      score,
      matched,
    }));
}

/** Everything about one view. */
export interface ShownView extends ListedView {
  /** Seconds between what is online and the clock; null when nothing is. */
  readonly behindSeconds: number | null;
  readonly usedBy: Uses;
  /**
   * Figures over a sample of moments of the whole history; null when they were not asked for, for an on-demand view, and for a derived view of which
   * no stored view has all keys.
   */
  readonly statistics: ViewStatistics | null;
  /** The newest keys and their values, as JSON has them. */
  readonly examples:
    | readonly {
        readonly key: Readonly<Record<string, unknown>>;
        readonly at: string;
        readonly values: Readonly<Record<string, unknown>>;
      }[]
    | null;
}

/** Everything about one view; figures and examples are computed from the offline data, so they can take a while. */
export async function showFeatures(
  platform: Platform,
  name: string,
  { withStatistics = true }: { readonly withStatistics?: boolean } = {},
): Promise<ShownView> {
  const { engines, project, registry } = platform;
  const view = allViews(project).find((each) => each.name === name) ?? findView(project, name);
  const through = await throughOf(platform, view);
  const now = engines.clock.now();
  const query = withStatistics && view.kind !== "onDemand" ? viewQuery(view) : undefined;
  const asked = query && hasMoments(query) ? query : undefined;
  return {
    ...viewDocument(view),
    online: through === undefined ? null : formatInstant(through),
    behindSeconds: through === undefined ? null : Number(now - through) / 1e6,
    usedBy: usesOf(project, await versionOrigins(registry), view),
    statistics: asked ? await viewStatistics(engines.offline, asked, { now }) : null,
    examples: asked ? await examplesOf(platform, asked, now) : null,
  };
}

async function examplesOf({ engines }: Platform, view: ViewQuery, now: Instant): Promise<ShownView["examples"]> {
  const keyTypes = new Map(view.keys.map(({ name, type }) => [name, type]));
  const types = new Map(view.features.map(({ name, type }) => [name, type]));
  const plain = (values: Readonly<Record<string, unknown>>, from: typeof types): Readonly<Record<string, unknown>> =>
    Object.fromEntries(
      Object.entries(values).map(([each, value]) => [each, valueToJson(from.get(each) ?? "string", value as never)]),
    );
  return (await exampleRows(engines.offline, view, { now })).map(({ key, at, values }) => ({
    key: plain(key, keyTypes),
    at: formatInstant(at),
    values: plain(values, types),
  }));
}

async function isRun(registry: Platform["registry"], id: string): Promise<boolean> {
  return (await getRun(registry, id).catch(() => undefined)) !== undefined;
}

/** The lineage of a source column, feature, view, model, version, alias, dataset or run, from definitions and records. */
export async function showLineage(
  { project, registry, engines }: Platform,
  thing: string,
  direction: LineageDirection = "both",
): Promise<Lineage> {
  const applied = await appliedModels(registry, project.name);
  const specs = new Map(applied.map(({ hash, spec }) => [hash, spec]));
  const graph = lineageGraph(project, {
    versions: await versionOrigins(registry),
    datasets: await datasetOrigins(registry),
    deployments: await liveDeployments(registry, engines.process.isAlive),
    logged: await loggedOrigins(registry),
    ...((await isRun(registry, thing)) ? { asked: thing } : {}),
    modelOf: (hash) => {
      const spec = specs.get(hash);
      return spec === undefined ? undefined : fromJson<ModelSpec>(spec);
    },
  });
  return lineageOf(graph, thing, direction);
}
