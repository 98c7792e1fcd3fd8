// The database that a test keeps its records in: a SQLite file in the test's folder, or where the suite runs on Postgres a schema of its own on
// the server that was started for the run, named after that folder.

import { basename, join } from "node:path";
import { Client } from "pg";
import { inject } from "vitest";
import { postgresDatabase } from "../engines/postgres/postgres.ts";
import { sqlite } from "../engines/sqlite/sqlite.ts";
import type { RecordsDatabase } from "./records.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The connection string of the server for this run; empty where records are in SQLite. */
    readonly recordsUrl: string;
  }
}

/** What this run keeps records in. */
export const recordsKind = (): RecordsDatabase["kind"] => (inject("recordsUrl") === "" ? "sqlite" : "postgres");

/** The database of a test's folder; the same folder has the same one. */
export async function testDatabase(folder: string): Promise<RecordsDatabase> {
  if (recordsKind() === "sqlite") return sqlite(join(folder, "records.db"));
  const client = new Client({ connectionString: inject("recordsUrl") });
  await client.connect();
  // Two that make it at once can both find it missing: Postgres then tells the later one that it is there.
  await client
    .query(`create schema if not exists "${schemaOf(folder)}"`)
    .catch((thrown: { readonly code?: string }) => {
      if (thrown.code !== "23505") throw thrown;
    });
  await client.end();
  return postgresDatabase({ url: { env: "RECORDS" }, connections: 3 }, { RECORDS: urlOf(folder) });
}

/** The same database as an expression, for a child process, and the import that it needs. */
export function databaseInChild(folder: string): { readonly imports: string; readonly database: string } {
  const from = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  if (recordsKind() === "sqlite")
    return {
      imports: `import { sqlite } from ${from("../engines/sqlite/sqlite.ts")};`,
      database: `sqlite(${JSON.stringify(join(folder, "records.db"))})`,
    };
  return {
    imports: `import { postgresDatabase } from ${from("../engines/postgres/postgres.ts")};`,
    database: `postgresDatabase({ url: { env: "RECORDS" }, connections: 3 }, { RECORDS: ${JSON.stringify(urlOf(folder))} })`,
  };
}

const schemaOf = (folder: string): string => basename(folder).toLowerCase();

const urlOf = (folder: string): string =>
  `${inject("recordsUrl")}?options=${encodeURIComponent(`-c search_path="${schemaOf(folder)}"`)}`;
