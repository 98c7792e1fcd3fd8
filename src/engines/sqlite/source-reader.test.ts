// Tables of SQLite files as sources: the contract, and what is SQLite's own, through the engine that stages them.

import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import Sqlite from "libsql";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseInstant, rowAt, type SlipwayError, type Value } from "../../core/core.ts";
import { type Fields, type Source, specOf, sqliteTable, t } from "../../define/define.ts";
import type { OfflineEngine } from "../../ports/ports.ts";
import { sourceReaderContract } from "../../ports/source-reader.contract.ts";
import { duckdb } from "../duckdb/duckdb.ts";
import { sqliteKit } from "../duckdb/source-kits.fixture.ts";
import { sqliteReader } from "./sqlite.ts";

sourceReaderContract("sqliteReader", { open: sqliteReader, kit: sqliteKit });

let folder: string;
let file: string;
let engine: OfflineEngine;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway lite #1? "));
  file = join(folder, "shop.db");
  engine = await duckdb({
    root: folder,
    temporaryFolder: join(folder, "spill"),
    readers: [sqliteReader(folder)],
    threads: 2,
  });
});
afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

function change(sql: string): void {
  const database = new Sqlite(file);
  database.exec(sql);
  database.close();
}

const orders = (columns: Fields, options: object = {}): Source<Fields> =>
  sqliteTable("orders", { path: "shop.db", table: "orders", ...options, columns });

async function rows(source: Source<Fields>): Promise<readonly Record<string, Value>[]> {
  await engine.check(specOf(source));
  const found: Record<string, Value>[] = [];
  for await (const table of engine.stream(`SELECT * FROM ${engine.dialect.scan(specOf(source))}`))
    for (let row = 0; row < table.rowCount; row += 1) found.push(rowAt(table, row));
  return found;
}

const refusal = (source: Source<Fields>): Promise<SlipwayError> =>
  engine.check(specOf(source)).then(
    () => {
      throw new Error("nothing was refused");
    },
    (error) => error,
  );

const optional = {
  b: t.bool().optional(),
  i: t.int32().optional(),
  l: t.int64().optional(),
  d: t.float64().optional(),
  s: t.string().optional(),
  at: t.timestamp().optional(),
};

test("gives every type exactly, from tables and views", async () => {
  change(`CREATE TABLE orders (b, i INT, l INTEGER, d REAL, s TEXT, at TEXT, other BLOB);
    INSERT INTO orders VALUES (1, -2147483648, 9007199254740993, 0.1, 'naïve '' 😀', '2024-01-02T03:04:05.678901Z', x'00'),
      (0, 2147483647, -9223372036854775808, 3, '', '2024-01-02 03:04:05.678901+02:00', NULL), (NULL, NULL, NULL, NULL, NULL, NULL, NULL);
    CREATE VIEW twice AS SELECT l, d * 2 AS d FROM orders WHERE i > 0`);
  expect(await rows(orders(optional))).toEqual([
    {
      b: true,
      i: -2147483648,
      l: 9007199254740993n,
      d: 0.1,
      s: "naïve ' 😀",
      at: parseInstant("2024-01-02T03:04:05.678901Z"),
    },
    { b: false, i: 2147483647, l: -(2n ** 63n), d: 3, s: "", at: parseInstant("2024-01-02T01:04:05.678901Z") },
    { b: null, i: null, l: null, d: null, s: null, at: null },
  ]);
  expect(await rows(orders({ d: t.float64() }, { table: "twice" }))).toEqual([{ d: 6 }]);
});

test("gives decimals, days, bytes, uuids, lists and structs, each in the form SQLite keeps it", async () => {
  change(`CREATE TABLE orders (f REAL, m TEXT, day TEXT, x BLOB, u, l TEXT, o TEXT);
    INSERT INTO orders VALUES (0.5, '-12.340', '1960-02-29', x'00ff', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '[1, null, 3]', '{"k": "v"}'),
      (NULL, 7, NULL, x'', x'A0EEBC999C0B4EF8BB6D6BB9BD380A11', '[]', NULL)`);
  const source = orders({
    f: t.float32().optional(),
    m: t.decimal(9, 2).optional(),
    day: t.date().optional(),
    x: t.bytes().optional(),
    u: t.uuid().optional(),
    l: t.list(t.int64()).optional(),
    o: t.struct({ k: t.string() }).optional(),
  });
  const u = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11";
  expect(await rows(source)).toEqual([
    { f: 0.5, m: -1234n, day: -3594, x: new Uint8Array([0, 255]), u, l: [1n, null, 3n], o: { k: "v" } },
    { f: null, m: 700n, day: null, x: new Uint8Array(), u, l: [], o: null },
  ]);
});

