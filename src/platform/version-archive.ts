// Versions between installations: one signed file out, one in. The file appears whole or not at all, and so does the version.

import { createReadStream, createWriteStream } from "node:fs";
import { open } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { formatInstant, SlipwayError } from "../core/core.ts";
import {
  ARCHIVE_START,
  type ArchiveManifest,
  fingerprint,
  getDataset,
  getRun,
  listVersions,
  type RegistryContext,
  registerImported,
  resolveVersion,
  type TakenArchive,
  takeArchive,
  type VersionRecord,
  versionFiles,
  versionNotes,
  writeArchive,
} from "../registry/registry.ts";
import { makeNew, requireFree } from "./new-file.ts";
import type { Platform } from "./open.ts";
import { listKeys, signingKey } from "./signing-keys.ts";

type Place = Pick<Platform, "registry" | "stateDir">;

/** What to export. */
export interface ExportRequest {
  readonly model: string;
  /** A number or an alias. */
  readonly reference: string;
  /** The file to write; it must not be there. */
  readonly out: string;
  /** Write it without a signature, for an installation that has no key. */
  readonly unsigned?: boolean;
}

/** Writes a version's archive; the same version gives the same bytes. */
export async function exportVersion(
  { registry, stateDir }: Place,
  { model, reference, out, unsigned = false }: ExportRequest,
): Promise<{
  readonly version: VersionRecord;
  readonly bytes: number;
  readonly files: number;
  readonly key: string | undefined;
}> {
  const pem = unsigned ? undefined : await signingKey(stateDir);
  if (pem === undefined && !unsigned)
    throw new SlipwayError(
      "CONFIG_INVALID",
      "This installation has no key to sign with. Make one: slipway keys create. Or export with --unsigned.",
    );
  await requireFree(out);
  const version = await resolveVersion(registry, model, reference);
  const manifest = await manifestOf(registry, version);
  const key = pem === undefined ? undefined : (await listKeys(stateDir)).find(({ own }) => own)?.key;
  const bytes = await makeNew(out, (unfinished) =>
    pipeline(
      Readable.from(writeArchive(registry.blobs, manifest, pem)),
      createWriteStream(unfinished, { flags: "wx" }),
    ),
  );
  return { version, bytes, files: manifest.files.length, key };
}

async function manifestOf(registry: RegistryContext, version: VersionRecord): Promise<ArchiveManifest> {
  const { model, number, createdAt, artifactHash, format, bestRound, definitionsHash } = version;
  const { inputs, features, metrics, importance, profile, environment, origin, runId, datasetId } = version;
  const run = runId === null ? null : await getRun(registry, runId);
  const dataset = datasetId === null ? null : await getDataset(registry, datasetId);
  return {
    model,
    number,
    createdAt: formatInstant(createdAt),
    artifactHash,
    modelFormat: format,
    bestRound,
    definitionsHash,
    files: await versionFiles(registry, version),
    inputs,
    features,
    metrics,
    importance,
    ...(await versionNotes(registry, version)),
    profile,
    environment,
    run: run && { ...run, startedAt: formatInstant(run.startedAt), endedAt: run.endedAt && formatInstant(run.endedAt) },
    // Where its rows lie means nothing elsewhere.
    dataset: dataset && {
      ...dataset,
      blob: undefined,
      createdAt: formatInstant(dataset.createdAt),
      timeFrom: dataset.timeFrom === null ? null : formatInstant(dataset.timeFrom),
      timeTo: dataset.timeTo === null ? null : formatInstant(dataset.timeTo),
    },
    origin,
  };
}

/** What to import. */
export interface ImportRequest {
  readonly file: string;
  /** The model's name here; default the one it had. */
  readonly model?: string;
  /** Take it in although nobody who is trusted signed it. */
  readonly allowUnsigned?: boolean;
  /** The bytes of all its files at most; default 10 GiB. */
  readonly mostBytes?: number;
}

const MOST_BYTES = 10 * 2 ** 30;

/** Whether a file begins as an archive does. */
export async function isVersionArchive(file: string): Promise<boolean> {
  const handle = await open(file, "r").catch(() => undefined);
  if (!handle) return false;
  try {
    const { buffer } = await handle.read(Buffer.alloc(ARCHIVE_START.length + 1), 0, ARCHIVE_START.length + 1, 0);
    return buffer.toString("latin1") === `${ARCHIVE_START}\0`;
  } finally {
    await handle.close();
  }
}

/** Takes in an archive as a version, with where it came from. Killed on the way it leaves contents that nothing names, for slipway gc. */
export async function importVersion(
  { registry, stateDir }: Place,
  { file, model, allowUnsigned = false, mostBytes = MOST_BYTES }: ImportRequest,
): Promise<{ readonly version: VersionRecord; readonly signer: string }> {
  const keys = await listKeys(stateDir);
  let signer = "nobody";
  const admit = async ({ manifest, key, hash }: TakenArchive): Promise<void> => {
    const known = keys.find((each) => each.key === key);
    if (known) signer = known.own ? "this installation" : `${known.name} (${known.fingerprint})`;
    else if (key !== undefined) signer = `the unknown key ${fingerprint(key)}`;
    if (!known && !allowUnsigned) throw notTrusted(key);
    await refuseTwice(registry, model ?? manifest.model, hash);
  };
  const { manifest, hash, key } = await takeArchive(
    registry.blobs,
    createReadStream(file, { highWaterMark: 2 ** 18 }),
    { mostBytes, admit },
  );
  const { number, createdAt, run, dataset, environment } = manifest;
  const version = await registerImported(registry, {
    model: model ?? manifest.model,
    files: manifest.files,
    facts: { ...manifest, format: manifest.modelFormat },
    origin: {
      kind: "archive",
      archive: hash,
      model: manifest.model,
      number,
      createdAt,
      key: key ?? null,
      signer,
      run,
      dataset,
      environment,
      before: manifest.origin,
    },
  });
  return { version, signer };
}

function notTrusted(key: string | undefined): SlipwayError {
  if (key === undefined)
    return new SlipwayError(
      "SIGNATURE_REFUSED",
      "The archive is not signed. If you know where it comes from: --allow-unsigned.",
    );
  return new SlipwayError(
    "SIGNATURE_REFUSED",
    `The archive is signed with a key that is not trusted here: ${key} (${fingerprint(key)}). If you know whose it is: slipway keys trust NAME ${key}.`,
    { details: { key } },
  );
}

async function refuseTwice(registry: RegistryContext, model: string, hash: string): Promise<void> {
  const versions = await listVersions(registry, model).catch((thrown: unknown) => {
    if (thrown instanceof SlipwayError && thrown.code === "MODEL_NOT_FOUND") return [];
    throw thrown;
  });
  const same = versions.find(({ origin }) => (origin as { readonly archive?: unknown } | null)?.archive === hash);
  if (same)
    throw new SlipwayError("ALREADY_EXISTS", `This archive is version ${same.number} of ${model} already.`, {
      details: { model, version: same.number },
    });
}
