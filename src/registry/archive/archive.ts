// A version as one signed file: the manifest, its signature, and every content once, in the order of their hashes. Writing and reading agree on
// that order to the byte, so whatever an archive holds too much, too little or twice is met where something else was expected.

import { SlipwayError, sha256 } from "../../core/core.ts";
import type { BlobStore } from "../../ports/ports.ts";
import { CONTENT, openContent, type VersionFile } from "../version-content.ts";
import { type ArchiveManifest, MOST_MANIFEST, manifestBytes, manifestFrom } from "./manifest.ts";
import { type ArchiveSignature, checkedKey, isSignedBy, signManifest } from "./signature.ts";
import { invalidArchive, readTar, type TarEntry, type TarFile, writeTar } from "./tar.ts";

const MANIFEST = "manifest.json";
const SIGNATURE = "signature.json";
const MOST_SIGNATURE = 4096;

/** The name that an archive's first bytes spell. */
export const ARCHIVE_START: string = MANIFEST;

/** Who signed an archive. */
export interface Signer {
  /** In one line; undefined when nobody did. */
  readonly key: string | undefined;
}

/** An archive that was taken in: its contents are in the store, and nothing names them yet. */
export interface TakenArchive extends Signer {
  readonly manifest: ArchiveManifest;
  /** The SHA-256 of the manifest's bytes: what the archive is known by. */
  readonly hash: string;
}

/** A version's archive, as it is wanted. Contents are held against their hashes on the way out. */
export function writeArchive(
  blobs: BlobStore,
  manifest: ArchiveManifest,
  signingKey: string | undefined,
): AsyncIterable<Uint8Array> {
  const bytes = manifestBytes(manifest);
  async function* files(): AsyncGenerator<TarFile> {
    yield { name: MANIFEST, size: bytes.length, chunks: [bytes] };
    if (signingKey !== undefined) {
      const signature = Buffer.from(JSON.stringify(signManifest(bytes, signingKey)));
      yield { name: SIGNATURE, size: signature.length, chunks: [signature] };
    }
    for (const file of contentsOf(manifest))
      yield { name: `content/${file.hash}`, size: file.size, chunks: await openContent(blobs, file) };
  }
  return writeTar(files());
}

/** Every content once, by hash. */
function contentsOf({ files }: ArchiveManifest): readonly VersionFile[] {
  const byHash = new Map(files.map((file) => [file.hash, file]));
  return [...byHash.values()].sort((a, b) => (a.hash < b.hash ? -1 : 1));
}

/**
 * Takes in an archive. `admit` is told who signed it, and what, before any content is read, and throws to refuse it. Throws ARCHIVE_INVALID for an
 * archive that is damaged or says two things, SIGNATURE_REFUSED for a signature that is not its key's.
 */
export async function takeArchive(
  blobs: BlobStore,
  chunks: AsyncIterable<Uint8Array>,
  { mostBytes, admit }: { readonly mostBytes: number; readonly admit: (archive: TakenArchive) => Promise<void> },
): Promise<TakenArchive> {
  const entries = readTar(chunks);
  try {
    const next = async (what: string): Promise<TarEntry> => {
      const entry = await entries.next();
      if (entry.done === true) throw invalidArchive(`${what} is missing`);
      return entry.value;
    };
    const bytes = await small(await next(MANIFEST), MANIFEST, MOST_MANIFEST);
    const manifest = manifestFrom(bytes);
    const contents = contentsOf(manifest);
    const total = contents.reduce((sum, { size }) => sum + size, 0);
    if (total > mostBytes)
      throw invalidArchive(`its files have ${total} bytes, and at most ${mostBytes} are taken in (--max-size)`);
    let entry = await nextOrEnd(entries);
    let key: string | undefined;
    if (entry?.name === SIGNATURE) {
      const signature = signatureFrom(await small(entry, SIGNATURE, MOST_SIGNATURE));
      if (!isSignedBy(bytes, signature))
        throw new SlipwayError(
          "SIGNATURE_REFUSED",
          "The archive was changed after it was signed, or the signature is not that of the key it names. Get it again from where it was exported.",
        );
      key = signature.key;
      entry = await nextOrEnd(entries);
    }
    const archive = { manifest, key, hash: sha256(bytes) };
    await admit(archive);
    for (const { hash, size, path } of contents) {
      if (entry?.name !== `content/${hash}` || entry.size !== size)
        throw invalidArchive(
          entry
            ? `${JSON.stringify(entry.name.slice(0, 100))} stands where the content of ${JSON.stringify(path)} should`
            : `the content of ${JSON.stringify(path)} is missing`,
        );
      const stored = await blobs.putStream(CONTENT, entry.content());
      if (stored.hash !== hash)
        throw invalidArchive(`the content of ${JSON.stringify(path)} has other bytes than were signed`);
      entry = await nextOrEnd(entries);
    }
    if (entry)
      throw invalidArchive(`it holds ${JSON.stringify(entry.name.slice(0, 100))}, which its manifest does not name`);
    return archive;
  } finally {
    await entries.return(undefined);
  }
}

async function nextOrEnd(entries: AsyncGenerator<TarEntry>): Promise<TarEntry | undefined> {
  const entry = await entries.next();
  return entry.done === true ? undefined : entry.value;
}

async function small(entry: TarEntry, name: string, most: number): Promise<Uint8Array> {
  if (entry.name !== name)
    throw invalidArchive(`${JSON.stringify(entry.name.slice(0, 100))} stands where ${name} should`);
  if (entry.size > most) throw invalidArchive(`${name} has ${entry.size} bytes; at most ${most} are read`);
  const parts: Uint8Array[] = [];
  for await (const part of entry.content()) parts.push(part);
  return Buffer.concat(parts);
}

function signatureFrom(bytes: Uint8Array): ArchiveSignature {
  try {
    const { key, signature } = JSON.parse(Buffer.from(bytes).toString("utf8")) as Readonly<Record<string, unknown>>;
    if (typeof key === "string" && typeof signature === "string") return { key: checkedKey(key), signature };
  } catch {
    // Said below.
  }
  throw new SlipwayError("SIGNATURE_REFUSED", "The archive's signature cannot be read.");
}
