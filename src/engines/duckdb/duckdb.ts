// DuckDB as the offline engine: one in-memory instance, its temporary files under a folder of ours, memory bounded so that what is
// larger spills. Statements run on connections of their own, so that a stream may stay open while another statement runs.

import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type DuckDBConnection, type DuckDBDataChunk, DuckDBInstance, version } from "@duckdb/node-api";
import { SlipwayError, type Table } from "../../core/core.ts";
import type { OfflineEngine } from "../../ports/ports.ts";
import { columnTypes, tableOf } from "./batches.ts";
import { duckdbDialect } from "./dialect.ts";
import { damagedLine } from "./log-damage.ts";
import { fileHash, writeParquet } from "./parquet-writer.ts";
import { type SourceOptions, sourceAccess } from "./source-access.ts";
import { firstLine, isInterrupt, notParquet } from "./source-error.ts";
import { loadTables } from "./table-writer.ts";

export { describeParquet } from "./describe-parquet.ts";

/** How DuckDB may use the machine. */
export interface DuckdbOptions extends SourceOptions {
  /** Where it spills what does not fit in memory. */
  readonly temporaryFolder: string;
  /** E.g. "4GB"; default 60 % of the machine's memory. */
  readonly memoryLimit?: string;
  /** Default: every processor. */
  readonly threads?: number;
}

const BATCH_ROWS = 65_536;

/** Opens the engine. */
export async function duckdb(options: DuckdbOptions): Promise<OfflineEngine> {
  const instance = await DuckDBInstance.create(":memory:", {
    threads: String(options.threads ?? availableParallelism()),
    temp_directory: options.temporaryFolder,
    ...(options.memoryLimit === undefined ? {} : { memory_limit: options.memoryLimit }),
    // Nothing is to be fetched or loaded from outside, whatever the SQL says.
    autoinstall_known_extensions: "false",
    preserve_insertion_order: "true",
  });
  const connections = new Set<DuckDBConnection>();
  let stopping = new AbortController();
  const stagingFolder = options.stagingFolder ?? join(options.temporaryFolder, "sources");
  const sources = sourceAccess({ ...options, stagingFolder }, (sql) =>
    onConnection((connection) => connection.run(sql)),
  );

  async function connect(): Promise<DuckDBConnection> {
    const connection = await instance.connect();
    // Times are UTC everywhere, whatever the machine's zone.
    await connection.run("SET TimeZone = 'UTC'");
    connections.add(connection);
    return connection;
  }

  function disconnect(connection: DuckDBConnection): void {
    connections.delete(connection);
    connection.closeSync();
  }

  async function onConnection<T>(action: (connection: DuckDBConnection) => Promise<T>): Promise<T> {
    const connection = await connect();
    try {
      return await action(connection);
    } catch (cause) {
      throw translated(cause);
    } finally {
      disconnect(connection);
    }
  }

  async function* stream(sql: string): AsyncIterable<Table> {
    const release = await sources.attach(sql);
    const connection = await connect();
    try {
      yield* streamOf(connection, sql);
    } finally {
      disconnect(connection);
      await release();
    }
  }

  async function attached<T>(sql: string, action: () => Promise<T>): Promise<T> {
    const release = await sources.attach(sql);
    try {
      return await action();
    } catch (cause) {
      throw translated(cause, sql);
    } finally {
      await release();
    }
  }

  return {
    name: "duckdb",
    version: version(),
    dialect: duckdbDialect(sources.relation, sources.pushed),
    stream,
    check: (source) => onConnection((connection) => sources.check(connection, source, stopping.signal)),
    fingerprint: (source) => onConnection((connection) => sources.fingerprint(connection, source, stopping.signal)),
    sourceFiles: (source) => onConnection((connection) => sources.files(connection, source)),
    hashFile: fileHash,
    writeParquet: (sql, file) => attached(sql, () => onConnection((connection) => writeParquet(connection, sql, file))),
    session: (work) =>
      onConnection((connection) =>
        work({
          run: (sql) => attached(sql, async () => void (await connection.run(sql))),
          load: (name, columns, tables) => loadTables(connection, name, columns, tables),
          stream: (sql) => streamOf(connection, sql),
          writeParquet: (sql, file) => attached(sql, () => writeParquet(connection, sql, file)),
        }),
      ),
    interrupt() {
      stopping.abort();
      stopping = new AbortController();
      for (const connection of connections) connection.interrupt();
    },
    async close() {
      for (const connection of [...connections]) disconnect(connection);
      instance.closeSync();
    },
  };
}

async function* streamOf(connection: DuckDBConnection, sql: string): AsyncIterable<Table> {
  try {
    const result = await connection.stream(sql);
    const schema = columnTypes(result);
    let held: DuckDBDataChunk[] = [];
    let rows = 0;
    for (;;) {
      const chunk = await result.fetchChunk();
      const ended = chunk === null || chunk.rowCount === 0;
      if (!ended) {
        held.push(chunk);
        rows += chunk.rowCount;
      }
      if (rows > 0 && (ended || rows >= BATCH_ROWS)) {
        yield tableOf(schema, held);
        held = [];
        rows = 0;
      }
      if (ended) return;
    }
  } catch (cause) {
    throw translated(cause, sql);
  }
}

const DAMAGED = /TProtocolException|thrift|magic bytes|corrupt|decompress|zstd|snappy|out of buffer/i;

/** A failure as one of ours where it is a stop or a damaged file; DuckDB names the file only when its footer is damaged. */
function translated(cause: unknown, sql = ""): unknown {
  if (cause instanceof SlipwayError) return cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (isInterrupt(cause))
    return new SlipwayError("CANCELLED", "The query was stopped. Nothing is left half made; run it again to go on.", {
      cause,
    });
  if (/^Out of Memory Error/i.test(message))
    return new SlipwayError(
      "MEMORY_EXHAUSTED",
      `A query needed more memory than queries may use (${firstLine(cause)}). Allow more with --memory, such as --memory 4GB.`,
      { cause },
    );
  const damaged = damagedLine(cause);
  if (damaged) return damaged;
  const named = /file ['"]?([^'"\s]+\.parquet)/.exec(message)?.[1];
  const read = [...sql.matchAll(/read_parquet\('((?:[^']|'')*)'[,)]/g)].map(([, path = ""]) =>
    path.replaceAll("''", "'"),
  );
  const isDamaged = DAMAGED.test(message) || (named !== undefined && /parquet|invalid input/i.test(message));
  if (!isDamaged || /No space/i.test(message)) return cause;
  const files = named === undefined ? [...new Set(read)] : [named];
  return files.length === 0 ? cause : notParquet("parquet", files.join(" or "), cause);
}
