// Records in Postgres. Many processes on many machines may share them, so what SQLite gives by having one writer at a time is said here in
// so many words: every transaction that may write first takes one lock of the database's (an advisory one, per schema), and lets go of it
// when it ends. Between its reads and its writes nobody else writes, so no value that it read can be stale and nothing has to be tried again.
// Reads take no lock and wait for nobody.

import { hostname } from "node:os";
import { type Dialect, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from "kysely";
import type { EnvironmentValue } from "../../define/define.ts";
import type { Database } from "../../ports/ports.ts";
import { postgresDriver } from "./driver.ts";
import { connectionOf } from "./failure.ts";

/** Where the records are, and how to go about it. */
export interface PostgresOptions {
  /** The variable that holds the connection string, such as `env("PG_URL")`: postgres://user:password@host:5432/database. */
  readonly url: EnvironmentValue;
  /** Connections at most that one process holds; default 8. */
  readonly connections?: number;
  /** How long to wait for a connection, and for another writer before STATE_LOCKED, in milliseconds. Default ten seconds. */
  readonly patienceMs?: number;
}

/** A database on a Postgres server. Throws CONFIG_INVALID where the variable holds no connection string. */
export function postgresDatabase(
  { url: { env: variable }, connections = 8, patienceMs = 10_000 }: PostgresOptions,
  env: Readonly<Record<string, string | undefined>>,
): Database {
  const { url, address } = connectionOf("The records", variable, env);
  const application = `slipway ${process.pid} on ${hostname()}`.slice(0, 63);
  const dialect = (): Dialect => ({
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => postgresDriver({ url, address, connections, patienceMs, application }),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  });
  return { kind: "postgres", dialect };
}
