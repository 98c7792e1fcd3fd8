// Plan: what applying would do and what follows from it, for people to read before they apply. Nothing is written.

import { type BreakingUse, type DefinitionChange, type PlannedChange, plannedChanges } from "../catalog/catalog.ts";
import { type Instant, SlipwayError } from "../core/core.ts";
import { definitionsOf, type FeatureViewSpec, findDefinition } from "../define/define.ts";
import { countRows, onlineView } from "../features/features.ts";
import { type VersionOrigin, versionOrigins } from "../registry/registry.ts";
import { contractDifferences, type ServingContract, servingContract } from "../serving/serving.ts";
import { appliedNow } from "./apply.ts";
import type { Platform } from "./open.ts";

/** A view whose online values have to be made, and from how much. */
export interface Backfill {
  readonly view: string;
  readonly source: string;
  /** About how many source rows are to be read; null when the source cannot be counted. */
  readonly rows: number | null;
  /** Why they cannot be counted. */
  readonly problem?: string;
}

/** A live version that serving would refuse with the definitions as they are now. */
export interface Refused {
  readonly model: string;
  readonly version: number;
  readonly aliases: readonly string[];
  readonly differences: readonly string[];
}

/** What applying would do. */
export interface Plan {
  readonly project: string;
  readonly hash: string;
  /** Definitions that stay as they are are left out. */
  readonly changes: readonly PlannedChange[];
  readonly unchanged: number;
  readonly breaking: readonly BreakingUse[];
  readonly backfill: readonly Backfill[];
  readonly refused: readonly Refused[];
}

/** Works out what applying would do, and what is to be done after it. */
export async function planChanges(platform: Platform): Promise<Plan> {
  const { project, registry } = platform;
  const applied = await appliedNow(platform, registry.records.db);
  const versions = await versionOrigins(registry);
  const changes = plannedChanges(project, applied, versions);
  const views = changes
    .filter(({ kind, change }) => kind === "featureView" && (change === "added" || change === "changed"))
    .map(({ name }) => findDefinition(project, "featureView", name));
  const now = platform.engines.clock.now();
  return {
    project: project.name,
    hash: project.hash,
    changes,
    unchanged: project.definitions.length - changes.filter(({ change }) => change !== "removed").length,
    breaking: changes.flatMap((change) => change.breaking),
    backfill: await Promise.all(views.map((view) => backfillOf(platform, view, now))),
    refused: refusedVersions(platform, versions, changes),
  };
}

async function backfillOf({ engines }: Platform, view: FeatureViewSpec, now: Instant): Promise<Backfill> {
  const about = { view: view.name, source: view.source.name };
  try {
    await engines.offline.check(view.source);
    return { ...about, rows: await countRows(engines.offline, onlineView(view), now) };
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError)) throw thrown;
    return { ...about, rows: null, problem: thrown.message };
  }
}

function refusedVersions(
  { project }: Platform,
  versions: readonly VersionOrigin[],
  changes: readonly DefinitionChange[],
): readonly Refused[] {
  const changed = new Set(
    changes.filter(({ change }) => change !== "metadata").map(({ kind, name }) => `${kind} ${name}`),
  );
  const models = new Map(definitionsOf(project, "model").map((model) => [model.name, model]));
  return versions.flatMap(({ model: name, number, aliases, features }): readonly Refused[] => {
    const model = models.get(name);
    const trained = features as Partial<ServingContract> | null;
    if (!model || aliases.length === 0 || !changed.has(`model ${name}`) || !trained?.inputs || !trained.views)
      return [];
    const differences = contractDifferences(trained as ServingContract, servingContract(model));
    return differences.length === 0 ? [] : [{ model: name, version: number, aliases, differences }];
  });
}
