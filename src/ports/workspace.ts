// What a run is made with beside data: code, packages, machine. An engine must: change nothing of what it looks at (but for `tag`, which
// is asked for); start no program that the project's own files name; take no answer for an error when there is no repository, no lockfile
// or no tool to read them with (that is a fact of its own, told as a `problem`); and give no secret that a remote's address holds.

/** The code in a folder, as a version control system sees it. */
export interface CodeState {
  /** The commit that is checked out; null when it cannot be told. */
  readonly commit: string | null;
  /** Null on a commit that no branch is checked out for. */
  readonly branch: string | null;
  /** Where it is shared, without credentials. */
  readonly remote: string | null;
  /** Tracked files that differ from the commit, by path from the repository's top, the first of them. */
  readonly changed: readonly string[];
  /** Files and folders that are not tracked and not ignored, the first of them. */
  readonly untracked: readonly string[];
  /** How the tracked files differ; null when they do not. */
  readonly patch: CodePatch | null;
  /** Why the commit cannot be told; null when it can. */
  readonly problem: string | null;
}

/** Differences of files as a unified diff, whole files only. */
export interface CodePatch {
  readonly text: string;
  /** Bytes of the whole, of which `text` may be a part. */
  readonly bytes: number;
  /** The SHA-256 of the whole, in hex. */
  readonly hash: string;
  /** Files whose differences are not in `text`, because it would have grown too long. */
  readonly leftOut: readonly string[];
}

/** A name that was given to a commit, with what was said. */
export interface CommitTag {
  readonly name: string;
  readonly commit: string;
  readonly message: string;
  /** Commits from there to where it was asked from. */
  readonly distance: number;
}

/** Looks at code under version control. */
export interface VersionControl {
  /** The state of a folder's repository; what lies below `ignore` (absolute paths) does not count as changed or untracked. */
  stateOf(folder: string, ignore?: readonly string[]): Promise<CodeState>;
  /** The commit that a revision means (a hash, branch, tag, `HEAD~2`); undefined when there is none. */
  commitOf(folder: string, revision: string): Promise<string | undefined>;
  /** What differs between two commits, in the whole repository or only in the folder; undefined when one of them is not there. */
  diff(folder: string, from: string, to: string, within?: "folder"): Promise<CodePatch | null | undefined>;
  /** Names a commit for good. Throws ALREADY_EXISTS for a name that is taken, INPUT_INVALID for one that is none or when it cannot be done. */
  tag(folder: string, tag: Pick<CommitTag, "name" | "commit" | "message">): Promise<void>;
  /** Names with a message that holds `holding`, of a revision and its ancestors, nearest first; undefined when there is no such revision. */
  tagsUpTo(folder: string, revision: string, holding: string): Promise<readonly CommitTag[] | undefined>;
}

/** The packages that a project runs on. */
export interface PackageSet {
  /** The lockfile with its SHA-256; null when there is none. */
  readonly lock: { readonly file: string; readonly hash: string } | null;
  /** What the project itself asks for, with the versions that are installed; "?" where it is not. */
  readonly direct: Readonly<Record<string, string>>;
  /** Everything that is locked, as `name@version`, sorted. */
  readonly resolved: readonly string[];
  /** Why the lists are empty or not whole; null when they are. */
  readonly problem: string | null;
}

/** The machine that a process runs on. */
export interface MachineFacts {
  readonly host: string;
  /** The system with its release: `linux 6.1.0`. */
  readonly system: string;
  /** The processor's instruction set: `x64`. */
  readonly architecture: string;
  readonly processor: string;
  readonly cores: number;
  /** Bytes that this process may use. */
  readonly memory: number;
  readonly node: string;
}

/** What a process has used since it began. */
export interface ProcessUse {
  /** User and system time. */
  readonly cpuSeconds: number;
  /** The most memory that was resident at once, in bytes. */
  readonly peakMemory: number;
  /** By a clock that never jumps. */
  readonly elapsedSeconds: number;
}

/** Tells what a process runs on. */
export interface Workspace {
  /** The words that started the process, as they were given: they may hold secrets. */
  readonly command: readonly string[];
  /** The packages of the project that a folder belongs to. */
  packages(folder: string): Promise<PackageSet>;
  machine(): MachineFacts;
  use(): ProcessUse;
}
