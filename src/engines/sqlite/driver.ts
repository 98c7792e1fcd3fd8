// A Kysely driver with one connection, which its users take in turn. Every transaction begins as the writer: a plain `begin` takes the
// write lock only at the first write, when a value read before may be stale already. A write outside a transaction is given one, so
// that `begin` is the only statement that ever has to wait for another writer.

import type { CompiledQuery, DatabaseConnection, Driver } from "kysely";
import { openConnection, type SqliteConnection } from "./connection.ts";

/** A driver for one file, opened when the first query needs it. */
export function sqliteDriver(file: string, patienceMs: number): Driver {
  let opened: SqliteConnection | undefined;
  let shared: DatabaseConnection | undefined;
  let turn: Promise<void> = Promise.resolve();
  let endTurn: () => void = () => undefined;
  const connection = (): SqliteConnection => {
    opened ??= openConnection(file, patienceMs);
    return opened;
  };
  return {
    init: async () => {
      shared = sharedConnection(connection());
    },
    acquireConnection: async () => {
      const before = turn;
      let end: () => void = () => undefined;
      turn = new Promise((resolve) => {
        end = resolve;
      });
      await before;
      endTurn = end;
      return shared ?? sharedConnection(connection());
    },
    releaseConnection: async () => endTurn(),
    beginTransaction: () => connection().begin(),
    commitTransaction: async () => connection().commit(),
    rollbackTransaction: async () => connection().rollback(),
    destroy: async () => opened?.close(),
  };
}

const BY_ITSELF =
  /^\s*(select|values|pragma|explain|vacuum|attach|detach|begin|commit|end|rollback|savepoint|release)\b/i;

function sharedConnection(connection: SqliteConnection): DatabaseConnection {
  return {
    executeQuery: async <R>({ sql, parameters }: CompiledQuery) => {
      if (connection.inTransaction() || BY_ITSELF.test(sql)) return connection.execute<R>(sql, parameters);
      await connection.begin();
      try {
        const result = connection.execute<R>(sql, parameters);
        connection.commit();
        return result;
      } catch (thrown) {
        connection.rollback();
        throw thrown;
      }
    },
    async *streamQuery<R>({ sql, parameters }: CompiledQuery) {
      for (const row of connection.stream<R>(sql, parameters)) yield { rows: [row] };
    },
  };
}
