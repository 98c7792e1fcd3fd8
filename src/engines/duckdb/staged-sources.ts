// Sources that are staged: text files converted one by one, and tables read through their own engines. Asked again, a source costs nothing
// while its fingerprint stands, of text files only new or changed ones are read, and of a table that only grew, if its reader can tell, only
// what was added.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { SlipwayError } from "../../core/core.ts";
import { type SourceSpec, sourcePlace } from "../../define/define.ts";
import type { SourceReader } from "../../ports/source-reader.ts";
import { refuseStrays } from "./glob-strays.ts";
import { nothingFound } from "./source-error.ts";
import { fingerprintOf, type SourceFile, sourceFiles } from "./source-files.ts";
import { checkIds, checkNulls } from "./source-rows.ts";
import { fileList, identifier, quote } from "./sql-text.ts";
import { publishRows, type StagedRows, stagedFolder, stagedRows, writePart } from "./staged-parts.ts";
import { writeTables } from "./table-writer.ts";
import { convertTextFile, type TextFileSpec } from "./text-files.ts";

/** What is needed to stage a source. */
export interface StagingContext {
  readonly connection: DuckDBConnection;
  readonly folder: string;
  readonly readers: readonly SourceReader[];
  readonly signal: AbortSignal;
}

/** A source that is not scanned where it is. */
export type StagedSpec = Exclude<SourceSpec, { readonly format: "parquet" | "duckdb" | "push" }>;

/** The table expression of staged rows. */
export function stagedRelation(base: string, source: StagedSpec, fileColumn?: string): string {
  const staged = stagedRows(stagedFolder(base, source));
  if (staged && fileColumn === undefined) return partsRelation(staged.parts);
  if (staged) {
    const origins = staged.parts.map((part, index) => `${quote(part)}: ${quote(staged.origins[index] ?? "")}`);
    const parts = `read_parquet(${fileList(staged.parts)}, hive_partitioning = false, filename = 'staged part')`;
    return `(SELECT *, MAP {${origins.join(", ")}}["staged part"] AS ${identifier(fileColumn ?? "")} FROM ${parts})`;
  }
  throw new SlipwayError("INTERNAL", `Source "${source.name}" was to be scanned before it was read: check it first.`);
}

const partsRelation = (parts: readonly string[]): string =>
  `read_parquet(${fileList(parts)}, hive_partitioning = false)`;

/** Brings what is staged of a source up to date; `path` is where its files are, made absolute. Throws what the source is refused with. */
export async function stageSource(context: StagingContext, source: StagedSpec, path: string): Promise<StagedRows> {
  const folder = stagedFolder(context.folder, source);
  const before = stagedRows(folder);
  const after =
    source.format === "csv" || source.format === "jsonLines"
      ? await stageFiles(context, source, path, folder, before)
      : await stageTable(context, source, folder, before);
  if (after === before) return after;
  const rows = { relation: partsRelation(after.parts), place: sourcePlace(source), footers: fileList(after.parts) };
  await checkNulls(context.connection, source, rows);
  await checkIds(context.connection, source, rows);
  await publishRows(folder, after);
  return after;
}

const nameOf = (text: string): string => createHash("sha256").update(text).digest("hex").slice(0, 32);

async function stageFiles(
  { connection }: StagingContext,
  source: TextFileSpec,
  path: string,
  folder: string,
  before: StagedRows | undefined,
): Promise<StagedRows> {
  const files = await sourceFiles(connection, path);
  await refuseStrays(source, path);
  if (files.length === 0) throw nothingFound(source, path);
  const fingerprint = fingerprintOf(files);
  if (before?.fingerprint === fingerprint) return before;
  const partOf = (file: SourceFile): string => `${folder}/${nameOf(fingerprintOf([file]))}.parquet`;
  for (const file of files) {
    const part = partOf(file);
    if (existsSync(part)) continue;
    await writePart(part, (temporary) => convertTextFile(connection, source, file.file, temporary));
  }
  return { fingerprint, parts: files.map(partOf), origins: files.map(({ file }) => file) };
}

/** Rows to a part: what is held in memory, or spilled, at a time. */
const PART_ROWS = 1_000_000;

/** More parts than this are made one, so that a table that grows all day does not become thousands of files. */
const MOST_PARTS = 100;

async function stageTable(
  { connection, readers, signal }: StagingContext,
  source: StagedSpec,
  folder: string,
  before: StagedRows | undefined,
): Promise<StagedRows> {
  const reader = readers.find(({ format }) => format === source.format);
  if (!reader)
    throw new SlipwayError(
      "ENGINE_NOT_INSTALLED",
      `Source "${source.name}" is a ${source.format} table, which the engines of this project do not read. Use local() of slipway/presets.`,
      { details: { source: source.name, format: source.format } },
    );
  if (before !== undefined && (await reader.fingerprint(source)) === before.fingerprint) return before;
  const rows = await reader.read(source, before?.mark);
  try {
    const { fingerprint, isAddition, mark } = rows;
    const added: string[] = [];
    const tables = rows.tables()[Symbol.asyncIterator]();
    for (let isLast = false; !isLast; ) {
      const part = `${folder}/${nameOf(`${fingerprint} ${isAddition ? before?.fingerprint : ""} ${added.length}`)}.parquet`;
      await writePart(part, async (temporary) => {
        isLast = await writeTables(connection, source.columns, tables, temporary, PART_ROWS, signal);
      });
      added.push(part);
    }
    const parts = [...(isAddition ? (before?.parts ?? []) : []), ...added];
    const compact = parts.length > MOST_PARTS ? await joined(connection, folder, fingerprint, parts) : parts;
    const origins = compact.map(() => sourcePlace(source));
    return { fingerprint, parts: compact, origins, ...(mark === undefined ? {} : { mark }) };
  } finally {
    await rows.close();
  }
}

async function joined(
  connection: DuckDBConnection,
  folder: string,
  fingerprint: string,
  parts: readonly string[],
): Promise<readonly string[]> {
  const part = `${folder}/${nameOf(`${fingerprint} joined`)}.parquet`;
  await writePart(part, (temporary) =>
    connection.run(`COPY (FROM ${partsRelation(parts)}) TO ${quote(temporary)} (FORMAT parquet, COMPRESSION zstd)`),
  );
  return [part];
}
