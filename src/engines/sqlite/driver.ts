// Kysely begins with a plain `begin`, which takes the write lock only at the first write: a value read before that may be stale by
// then. Every transaction here begins as the writer instead.

import { CompiledQuery, type DatabaseConnection, SqliteDriver } from "kysely";

/** Kysely's SQLite driver, with transactions that hold the write lock from their first statement. */
export class WriterFirstDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw("begin immediate"));
  }

  override async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw("rollback"));
    } catch (thrown) {
      // SQLite has rolled back by itself after a full disk; saying so would hide the real error.
      if (!(thrown instanceof Error && thrown.message.includes("no transaction is active"))) throw thrown;
    }
  }
}
