// Online values of views that are no longer in force. They stay until nothing needs them: not a definition in force, not a live version that was
// trained with them, and not a server that has not been started again since. Removing goes batch by batch, the bookkeeping last, so that it can be
// stopped at any point and goes on the next time.

import { trainedViews } from "../catalog/catalog.ts";
import { type Duration, days, type Instant } from "../core/core.ts";
import { dropGradually, viewNamespace } from "../features/features.ts";
import { instantFromSql, instantToSql, toJson } from "../records/records.ts";
import { versionOrigins } from "../registry/registry.ts";
import type { Platform } from "./open.ts";

/** Online values of a view as it was. */
export interface OldValues {
  readonly view: string;
  readonly hash: string;
  readonly supersededAt: Instant;
  /** What needs them; undefined when they can go. */
  readonly neededBy: string | undefined;
  /** How many keys were removed, or with `dryRun` would be. */
  readonly keys: number;
}

/** How to clean. */
export interface CleanOptions {
  /** Only what has not been in force for so long; default a day, for servers that still run on the definitions before. */
  readonly olderThan?: Duration;
  /** Count, and remove nothing. */
  readonly dryRun?: boolean;
  readonly onProgress?: (progress: { readonly view: string; readonly keys: number }) => void;
  readonly signal?: AbortSignal;
}

/** Removes the online values that nothing needs any more, and tells of those that stay and why. */
export async function cleanOnline(platform: Platform, options: CleanOptions = {}): Promise<readonly OldValues[]> {
  const { engines, registry, project } = platform;
  const { olderThan = days(1), dryRun = false, onProgress, signal } = options;
  const now = registry.clock.now();
  const rows = await registry.records.db
    .selectFrom("definitions_applied")
    .select(["project", "name", "hash", "superseded_at"])
    .where("kind", "=", "featureView")
    .orderBy("superseded_at")
    .execute();
  const inForce = new Set(rows.filter((row) => row.superseded_at === null).map(({ name, hash }) => `${name} ${hash}`));
  const live = new Map<string, string>();
  for (const version of await versionOrigins(registry))
    if (version.aliases.length > 0)
      for (const [view, hash] of Object.entries(trainedViews(version)))
        live.set(`${view} ${hash}`, `${version.model}@${version.number} (${version.aliases.join(", ")})`);
  const old = new Map(
    rows
      .filter((row) => row.project === project.name && row.superseded_at !== null)
      .map((row) => [`${row.name} ${row.hash}`, row]),
  );
  const found: OldValues[] = [];
  for (const [id, { name, hash, superseded_at }] of old) {
    if (inForce.has(id)) continue;
    const namespace = viewNamespace(name, hash);
    const supersededAt = instantFromSql(superseded_at ?? 0);
    const neededBy =
      live.get(id) ?? (supersededAt + olderThan > now ? "servers that were started before the change" : undefined);
    const isKept = dryRun || neededBy !== undefined;
    let keys = 0;
    if (isKept) for await (const { key } of engines.online.scan(namespace)) keys += key[0] === 0 ? 0 : 1;
    else
      keys = await dropGradually(engines.online, namespace, {
        onProgress: (removed) => onProgress?.({ view: name, keys: removed }),
        ...(signal === undefined ? {} : { signal }),
      });
    if (keys === 0) continue;
    found.push({ view: name, hash, supersededAt, neededBy, keys });
    if (isKept) continue;
    await registry.records.db
      .insertInto("audit")
      .values({
        at: instantToSql(now),
        actor: registry.actor,
        action: "online.cleaned",
        subject: namespace,
        details: toJson({ keys }),
      })
      .execute();
  }
  return found;
}
