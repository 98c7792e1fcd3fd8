// An engine must: make a blob appear whole or not at all (also after kill -9), never change one that is there under the same
// name with other bytes, and refuse a name that leaves its root. Names are `/`-separated words of letters, digits, `.`, `_`, `-`.

/** Bytes under names. */
export interface BlobStore {
  put(name: string, content: Uint8Array): Promise<void>;
  /** Takes over a finished local file, moving it when it can. */
  adopt(name: string, file: string): Promise<void>;
  /** The bytes, or undefined when there is no such blob. */
  get(name: string): Promise<Uint8Array | undefined>;
  /** A path or URL that an OfflineEngine can read; the blob need not exist. */
  locate(name: string): string;
  /** The names under a prefix, sorted. */
  list(prefix: string): Promise<readonly string[]>;
  delete(name: string): Promise<void>;
}
