// One connection for one reading, in one transaction that sees one state of the database and may write nothing.

import type { Client } from "pg";
import type { PostgresTableSpec } from "../../define/define.ts";
import { connectionOf, type PostgresAddress, postgresError } from "./failure.ts";
import { postgresLibrary } from "./library.ts";

/** Rows of text cells. */
export type TextRow = readonly (string | null)[];

/** An open reading. */
export interface PostgresReading {
  readonly address: PostgresAddress;
  /** A statement's rows, each cell as the text Postgres writes. */
  query(sql: string, values?: readonly unknown[]): Promise<readonly TextRow[]>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** Connects and begins. `env` is where connection strings are looked up. */
export async function openReading(
  source: PostgresTableSpec,
  env: Readonly<Record<string, string | undefined>>,
): Promise<PostgresReading> {
  const { name } = source;
  const { url, address } = connectionOf(`Source "${name}"`, source.url.env, env);
  const client = await newClient(name, url);
  // Without a listener a connection that breaks between two queries would end the process; the next query fails instead.
  client.on("error", () => undefined);
  const guarded = async <T>(action: () => Promise<T>): Promise<T> => {
    try {
      return await action();
    } catch (thrown) {
      throw postgresError(thrown, name, address);
    }
  };
  const close = (): Promise<void> => client.end().catch(() => undefined);
  const query = (sql: string, values: readonly unknown[] = []): Promise<readonly TextRow[]> =>
    guarded(async () => (await client.query<string[]>({ text: sql, values: [...values], rowMode: "array" })).rows);
  try {
    await guarded(() => client.connect());
    await query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    // Text that reads the same whatever the server's and the role's settings are.
    for (const setting of SETTINGS) await query(`SET LOCAL ${setting}`);
  } catch (thrown) {
    await close();
    throw thrown;
  }
  return { address, query, close };
}

const SETTINGS = [
  "TimeZone = 'UTC'",
  "DateStyle = 'ISO, YMD'",
  "extra_float_digits = 1",
  "bytea_output = 'hex'",
  "synchronize_seqscans = off",
  "cursor_tuple_fraction = 1",
  "statement_timeout = 0",
  "idle_in_transaction_session_timeout = 0",
];

async function newClient(source: string, url: string): Promise<Client> {
  const { Client } = await postgresLibrary(`Source "${source}" is a Postgres table; reading it`);
  const asText = { getTypeParser: () => (text: string) => text };
  return new Client({
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: "slipway",
    types: asText as never,
  });
}
