// What the main process of a server and its workers ask of each other.

import type { Project } from "../../define/define.ts";
import type { Access } from "../../platform/platform.ts";
import type { LogOptions, MeterCounts, TlsFiles } from "../../server/server.ts";

/** What a worker is to do. */
export interface WorkerTask {
  /** The definitions of the main process: a worker that starts later reads by the same ones, whatever the files say by then. */
  readonly project: Project;
  readonly root: string;
  readonly stateDir: string;
  readonly cacheDir: string;
  readonly memoryLimit?: string;
  /** Where the config is, when it chooses engines. */
  readonly config?: { readonly cwd: string; readonly project?: string };
  /** Microseconds that the server's clock is ahead of the machine's; none when it shows the machine's. */
  readonly ahead?: bigint;
  readonly keyLimit: number;
  readonly host: string;
  readonly port: number;
  readonly tls?: TlsFiles;
  readonly logger: LogOptions;
  /** Origins of web pages that may read answers. */
  readonly cors: readonly string[];
  /** The Unix socket on which the main process answers. */
  readonly socket: string;
}

/** What a worker can be asked. */
export type WorkerAnswers = {
  /** Opens the project and listens. */
  readonly start: (task: WorkerTask) => Promise<{ readonly url: string; readonly port: number }>;
  readonly counts: () => Promise<MeterCounts>;
  /** Reads the files of TLS again. */
  readonly renewTls: () => Promise<boolean>;
  /** Lets requests under way finish. */
  readonly close: () => Promise<void>;
};

/** What the main process can be asked: who may do what. */
export type MainAnswers = {
  readonly [K in keyof Access]: (asked: Parameters<Access[K]>) => ReturnType<Access[K]>;
} & {
  /** Says that the worker hears what it is asked: what is sent before is lost. */
  readonly hear: () => void;
};
