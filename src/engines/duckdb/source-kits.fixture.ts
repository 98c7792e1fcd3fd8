// Ways to write rows where sources find them, one for each format that the DuckDB engine reads: by the format's own library where there is
// one, so that what is read was not written by the reader.

import { readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import Sqlite from "libsql";
import {
  type ColumnSchema,
  type DataType,
  type DecimalType,
  decimalText,
  formatInstant,
  kindOf,
  type Value,
  valueToJson,
} from "../../core/core.ts";
import {
  csv,
  duckdbTable,
  env,
  type Fields,
  jsonLines,
  parquet,
  postgresTable,
  type SourceSpec,
  specOf,
  sqliteTable,
} from "../../define/define.ts";
import type { ContractRow, SourceKit } from "../../ports/offline-engine.contract.ts";
import type { OfflineEngine } from "../../ports/ports.ts";
import type { SourceReaderKit } from "../../ports/source-reader.contract.ts";
import type { PostgresServer } from "../postgres/server.fixture.ts";

const NAME = "contract";

function options<C extends Fields>(columns: C): { columns: C; id?: never } {
  return "key" in columns ? { columns, id: "key" as never } : { columns };
}

async function half(file: string): Promise<void> {
  const { length } = await readFile(file);
  await truncate(file, Math.floor(length / 2));
}

/** Rows as SQL values in the words that DuckDB, SQLite and Postgres share, each type by `literal`. */
function insertSql(
  columns: readonly ColumnSchema[],
  rows: readonly ContractRow[],
  literal: (type: DataType, value: Exclude<Value, null>) => string,
): string {
  if (rows.length === 0) return "";
  const line = (row: ContractRow): string =>
    `(${columns.map(({ name, type }) => ((row[name] ?? null) === null ? "NULL" : literal(type, row[name] as never))).join(", ")})`;
  return `INSERT INTO contract VALUES ${rows.map(line).join(", ")};`;
}

const tableSql = (columns: readonly ColumnSchema[], typeName: (type: DataType) => string): string =>
  `CREATE TABLE contract (${columns.map(({ name, type }) => `"${name}" ${typeName(type)}`).join(", ")});`;

const hex = (value: Value): string => Buffer.from(value as Uint8Array).toString("hex");
const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

/** Parquet files, written by the engine: no other library here writes them. */
export function parquetKit(folder: string, engine: OfflineEngine): SourceKit {
  const file = join(folder, "contract.parquet");
  return {
    define: (columns) => specOf(parquet(NAME, { path: file, ...options(columns) })),
    async write(columns, rows) {
      const { dialect } = engine;
      const cell = (value: Value, type: DataType): string =>
        dialect.expression({ kind: "literal", value, type }, () => "");
      const lines = [undefined, ...rows].map(
        (row, n) => `(${n}, ${columns.map(({ name, type }) => cell(row?.[name] ?? null, type)).join(", ")})`,
      );
      const names = columns.map(({ name }) => dialect.identifier(name)).join(", ");
      const sql = `SELECT ${names} FROM (VALUES ${lines.join(", ")}) v(n, ${names}) WHERE n > 0 ORDER BY n`;
      await engine.writeParquet(sql, file);
    },
    remove: () => rm(file, { force: true }),
    damage: () => half(file),
  };
}

/** CSV files. */
export function csvKit(folder: string): SourceKit {
  const file = join(folder, "contract.csv");
  const cell = (type: DataType, value: Value): string => {
    if (value === null) return "";
    const plain = type === "int64" ? String(value) : String(valueToJson(type, value));
    return `"${plain.replaceAll('"', '""')}"`;
  };
  return {
    define: (columns) => specOf(csv(NAME, { path: file, ...options(columns) })),
    async write(columns, rows) {
      const lines = rows.map((row) => columns.map(({ name, type }) => cell(type, row[name] ?? null)).join(","));
      await writeFile(
        file,
        `${columns.map(({ name }) => name).join(",")}\n${lines.map((line) => `${line}\n`).join("")}`,
      );
    },
    remove: () => rm(file, { force: true }),
    damage: () => half(file),
  };
}

/** Files of JSON lines. */
export function jsonLinesKit(folder: string): SourceKit {
  const file = join(folder, "contract.jsonl");
  return {
    define: (columns) => specOf(jsonLines(NAME, { path: file, ...options(columns) })),
    async write(columns, rows) {
      const lines = rows.map((row) =>
        JSON.stringify(
          Object.fromEntries(columns.map(({ name, type }) => [name, valueToJson(type, row[name] ?? null)])),
        ),
      );
      await writeFile(file, lines.map((line) => `${line}\n`).join(""));
    },
    remove: () => rm(file, { force: true }),
    damage: () => half(file),
  };
}

/** Tables of DuckDB files. */
export function duckdbKit(folder: string, engine: OfflineEngine): SourceKit {
  const file = join(folder, "contract.duckdb");
  return {
    define: (columns) => specOf(duckdbTable(NAME, { path: file, table: "contract", ...options(columns) })),
    async write(columns, rows) {
      const { dialect } = engine;
      await rm(file, { force: true });
      const instance = await DuckDBInstance.create(file);
      const connection = await instance.connect();
      const literal = (type: DataType, value: Value): string =>
        dialect.expression({ kind: "literal", value, type }, () => "");
      await connection.run(`${tableSql(columns, dialect.typeName)} ${insertSql(columns, rows, literal)}`);
      connection.closeSync();
      instance.closeSync();
    },
    remove: () => rm(file, { force: true }),
    // The first half of the header, so that nobody takes it for a database that has only lost its end.
    damage: () => truncate(file, 2048),
  };
}

/** Tables of SQLite files. */
export function sqliteKit(folder: string): SourceReaderKit {
  const file = join(folder, "contract.db");
  const literal = (type: DataType, value: Exclude<Value, null>): string => {
    const kind = kindOf(type);
    if (kind === "bytes") return `x'${hex(value)}'`;
    if (kind === "bool") return value ? "1" : "0";
    if (kind === "int32" || kind === "int64") return String(value);
    if (kind === "float32" || kind === "float64") return (value as number).toExponential();
    return text(String(valueToJson(type, value)));
  };
  return {
    define: (columns) => specOf(sqliteTable(NAME, { path: file, table: "contract", ...options(columns) })),
    async write(columns, rows) {
      await rm(file, { force: true });
      const database = new Sqlite(file);
      // Without types, so that SQLite keeps what it is given; with a write-ahead log, so that it is written while it is read.
      database.exec(`PRAGMA journal_mode = WAL; ${tableSql(columns, () => "")} ${insertSql(columns, rows, literal)}`);
      database.close();
    },
    async add(columns, rows) {
      const database = new Sqlite(file);
      database.exec(insertSql(columns, rows, literal));
      database.close();
    },
    remove: () => rm(file, { force: true }),
    damage: () => half(file),
  };
}

const postgresTypes = {
  bool: "boolean",
  int32: "integer",
  int64: "bigint",
  float32: "real",
  float64: "double precision",
  string: "text",
  bytes: "bytea",
  date: "date",
  timestamp: "timestamptz",
  uuid: "uuid",
} as const;

/** Tables of a Postgres server that runs as long as the tests. */
export function postgresKit(server: PostgresServer): SourceReaderKit {
  const typeName = (type: DataType): string =>
    typeof type === "string"
      ? postgresTypes[type]
      : `numeric(${(type as DecimalType).precision}, ${(type as DecimalType).scale})`;
  const literal = (type: DataType, value: Exclude<Value, null>): string => {
    const kind = kindOf(type);
    if (kind === "bytes") return `'\\x${hex(value)}'`;
    if (kind === "timestamp") return text(formatInstant(value as bigint));
    if (kind === "decimal") return decimalText(value as bigint, (type as DecimalType).scale);
    return text(String(kind === "date" ? valueToJson(type, value) : value));
  };
  return {
    define: (columns): SourceSpec =>
      specOf(postgresTable(NAME, { url: env("CONTRACT_URL"), table: "contract", ...options(columns) })),
    async write(columns, rows) {
      await server.run(
        `BEGIN; DROP TABLE IF EXISTS contract; ${tableSql(columns, typeName)} ${insertSql(columns, rows, literal)} COMMIT`,
      );
    },
    async add(columns, rows) {
      await server.run(insertSql(columns, rows, literal));
    },
    secret: server.password,
    async remove() {
      await server.run("DROP TABLE IF EXISTS contract");
    },
  };
}
