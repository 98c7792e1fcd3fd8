// Tables of DuckDB database files are scanned where they are: the file is attached, for reading only, while a statement that names it runs.
// Not for longer, because an open file keeps other programs from writing to it, and is not seen to be replaced by another.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import type { DuckDBConnection } from "@duckdb/node-api";
import { didYouMean, SlipwayError } from "../../core/core.ts";
import type { DuckdbTableSpec } from "../../define/define.ts";
import { firstLine, missingColumn, nothingFound, unreadable, wrongType } from "./source-error.ts";
import { fileState, fingerprintOf } from "./source-files.ts";
import { checkIds, checkNulls } from "./source-rows.ts";
import { fitsDeclared } from "./source-types.ts";
import { identifier, quote } from "./sql-text.ts";

/** The database files that statements may name. */
export interface AttachedFiles {
  /** The table expression of a source, whose file need not be attached yet; with `fileColumn`, the file and table are in it. */
  relation(source: DuckdbTableSpec, fileColumn?: string): string;
  /** Attaches the files that a statement names; the answer ends that. */
  attach(sql: string): Promise<() => Promise<void>>;
}

const ALIAS = /slipway_file_[0-9a-f]{16}/g;

interface Attachment {
  uses: number;
  readonly ready: Promise<unknown>;
}

/** Database files, found by `locate`; `run` runs a statement on a connection of its own. */
export function attachedFiles(
  locate: (source: DuckdbTableSpec) => string,
  run: (sql: string) => Promise<unknown>,
): AttachedFiles {
  const known = new Map<string, { readonly source: DuckdbTableSpec; readonly file: string }>();
  const attached = new Map<string, Attachment>();
  const leaving = new Map<string, Promise<unknown>>();

  async function open(alias: string): Promise<void> {
    const place = known.get(alias);
    if (!place) return;
    await leaving.get(alias);
    try {
      await run(`ATTACH ${quote(place.file)} AS ${alias} (TYPE duckdb, READ_ONLY)`);
    } catch (cause) {
      throw attachError(place.source, place.file, cause);
    }
  }

  async function leave(alias: string, attachment: Attachment): Promise<void> {
    attachment.uses -= 1;
    if (attachment.uses > 0) return;
    attached.delete(alias);
    const left = run(`DETACH DATABASE IF EXISTS ${alias}`);
    leaving.set(alias, left);
    await left;
  }

  return {
    relation(source, fileColumn) {
      const file = locate(source);
      const alias = `slipway_file_${createHash("sha256").update(file).digest("hex").slice(0, 16)}`;
      known.set(alias, { source, file });
      const table = [alias, ...source.table.split(".").map(identifier)].join(".");
      if (fileColumn === undefined) return table;
      return `(SELECT *, ${quote(`${file}, table ${source.table}`)} AS ${identifier(fileColumn)} FROM ${table})`;
    },
    async attach(sql) {
      const used: (readonly [string, Attachment])[] = [];
      const release = async (): Promise<void> => {
        for (const [alias, attachment] of used.splice(0)) await leave(alias, attachment);
      };
      try {
        for (const alias of new Set(sql.match(ALIAS))) {
          const attachment = attached.get(alias) ?? { uses: 0, ready: open(alias) };
          attached.set(alias, attachment);
          attachment.uses += 1;
          used.push([alias, attachment]);
          await attachment.ready;
        }
      } catch (cause) {
        await release();
        throw cause;
      }
      return release;
    },
  };
}

function attachError({ name }: DuckdbTableSpec, file: string, cause: unknown): SlipwayError {
  const reason = firstLine(cause);
  const [, version] = /version number (\d+), but we can only read versions/.exec(reason) ?? [];
  if (version !== undefined)
    return unreadable(
      name,
      file,
      `is a DuckDB database of format ${version}, newer than this one reads`,
      "Copy its tables to a database attached with (STORAGE_VERSION 'v1.2.0').",
      cause,
    );
  return /lock/i.test(reason)
    ? unreadable(name, file, "is open for writing in another process", "Wait for that process to close it.", cause)
    : unreadable(
        name,
        file,
        `is not a whole DuckDB database (${reason})`,
        "Write it again, or correct the path.",
        cause,
      );
}

/** A text that changes when the file does. Throws SOURCE_NOT_FOUND when it is not there. */
export async function databaseFingerprint(source: DuckdbTableSpec, file: string): Promise<string> {
  if (!existsSync(file)) throw nothingFound(source, file);
  const log = `${file}.wal`;
  return fingerprintOf(await Promise.all((existsSync(log) ? [file, log] : [file]).map(fileState)));
}

/** Checks a table of an attached file: that it is there, its columns, nulls and ids. */
export async function checkTable(
  connection: DuckDBConnection,
  source: DuckdbTableSpec,
  file: string,
  relation: string,
): Promise<void> {
  const place = `${file}, table ${source.table}`;
  const found = await columnsOf(connection, source, file, relation);
  for (const { name, type: declared } of source.columns) {
    const type = found.get(name);
    if (type === undefined) throw missingColumn(source, place, name, declared, [...found.keys()]);
    if (!fitsDeclared(declared, type)) throw wrongType(source, place, name, declared, type);
  }
  await checkNulls(connection, source, { relation, place });
  await checkIds(connection, source, { relation, place });
}

async function columnsOf(
  connection: DuckDBConnection,
  source: DuckdbTableSpec,
  file: string,
  relation: string,
): Promise<ReadonlyMap<string, string>> {
  try {
    const described = await connection.runAndReadAll(`DESCRIBE SELECT * FROM ${relation}`);
    return new Map(described.getRowObjects().map((row) => [String(row["column_name"]), String(row["column_type"])]));
  } catch (cause) {
    if (!/does not exist/i.test(firstLine(cause))) throw cause;
    const alias = relation.split(".")[0] ?? "";
    const listed = await connection.runAndReadAll(
      `SELECT CASE WHEN table_schema = 'main' THEN table_name ELSE table_schema || '.' || table_name END FROM information_schema.tables WHERE table_catalog = ${quote(alias)} ORDER BY 1`,
    );
    const tables = listed.getRows().map(([name]) => String(name));
    throw new SlipwayError(
      "SOURCE_NOT_FOUND",
      `Source "${source.name}" finds no table "${source.table}" in ${file}; it has ${tables.join(", ") || "none"}.${didYouMean(source.table, tables)}`,
      { cause, details: { source: source.name, path: file, table: source.table } },
    );
  }
}
