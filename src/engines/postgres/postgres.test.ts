// Tables of a real Postgres as sources: the contract, and what is Postgres' own, through the engine that stages them.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parseInstant, rowAt, type SlipwayError, type Value } from "../../core/core.ts";
import { env, type Fields, postgresTable, type Source, type SourceSpec, specOf, t } from "../../define/define.ts";
import type { OfflineEngine } from "../../ports/ports.ts";
import { sourceReaderContract } from "../../ports/source-reader.contract.ts";
import { duckdb } from "../duckdb/duckdb.ts";
import { postgresKit } from "../duckdb/source-kits.fixture.ts";
import { postgresReader } from "./postgres.ts";
import { noPostgres, type PostgresServer, startPostgres } from "./server.fixture.ts";

describe.skipIf(noPostgres !== undefined)(`Postgres tables (${noPostgres ?? "on a real server"})`, () => {
  let server: PostgresServer;
  let folder: string;
  let engine: OfflineEngine;
  let variables: Record<string, string | undefined>;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server?.remove());
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "slipway-pg-"));
    variables = { PG_URL: server.url() };
    engine = await duckdb({
      root: folder,
      temporaryFolder: join(folder, "spill"),
      stagingFolder: join(folder, "sources"),
      readers: [postgresReader(variables)],
      threads: 2,
    });
    await server.run('DROP SCHEMA IF EXISTS "Shop" CASCADE; DROP SCHEMA public CASCADE; CREATE SCHEMA public');
  });
  afterEach(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });

  sourceReaderContract("postgresReader", {
    open: () => postgresReader({ CONTRACT_URL: server.url() }),
    kit: () => postgresKit(server),
  });

  const table = (columns: Fields, options: object = {}): Source<Fields> =>
    postgresTable("orders", { url: env("PG_URL"), table: "orders", ...options, columns });

  async function scanned(own: SourceSpec): Promise<readonly Record<string, Value>[]> {
    const found: Record<string, Value>[] = [];
    for await (const batch of engine.stream(`SELECT * FROM ${engine.dialect.scan(own)}`))
      for (let row = 0; row < batch.rowCount; row += 1) found.push(rowAt(batch, row));
    return found;
  }

  async function rows(source: Source<Fields>): Promise<readonly Record<string, Value>[]> {
    await engine.check(specOf(source));
    return scanned(specOf(source));
  }

  const refusal = (source: Source<Fields>): Promise<SlipwayError> =>
    engine.check(specOf(source)).then(
      () => {
        throw new Error("nothing was refused");
      },
      (error) => error,
    );

  /** The staged files of a source: how it was read shows in which of them are new. */
  const parts = (): readonly string[] =>
    readdirSync(join(folder, "sources"), { recursive: true, encoding: "utf8" })
      .filter((name) => name.endsWith("current.json"))
      .flatMap((name) => JSON.parse(readFileSync(join(folder, "sources", name), "utf8")).parts as string[]);

  test("gives every type exactly, with nulls, domains, enums and columns that nobody asked for", async () => {
    await server.run(`
      CREATE TYPE mood AS ENUM ('fine', 'bad');
      CREATE DOMAIN amount AS bigint CHECK (VALUE > -10);
      CREATE TABLE orders (b boolean, i2 smallint, i integer, l bigint, dom amount, f real, d double precision, s text, v varchar(9),
        c char(5), e mood, u uuid, j jsonb, at timestamptz, plain timestamp, day date, other inet);
      INSERT INTO orders VALUES
        (true, -32768, -2147483648, 9007199254740993, 7, 0.1, 0.1, 'naïve '' "😀" \\', 'v', 'ab', 'bad', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11',
          '{"k": 1}', '2024-01-02 03:04:05.678901+02', '2024-07-01 00:00', '2024-01-01', '::1'),
        (false, 1, 1, -9223372036854775808, 8, 'NaN', '-Infinity', '', '', '', 'fine', null, 'null', '0001-01-01 00:00:00+00', '1969-12-31 23:59:59.999999', '1960-02-29', null),
        (null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null, null)`);
    const optional = {
      b: t.bool().optional(),
      i2: t.int32().optional(),
      i: t.int32().optional(),
      l: t.int64().optional(),
      dom: t.int64().optional(),
      f: t.float64().optional(),
      d: t.float64().optional(),
      s: t.string().optional(),
      v: t.string().optional(),
      c: t.string().optional(),
      e: t.string().optional(),
      u: t.string().optional(),
      j: t.string().optional(),
      at: t.timestamp().optional(),
      plain: t.timestamp().optional(),
      day: t.timestamp().optional(),
    };
    const nothing = Object.fromEntries(Object.keys(optional).map((name) => [name, null]));
    expect(await rows(table(optional, { timeZone: "America/New_York" }))).toEqual([
      {
        b: true,
        i2: -32768,
        i: -2147483648,
        l: 9007199254740993n,
        dom: 7n,
        f: Math.fround(0.1),
        d: 0.1,
        s: 'naïve \' "😀" \\',
        v: "v",
        c: "ab",
        e: "bad",
        u: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        j: '{"k": 1}',
        at: parseInstant("2024-01-02T01:04:05.678901Z"),
        plain: parseInstant("2024-07-01T04:00Z"),
        day: parseInstant("2024-01-01T05:00Z"),
      },
      {
        b: false,
        i2: 1,
        i: 1,
        l: -(2n ** 63n),
        dom: 8n,
        f: Number.NaN,
        d: Number.NEGATIVE_INFINITY,
        s: "",
        v: "",
        c: "",
        e: "fine",
        u: null,
        j: "null",
        at: -62135596800000000n,
        plain: parseInstant("1970-01-01T04:59:59.999999Z"),
        day: parseInstant("1960-02-29T05:00Z"),
      },
      nothing,
    ]);
  });

  test("gives decimals, days, bytes, uuids and lists exactly", async () => {
    await server.run(`
      CREATE TABLE orders (f real, m numeric(12, 2), plain numeric, day date, x bytea, u uuid, l bigint[], s text[], ts timestamptz[], d date[], n numeric(9,2)[]);
      INSERT INTO orders VALUES
        (0.1, -12.3, 7, '1960-02-29', '\\x00ff', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{9007199254740993,NULL}', '{"a,\\"b",NULL,"",null}',
          '{2024-01-02 03:04:05.5+02}', '{2024-01-01}', '{1.5}'),
        (null, 9999999999.99, null, null, '', null, '{}', null, null, null, null)`);
    const source = table({
      f: t.float32().optional(),
      m: t.decimal(12, 2),
      plain: t.decimal(6, 1).optional(),
      day: t.date().optional(),
      x: t.bytes(),
      u: t.uuid().optional(),
      l: t.list(t.int64()),
      s: t.list(t.string()).optional(),
      ts: t.list(t.timestamp()).optional(),
      d: t.list(t.date()).optional(),
      n: t.list(t.decimal(9, 2)).optional(),
    });
    expect(await rows(source)).toEqual([
      {
        f: Math.fround(0.1),
        m: -1230n,
        plain: 70n,
        day: -3594,
        x: new Uint8Array([0, 255]),
        u: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
        l: [9007199254740993n, null],
        s: ['a,"b', null, "", null],
        ts: [parseInstant("2024-01-02T01:04:05.5Z")],
        d: [19723],
        n: [150n],
      },
      {
        f: null,
        m: 999999999999n,
        plain: null,
        day: null,
        x: new Uint8Array(),
        u: null,
        l: [],
        s: null,
        ts: null,
        d: null,
        n: null,
      },
    ]);
  });

  test.each([
    ["numeric", "1.25", t.decimal(9, 1), '"1.25" in column "v", which is no decimal(9, 1)'],
    ["numeric", "'NaN'", t.decimal(9, 1), '"NaN"'],
    ["date", "'infinity'", t.date(), '"infinity" in column "v", which is no date'],
    ["int[]", "'{{1,2},{3,4}}'", t.list(t.int32()), '"array of arrays"'],
    ["int[]", "'{1}'", t.list(t.int64()), undefined],
    ["int[]", "'{1}'", t.int32(), 'column "v" as integer[], but it is declared int32'],
    ["int", "1", t.list(t.int32()), 'column "v" as integer, but it is declared'],
    ["real", "1", t.decimal(9, 1), 'column "v" as real, but it is declared decimal'],
  ])("takes a %s of %s as declared, or says why not", async (type, value, field, problem) => {
    await server.run(`CREATE TABLE orders (v ${type}); INSERT INTO orders VALUES (${value})`);
    if (problem === undefined) expect(await rows(table({ v: field }))).toEqual([{ v: [1n] }]);
    else expect((await refusal(table({ v: field }))).message).toContain(problem);
  });

  test("reads views, other schemas, partitioned tables and empty ones, and names that need quotes", async () => {
    await server.run(`
      CREATE SCHEMA "Shop"; CREATE TABLE "Shop"."Order Lines" ("The Id" int); INSERT INTO "Shop"."Order Lines" VALUES (1), (2);
      CREATE VIEW orders AS SELECT "The Id" * 10 AS a FROM "Shop"."Order Lines" ORDER BY 1;
      CREATE TABLE parted (a int) PARTITION BY LIST (a); CREATE TABLE p1 PARTITION OF parted FOR VALUES IN (1); CREATE TABLE p2 PARTITION OF parted FOR VALUES IN (2);
      INSERT INTO parted VALUES (2), (1); CREATE TABLE none (a int)`);
    expect(await rows(table({ a: t.int32() }))).toEqual([{ a: 10 }, { a: 20 }]);
    expect(await rows(table({ "The Id": t.int32() }, { table: "Shop.Order Lines" }))).toHaveLength(2);
    expect(await rows(table({ a: t.int32() }, { table: "parted" }))).toEqual([{ a: 1 }, { a: 2 }]);
    expect(await rows(table({ a: t.int32() }, { table: "none" }))).toEqual([]);
    await server.run('UPDATE "Shop"."Order Lines" SET "The Id" = 3 WHERE "The Id" = 2');
    expect(await rows(table({ a: t.int32() }))).toEqual([{ a: 10 }, { a: 30 }]);
  });

  test("reads many rows through its cursor, in the table's order", async () => {
    await server.run("CREATE TABLE orders AS SELECT i AS a, 'row ' || i AS s FROM generate_series(1, 50000) i");
    const found = await rows(table({ a: t.int32(), s: t.string() }));
    expect(found).toHaveLength(50_000);
    expect(found.every(({ a, s }, index) => a === index + 1 && s === `row ${index + 1}`)).toBe(true);
  });

  test("reads once while nothing changes, and only what was added of a table that grew", async () => {
    await server.run("CREATE TABLE orders AS SELECT i AS a FROM generate_series(1, 5) i");
    const source = table({ a: t.int32() });
    expect(await rows(source)).toHaveLength(5);
    const first = parts();
    const before = await engine.fingerprint(specOf(source));
    for (const sql of ["ANALYZE orders", "VACUUM (FREEZE) orders", "CHECKPOINT"]) await server.run(sql);
    expect(await engine.fingerprint(specOf(source))).toBe(before);
    expect(parts()).toEqual(first);
    await server.run("INSERT INTO orders VALUES (6), (7)");
    expect(await engine.fingerprint(specOf(source))).not.toBe(before);
    expect(await scanned(specOf(source))).toEqual([1, 2, 3, 4, 5, 6, 7].map((a) => ({ a })));
    expect(parts()).toEqual([...first, expect.any(String)]);
    await server.run("DELETE FROM orders WHERE a = 1; INSERT INTO orders VALUES (8)");
    expect((await rows(source)).map(({ a }) => a).sort()).toEqual([2, 3, 4, 5, 6, 7, 8]);
    expect(parts()).toHaveLength(1);
    await server.run("UPDATE orders SET a = a + 10");
    expect((await rows(source)).map(({ a }) => a).sort()).toEqual([12, 13, 14, 15, 16, 17, 18]);
    await server.run("TRUNCATE orders; INSERT INTO orders VALUES (1)");
    expect(await rows(source)).toEqual([{ a: 1 }]);
  });

  test("sees the rows of a transaction that began before a reading and ended after it, also of its savepoints", async () => {
    await server.run("CREATE TABLE orders (a int)");
    const source = table({ a: t.int32() });
    const [slow, fast] = [await server.connect(), await server.connect()];
    await slow.query("BEGIN; INSERT INTO orders VALUES (1); SAVEPOINT s; INSERT INTO orders VALUES (2)");
    await fast.query("INSERT INTO orders VALUES (3)");
    expect(await rows(source)).toEqual([{ a: 3 }]);
    await slow.query("INSERT INTO orders VALUES (4); RELEASE s; COMMIT");
    await fast.query("INSERT INTO orders VALUES (5)");
    expect((await rows(source)).map(({ a }) => a).sort()).toEqual([1, 2, 3, 4, 5]);
    expect(parts()).toHaveLength(2);
    await Promise.all([slow.end(), fast.end()]);
  });

  test("is the same, read piece by piece or at once, whatever is done to the table", async () => {
    const change = fc.oneof(
      { weight: 4, arbitrary: fc.integer({ min: 0, max: 99 }).map((n) => `INSERT INTO orders VALUES (${n}, 'x')`) },
      fc.integer({ min: 0, max: 99 }).map((n) => `DELETE FROM orders WHERE a % 10 = ${n % 10}`),
      fc.integer({ min: 0, max: 99 }).map((n) => `UPDATE orders SET s = s || 'y' WHERE a < ${n}`),
      fc.constantFrom("VACUUM orders", "VACUUM (FREEZE, FULL) orders", "TRUNCATE orders", "CLUSTER orders USING by_a"),
    );
    const source = table({ a: t.int32(), s: t.string() });
    await server.run("CREATE TABLE orders (a int, s text); CREATE INDEX by_a ON orders (a)");
    const client = await server.connect();
    const sorted = (list: readonly Record<string, unknown>[]): readonly string[] =>
      list.map(({ a, s }) => `${a} ${s}`).sort();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(change, { maxLength: 4 }), { minLength: 1, maxLength: 5 }), async (rounds) => {
        for (const round of rounds) {
          for (const sql of round) await client.query(sql);
          const { rows: expected } = await client.query("SELECT a, s FROM orders");
          expect(sorted(await rows(source))).toEqual(sorted(expected));
        }
      }),
      { numRuns: 15 },
    );
    await client.end();
  });

  test("reads anew when a table is dropped and made again, or a column becomes another one", async () => {
    await server.run("CREATE TABLE orders (a int, b int); INSERT INTO orders VALUES (1, 2)");
    const source = table({ a: t.int32() });
    expect(await rows(source)).toEqual([{ a: 1 }]);
    await server.run("ALTER TABLE orders RENAME a TO c; ALTER TABLE orders RENAME b TO a");
    expect(await rows(source)).toEqual([{ a: 2 }]);
    await server.run("DROP TABLE orders; CREATE TABLE orders (a int); INSERT INTO orders VALUES (3)");
    expect(await rows(source)).toEqual([{ a: 3 }]);
  });

  test("names the table or column that is not there, and what may be meant", async () => {
    await server.run("CREATE TABLE order_lines (fare_amt float8, at timestamp, n numeric(9, 2), gone timestamptz)");
    const at = `127.0.0.1:${server.port}/postgres`;
    expect(await refusal(table({ a: t.int32() }, { table: "order_line" }))).toMatchObject({
      code: "SOURCE_NOT_FOUND",
      message: `Source "orders" finds no table "order_line" at ${at}; there are order_lines. Did you mean "order_lines"?`,
    });
    const lines = (columns: Fields): Promise<SlipwayError> => refusal(table(columns, { table: "order_lines" }));
    expect(await lines({ fare_amount: t.float64() })).toMatchObject({
      code: "SOURCE_SCHEMA_MISMATCH",
      message: `Source "orders": ${at}, table order_lines has no column "fare_amount"; it has fare_amt, at, n, gone. Did you mean "fare_amt"?`,
    });
    expect((await lines({ n: t.float64() })).message).toContain(
      'column "n" as numeric(9,2), but it is declared float64',
    );
    expect((await lines({ at: t.timestamp() })).message).toContain(
      'column "at" as timestamp without time zone, times that say no zone. Say which one is meant in the definition: timeZone: "UTC"',
    );
    await server.run("INSERT INTO order_lines VALUES (null, null, null, 'infinity')");
    expect(await lines({ gone: t.timestamp() })).toMatchObject({
      code: "SOURCE_SCHEMA_MISMATCH",
      message: expect.stringContaining(
        'row 1 of table order_lines has "infinity" in column "gone", which is no timestamp',
      ),
    });
    expect((await lines({ fare_amt: t.float64() })).message).toContain(
      'column "fare_amt" of PG_URL, table order_lines is null in 1 rows',
    );
  });

  test("leaves what was staged when a reading fails, and reads again after", async () => {
    await server.run("CREATE TABLE orders (a int, at timestamptz); INSERT INTO orders VALUES (1, now())");
    const source = table({ a: t.int32(), at: t.timestamp() });
    expect(await rows(source)).toHaveLength(1);
    await server.run("INSERT INTO orders VALUES (2, '-infinity')");
    expect((await refusal(source)).code).toBe("SOURCE_SCHEMA_MISMATCH");
    expect(await scanned(specOf(source))).toHaveLength(1);
    await server.run("DROP TABLE orders");
    expect((await refusal(source)).code).toBe("SOURCE_NOT_FOUND");
    expect(await scanned(specOf(source))).toHaveLength(1);
    await server.run("CREATE TABLE orders (a int, at timestamptz); INSERT INTO orders VALUES (3, now())");
    expect(await rows(source)).toMatchObject([{ a: 3 }]);
  });

  test("refuses a wrong password, database, address and variable, and never shows the password", async () => {
    await server.run(
      "CREATE TABLE orders (a int); GRANT USAGE ON SCHEMA public TO public; CREATE ROLE guest LOGIN PASSWORD 'hunter2-guest'",
    );
    const source = table({ a: t.int32() });
    const shown = async (url: string | undefined): Promise<SlipwayError> => {
      variables["PG_URL"] = url;
      const error = await refusal(source);
      for (const secret of [server.password, encodeURIComponent(server.password), "hunter2"])
        expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret);
      return error;
    };
    const at = `127.0.0.1:${server.port}`;
    expect(await shown(server.url({ password: "hunter2" }))).toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: `Source "orders": Postgres at ${at}/postgres refused the login of user "slipway" (28P01). Check user and password in the connection string.`,
    });
    expect(await shown(server.url({ database: "nowhere" }))).toMatchObject({ code: "SOURCE_NOT_FOUND" });
    expect(await shown(server.url({ user: "guest", password: "hunter2-guest" }))).toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: expect.stringContaining('user "guest" may not read it'),
    });
    expect(await shown("postgres://slipway:hunter2@127.0.0.1:1/postgres")).toMatchObject({
      code: "SOURCE_UNAVAILABLE",
      message: expect.stringContaining("127.0.0.1:1/postgres cannot be reached (ECONNREFUSED)"),
    });
    for (const wrong of ["hunter2", "mysql://u:hunter2@host/db", "postgres://u:hunter2@[bad"])
      expect(await shown(wrong)).toMatchObject({
        code: "CONFIG_INVALID",
        message: expect.stringContaining("PG_URL does not hold"),
      });
    expect(await shown(undefined)).toMatchObject({
      code: "CONFIG_INVALID",
      message: expect.stringContaining("PG_URL is not set"),
    });
  });

  test("keeps a connection string out of definitions", () => {
    const url = "postgres://u:hunter2@host/db";
    expect(() => postgresTable("orders", { url: url as never, table: "orders", columns: { a: t.int32() } })).toThrow(
      /url must be env\("NAME"\)/,
    );
    expect(() => env(url)).toThrow(expect.not.objectContaining({ message: expect.stringContaining("hunter2") }));
    expect(JSON.stringify(specOf(table({ a: t.int32() })))).toContain('"url":{"env":"PG_URL"}');
  });

  test("says so when the server is down, and goes on when it is back", async () => {
    await server.run("CREATE TABLE orders (a int); INSERT INTO orders VALUES (1)");
    const source = table({ a: t.int32() });
    expect(await rows(source)).toEqual([{ a: 1 }]);
    server.stop();
    try {
      expect(await refusal(source)).toMatchObject({ code: "SOURCE_UNAVAILABLE" });
      expect(await scanned(specOf(source))).toEqual([{ a: 1 }]);
    } finally {
      server.start();
    }
    expect(await rows(source)).toEqual([{ a: 1 }]);
  });
});
