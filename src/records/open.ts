// Opening brings the schema up to date. The whole of it is one write transaction, so of two processes that open at once the second
// waits, and then finds everything done.

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
  close(): Promise<void>;
}

/** An open transaction on the records. */
export type RecordsTransaction = Transaction<Schema>;

/** Opens the records, and makes or migrates the tables first. */
export async function openRecords(database: RecordsDatabase): Promise<Records> {
  const db = new Kysely<Schema>({ dialect: database.dialect() });
  try {
    await db.transaction().execute((tx) => migrate(tx, database.kind));
  } catch (thrown) {
    await db.destroy().catch(() => undefined);
    throw asSlipwayError(thrown);
  }
  return { kind: database.kind, db, close: () => db.destroy() };
}

async function migrate(tx: RecordsTransaction, kind: RecordsDatabase["kind"]): Promise<void> {
  // Postgres lets two transactions create the same table at once, and then fails one of them. The number is arbitrary.
  if (kind === "postgres") await sql`select pg_advisory_xact_lock(7547929)`.execute(tx);
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
    for (const statement of statements(kind)) await sql.raw(statement).execute(tx);
    await tx.insertInto("slipway_migrations").values({ version, name }).execute();
  }
}
