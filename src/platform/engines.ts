// The engines a platform runs on, and what they are made from. Presets choose them; nothing else in the code asks which they are.

import type { Instant, RandomBytes } from "../core/core.ts";
import type {
  AppendLog,
  BlobStore,
  Clock,
  Database,
  DataVersioning,
  EventLog,
  LineageSink,
  ModelWriter,
  Notifier,
  OfflineEngine,
  OnlineStore,
  Outbound,
  Runtime,
  Scheduler,
  TensorRuntime,
  Trainer,
  VersionControl,
  Workspace,
} from "../ports/ports.ts";

/** Where engines work. */
export interface EngineContext {
  /** The project's folder; source paths start here. */
  readonly root: string;
  /** Records, online store, artifacts, logs. */
  readonly stateDir: string;
  /** Downloads shared by projects. */
  readonly cacheDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** How much memory queries may use, such as "900MB": it comes before what the engines' own options say. */
  readonly memoryLimit?: string;
  /** What is written can be made again, as in a replay: a write need not wait for the disk, only survive the process. */
  readonly disposable?: boolean;
}

/** One of each port. */
export interface Engines {
  readonly offline: OfflineEngine;
  readonly online: OnlineStore;
  readonly database: Database;
  readonly blobs: BlobStore;
  readonly log: AppendLog;
  /** Pushed events; absent where they are only read, as in a replay. */
  readonly events?: EventLog;
  /** Data under version control. */
  readonly versioning: DataVersioning;
  readonly trainers: readonly Trainer[];
  readonly runtimes: readonly Runtime[];
  /** For models made elsewhere, that take and give named tensors. */
  readonly tensorRuntimes?: readonly TensorRuntime[];
  /** What writes versions as files that others run. */
  readonly writers?: readonly ModelWriter[];
  readonly clock: Clock;
  /** The way out to addresses that users give, such as webhooks; absent where nothing is sent. */
  readonly outbound?: Outbound;
  /** Tells alerts on channels; absent where nobody is told. */
  readonly notifier?: Notifier;
  readonly scheduler: Scheduler;
  readonly random: RandomBytes;
  /**
   * A mark of this process, whether the process of a mark still runs, and what gives back what the mark holds, if anything. `hold` locks a file against every
   * other process until what it gives is called or this one ends; undefined when another one has it.
   */
  readonly process: {
    readonly mark: string;
    readonly isAlive: (mark: string) => boolean;
    readonly release?: () => void;
    readonly hold: (file: string) => (() => void) | undefined;
  };
  readonly versionControl: VersionControl;
  /** What this process runs on. */
  readonly workspace: Workspace;
  /** Versions of engines that do not tell their own, by name. */
  readonly versions?: Readonly<Record<string, string>>;
  /** Processors to train with. */
  readonly threads: number;
  /** Clocks that start elsewhere than now. */
  readonly clocks: {
    /** Runs at real speed from `start`. */
    readonly startingAt: (start: Instant) => Clock;
    /** Goes where it is told. */
    readonly replay: (start: Instant) => Clock & { advanceTo(instant: Instant): void };
  };
}

export type { SourceReader } from "../ports/ports.ts";

/** Opens where lineage is told, for one project. */
export type LineageFactory = (context: Pick<EngineContext, "root" | "env">) => LineageSink;

/** Opens engines for one project. */
export type EngineFactory = (context: EngineContext) => Promise<Engines>;
