import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Kysely, sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { databaseContract } from "../../ports/database.contract.ts";
import { acknowledgedUntilKilled } from "../../ports/killed-process.contract.ts";
import { sqliteError } from "./failure.ts";
import { sqlite } from "./sqlite.ts";

const door = new URL("./sqlite.ts", import.meta.url).href;
const kysely = import.meta.resolve("kysely");

databaseContract("sqlite", (folder) => sqlite(join(folder, "deeper", "records.db")));

describe("sqlite", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-sqlite-"));
    file = join(folder, "records.db");
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const connect = (path = file): Kysely<Record<string, never>> => new Kysely({ dialect: sqlite(path).dialect() });

  test("touches nothing before the first query", () => {
    sqlite(file).dialect();
    expect(existsSync(file)).toBe(false);
  });

  test("says what is wrong with a file that is no database, and leaves it as it is", async () => {
    writeFileSync(file, "not a database ".repeat(100));
    const db = connect();
    await expect(sql`select 1`.execute(db)).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(readFileSync(file, "utf8")).toMatch(/^not a database/);
  });

  test("says so when the file cannot be opened", async () => {
    await expect(sql`select 1`.execute(connect(folder))).rejects.toMatchObject({ code: "STATE_NOT_WRITABLE" });
    writeFileSync(file, "");
    await expect(sql`select 1`.execute(connect(join(file, "x.db")))).rejects.toMatchObject({
      code: "STATE_NOT_WRITABLE",
    });
  });

  test("names the file that is read-only here", () => {
    const thrown = Object.assign(new Error("attempt to write a readonly database"), {
      code: "SQLITE_READONLY_DBMOVED",
    });
    expect(sqliteError(thrown, file)).toMatchObject({
      code: "STATE_NOT_WRITABLE",
      message: expect.stringContaining(`Cannot write to ${file}`),
    });
  });

  test("refuses a value it cannot store instead of aborting the process", async () => {
    const db = connect();
    await sql`create table t (a)`.execute(db);
    await sql`insert into t values (${true}), (${-0}), (${2n ** 60n})`.execute(db);
    await expect(sql`insert into t values (${new Date(0)})`.execute(db)).rejects.toMatchObject({ code: "INTERNAL" });
    const { rows } = await sql`select typeof(a) as kind from t`.execute(db);
    expect(rows).toEqual([{ kind: "integer" }, { kind: "real" }, { kind: "integer" }]);
    await db.destroy();
  });

  test("two processes that open a new file at once both get it", async () => {
    const both = await Promise.all([connect(), connect(), connect()].map((db) => sql`select 1 as one`.execute(db)));
    expect(both.map(({ rows }) => rows)).toEqual([[{ one: 1 }], [{ one: 1 }], [{ one: 1 }]]);
  });

  test("waits for a writer of its own process, without a transaction too", async () => {
    const [first, second] = [connect(), connect()];
    await sql`create table t (a)`.execute(first);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const writing = first.transaction().execute(async (tx) => {
      await sql`insert into t values (1)`.execute(tx);
      await held;
    });
    const waiting = sql`insert into t values (2)`.execute(second);
    setTimeout(release, 100);
    await Promise.all([writing, waiting]);
    expect((await sql`select a from t`.execute(second)).rows).toEqual([{ a: 1 }, { a: 2 }]);
  });

  test("gives up on a writer that does not end, with STATE_LOCKED", async () => {
    const first = connect();
    const second = new Kysely<Record<string, never>>({ dialect: sqlite(file, { patienceMs: 100 }).dialect() });
    await sql`create table t (a)`.execute(first);
    await first.transaction().execute(async () => {
      const begun = performance.now();
      await expect(sql`insert into t values (2)`.execute(second)).rejects.toMatchObject({ code: "STATE_LOCKED" });
      expect(performance.now() - begun).toBeGreaterThan(90);
    });
  });

  test("after kill -9 every acknowledged transaction is there, and none by half", async () => {
    const acknowledged = await acknowledgedUntilKilled(
      `import { Kysely, sql } from "${kysely}";
      import { sqlite } from "${door}";
      const db = new Kysely({ dialect: sqlite(${JSON.stringify(file)}).dialect() });
      await sql\`create table t (a integer)\`.execute(db);
      for (let n = 0; ; n += 1) {
        await db.transaction().execute(async (tx) => {
          for (let copy = 0; copy < 3; copy += 1) await sql\`insert into t values (\${n})\`.execute(tx);
        });
        acknowledge(String(n));
      }`,
      { after: 20 },
    );
    const db = connect();
    const { rows } = await sql<{ a: number; copies: number }>`select a, count(*) as copies from t group by a`.execute(
      db,
    );
    await db.destroy();
    expect(rows.length).toBeGreaterThanOrEqual(acknowledged.length);
    expect(rows.every(({ copies }) => copies === 3)).toBe(true);
  });
});
