// Apply: the definitions as they are now become the ones in force, in one transaction, so that of two processes the second finds the first one's
// work done. What a live version reads is not changed under it. Online values of what was in force before stay: a server may still read them; see
// clean-online.ts.

import { type BreakingUse, breakingUses, type DefinitionChange, definitionChanges } from "../catalog/catalog.ts";
import { SlipwayError } from "../core/core.ts";
import { definitionHash } from "../define/define.ts";
import { fromJson, instantToSql, toJson } from "../records/records.ts";
import { versionOriginsIn } from "../registry/registry.ts";
import type { Platform } from "./open.ts";

/** What applying would do, without doing it and without what follows from it. */
export async function planDefinitions(platform: Platform): Promise<readonly DefinitionChange[]> {
  return definitionChanges(platform.project, await appliedNow(platform, platform.registry.records.db));
}

type Connection = Platform["registry"]["records"]["db"];

/** The definitions in force, on a connection or inside a transaction. */
export async function appliedNow({ project }: Platform, db: Connection) {
  const rows = await db
    .selectFrom("definitions_applied")
    .select(["id", "kind", "name", "hash", "spec"])
    .where("project", "=", project.name)
    .where("superseded_at", "is", null)
    .execute();
  return rows.map((row) => ({ ...row, spec: fromJson<unknown>(row.spec) }));
}

/** Every definition of a model that was ever in force, by its hash. */
export function appliedModels({ records }: Platform["registry"], project: string) {
  return records.db
    .selectFrom("definitions_applied")
    .select(["hash", "spec"])
    .where("project", "=", project)
    .where("kind", "=", "model")
    .execute();
}

/** How to apply. */
export interface ApplyOptions {
  /** Also change what live versions read; the audit trail says so. */
  readonly allowBreaking?: boolean;
}

/** Makes the definitions as they are now the ones in force. Throws CHANGE_BREAKING when a live version reads what would change. */
export async function applyDefinitions(
  platform: Platform,
  { allowBreaking = false }: ApplyOptions = {},
): Promise<readonly DefinitionChange[]> {
  const { project, registry } = platform;
  const at = instantToSql(registry.clock.now());
  return registry.records.transact(async (tx) => {
    const applied = await appliedNow(platform, tx);
    const changes = definitionChanges(project, applied);
    const open = changes.filter(({ change }) => change !== "unchanged");
    if (open.length === 0) return changes;
    const broken = breakingUses(project, applied, await versionOriginsIn(tx));
    if (broken.length > 0 && !allowBreaking) throw breaking(broken);
    const touched = new Set(open.map(({ kind, name }) => `${kind} ${name}`));
    for (const { id } of applied.filter((row) => touched.has(`${row.kind} ${row.name}`)))
      await tx.updateTable("definitions_applied").set({ superseded_at: at }).where("id", "=", id).execute();
    for (const definition of project.definitions) {
      const { kind, name } = definition;
      if (!touched.has(`${kind} ${name}`)) continue;
      await tx
        .insertInto("definitions_applied")
        .values({
          project: project.name,
          hash: definitionHash(definition),
          kind,
          name,
          spec: toJson(definition),
          applied_at: at,
          superseded_at: null,
        })
        .execute();
    }
    const entry = { at, actor: registry.actor, subject: project.name };
    await tx
      .insertInto("audit")
      .values({ ...entry, action: "definitions.applied", details: toJson({ hash: project.hash, changes: open }) })
      .execute();
    if (broken.length > 0)
      await tx
        .insertInto("audit")
        .values({ ...entry, action: "definitions.breaking_allowed", details: toJson({ hash: project.hash, broken }) })
        .execute();
    return changes;
  });
}

function breaking(broken: readonly BreakingUse[]): SlipwayError {
  const [first] = broken as readonly [BreakingUse, ...BreakingUse[]];
  const { view, feature, change, model, version, aliases } = first;
  const family = view.replace(/@\d+$/, "");
  const next = Number(/@(\d+)$/.exec(view)?.[1] ?? 1) + 1;
  const others = broken.length === 1 ? "" : ` (and ${broken.length - 1} more like it: slipway plan)`;
  const way =
    change === "removed"
      ? "Leave it defined until no alias names a version that reads it"
      : `Keep it and declare the change beside it, featureView("${family}", { version: ${next}, … }), then train and promote`;
  return new SlipwayError(
    "CHANGE_BREAKING",
    `Feature "${view}.${feature}" would be ${change}, and version ${version} of "${model}" (${aliases.join(", ")}) reads it${others}. ${way}; or apply with --allow-breaking. Nothing was changed.`,
    { details: { breaking: broken } },
  );
}

/** Throws NOT_APPLIED when the definitions have changed since they were applied; what is only said about them does not matter. */
export async function requireApplied(platform: Platform): Promise<void> {
  const open = (await planDefinitions(platform)).filter(
    ({ change }) => change !== "unchanged" && change !== "metadata",
  );
  const [first] = open;
  if (first)
    throw new SlipwayError(
      "NOT_APPLIED",
      `${open.length} definition${open.length === 1 ? " is" : "s are"} not applied yet (${first.kind} "${first.name}" is ${first.change}). Run: slipway apply.`,
    );
}
