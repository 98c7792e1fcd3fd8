// Opening brings the schema up to date. The whole of it is one transaction, which a Database begins as the writer, so of two processes that
// open at once the second waits, and then finds everything done.

import { type Dialect, Kysely, sql, type Transaction } from "kysely";
import { asSlipwayError, SlipwayError } from "../core/core.ts";
import { migrations } from "./migrations/migrations.ts";
import type { Schema } from "./schema.ts";

/** What records are kept in; the Database port has this shape. */
export interface RecordsDatabase {
  readonly kind: "sqlite" | "postgres";
  dialect(): Dialect;
}

/** Open records. Inside a transaction use only the transaction: `db` waits for it to end. */
export interface Records {
  readonly kind: RecordsDatabase["kind"];
  readonly db: Kysely<Schema>;
  /** Runs one transaction, and runs it again when the database gave it up for another one's sake: `work` does nothing but ask the database. */
  transact<T>(work: (tx: RecordsTransaction) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

/** An open transaction on the records. */
export type RecordsTransaction = Transaction<Schema>;

/** Opens the records, and makes or migrates the tables first. */
export async function openRecords(database: RecordsDatabase): Promise<Records> {
  const db = new Kysely<Schema>({ dialect: database.dialect() });
  try {
    if (!(await isCurrent(db))) await transact(db, (tx) => migrate(tx, database.kind));
  } catch (thrown) {
    await db.destroy().catch(() => undefined);
    throw asSlipwayError(thrown);
  }
  return { kind: database.kind, db, transact: (work) => transact(db, work), close: () => db.destroy() };
}

const ATTEMPTS = 5;

async function transact<T>(db: Kysely<Schema>, work: (tx: RecordsTransaction) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await db.transaction().execute(work);
    } catch (thrown) {
      if (!isGivenUp(thrown) || attempt === ATTEMPTS) throw thrown;
    }
  }
}

/** Whether the database ended a transaction for another one's sake, by a deadlock or since they could not both be true. */
export function isGivenUp(thrown: unknown): boolean {
  return thrown instanceof SlipwayError && thrown.code === "STATE_LOCKED" && thrown.details["again"] === true;
}

/** Whether there is nothing to make or migrate: whoever only reads does not have to wait for a writer to find that out. */
async function isCurrent(db: Kysely<Schema>): Promise<boolean> {
  const found = await db
    .selectFrom("slipway_migrations")
    .select(({ fn }) => fn.max("version").as("version"))
    .executeTakeFirst()
    // There are no tables yet; whatever else is wrong, the transaction says.
    .catch(() => undefined);
  return found?.version === migrations.length;
}

async function migrate(tx: RecordsTransaction, kind: RecordsDatabase["kind"]): Promise<void> {
  await tx.schema
    .createTable("slipway_migrations")
    .ifNotExists()
    .addColumn("version", "integer", (column) => column.primaryKey())
    .addColumn("name", "text", (column) => column.notNull())
    .execute();
  const applied = await tx
    .selectFrom("slipway_migrations")
    .select(({ fn }) => fn.max("version").as("version"))
    .execute();
  const found = applied[0]?.version ?? 0;
  if (found > migrations.length)
    throw new SlipwayError(
      "CONFIG_INVALID",
      `The records were written by a newer Slipway (schema ${found}; this one knows ${migrations.length}). ` +
        "Upgrade the slipway package, or choose another --state.",
    );
  for (const [index, { name, statements }] of migrations.entries()) {
    const version = index + 1;
    if (version <= found) continue;
    for (const statement of statements(kind)) await sql.raw(inWords(statement, kind)).execute(tx);
    await tx.insertInto("slipway_migrations").values({ version, name }).execute();
  }
}

/** Postgres sorts and compares text by the database's locale where nothing else is said; SQLite, and a place in a list, go by code point. */
function inWords(statement: string, kind: RecordsDatabase["kind"]): string {
  return kind === "postgres" ? statement.replace(/(?<= )text\b/g, 'text collate "C"') : statement;
}
