// Turns the published CSV files into the example's Parquet files with DuckDB, the same bytes every time.
// One thread keeps the row order and the row groups fixed; each file is flushed and then renamed, so it is whole or absent.

import { randomUUID } from "node:crypto";
import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";
import { formatInstant, parseInstant, SlipwayError } from "slipway";
import { buildFlights, csvNames, loadCsv, type OutputName, outputTables, quoted, selectRows } from "./tables.ts";

/** What to prepare, and where. */
export interface PrepareOptions {
  /** The folder that `fetchFlights` filled. */
  readonly csvDir: string;
  readonly outDir: string;
  /** An ISO instant: only what was known before it is kept, for a sample of the year. */
  readonly until?: string;
  /** Hears one plain sentence per step. */
  readonly onNote: (note: string) => void;
}

/** The files written, and how many rows each holds. */
export interface PreparedFlights {
  readonly files: Readonly<Record<OutputName, string>>;
  readonly rows: Readonly<Record<OutputName, number>>;
}

async function number(connection: DuckDBConnection, sql: string): Promise<number> {
  const reader = await connection.runAndReadAll(sql);
  return Number(reader.getRowsJS()[0]?.[0]);
}

async function load(connection: DuckDBConnection, csvDir: string): Promise<void> {
  for (const name of csvNames) {
    const file = join(resolve(csvDir), name);
    if ((await stat(file).catch(() => undefined)) === undefined)
      throw new SlipwayError("SOURCE_NOT_FOUND", `There is no file ${file}. Fetch the flights data first.`);
    await connection.run(loadCsv(name, file)).catch((cause: unknown) => {
      const next = "Delete its folder and fetch the flights data again.";
      throw new SlipwayError("SOURCE_UNREADABLE", `${file} is not the published file. ${next}`, { cause });
    });
  }
}

async function check(connection: DuckDBConnection): Promise<void> {
  const homeless = await number(connection, "SELECT count(*) FROM flight WHERE sched_arr IS NULL");
  if (homeless > 0)
    throw new SlipwayError("SOURCE_UNREADABLE", `${homeless} flights go to an airport of unknown time zone.`);
  const repeated = await number(connection, "SELECT count(*) - count(DISTINCT key) FROM flight");
  if (repeated > 0)
    throw new SlipwayError(
      "SOURCE_KEY_INVALID",
      `${repeated} flights have the key (carrier-flight-origin-date) of another.`,
    );
}

async function flush(path: string): Promise<void> {
  const handle = await open(path, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function write(connection: DuckDBConnection, sql: string, file: string): Promise<number> {
  const temporary = `${file}.${randomUUID()}.tmp`;
  try {
    const copy = `COPY (${sql}) TO ${quoted(temporary)} (FORMAT parquet, COMPRESSION zstd)`;
    const written = await number(connection, copy);
    await flush(temporary);
    await rename(temporary, file);
    return written;
  } finally {
    await rm(temporary, { force: true });
  }
}

/** Writes the example's Parquet files from the published CSV files. */
export async function prepareFlights(options: PrepareOptions): Promise<PreparedFlights> {
  const { csvDir, onNote } = options;
  const outDir = resolve(options.outDir);
  const until = options.until === undefined ? undefined : formatInstant(parseInstant(options.until));
  await mkdir(outDir, { recursive: true });
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  try {
    await connection.run("SET TimeZone = 'UTC'");
    await load(connection, csvDir);
    await connection.run(buildFlights(until));
    await check(connection);
    const files: Record<string, string> = {};
    const rows: Record<string, number> = {};
    for (const [name, table] of Object.entries(outputTables)) {
      const file = join(outDir, `${name}.parquet`);
      files[name] = file;
      rows[name] = await write(connection, selectRows(table, until), file);
      onNote(`Wrote ${rows[name]} rows to ${file}.`);
    }
    await flush(outDir);
    return { files, rows } as PreparedFlights;
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}
