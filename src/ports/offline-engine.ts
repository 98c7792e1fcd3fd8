// An engine must: keep the order that the SQL asks for; stay inside its memory limit by spilling to disk; check a source before
// it is first used (SOURCE_NOT_FOUND, SOURCE_UNREADABLE, SOURCE_SCHEMA_MISMATCH, also for nulls in a column declared without, and
// SOURCE_KEY_INVALID for an id that is null or not unique; each names the file, the column and the value); see, in queries made after a
// push source was checked, every event that was acknowledged before; make a written file appear whole
// or not at all; and never return a row that the SQL did not.

import type { ColumnSchema, Table } from "../core/core.ts";
import type { SourceSpec } from "../define/define.ts";
import type { SqlDialect } from "./sql-dialect.ts";

/** What a written file holds. */
export interface WrittenFile {
  readonly rowCount: number;
  readonly bytes: number;
  /** SHA-256 of the file's bytes, in hex. */
  readonly hash: string;
}

/** Statements that share temporary tables, which nobody else sees and which are gone at the end. */
export interface OfflineSession {
  run(sql: string): Promise<void>;
  /** Makes a temporary table of batches, its rows in their order; answers how many there are. */
  load(name: string, columns: readonly ColumnSchema[], tables: AsyncIterable<Table> | Iterable<Table>): Promise<number>;
  stream(sql: string): AsyncIterable<Table>;
  /** As {@link OfflineEngine.writeParquet}. */
  writeParquet(sql: string, file: string): Promise<WrittenFile>;
}

/** A file of a source. */
export interface LocatedFile {
  readonly file: string;
  /** How people name it: the file itself, or for data under version control its place below the pointer. */
  readonly name: string;
}

/** Runs SQL over sources. */
export interface OfflineEngine {
  readonly name: string;
  readonly version: string;
  readonly dialect: SqlDialect;
  /**
   * Checks that a source is there, can be read, and has the declared columns with the declared types; always before it is scanned: a source that
   * cannot be scanned where it is, is brought up to date by this.
   */
  check(source: SourceSpec): Promise<void>;
  /** A text that changes when what a scan of the source reads does; brings that up to date as `check` does. */
  fingerprint(source: SourceSpec): Promise<string>;
  /** The files that a source's rows come from, in order; none where they come from elsewhere, such as a server. */
  sourceFiles(source: SourceSpec): Promise<readonly LocatedFile[]>;
  /** The SHA-256 of a file that `BlobStore.locate` or a source's path names, in hex. */
  hashFile(file: string): Promise<string>;
  /** A query's rows, in batches. Columns must come out as the six data types. */
  stream(sql: string): AsyncIterable<Table>;
  /** Writes a query's rows to one Parquet file: a temporary file, flushed, then renamed. */
  writeParquet(sql: string, file: string): Promise<WrittenFile>;
  /** Runs statements one after the other that build on each other. */
  session<T>(work: (session: OfflineSession) => Promise<T>): Promise<T>;
  /** Stops the statements under way; they reject with CANCELLED. */
  interrupt(): void;
  close(): Promise<void>;
}
