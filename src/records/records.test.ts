import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { acknowledgedUntilKilled } from "../ports/killed-process.contract.ts";
import { databaseInChild, testDatabase } from "./database.fixture.ts";
import { migrations } from "./migrations/migrations.ts";
import {
  fromJson,
  instantFromSql,
  instantToSql,
  numberFromSql,
  numberToSql,
  openRecords,
  type Records,
  toJson,
} from "./records.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-records-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const open = async (): Promise<Records> => openRecords(await testDatabase(folder));

describe("openRecords", () => {
  test("makes the tables once, also when many open at once", async () => {
    const all = await Promise.all(Array.from({ length: 4 }, () => open()));
    for (const records of all) {
      const rows = await records.db.selectFrom("slipway_migrations").selectAll().orderBy("version").execute();
      expect(rows.map(({ name }) => name)).toEqual(migrations.map(({ name }) => name));
      expect(await records.db.selectFrom("runs").selectAll().execute()).toEqual([]);
      await records.close();
    }
  });

  test("opens in another process while it is open here", async () => {
    const here = await open();
    const { imports, database } = databaseInChild(folder);
    const lines = await acknowledgedUntilKilled(
      `import { openRecords } from "${new URL("./records.ts", import.meta.url)}";
      ${imports}
      const { db } = await openRecords(${database});
      await db.insertInto("experiments").values({ id: "1", name: "there", created_at: 1 }).execute();
      acknowledge("done");
      setInterval(() => undefined, 1000);`,
      { after: 1 },
    );
    expect(lines).toEqual(["done"]);
    expect(await here.db.selectFrom("experiments").select("name").execute()).toEqual([{ name: "there" }]);
    await here.close();
  });

  test("waits for no writer when there is nothing to migrate", async () => {
    const here = await open();
    let end = (): void => undefined;
    const writing = here.db.transaction().execute(async (tx) => {
      await tx.insertInto("models").values({ name: "unfinished", created_at: 1 }).execute();
      await new Promise<void>((resolve) => {
        end = resolve;
      });
    });
    const there = await open();
    expect(await there.db.selectFrom("models").selectAll().execute()).toEqual([]);
    end();
    await writing;
    await there.close();
    await here.close();
  });

  test("refuses a newer schema and says what to do", async () => {
    const records = await open();
    await records.db.insertInto("slipway_migrations").values({ version: 99, name: "future" }).execute();
    await records.close();
    await expect(open()).rejects.toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("Upgrade the slipway package"),
    });
  });

  test("leaves no table behind when it cannot finish", async () => {
    const records = await open();
    await records.db.deleteFrom("slipway_migrations").execute();
    await records.close();
    await expect(open()).rejects.toThrow("already exists");
    await expect(open()).rejects.toThrow("already exists");
  });
});

test("conversions keep every value", () => {
  expect(instantFromSql(instantToSql(-1_372_636_800_123_456n))).toBe(-1_372_636_800_123_456n);
  for (const value of [0.1, Number.NaN, Number.NEGATIVE_INFINITY])
    expect(numberFromSql(numberToSql(value))).toBe(value);
  expect(fromJson(toJson({ a: [Number.NaN, 2n, null], b: undefined }))).toEqual({ a: ["NaN", "2", null] });
});
