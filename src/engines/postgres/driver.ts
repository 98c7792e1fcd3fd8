// A Kysely driver over a pool of connections. A connection that broke is thrown away when it is released, so that after a restart of the
// server the next query simply gets a new one; what was under way fails with RECORDS_UNAVAILABLE and is not tried again by itself, since
// a commit whose answer was lost may have happened.

import type { CompiledQuery, DatabaseConnection, Driver, QueryResult } from "kysely";
import type { Pool, PoolClient } from "pg";
import { SlipwayError } from "../../core/core.ts";
import { recordsError, WRITER_BUSY } from "./database-failure.ts";
import type { PostgresAddress } from "./failure.ts";
import { postgresLibrary } from "./library.ts";

/** What a driver works with. */
export interface DriverSettings {
  readonly url: string;
  readonly address: PostgresAddress;
  readonly connections: number;
  readonly patienceMs: number;
  /** How the connections call themselves, for those who look at the server. */
  readonly application: string;
}

interface Connection extends DatabaseConnection {
  begin(sql: string): Promise<void>;
  end(sql: "commit" | "rollback"): Promise<void>;
  release(): void;
}

/** One lock for all writers of a schema. The number is arbitrary. */
const WRITE_LOCK = "7547929, hashtext(coalesce(current_schema(), ''))";
/** A process that hangs in the middle of a transaction keeps the others from writing this long. */
const IDLE_MS = 60_000;

/** A driver with a pool of its own. */
export function postgresDriver(settings: DriverSettings): Driver {
  let pool: Pool | undefined;
  const named = naming();
  const asWriter = `begin; set local lock_timeout = ${settings.patienceMs}; set local idle_in_transaction_session_timeout = ${IDLE_MS}; select pg_advisory_xact_lock(${WRITE_LOCK})`;
  return {
    init: async () => {
      pool = await openPool(settings);
    },
    acquireConnection: async () => {
      if (!pool) throw new SlipwayError("INTERNAL", "The records are not open.");
      const client = await pool.connect().catch((thrown) => {
        throw recordsError(thrown, settings);
      });
      return connectionOn(client, settings, asWriter, named);
    },
    releaseConnection: async (connection) => (connection as Connection).release(),
    beginTransaction: (connection, { accessMode }) =>
      (connection as Connection).begin(
        accessMode === "read only" ? "begin isolation level repeatable read read only" : asWriter,
      ),
    commitTransaction: (connection) => (connection as Connection).end("commit"),
    rollbackTransaction: (connection) => (connection as Connection).end("rollback"),
    destroy: async () => pool?.end(),
  };
}

async function openPool({ url, connections, patienceMs, application }: DriverSettings): Promise<Pool> {
  const library = await postgresLibrary("The records are in Postgres, which");
  const pool = new library.Pool({
    connectionString: url,
    max: connections,
    connectionTimeoutMillis: patienceMs,
    keepAlive: true,
    application_name: application,
    types: { getTypeParser: (oid: number) => parserOf(oid, library.types) } as never,
  });
  // Without listeners a connection that breaks between two queries would end the process; the next query fails instead.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => void client.on("error", () => undefined));
  return pool;
}

const INT8 = 20;
const NUMERIC = 1700;

/** Counts and sums come as bigint and numeric; the records hold no whole number beyond 2^53. */
function parserOf(oid: number, types: { getTypeParser(oid: number): unknown }): unknown {
  return oid === INT8 || oid === NUMERIC ? Number : types.getTypeParser(oid);
}

const BY_ITSELF = /^\s*(select|values|show|explain|begin|commit|rollback|savepoint|release|set)\b/i;

function connectionOn(client: PoolClient, settings: DriverSettings, asWriter: string, named: Naming): Connection {
  let isBroken = false;
  let inTransaction = false;
  const guarded = async <T>(action: () => Promise<T>, inCommit = false): Promise<T> => {
    try {
      return await action();
    } catch (thrown) {
      const error = recordsError(thrown, settings, inCommit);
      isBroken ||= error instanceof SlipwayError && error.code === "RECORDS_UNAVAILABLE";
      throw error;
    }
  };
  const ask = <R>(sql: string, parameters: readonly unknown[]): Promise<QueryResult<R>> =>
    guarded(async () => {
      const { rows, rowCount, command } = await client.query(named(sql, parameters));
      return CHANGES.has(command) ? { rows, numAffectedRows: BigInt(rowCount ?? 0) } : { rows };
    });
  const end: Connection["end"] = async (sql) => {
    inTransaction = false;
    await guarded(() => client.query(sql), sql === "commit");
  };
  const begin: Connection["begin"] = async (sql) => {
    try {
      await guarded(() => client.query(sql));
      inTransaction = true;
    } catch (thrown) {
      await end("rollback").catch(() => undefined);
      if (!(thrown instanceof SlipwayError) || thrown.details["reason"] !== WRITER_BUSY) throw thrown;
      throw await withHolder(thrown, client);
    }
  };
  return {
    executeQuery: async <R>({ sql, parameters }: CompiledQuery) => {
      if (inTransaction || BY_ITSELF.test(sql)) return ask<R>(sql, parameters);
      await begin(asWriter);
      try {
        const result = await ask<R>(sql, parameters);
        await end("commit");
        return result;
      } catch (thrown) {
        if (inTransaction) await end("rollback").catch(() => undefined);
        throw thrown;
      }
    },
    // biome-ignore lint/correctness/useYield: records are read in pages, never streamed.
    async *streamQuery() {
      throw new SlipwayError("INTERNAL", "Records in Postgres are not streamed: read them in pages.");
    },
    begin,
    end,
    release: () => client.release(isBroken),
  };
}

const CHANGES = new Set(["INSERT", "UPDATE", "DELETE", "MERGE"]);

const LONGEST_NAMED = 20_000;
const MOST_NAMED = 256;

interface Query {
  readonly text: string;
  readonly values: unknown[];
  readonly name?: string;
}

type Naming = (sql: string, parameters: readonly unknown[]) => Query;

/** Gives names to queries, which the server then prepares once for a connection; texts with lists of values in them are many, and asked once. */
function naming(): Naming {
  const names = new Map<string, string>();
  return (text, parameters) => {
    const values = [...parameters];
    const known = names.get(text);
    if (known !== undefined) return { text, values, name: known };
    if (text.length > LONGEST_NAMED || names.size >= MOST_NAMED || values.length === 0) return { text, values };
    const name = `slipway_${names.size}`;
    names.set(text, name);
    return { text, values, name };
  };
}

/** The same error, saying who writes. */
async function withHolder(error: SlipwayError, client: PoolClient): Promise<SlipwayError> {
  const found = await client
    .query<{ who: string; since: string }>(
      `select coalesce(nullif(a.application_name, ''), a.usename) || coalesce(' (' || host(a.client_addr) || ')', '') as who,
        to_char(a.xact_start at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as since
        from pg_locks l join pg_stat_activity a on a.pid = l.pid
        where l.locktype = 'advisory' and l.granted and l.classid = 7547929 and l.database = (select oid from pg_database where datname = current_database()) limit 1`,
    )
    .catch(() => ({ rows: [] }));
  const [holder] = found.rows;
  if (!holder) return error;
  return new SlipwayError(error.code, `${error.message} It is held by ${holder.who}, since ${holder.since}.`, {
    cause: error,
    details: { ...error.details, holder: holder.who, since: holder.since },
  });
}
