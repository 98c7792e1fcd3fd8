// An engine must: make a blob appear whole or not at all (also after kill -9), never change one that is there under the same
// name with other bytes, and refuse a name that leaves its root. Names are `/`-separated words of letters, digits, `.`, `_`, `-`.

/** What a stream became. */
export interface StoredBlob {
  readonly name: string;
  /** SHA-256, in hex. */
  readonly hash: string;
  readonly size: number;
}

/** A blob being read; `size` is the whole blob's, whatever part is read. */
export interface BlobStream {
  readonly size: number;
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** Bytes under names. */
export interface BlobStore {
  put(name: string, content: Uint8Array): Promise<void>;
  /** Takes over a finished local file, moving it when it can. */
  adopt(name: string, file: string): Promise<void>;
  /** Takes in bytes as they come, never all at once, under `prefix` and their SHA-256 in hex; bytes that are there already are kept once. */
  putStream(prefix: string, chunks: AsyncIterable<Uint8Array>): Promise<StoredBlob>;
  /** The bytes, or undefined when there is no such blob. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** Reads bytes as they are wanted, from `start` up to and including `end`; undefined when there is no such blob. */
  stream(name: string, range?: { readonly start: number; readonly end: number }): Promise<BlobStream | undefined>;
  /** A path or URL that an OfflineEngine can read; the blob need not exist. */
  locate(name: string): string;
  /** The names under a prefix, sorted. */
  list(prefix: string): Promise<readonly string[]>;
  delete(name: string): Promise<void>;
}
