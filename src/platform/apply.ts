// Plan and apply: what is defined now against what was applied last. Applying is one transaction, so of two processes the second finds the
// first one's work done; online values of definitions that are gone are dropped afterwards.

import { SlipwayError } from "../core/core.ts";
import { definitionHash } from "../define/define.ts";
import { viewNamespace } from "../features/features.ts";
import { instantToSql, toJson } from "../records/records.ts";
import type { Platform } from "./open.ts";

/** What applying does to one definition. */
export interface DefinitionChange {
  readonly change: "added" | "changed" | "removed" | "unchanged";
  readonly kind: string;
  readonly name: string;
}

/** What applying would do, without doing it. */
export async function planDefinitions(platform: Platform): Promise<readonly DefinitionChange[]> {
  return compare(platform, await appliedNow(platform, platform.registry.records.db));
}

type Connection = Platform["registry"]["records"]["db"];
type Applied = Awaited<ReturnType<typeof appliedNow>>;

function appliedNow({ project }: Platform, db: Connection) {
  return db
    .selectFrom("definitions_applied")
    .select(["id", "kind", "name", "hash"])
    .where("project", "=", project.name)
    .where("superseded_at", "is", null)
    .execute();
}

function compare({ project }: Platform, applied: Applied): readonly DefinitionChange[] {
  const before = new Map(applied.map((row) => [`${row.kind} ${row.name}`, row]));
  const changes = project.definitions.map((definition): DefinitionChange => {
    const { kind, name } = definition;
    const known = before.get(`${kind} ${name}`);
    if (!known) return { change: "added", kind, name };
    return { change: known.hash === definitionHash(definition) ? "unchanged" : "changed", kind, name };
  });
  const now = new Set(project.definitions.map(({ kind, name }) => `${kind} ${name}`));
  const removed = applied
    .filter((row) => !now.has(`${row.kind} ${row.name}`))
    .map(({ kind, name }): DefinitionChange => ({ change: "removed", kind, name }));
  return [...changes, ...removed];
}

/** Makes the definitions as they are now the ones in force. */
export async function applyDefinitions(platform: Platform): Promise<readonly DefinitionChange[]> {
  const { project, registry, engines } = platform;
  const at = instantToSql(registry.clock.now());
  const { changes, gone } = await registry.records.db.transaction().execute(async (tx) => {
    const applied = await appliedNow(platform, tx);
    const found = compare(platform, applied);
    const touched = new Set(
      found.filter(({ change }) => change !== "unchanged").map(({ kind, name }) => `${kind} ${name}`),
    );
    const superseded = applied.filter((row) => touched.has(`${row.kind} ${row.name}`));
    for (const { id } of superseded)
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
    if (touched.size > 0)
      await tx
        .insertInto("audit")
        .values({
          at,
          actor: registry.actor,
          action: "definitions.applied",
          subject: project.name,
          details: toJson({ hash: project.hash, changes: found.filter(({ change }) => change !== "unchanged") }),
        })
        .execute();
    return { changes: found, gone: superseded.filter(({ kind }) => kind === "featureView") };
  });
  for (const { name, hash } of gone) await engines.online.drop(viewNamespace(name, hash));
  return changes;
}

/** Throws NOT_APPLIED when the definitions have changed since they were applied. */
export async function requireApplied(platform: Platform): Promise<void> {
  const open = (await planDefinitions(platform)).filter(({ change }) => change !== "unchanged");
  const [first] = open;
  if (first)
    throw new SlipwayError(
      "NOT_APPLIED",
      `${open.length} definition${open.length === 1 ? " is" : "s are"} not applied yet (${first.kind} "${first.name}" is ${first.change}). Run: slipway apply.`,
    );
}
