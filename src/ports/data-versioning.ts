// Data under version control: Git keeps a small pointer file, and the files that it stands for lie elsewhere under the hash of their content. An engine
// must: give exactly the files that a pointer names, each held against its hash, or refuse; take nothing that a pointer or a list says for granted,
// least of all a path; make what it writes appear whole or not at all, content before what names it; and never follow a pointer out of its folder.

/** The files that a pointer stands for. */
export interface PinnedFiles {
  /** Names exactly this content. */
  readonly id: string;
  /** Whether the pointer stands for one file, and not a folder. */
  readonly isFile: boolean;
  /** Puts the files into an empty folder, every byte held against its hash. Throws DATASET_NOT_FOUND or DATASET_CORRUPT. */
  fill(folder: string): Promise<PinnedSummary>;
}

/** What was put there. */
export interface PinnedSummary {
  readonly files: number;
  readonly bytes: number;
}

/** What became of a folder that was put under version control. */
export interface VersionedFolder {
  /** The pointer file, to be committed. */
  readonly pointer: string;
  readonly id: string;
  readonly files: number;
  readonly bytes: number;
  /** The stores that have every file now. */
  readonly stores: readonly string[];
  /** A remote that is configured but is no folder here: what is in the stores has to be pushed there. */
  readonly unreached: string | null;
}

/** A tool for versions of data. */
export interface DataVersioning {
  readonly name: string;
  /** Whether a path is one of a pointer file. */
  isPointer(path: string): boolean;
  /** Reads a pointer. Throws DATASET_NOT_FOUND or DATASET_CORRUPT. */
  open(pointer: string): Promise<PinnedFiles>;
  /** Throws USAGE when a folder could not be added, before anything is written to it. */
  requireStore(folder: string, options?: { readonly remote?: string }): Promise<void>;
  /** Puts a finished folder under version control, as the tool itself would; `remote` is a folder to copy the files to besides. */
  add(folder: string, options?: { readonly remote?: string }): Promise<VersionedFolder>;
}
