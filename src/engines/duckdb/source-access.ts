// How DuckDB reaches the rows of a source, by its format: Parquet and DuckDB files are scanned where they are, everything else from the parts
// that were staged of it. A planner sees one table expression either way.

import { isAbsolute, resolve } from "node:path";
import type { DuckDBConnection } from "@duckdb/node-api";
import { historyOf, type SourceSpec } from "../../define/define.ts";
import type { DataVersioning } from "../../ports/data-versioning.ts";
import type { LocatedFile } from "../../ports/offline-engine.ts";
import type { EventLog } from "../../ports/ports.ts";
import type { SourceReader } from "../../ports/source-reader.ts";
import { type AttachedFiles, attachedFiles, checkTable, databaseFingerprint } from "./attached-files.ts";
import { scanLines } from "./dialect.ts";
import { parquetCheck, parquetRelation } from "./parquet-files.ts";
import { pinnedSources } from "./pinned-sources.ts";
import { type PushedEvents, pushedEvents } from "./pushed-events.ts";
import { fingerprintOf, sourceFiles } from "./source-files.ts";
import { type StagedSpec, stagedRelation, stageSource } from "./staged-sources.ts";

/** Where sources are and how they are read. */
export interface SourceOptions {
  /** The folder that relative source paths start from. */
  readonly root: string;
  /** Where rows are kept that cannot be scanned where they are; default a folder beside the spilled ones. */
  readonly stagingFolder?: string;
  /** Readers of tables in other databases. */
  readonly readers?: readonly SourceReader[];
  /** Reads sources whose path is a pointer to data under version control. */
  readonly versioning?: DataVersioning;
  /** Where pushed events lie. */
  readonly events?: Pick<EventLog, "files">;
}

/** The rows of sources, for one engine. */
export interface SourceAccess {
  /** The table expression of a source that was checked before; with `fileColumn`, where a row is from is in it. */
  relation(source: SourceSpec, fileColumn?: string): string;
  /** The events of a push source that was checked before, and the rest of its history. */
  readonly pushed: Pick<PushedEvents, "events" | "rest">;
  check(connection: DuckDBConnection, source: SourceSpec, signal: AbortSignal): Promise<void>;
  fingerprint(connection: DuckDBConnection, source: SourceSpec, signal: AbortSignal): Promise<string>;
  /** The files behind a source's path; none for a source without one. */
  files(connection: DuckDBConnection, source: SourceSpec): Promise<readonly LocatedFile[]>;
  /** Makes the database files that a statement names readable; the answer ends that. */
  readonly attach: AttachedFiles["attach"];
}

/** Access to sources; `run` runs a statement on a connection of its own. */
export function sourceAccess(
  { root, stagingFolder, readers = [], events, versioning }: SourceOptions & { readonly stagingFolder: string },
  run: (sql: string) => Promise<unknown>,
): SourceAccess {
  const absolute = ({ path }: { readonly path: string }): string => (isAbsolute(path) ? path : resolve(root, path));
  const pinned = pinnedSources(stagingFolder, versioning);
  const locate = (source: { readonly path: string }): string =>
    pinned.isPinned(source.path) ? pinned.locate(absolute(source)) : absolute(source);
  const prepare = async (source: SourceSpec): Promise<void> => {
    if ("path" in source && pinned.isPinned(source.path)) await pinned.prepare(source, absolute(source));
  };
  const files = attachedFiles(locate, run);
  const checkParquet = parquetCheck();
  const pushed = pushedEvents(events, scanLines, (source, fileColumn) => parquetRelation(locate(source), fileColumn));
  // One at a time for each source: two commands of one process that read it at once would read it twice.
  const staging = new Map<string, Promise<unknown>>();

  function staged(connection: DuckDBConnection, source: StagedSpec, signal: AbortSignal): Promise<string> {
    const path = "path" in source ? locate(source) : "";
    const before = staging.get(source.name) ?? Promise.resolve();
    const turn = before
      .catch(() => undefined)
      .then(() => stageSource({ connection, folder: stagingFolder, readers, signal }, source, path));
    staging.set(source.name, turn);
    return turn.then(({ fingerprint }) => fingerprint);
  }

  return {
    attach: files.attach,
    pushed,
    relation(source, fileColumn) {
      if (source.format === "push") return pushed.relation(source, fileColumn);
      if (source.format === "parquet") return parquetRelation(locate(source), fileColumn);
      if (source.format === "duckdb") return files.relation(source, fileColumn);
      return stagedRelation(stagingFolder, source, fileColumn);
    },
    async check(connection, source, signal) {
      await prepare(source);
      if (source.format === "push") {
        await pushed.look(source);
        const history = historyOf(source);
        return history && checkParquet(connection, history, locate(history));
      }
      if (source.format === "parquet") return checkParquet(connection, source, locate(source));
      if (source.format !== "duckdb") return void (await staged(connection, source, signal));
      const file = locate(source);
      await databaseFingerprint(source, file);
      const relation = files.relation(source);
      const release = await files.attach(relation);
      try {
        await checkTable(connection, source, file, relation);
      } finally {
        await release();
      }
    },
    async files(connection, source) {
      if (!("path" in source)) return [];
      await prepare(source);
      const found = await sourceFiles(connection, locate(source));
      if (!pinned.isPinned(source.path)) return found.map(({ file }) => ({ file, name: file }));
      return found.map(({ file }) => ({ file, name: pinned.nameOf(absolute(source), file) }));
    },
    async fingerprint(connection, source, signal) {
      await prepare(source);
      if (source.format === "push") {
        const [looked, history] = [await pushed.look(source), historyOf(source)];
        return history ? `${looked}\n${fingerprintOf(await sourceFiles(connection, locate(history)))}` : looked;
      }
      if (source.format === "parquet") return fingerprintOf(await sourceFiles(connection, locate(source)));
      if (source.format === "duckdb") return databaseFingerprint(source, locate(source));
      return staged(connection, source, signal);
    },
  };
}