test.each([
  ["m", "0.1", "0.1", t.decimal(9, 2).optional()],
  ["m", "'1.234'", '"1.234"', t.decimal(9, 2).optional()],
  ["f", "0.1", "0.1", t.float32().optional()],
  ["u", "'a0ee'", '"a0ee"', t.uuid().optional()],
  ["day", "'2023-02-29'", '"2023-02-29"', t.date().optional()],
  ["l", "'[1'", '"[1"', t.list(t.int64()).optional()],
  ["l", "'[\"x\"]'", '"[\\"x\\"]"', t.list(t.int64()).optional()],
])("refuses what would lose something or is malformed: %s = %s", async (column, value, shown, field) => {
  change(`CREATE TABLE orders (${column}); INSERT INTO orders VALUES (${value})`);
  expect((await refusal(orders({ [column]: field }))).message).toContain(`has ${shown} in column "${column}"`);
});

test.each([
  ["b", "2", '"2"'],
  ["i", "2147483648", '"2147483648"'],
  ["l", "1.5", "1.5"],
  ["l", "'12'", '"12"'],
  ["d", "9007199254740993", '"9007199254740993"'],
  ["d", "x'01'", "a blob"],
  ["s", "5", '"5"'],
  ["at", "'2024-02-30T00:00:00Z'", '"2024-02-30T00:00:00Z"'],
  ["at", "1.5", "1.5"],
])("names the row and the cell of another kind: %s = %s", async (column, value, shown) => {
  change(`CREATE TABLE orders (${column}); INSERT INTO orders VALUES (NULL), (${value})`);
  const error = await refusal(orders({ [column]: optional[column as keyof typeof optional] }));
  expect(error.code).toBe("SOURCE_SCHEMA_MISMATCH");
  expect(error.message).toContain(`row 2 of ${file}, table orders has ${shown} in column "${column}"`);
});

test("reads times without a zone, and as numbers, where the definition says what they are", async () => {
  change("CREATE TABLE orders (at); INSERT INTO orders VALUES ('2024-07-01 00:00:00')");
  const times = { at: t.timestamp() };
  expect((await refusal(orders(times))).message).toContain("a time that says no zone. Say which one is meant");
  expect(await rows(orders(times, { timeZone: "Europe/Berlin" }))).toEqual([{ at: parseInstant("2024-06-30T22:00Z") }]);
  change("DELETE FROM orders; INSERT INTO orders VALUES (1720000000)");
  expect((await refusal(orders(times))).message).toContain('timeFormat: "seconds" or "milliseconds" or "microseconds"');
  expect(await rows(orders(times, { timeFormat: "seconds" }))).toEqual([{ at: 1720000000000000n }]);
  expect(() => orders(times, { timeFormat: "%d/%m/%Y", timeZone: "UTC" })).toThrow("SQLite");
});

test("reads many rows once while nothing changes, and leaves the file and its log alone", async () => {
  change(
    "PRAGMA journal_mode = WAL; CREATE TABLE orders AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT i FROM n",
  );
  const writer = new Sqlite(file);
  const source = orders({ i: t.int32() });
  expect(await rows(source)).toHaveLength(50_000);
  const before = await engine.fingerprint(specOf(source));
  expect(await engine.fingerprint(specOf(source))).toBe(before);
  writer.exec("INSERT INTO orders VALUES (0)");
  expect(await engine.fingerprint(specOf(source))).not.toBe(before);
  const found = await rows(source);
  expect(found).toHaveLength(50_001);
  expect(found.at(-1)).toEqual({ i: 0 });
  writer.close();
});

test("names the file, table or column that is not there, and the file that is none", async () => {
  expect(await refusal(orders({ a: t.int32() }))).toMatchObject({ code: "SOURCE_NOT_FOUND" });
  change("CREATE TABLE order_lines (fare_amt REAL); INSERT INTO order_lines VALUES (NULL)");
  expect(await refusal(orders({ a: t.int32() }, { table: "order_line" }))).toMatchObject({
    code: "SOURCE_NOT_FOUND",
    message: `Source "orders" finds no table "order_line" in ${file}; it has order_lines. Did you mean "order_lines"?`,
  });
  expect(await refusal(orders({ fare_amount: t.float64() }, { table: "order_lines" }))).toMatchObject({
    code: "SOURCE_SCHEMA_MISMATCH",
    message: `Source "orders": ${file}, table order_lines has no column "fare_amount"; it has fare_amt. Did you mean "fare_amt"?`,
  });
  expect((await refusal(orders({ fare_amt: t.float64() }, { table: "order_lines" }))).message).toContain(
    "is null in 1 rows",
  );
  writeFileSync(
    file,
    "not a database, and long enough to be taken for the header of one, if nobody looks at it closely. ".repeat(9),
  );
  expect(await refusal(orders({ a: t.int32() }))).toMatchObject({ code: "SOURCE_UNREADABLE", details: { path: file } });
});

test("refuses a file that was cut short", async () => {
  change(
    "CREATE TABLE orders AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 50000) SELECT i FROM n",
  );
  truncateSync(file, 100_000);
  expect(await refusal(orders({ i: t.int32() }))).toMatchObject({ code: "SOURCE_UNREADABLE" });
});
