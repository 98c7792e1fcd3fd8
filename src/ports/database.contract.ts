// What every Database must do, as a vitest suite.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Generated, Kysely, sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Database } from "./database.ts";

interface Tables {
  readonly parent: { readonly id: number };
  readonly child: {
    readonly id: Generated<number>;
    readonly parent: number | null;
    readonly bytes: Uint8Array | null;
    readonly real: number | null;
    readonly words: string | null;
  };
}

/**
 * Holds a database to the port's contract. `open` gets a folder of the test's own: a fresh one has an empty database, and the same one the same
 * database again, also while the first is open.
 *
 * @example databaseContract("sqlite", (folder) => sqlite(join(folder, "records.db")));
 */
export function databaseContract(name: string, open: (folder: string) => Database | Promise<Database>): void {
  describe(`${name} keeps the Database contract`, () => {
    let folder: string;
    let db: Kysely<Tables>;
    const connect = async (): Promise<Kysely<Tables>> =>
      new Kysely<Tables>({ dialect: (await open(folder)).dialect() });

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "slipway-database-"));
      db = await connect();
      await db.schema
        .createTable("parent")
        .addColumn("id", "bigint", (column) => column.primaryKey())
        .execute();
      await db.schema
        .createTable("child")
        .addColumn("id", "integer", (column) => column.primaryKey())
        .addColumn("parent", "bigint", (column) => column.references("parent.id"))
        .addColumn("bytes", (await open(folder)).kind === "sqlite" ? "blob" : "bytea")
        .addColumn("real", "double precision")
        .addColumn("words", "text")
        .execute();
    });

    afterEach(async () => {
      await db.destroy();
      rmSync(folder, { recursive: true, force: true });
    });

    test("gives bytes back as Uint8Array, empty ones too", async () => {
      for (const [id, bytes] of [new Uint8Array([0, 255, 7]), new Uint8Array(0), null].entries())
        await db.insertInto("child").values({ id, bytes }).execute();
      const rows = await db.selectFrom("child").select("bytes").orderBy("id").execute();
      expect(rows.map(({ bytes }) => bytes && [...bytes])).toEqual([[0, 255, 7], [], null]);
      expect(rows[0]?.bytes).toBeInstanceOf(Uint8Array);
    });

    test("keeps whole numbers exact to 2^53 and reals to the last bit", async () => {
      const whole = [Number.MAX_SAFE_INTEGER, -Number.MAX_SAFE_INTEGER, 0, 1_372_636_800_000_000];
      await db
        .insertInto("parent")
        .values(whole.map((id) => ({ id })))
        .execute();
      const ids = await db.selectFrom("parent").select("id").execute();
      expect(ids.map(({ id }) => id).sort()).toEqual([...whole].sort());
      const reals = [0.1, -1e-300, 1.7e308, Number.POSITIVE_INFINITY, 3];
      await db
        .insertInto("child")
        .values(reals.map((real, id) => ({ id, real })))
        .execute();
      const rows = await db.selectFrom("child").select("real").orderBy("id").execute();
      expect(rows.map(({ real }) => real)).toEqual(reals);
    });

    test("keeps text as it is", async () => {
      const words = `quote ' and "double", naïve 日本 🛫 \\ \n end`;
      await db.insertInto("child").values({ id: 1, words }).execute();
      expect(await db.selectFrom("child").select("words").execute()).toEqual([{ words }]);
    });

    test("enforces foreign keys", async () => {
      await expect(db.insertInto("child").values({ id: 1, parent: 404 }).execute()).rejects.toThrow();
    });

    test("rolls a failed transaction back and stays usable", async () => {
      const failed = db.transaction().execute(async (tx) => {
        await tx.insertInto("parent").values({ id: 1 }).execute();
        throw new Error("changed my mind");
      });
      await expect(failed).rejects.toThrow("changed my mind");
      await db.insertInto("parent").values({ id: 2 }).execute();
      expect(await db.selectFrom("parent").selectAll().execute()).toEqual([{ id: 2 }]);
    });

    test("keeps what was committed when it is opened again", async () => {
      await db.insertInto("parent").values({ id: 5 }).execute();
      await db.destroy();
      db = await connect();
      expect(await db.selectFrom("parent").selectAll().execute()).toEqual([{ id: 5 }]);
    });

    test("a value read in a transaction is still the newest when it is written", async () => {
      const other = await connect();
      await db.insertInto("child").values({ id: 1, real: 0 }).execute();
      const increment = (connection: Kysely<Tables>): Promise<unknown> =>
        connection.transaction().execute(async (tx) => {
          const { real } = await tx.selectFrom("child").select("real").where("id", "=", 1).executeTakeFirstOrThrow();
          await tx
            .updateTable("child")
            .set({ real: (real ?? 0) + 1 })
            .where("id", "=", 1)
            .execute();
        });
      await Promise.all(Array.from({ length: 20 }, (_, turn) => increment(turn % 2 === 0 ? db : other)));
      await other.destroy();
      const { rows } = await sql<{ real: number }>`select real from child`.execute(db);
      expect(rows).toEqual([{ real: 20 }]);
    });
  });
}
