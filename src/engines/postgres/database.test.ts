// Records on a real Postgres: what only a server with passwords, restarts and other users can show.

import { inspect } from "node:util";
import { Kysely, sql } from "kysely";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { env } from "../../define/define.ts";
import { databaseContract } from "../../ports/database.contract.ts";
import { acknowledgedUntilKilled } from "../../ports/killed-process.contract.ts";
import { openRecords } from "../../records/records.ts";
import { type PostgresOptions, postgresDatabase } from "./postgres.ts";
import { noPostgres, type PostgresServer, startPostgres } from "./server.fixture.ts";

interface Tables {
  readonly counters: { readonly id: number; readonly value: number };
}

describe.skipIf(noPostgres !== undefined)(`records in Postgres (${noPostgres ?? "on a real server"})`, () => {
  let server: PostgresServer;
  const opened: Kysely<Tables>[] = [];
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.remove());

  const database = (options: Partial<PostgresOptions> = {}, url = server.url()): ReturnType<typeof postgresDatabase> =>
    postgresDatabase({ url: env("PG_URL"), connections: 3, ...options }, { PG_URL: url });
  const connect = (options: Partial<PostgresOptions> = {}, url?: string): Kysely<Tables> => {
    const db = new Kysely<Tables>({ dialect: database(options, url).dialect() });
    opened.push(db);
    return db;
  };
  beforeEach(async () => {
    await server.run(
      "drop schema public cascade; create schema public; create table counters (id bigint primary key, value bigint); insert into counters values (1, 0), (2, 0)",
    );
  });
  afterEach(async () => {
    for (const db of opened.splice(0)) await db.destroy();
  });

  databaseContract("postgres", async (folder) => {
    const schema = folder.split("/").at(-1)?.toLowerCase();
    await server.run(`create schema if not exists "${schema}"`);
    return database({}, `${server.url()}?options=${encodeURIComponent(`-c search_path="${schema}"`)}`);
  });

  const refusal = (action: Promise<unknown>): Promise<Error> =>
    action.then(
      () => {
        throw new Error("nothing was refused");
      },
      (error) => error,
    );

  test("says what is wrong with a login, a database or a variable, and never the password", async () => {
    const { password } = server;
    const wrong = "wr0ng-secret";
    const ask = (url: string): Promise<Error> => refusal(sql`select 1`.execute(connect({}, url)));
    const login = await ask(server.url({ password: wrong }));
    expect(login).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining('login of user "slipway"'),
    });
    const missing = await ask(server.url({ database: "nowhere" }));
    expect(missing).toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining("no such database") });
    const closed = await ask(server.url().replace(`:${server.port}/`, ":1/"));
    expect(closed).toMatchObject({
      code: "RECORDS_UNAVAILABLE",
      message: expect.stringContaining("127.0.0.1:1/postgres"),
    });
    expect(() => connect({}, `mysql://u:${wrong}@h/d`)).toThrow("PG_URL does not hold a connection string");
    expect(() => postgresDatabase({ url: env("PG_URL") }, {})).toThrow("PG_URL is not set");
    for (const error of [login, missing, closed])
      for (const secret of [password, encodeURIComponent(password), wrong])
        expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret);
  });

  test("fails clearly while the server is away, and goes on when it is back", async () => {
    const db = connect();
    const set = (value: number): Promise<unknown> =>
      db.transaction().execute((tx) => tx.updateTable("counters").set({ value }).where("id", "=", 1).execute());
    await set(1);
    server.stop();
    expect(await refusal(set(2))).toMatchObject({ code: "RECORDS_UNAVAILABLE" });
    expect(await refusal(sql`select 1`.execute(db))).toMatchObject({ code: "RECORDS_UNAVAILABLE" });
    server.start();
    await set(3);
    expect(await db.selectFrom("counters").select("value").where("id", "=", 1).execute()).toEqual([{ value: 3 }]);
  });

  test("says so when the server goes away in the middle of a transaction, which leaves nothing", async () => {
    const db = connect();
    const broken = db.transaction().execute(async (tx) => {
      await tx.updateTable("counters").set({ value: 9 }).where("id", "=", 1).execute();
      server.stop();
      server.start();
      await tx.updateTable("counters").set({ value: 9 }).where("id", "=", 2).execute();
    });
    expect(await refusal(broken)).toMatchObject({ code: "RECORDS_UNAVAILABLE" });
    expect(await db.selectFrom("counters").selectAll().orderBy("id").execute()).toEqual([
      { id: 1, value: 0 },
      { id: 2, value: 0 },
    ]);
  });

  test("gives up on a writer that does not end, and says who it is", async () => {
    const [holder, other] = [connect(), connect({ patienceMs: 100 })];
    await holder.transaction().execute(async (tx) => {
      await tx.updateTable("counters").set({ value: 1 }).where("id", "=", 1).execute();
      const late = await refusal(other.updateTable("counters").set({ value: 2 }).where("id", "=", 2).execute());
      expect(late).toMatchObject({
        code: "STATE_LOCKED",
        message: expect.stringContaining(`held by slipway ${process.pid} on`),
      });
      // Who only reads waits for nobody.
      expect(await other.selectFrom("counters").select("value").where("id", "=", 1).execute()).toEqual([{ value: 0 }]);
    });
    await other.updateTable("counters").set({ value: 2 }).where("id", "=", 2).execute();
  });

  test("a transaction that was given up in a deadlock with somebody else's is run again", async () => {
    const records = await openRecords(database());
    const stranger = await server.connect();
    await stranger.query("set deadlock_timeout = '1min'; begin; update counters set value = 5 where id = 2");
    let attempts = 0;
    const ours = records.transact(async (tx) => {
      attempts += 1;
      await sql`update counters set value = value + 1 where id = 1`.execute(tx);
      const theirs = attempts === 1 ? stranger.query("update counters set value = 5 where id = 1; commit") : undefined;
      await sql`update counters set value = value + 1 where id = 2`.execute(tx);
      await theirs;
    });
    await ours;
    await stranger.end();
    await records.close();
    expect(attempts).toBeGreaterThan(1);
    expect(await server.run("select value::int from counters order by id")).toEqual([{ value: 6 }, { value: 6 }]);
  });

  test("refuses what Postgres cannot store, and leaves the rest", async () => {
    const records = await openRecords(database());
    const named = (name: string): Promise<unknown> =>
      records.db.insertInto("models").values({ name, created_at: 1 }).execute();
    await expect(named("a\u0000b")).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(named(Array.from({ length: 9000 }, () => Math.random().toString(36)).join(""))).rejects.toMatchObject({
      code: "INPUT_INVALID",
    });
    await named("naïve 日本 🛫");
    expect(await records.db.selectFrom("models").select("name").execute()).toEqual([{ name: "naïve 日本 🛫" }]);
    await records.close();
  });

  test("sorts text by code point whatever the database's locale is", async () => {
    const records = await openRecords(database());
    for (const name of ["b", "B", "a", "é", "Z"])
      await records.db.insertInto("models").values({ name, created_at: 1 }).execute();
    const { rows } = await sql<{ name: string }>`select name from models where name > 'Z' order by name`.execute(
      records.db,
    );
    expect(rows.map(({ name }) => name)).toEqual(["a", "b", "é"]);
    const columns = await server.run(
      "select distinct collation_name from information_schema.columns where table_schema = 'public' and table_name = 'runs' and data_type = 'text'",
    );
    expect(columns).toEqual([{ collation_name: "C" }]);
    await records.close();
  });

  test("after kill -9 every acknowledged transaction is there, and none by half", async () => {
    const door = new URL("./postgres.ts", import.meta.url).href;
    const acknowledged = await acknowledgedUntilKilled(
      `import { Kysely } from ${JSON.stringify(import.meta.resolve("kysely"))};
      import { postgresDatabase } from ${JSON.stringify(door)};
      const db = new Kysely({ dialect: postgresDatabase({ url: { env: "X" } }, { X: ${JSON.stringify(server.url())} }).dialect() });
      for (let n = 1; ; n += 1) {
        await db.transaction().execute(async (tx) => {
          for (const id of [1, 2]) await tx.updateTable("counters").set({ value: n }).where("id", "=", id).execute();
        });
        acknowledge(String(n));
      }`,
      { after: 20 },
    );
    const [one, two] = (await server.run("select value::int from counters order by id")) as { value: number }[];
    expect(one).toEqual(two);
    expect(one?.value).toBeGreaterThanOrEqual(Number(acknowledged.at(-1)));
  });
});
