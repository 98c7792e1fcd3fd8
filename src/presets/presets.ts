// The door of `presets`: which engines, by default. `local()` is everything on one machine with nothing else to install.

import { mkdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { SlipwayError } from "../core/core.ts";
import { channelNotifier } from "../engines/channels/channels.ts";
import { describeParquet, duckdb } from "../engines/duckdb/duckdb.ts";
import { dvc } from "../engines/dvc/dvc.ts";
import { fileAppendLog, fileBlobs, fileEventLog } from "../engines/files/files.ts";
import { git } from "../engines/git/git.ts";
import { linearRuntime, linearTrainer, onlineTrainer } from "../engines/linear/linear.ts";
import { lmdbStore, lmdbVersion } from "../engines/lmdb/lmdb.ts";
import { matrixRuntime, onnxRuntime, onnxWriter } from "../engines/onnx/onnx.ts";
import { openLineageSink } from "../engines/openlineage/openlineage.ts";
import { projectPackages } from "../engines/packages/packages.ts";
import { type PostgresOptions, postgresDatabase, postgresReader } from "../engines/postgres/postgres.ts";
import { pythonTrainer } from "../engines/python/python.ts";
import { holdFile, isFileHeld, sqlite, sqliteReader, tryHoldFile } from "../engines/sqlite/sqlite.ts";
import {
  errorLine,
  guardedOutbound,
  markedProcess,
  type OutboundOptions,
  offsetClock,
  processCommand,
  processUse,
  randomBytes,
  replayClock,
  systemClock,
  systemPause,
  systemScheduler,
  thisMachine,
} from "../engines/system/system.ts";
import { xgboostRuntime, xgboostTrainer } from "../engines/xgboost/xgboost.ts";
import type { EngineContext, EngineFactory, Engines, LineageFactory, SourceReader } from "../platform/platform.ts";

export { type RuntimeParts, runtimeParts } from "./runtime-parts.ts";

/** How the local engines may use the machine. */
export interface LocalOptions {
  /** DuckDB's memory limit, e.g. "4GB"; more spills to disk. Default 60 % of the machine's. */
  readonly memoryLimit?: string;
  /** Processors for queries and training; default all. */
  readonly threads?: number;
  /**
   * Whether each write waits for the disk; default true, but false for a replay, where what a power cut takes is made again. Either way
   * nothing is lost when the process is killed.
   */
  readonly durable?: boolean;
  /**
   * Where the records are; default a SQLite file in the state folder. A replay keeps its own in a file whatever is said here.
   *
   * @example local({ records: postgres({ url: env("PG_URL") }) })
   */
  readonly records?: RecordsFactory;
  /** What webhooks and channels may reach beside public addresses: host names, addresses and subnets inside the company. */
  readonly outbound?: Pick<OutboundOptions, "allow">;
}

/** Finds the database that records are kept in. */
export type RecordsFactory = (context: Pick<EngineContext, "env">) => Engines["database"];

export type { PostgresOptions };

/** Records on a Postgres server, which several servers of one project may share. Needs the package pg. */
export function postgres(options: PostgresOptions): RecordsFactory {
  return ({ env }) => postgresDatabase(options, env);
}

/** DuckDB alone, for files and no project; it spills under `temporaryFolder`, which the caller makes and removes. */
export function localQueries(
  options: Pick<LocalOptions, "memoryLimit"> & { readonly temporaryFolder: string },
): Promise<Engines["offline"]> {
  return duckdb({ ...options, root: options.temporaryFolder, readers: [] });
}

/** Readers of tables in SQLite files and Postgres databases; connection strings are looked up in `env`. */
export function localReaders({ root, env }: Pick<EngineContext, "root" | "env">): readonly SourceReader[] {
  return [sqliteReader(root), postgresReader(env)];
}

/** DuckDB, LMDB, SQLite, files and XGBoost, all under the project's state folder. */
export function local(options: LocalOptions = {}): EngineFactory {
  return async ({ root, stateDir, cacheDir, env, disposable, memoryLimit = options.memoryLimit }) => {
    const threads = options.threads ?? availableParallelism();
    const durable = options.durable ?? disposable !== true;
    const temporaryFolder = join(stateDir, "tmp");
    await mkdir(temporaryFolder, { recursive: true });
    const marked = markedProcess(join(stateDir, "processes"), { hold: holdFile, isHeld: isFileHeld });
    const { mark } = marked;
    const library = { env, cacheDir };
    const tensors = onnxRuntime();
    const runtimes = [
      xgboostRuntime(library),
      xgboostRuntime(library, { format: "xgboost-json" }),
      matrixRuntime(tensors),
      linearRuntime(),
    ];
    const versioning = dvc();
    const database =
      options.records === undefined || disposable === true
        ? sqlite(join(stateDir, "records.db"))
        : options.records({ env });
    const outbound = guardedOutbound(options.outbound);
    const clock = systemClock();
    const events = fileEventLog(join(stateDir, "events"), { fsync: durable });
    return {
      offline: await duckdb({
        root,
        stagingFolder: join(stateDir, "sources"),
        readers: localReaders({ root, env }),
        versioning,
        temporaryFolder,
        threads,
        events,
        ...(memoryLimit === undefined ? {} : { memoryLimit }),
      }),
      online: lmdbStore(join(stateDir, "online"), { durable }),
      database,
      versioning,
      blobs: fileBlobs(join(stateDir, "blobs")),
      events,
      log: fileAppendLog(join(stateDir, "predictions"), { fsync: durable }),
      trainers: [
        linearTrainer(),
        onlineTrainer(),
        xgboostTrainer({ ...library, spill: { folder: temporaryFolder, ...marked } }),
        pythonTrainer({ root, env, temporaryFolder, mark, runtimes }),
      ],
      runtimes,
      tensorRuntimes: [tensors],
      writers: [onnxWriter()],
      clock,
      outbound,
      notifier: channelNotifier({ outbound, env, now: () => clock.now(), write: errorLine }),
      scheduler: systemScheduler(),
      random: randomBytes,
      process: { ...marked, hold: tryHoldFile },
      versionControl: git(env),
      workspace: { command: processCommand(), packages: projectPackages, machine: thisMachine, use: processUse },
      versions: { lmdb: lmdbVersion() },
      threads,
      clocks: { startingAt: offsetClock, replay: replayClock },
    };
  };
}

/** Where OpenLineage's events go. */
export type OpenLineageTarget =
  /** Lines of a file, relative to the project's folder. */
  | { readonly file: string }
  /** A server with `POST /api/v1/lineage`, such as Marquez. An `apiKey` is sent as a bearer token, and is never written in the config itself. */
  | { readonly url: string | EnvironmentVariable; readonly apiKey?: EnvironmentVariable };

/** A variable of the environment: `env("OPENLINEAGE_URL")`. */
export interface EnvironmentVariable {
  readonly env: string;
}

const LINEAGE_TIMEOUT_MS = 5000;

/** Tells what is done to data as OpenLineage events: `project({ …, lineage: openLineage({ file: "lineage.jsonl" }) })`. */
export function openLineage(target: OpenLineageTarget): LineageFactory {
  return ({ root, env }) => {
    const pause = systemPause;
    if ("file" in target) return openLineageSink({ pause, to: { file: resolve(root, target.file) } });
    const { url, apiKey } = target;
    const value = typeof url === "string" ? url : env[url.env];
    if (!value)
      throw new SlipwayError(
        "CONFIG_INVALID",
        `lineage: ${typeof url === "string" ? "url is empty" : `${url.env} is not set`}. Set it to the server's address, such as http://127.0.0.1:5000, or take lineage out of the config.`,
      );
    const key = apiKey === undefined ? undefined : env[apiKey.env];
    // The host is allowed by whoever wrote the config, also where it is not public.
    const host = URL.canParse(value) ? [new URL(value).hostname.replace(/^\[|\]$/g, "")] : [];
    const outbound = guardedOutbound({ allow: host.filter((name) => name !== ""), timeoutMs: LINEAGE_TIMEOUT_MS });
    const to = { url: value, outbound, ...(key === undefined ? {} : { apiKey: key }) };
    return openLineageSink({ pause, to });
  };
}

/** The columns of a Parquet file or glob, with their types, before anything is declared; undefined when it cannot be read. */
export const parquetColumns: typeof describeParquet = describeParquet;
