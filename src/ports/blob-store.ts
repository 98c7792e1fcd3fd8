// An engine must: make a blob appear whole or not at all (also after kill -9), never change one that is there under the same
// name with other bytes, and refuse a name that leaves its root. Names are `/`-separated words of letters, digits, `.`, `_`, `-`.

import type { Instant } from "../core/core.ts";

/** What a stream became. */
export interface StoredBlob {
  readonly name: string;
  /** SHA-256, in hex. */
  readonly hash: string;
  readonly size: number;
}

/**
 * Works with a blob that has just come in, while its bytes are held: `ensure` puts them back when the blob was deleted meanwhile. So whoever names
 * a blob in a transaction can make sure there that it is.
 */
export type HoldBlob = (stored: StoredBlob, ensure: () => Promise<void>) => Promise<void>;

/** A blob being read; `size` is the whole blob's, whatever part is read. */
export interface BlobStream {
  readonly size: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Bytes from `start` up to and including `end`. */
export interface BlobPart {
  readonly start: number;
  readonly end: number;
}

/** A blob whose SHA-256, in hex, is known: reading it ends with ARTIFACT_CORRUPT when it has another, and its last bytes come only once that is sure. */
export interface KnownBlob {
  readonly sha256: string;
}

/** Bytes under names. */
export interface BlobStore {
  put(name: string, content: Uint8Array): Promise<void>;
  /** Takes over a finished local file, moving it when it can. */
  adopt(name: string, file: string): Promise<void>;
  /** Takes in bytes as they come, never all at once, under `prefix` and their SHA-256 in hex; bytes that are there already are kept once. */
  putStream(prefix: string, chunks: AsyncIterable<Uint8Array>, hold?: HoldBlob): Promise<StoredBlob>;
  /** The bytes, or undefined when there is no such blob. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Reads bytes as they are wanted, whole or as `which` says; undefined when there is no such blob. */
  stream(name: string, which?: BlobPart | KnownBlob): Promise<BlobStream | undefined>;
  /** A path or URL that an OfflineEngine can read; the blob need not exist. */
  locate(name: string): string;
  /** The names under a prefix, sorted. */
  list(prefix: string): Promise<readonly string[]>;
  delete(name: string): Promise<void>;
  /** How large a blob is and when it was written; undefined when there is no such blob. */
  state(name: string): Promise<{ readonly size: number; readonly writtenAt: Instant } | undefined>;
  /** Removes what writers left unfinished before an instant, and says how much that was; with `dryRun` only says it. */
  sweep(
    before: Instant,
    options?: { readonly dryRun?: boolean },
  ): Promise<{ readonly files: number; readonly bytes: number }>;
}
