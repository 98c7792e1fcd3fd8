// What a version consists of: a manifest of paths with hashes. The bytes lie once under their own hash, whoever brought them, and are held
// against it at every load. Only formats that hold no code are ever loaded; whatever else lies beside them is listed and never opened.

import { canonicalJson, contentHash, SlipwayError, type VersionInput } from "../core/core.ts";
import type { BlobStore } from "../ports/ports.ts";
import type { RecordsTransaction } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";

/** A file with its content's hash. */
export interface VersionFile {
  readonly path: string;
  /** SHA-256, in hex. */
  readonly hash: string;
  readonly size: number;
}

/** Where content lies in the blob store. */
export const CONTENT = "content";

/** Where earlier releases kept models, by the same hash. */
export const EARLIER = "artifacts";

/** The path of the model in a version that was trained here. */
export function modelFile(format: string): string {
  return MODEL_FILES[format] ?? "model.ubj";
}

const MODEL_FILES: Readonly<Record<string, string>> = {
  onnx: "model.onnx",
  "xgboost-json": "model.json",
  "slipway-linear": "model.linear.json",
};

/** The path of a version's inputs, where steps of preprocessing are fitted: held against their hash as the model is. */
export const INPUTS_FILE = "inputs.json";

/** The path of what corrects the scores of a version that was trained here. */
export const CALIBRATION_FILE = "slipway-calibration.json";

/** A version's inputs as the bytes that they are known by; undefined where nothing in them is fitted but categories. */
export function inputsBytes(inputs: readonly VersionInput[]): Uint8Array | undefined {
  if (!inputs.some(({ kind }) => kind === "prepared")) return undefined;
  // As they come back from a row: JSON has one zero.
  return Buffer.from(canonicalJson(JSON.parse(JSON.stringify(inputs))));
}

/** The blob of a hash. */
export function contentBlob(hash: string): string {
  return `${CONTENT}/${hash}`;
}

const FORMATS: readonly (readonly [RegExp, string])[] = [
  [/\.onnx$/, "onnx"],
  [/\.(?:ubj|xgb)$/, "xgboost-ubj"],
  // Many other things are called something.json.
  [/(?:^|\/)model\.json$/, "xgboost-json"],
];

/** The one file that is a model in a format that is safe to load; undefined when there is none, or more than one. */
export function loadableFile(files: readonly VersionFile[]): (VersionFile & { readonly format: string }) | undefined {
  for (const [pattern, format] of FORMATS) {
    const found = files.filter(({ path }) => pattern.test(path));
    const [only] = found;
    if (only && found.length === 1) return { ...only, format };
  }
  return undefined;
}

/** What a set of files is known by: paths and contents together. */
export function manifestHash(files: readonly VersionFile[]): string {
  return contentHash(files.map(({ path, hash, size }) => [path, hash, size]));
}

/** Names a version's files, inside the transaction that makes the version. */
export async function writeVersionFiles(
  tx: RecordsTransaction,
  { blobs }: RegistryContext,
  { model, number }: { readonly model: string; readonly number: number },
  files: readonly VersionFile[],
): Promise<void> {
  for (const { path, hash, size } of files)
    await tx.insertInto("version_files").values({ model, number, path, hash, size }).execute();
  // After the rows: from here on nothing can clear the contents away.
  for (const { path, hash } of files)
    if ((await blobs.state(contentBlob(hash))) === undefined) throw corrupt(path, "is missing");
}

/** Takes in content as it comes; nothing names it yet. */
export async function putContent(
  { blobs }: RegistryContext,
  chunks: AsyncIterable<Uint8Array>,
): Promise<Omit<VersionFile, "path">> {
  const { hash, size } = await blobs.putStream(CONTENT, chunks);
  return { hash, size };
}

/**
 * A file's bytes as they are wanted. Reading ends with ARTIFACT_CORRUPT when they are not those that were stored; the last of them are held
 * back until that is known. Part of a file cannot be held against the hash of the whole.
 */
export async function openContent(
  blobs: BlobStore,
  { path, hash, size }: VersionFile,
  range?: { readonly start: number; readonly end: number },
): Promise<AsyncIterable<Uint8Array>> {
  const which = range ?? { sha256: hash };
  const found = (await blobs.stream(contentBlob(hash), which)) ?? (await blobs.stream(`${EARLIER}/${hash}`, which));
  if (!found || found.size !== size) throw corrupt(path, found ? "has another size than was stored" : "is missing");
  return range ? found.chunks : told(found.chunks, path);
}

/** A file's bytes, whole; INPUT_INVALID when there are more than `most`. */
export async function readContent(blobs: BlobStore, file: VersionFile, most: number): Promise<Uint8Array> {
  if (file.size > most)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${JSON.stringify(file.path)} has ${file.size} bytes, and at most ${most} are loaded.`,
      { details: { path: file.path } },
    );
  const parts: Uint8Array[] = [];
  for await (const chunk of await openContent(blobs, file)) parts.push(chunk);
  const [only] = parts;
  return parts.length === 1 && only ? only : Buffer.concat(parts);
}

async function* told(chunks: AsyncIterable<Uint8Array>, path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* chunks;
  } catch (thrown) {
    if (thrown instanceof SlipwayError && thrown.code === "ARTIFACT_CORRUPT")
      throw corrupt(path, "has other bytes than were stored");
    throw thrown;
  }
}

function corrupt(path: string, problem: string): SlipwayError {
  return new SlipwayError(
    "ARTIFACT_CORRUPT",
    `The content of ${JSON.stringify(path)} ${problem}. Restore it from a backup, or log it again.`,
    { details: { path } },
  );
}
