// What a run was made with beside data and parameters, so that it can be explained and made again. Whatever could not be told is recorded as a
// problem in words; nothing here keeps a run from starting.

import { canonicalJson, redactWords, SlipwayError, sha256 } from "../core/core.ts";
import type { CodePatch, CodeState, MachineFacts, PackageSet, ProcessUse } from "../ports/ports.ts";
import { fromJson, type RecordsTransaction, toJson } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";
import { pathOfUri, runArtifacts } from "./tracking/artifact-places.ts";
import { contentBlob } from "./version-content.ts";

/** What there is to tell when a run starts. */
export interface Provenance {
  readonly code: CodeState;
  /** The words that started the process, as they were given; secrets are masked when they are recorded. */
  readonly command: readonly string[];
  readonly packages: PackageSet;
  readonly machine: MachineFacts;
  /** Versions of engines by name, and of Slipway itself. */
  readonly engines: Readonly<Record<string, string>>;
  readonly slipway: string;
  /** Seeds by what they are for. */
  readonly seeds: Readonly<Record<string, number>>;
  readonly threads: number;
}

/** The differences of code from its commit, as they are recorded: the text is an artifact of the run. */
export type RecordedPatch = Omit<CodePatch, "text"> & {
  /** The artifact's path, from the run's artifacts on. */
  readonly artifact: string;
};

/** What a run was made with, as it is recorded. */
export interface RunProvenance extends Omit<Provenance, "code" | "packages"> {
  readonly code: Omit<CodeState, "patch"> & { readonly patch: RecordedPatch | null };
  /** Null where nobody told. */
  readonly packages: (PackageSet & { readonly hash: string }) | null;
}

/** What a run used. */
export interface RunResources {
  /** From its start to its end, by a clock that never jumps. */
  readonly elapsedSeconds: number;
  /** Of this process while the run went on, and of the trainer's. */
  readonly cpuSeconds: number;
  /** The most memory that one of both had resident at once, in bytes: of this process since it began. */
  readonly peakMemory: number;
  /** Of these, the trainer's process alone; null where it had none of its own. */
  readonly trainer: Pick<ProcessUse, "cpuSeconds" | "peakMemory"> | null;
}

/** What is known of a run only when it ends. */
export interface RunEnding {
  readonly resources?: RunResources;
  /** Engines that told their versions by then. */
  readonly engines?: Readonly<Record<string, string>>;
}

/** Where a run's uncommitted changes lie among its artifacts. */
const PATCH_ARTIFACT = "slipway/uncommitted.patch";

/** A command line as one line, without secrets; the interpreter goes, and the script is named from `root` on. */
export function commandLine(words: readonly string[], root: string): string {
  const [, script = "", ...rest] = redactWords(words);
  const isOwn = /[/\\](?:slipway[/\\]dist|dist|src)[/\\]cli[/\\]bin\.[jt]s$|[/\\]\.bin[/\\]slipway$/.test(script);
  const below = script.startsWith(`${root}/`) ? script.slice(root.length + 1) : script;
  return [...(isOwn ? ["slipway"] : ["node", below]), ...rest].map(quoted).join(" ");
}

function quoted(word: string): string {
  return /^[\w@%+=:,./*-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Writes inside a transaction what a run was made with. */
export async function putProvenance(
  tx: RecordsTransaction,
  runId: string,
  { code, packages, command, ...rest }: Provenance,
): Promise<void> {
  const document = canonicalJson(packages);
  const hash = sha256(document);
  await tx
    .insertInto("package_sets")
    .values({ hash, document })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const { patch, ...state } = code;
  const recorded = patch === null ? null : recordedPatch(patch);
  await tx
    .insertInto("run_provenance")
    .values({
      run_id: runId,
      document: toJson({ ...rest, command: redactWords(command), code: { ...state, patch: recorded } }),
      package_set: hash,
    })
    .execute();
}

function recordedPatch({ text: _, ...rest }: CodePatch): RecordedPatch {
  return { ...rest, artifact: PATCH_ARTIFACT };
}

/** Writes inside a transaction what is known at a run's end. */
export async function putEnding(
  tx: RecordsTransaction,
  runId: string,
  { resources, engines }: RunEnding,
): Promise<void> {
  const row = await tx.selectFrom("run_provenance").select("document").where("run_id", "=", runId).executeTakeFirst();
  if (!row || (resources === undefined && engines === undefined)) return;
  const before = fromJson<Pick<RunProvenance, "engines">>(row.document);
  const document = toJson({ ...before, engines: { ...before.engines, ...engines } });
  await tx
    .updateTable("run_provenance")
    .set({ document, ...(resources === undefined ? {} : { resources: toJson(resources) }) })
    .where("run_id", "=", runId)
    .execute();
}

/** What a run was made with; undefined for one that a client told of, or an older one. */
export async function provenanceOf({ records }: RegistryContext, runId: string): Promise<RunProvenance | undefined> {
  const row = await records.db
    .selectFrom("run_provenance")
    .leftJoin("package_sets", "package_sets.hash", "run_provenance.package_set")
    .select(["run_provenance.document", "package_sets.hash", "package_sets.document as packages"])
    .where("run_id", "=", runId)
    .executeTakeFirst();
  if (!row) return undefined;
  const { hash, packages } = row;
  return {
    ...fromJson<RunProvenance>(row.document),
    packages: hash === null || packages === null ? null : { ...fromJson<PackageSet>(packages), hash },
  };
}

/** What a run had not committed, as it was recorded; null when there was nothing. ARTIFACT_CORRUPT when its bytes have changed. */
export async function uncommittedChanges({ records, blobs }: RegistryContext, runId: string): Promise<string | null> {
  const place = await records.db
    .selectFrom("runs")
    .innerJoin("experiments", "experiments.id", "runs.experiment_id")
    .select(["experiment_id", "artifact_root"])
    .where("runs.id", "=", runId)
    .executeTakeFirst();
  if (!place) return null;
  const path = patchPath(runId, place.experiment_id, place.artifact_root);
  const file = await records.db.selectFrom("artifact_files").select("hash").where("path", "=", path).executeTakeFirst();
  if (!file) return null;
  const bytes = await blobs.get(contentBlob(file.hash));
  if (bytes && sha256(bytes) === file.hash) return new TextDecoder().decode(bytes);
  throw new SlipwayError(
    "ARTIFACT_CORRUPT",
    `The uncommitted changes of run ${runId} (${path}) are ${bytes ? "other bytes than were stored" : "missing"}. Restore them from a backup.`,
  );
}

/** The path of a run's uncommitted changes below the artifact root. */
export function patchPath(id: string, experimentId: string, artifactRoot: string | null): string {
  return `${pathOfUri(runArtifacts({ id, experimentId, artifactRoot }))}/${PATCH_ARTIFACT}`;
}
