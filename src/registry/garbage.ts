// Clearing away what nothing names. A name is a row, and content is named inside the transaction that also sees that its bytes are there; here
// bytes are removed inside a transaction that no such naming can overlap. So whichever comes first, the other sees it: a content that is being
// uploaded again while it is cleared away is put back before anybody is told that it was stored. Age only spares what somebody may still
// come back for; nothing depends on it.

import { sql } from "kysely";
import { type Duration, days, type Instant } from "../core/core.ts";
import { instantToSql, type RecordsTransaction } from "../records/records.ts";
import { writeAudit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { loggedModelArtifacts, pathOfUri, runArtifacts } from "./tracking/artifact-places.ts";
import { UPLOADS } from "./tracking/artifact-uploads.ts";
import { type Amount, clearUnnamedRows, more } from "./unnamed-rows.ts";
import { CONTENT, EARLIER } from "./version-content.ts";

/** How to clear. */
export interface ClearOptions {
  /** Only what was written, or deleted, longer ago than this. */
  readonly olderThan: Duration;
  /** Change nothing; say what would be cleared. */
  readonly dryRun?: boolean;
}

/** What was cleared, and why the rest stays. */
export interface Cleared {
  readonly freed: {
    /** Contents that nothing names. */
    readonly contents: Amount;
    /** Parts of uploads that nobody went on with. */
    readonly uploads: Amount;
    /** What killed writers left. */
    readonly unfinished: Amount;
    /** Snapshots of training rows that no dataset was recorded from. */
    readonly snapshots: Amount;
    /** Copies of quarantined rows that were released or dropped. */
    readonly quarantined: Amount;
  };
  /** Runs and logged models deleted long ago whose artifacts were let go. */
  readonly forgotten: { readonly runs: number; readonly loggedModels: number; readonly files: number };
  readonly kept: {
    readonly ofVersions: Amount;
    readonly ofRuns: Amount;
    /** Named by nothing, and younger than was asked. */
    readonly young: Amount;
    /** Deleted runs and logged models that a version comes from. */
    readonly origins: number;
  };
}

const BATCH = 100;
/** A writer that has written nothing for so long writes no more. */
const LONGEST_PAUSE: Duration = days(1);

/** Clears away what nothing names any more. */
export async function clearGarbage(context: RegistryContext, options: ClearOptions): Promise<Cleared> {
  const { olderThan, dryRun = false } = options;
  const before = context.clock.now() - olderThan;
  const owners = await deletedOwners(context, before);
  const files = await forget(context, owners.roots, dryRun);
  const uploads = await clearUploads(context, before, dryRun);
  const contents = await clearContents(context, before, dryRun, owners.roots);
  // Nothing but its age says that a writer is gone.
  const idle = context.clock.now() - (olderThan > LONGEST_PAUSE ? olderThan : LONGEST_PAUSE);
  const unfinished = await context.blobs.sweep(idle, { dryRun });
  const rows = await clearUnnamedRows(context, idle, dryRun);
  return {
    freed: { contents: contents.freed, uploads, unfinished, ...rows },
    forgotten: { runs: owners.runs, loggedModels: owners.loggedModels, files },
    kept: { ...contents.kept, origins: owners.origins },
  };
}

interface Owners {
  /** Where their artifacts lie. */
  readonly roots: readonly string[];
  readonly runs: number;
  readonly loggedModels: number;
  readonly origins: number;
}

/** Runs and logged models deleted before an instant; those that a version comes from are only counted. */
async function deletedOwners({ records }: RegistryContext, before: Instant): Promise<Owners> {
  const limit = instantToSql(before);
  const runs = await records.db
    .selectFrom("runs as r")
    .innerJoin("experiments as e", "e.id", "r.experiment_id")
    .select(["r.id as id", "r.experiment_id as experimentId", "e.artifact_root as artifactRoot"])
    .where("r.deleted_at", "<=", limit)
    .execute();
  const models = await records.db
    .selectFrom("logged_models as l")
    .innerJoin("experiments as e", "e.id", "l.experiment_id")
    .select(["l.id as id", "l.experiment_id as experimentId", "e.artifact_root as artifactRoot"])
    .where("l.deleted_at", "<=", limit)
    .execute();
  const origins = await records.db.selectFrom("versions").select(["run_id", "logged_model_id", "source"]).execute();
  const named = new Set(
    origins.flatMap(({ run_id, logged_model_id, source }) => [
      run_id,
      logged_model_id,
      /^models:\/(m-[0-9a-f]{32})$/.exec(source ?? "")?.[1],
    ]),
  );
  const freeRuns = runs.filter(({ id }) => !named.has(id));
  const freeModels = models.filter(({ id }) => !named.has(id));
  const roots = [...freeRuns.map(runArtifacts), ...freeModels.map(loggedModelArtifacts)].map(pathOfUri);
  return {
    roots: roots.filter((root) => root !== undefined),
    runs: freeRuns.length,
    loggedModels: freeModels.length,
    origins: runs.length + models.length - freeRuns.length - freeModels.length,
  };
}

/** Forgets the files below some folders; gives their number. */
async function forget(context: RegistryContext, roots: readonly string[], dryRun: boolean): Promise<number> {
  let files = 0;
  for (const root of roots) {
    // From "a/" up to "a0": the character after the slash.
    const [from, to] = [`${root}/`, `${root}0`];
    const { found } = await context.records.db
      .selectFrom("artifact_files")
      .select(({ fn }) => fn.countAll<number>().as("found"))
      .where("path", ">=", from)
      .where("path", "<", to)
      .executeTakeFirstOrThrow();
    files += Number(found);
    if (dryRun || Number(found) === 0) continue;
    await context.records.transact(async (tx) => {
      await tx.deleteFrom("artifact_files").where("path", ">=", from).where("path", "<", to).execute();
      await writeAudit(tx, context, { action: "artifacts.cleared", subject: root, details: { files: Number(found) } });
    });
  }
  return files;
}

/** Clears uploads whose newest part came before an instant; one that goes on with its client begins again. */
async function clearUploads({ blobs }: RegistryContext, before: Instant, dryRun: boolean): Promise<Amount> {
  const uploads = new Map<string, string[]>();
  for (const name of await blobs.list(`${UPLOADS}/`)) {
    const id = name.split("/")[1] ?? "";
    uploads.set(id, [...(uploads.get(id) ?? []), name]);
  }
  let freed: Amount = { files: 0, bytes: 0 };
  for (const names of uploads.values()) {
    const states = await Promise.all(names.map((name) => blobs.state(name)));
    if (states.some((state) => state !== undefined && state.writtenAt > before)) continue;
    if (!dryRun) for (const name of names) await blobs.delete(name);
    for (const state of states) freed = more(freed, state?.size ?? 0);
  }
  return freed;
}

interface Naming {
  readonly versions: ReadonlySet<string>;
  readonly paths: ReadonlySet<string>;
}

async function clearContents(
  context: RegistryContext,
  before: Instant,
  dryRun: boolean,
  forgotten: readonly string[],
): Promise<{ readonly freed: Amount; readonly kept: Omit<Cleared["kept"], "origins"> }> {
  const { blobs, records } = context;
  const roots = new Set(forgotten);
  const none: Amount = { files: 0, bytes: 0 };
  let [freed, ofVersions, ofRuns, young] = [none, none, none, none];
  const names = [...(await blobs.list(`${CONTENT}/`)), ...(await blobs.list(`${EARLIER}/`))];
  for (let at = 0; at < names.length; at += BATCH) {
    const batch = names.slice(at, at + BATCH);
    const states = new Map(await Promise.all(batch.map(async (name) => [name, await blobs.state(name)] as const)));
    const naming = await namingOf(records.db, batch, roots);
    const loose: string[] = [];
    for (const name of batch) {
      const state = states.get(name);
      if (!state) continue;
      const hash = hashOf(name);
      if (naming.versions.has(hash)) ofVersions = more(ofVersions, state.size);
      else if (naming.paths.has(hash)) ofRuns = more(ofRuns, state.size);
      else if (state.writtenAt > before) young = more(young, state.size);
      else loose.push(name);
    }
    const cleared = dryRun || loose.length === 0 ? loose : await clearLoose(context, loose, roots);
    for (const name of cleared) freed = more(freed, states.get(name)?.size ?? 0);
  }
  return { freed, kept: { ofVersions, ofRuns, young } };
}

/** Removes those of some contents that are still named by nothing, with every naming shut out meanwhile; gives those it removed. */
function clearLoose(
  { records, blobs }: RegistryContext,
  names: readonly string[],
  roots: ReadonlySet<string>,
): Promise<readonly string[]> {
  return records.transact(async (tx) => {
    // SQLite lets in one writer at a time, and this is it.
    if (records.kind === "postgres")
      await sql`lock table artifact_files, version_files, versions in share row exclusive mode`.execute(tx);
    const { versions, paths } = await namingOf(tx, names, roots);
    const cleared = names.filter((name) => !versions.has(hashOf(name)) && !paths.has(hashOf(name)));
    for (const name of cleared) await blobs.delete(name);
    return cleared;
  });
}

function hashOf(name: string): string {
  return name.slice(name.lastIndexOf("/") + 1);
}

/** Which of some contents are named, and by what. */
async function namingOf(
  db: RecordsTransaction | RegistryContext["records"]["db"],
  names: readonly string[],
  forgotten: ReadonlySet<string>,
): Promise<Naming> {
  const hashes = names.map(hashOf);
  const files = await db.selectFrom("version_files").select("hash").where("hash", "in", hashes).execute();
  const models = await db
    .selectFrom("versions")
    .select("artifact_hash as hash")
    .where("artifact_hash", "in", hashes)
    .execute();
  const paths = await db.selectFrom("artifact_files").select(["hash", "path"]).where("hash", "in", hashes).execute();
  return {
    versions: new Set([...files, ...models].map(({ hash }) => hash)),
    paths: new Set(paths.filter(({ path }) => !isBelow(path, forgotten)).map(({ hash }) => hash)),
  };
}

function isBelow(path: string, roots: ReadonlySet<string>): boolean {
  for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1))
    if (roots.has(path.slice(0, at))) return true;
  return false;
}
