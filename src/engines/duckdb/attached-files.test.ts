// Tables of DuckDB files, scanned where they are.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { afterEach, beforeEach, expect, test } from "vitest";
import { rowAt, type Value } from "../../core/core.ts";
import { duckdbTable, type Fields, type Source, specOf, t } from "../../define/define.ts";
import type { OfflineEngine } from "../../ports/ports.ts";
import { duckdb } from "./duckdb.ts";

let folder: string;
let engine: OfflineEngine;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-attached-"));
  engine = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 2 });
});
afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

/** Changes the database file as another program would, and closes it. */
async function change(sql: string): Promise<void> {
  const instance = await DuckDBInstance.create(join(folder, "shop.duckdb"));
  const connection = await instance.connect();
  await connection.run(sql);
  connection.closeSync();
  instance.closeSync();
}

const orders = (columns: Fields = { a: t.int64(), b: t.string() }, table = "orders"): Source<Fields> =>
  duckdbTable("orders", { path: "shop.duckdb", table, columns });

async function rows(source: Source<Fields>): Promise<readonly Record<string, Value>[]> {
  await engine.check(specOf(source));
  const found: Record<string, Value>[] = [];
  for await (const table of engine.stream(`SELECT * FROM ${engine.dialect.scan(specOf(source))}`))
    for (let row = 0; row < table.rowCount; row += 1) found.push(rowAt(table, row));
  return found;
}

test("gives a table, a table of another schema and a view", async () => {
  await change(
    "CREATE TABLE orders AS SELECT range AS a, 'x' || range AS b FROM range(3); CREATE SCHEMA deep; CREATE TABLE deep.others AS SELECT 7::TINYINT AS a; CREATE VIEW twice AS SELECT a * 2 AS a FROM orders WHERE a > 1",
  );
  expect(await rows(orders())).toEqual([
    { a: 0n, b: "x0" },
    { a: 1n, b: "x1" },
    { a: 2n, b: "x2" },
  ]);
  expect(await rows(orders({ a: t.int32() }, "deep.others"))).toEqual([{ a: 7 }]);
  expect(await rows(orders({ a: t.int64() }, "twice"))).toEqual([{ a: 4n }]);
});

test("lets others write between statements, and sees what they wrote", async () => {
  await change("CREATE TABLE orders AS SELECT 1::BIGINT AS a, 'x' AS b");
  expect(await rows(orders())).toHaveLength(1);
  const before = await engine.fingerprint(specOf(orders()));
  expect(await engine.fingerprint(specOf(orders()))).toBe(before);
  await change("INSERT INTO orders VALUES (2, 'y')");
  expect(await engine.fingerprint(specOf(orders()))).not.toBe(before);
  expect(await rows(orders())).toHaveLength(2);
});

test("may be read by several statements at once, and written out", async () => {
  await change("CREATE TABLE orders AS SELECT range AS a, 'x' AS b FROM range(100000)");
  await engine.check(specOf(orders()));
  const scan = engine.dialect.scan(specOf(orders()));
  for await (const table of engine.stream(`SELECT * FROM ${scan}`)) {
    expect(table.rowCount).toBeGreaterThan(0);
    const written = await engine.writeParquet(`SELECT * FROM ${scan}`, join(folder, "out.parquet"));
    expect(written.rowCount).toBe(100_000);
    break;
  }
  await Promise.all(Array.from({ length: 6 }, () => rows(orders())));
});

test("says of a database that a newer DuckDB wrote what to do about it", async () => {
  await change("CREATE TABLE orders AS SELECT 1::BIGINT AS a, 'x' AS b");
  const file = join(folder, "shop.duckdb");
  const bytes = readFileSync(file);
  // The first eight bytes are the exclusive or of the header's words, each times a constant (DuckDB's checksum.cpp).
  const hashed = (): bigint => BigInt.asUintN(64, bytes.readBigUInt64LE(8) * 0xbf58476d1ce4e5b9n);
  const before = hashed();
  bytes.writeUInt32LE(4096, 12);
  bytes.writeBigUInt64LE(bytes.readBigUInt64LE(0) ^ before ^ hashed(), 0);
  writeFileSync(file, bytes);
  await expect(engine.check(specOf(orders()))).rejects.toMatchObject({
    code: "SOURCE_UNREADABLE",
    message: expect.stringMatching(/format 4096, newer than this one reads.*STORAGE_VERSION/s),
  });
});

test("names the file, the table or the column that is not there", async () => {
  const refusal = (source: Source<Fields>): Promise<void> => engine.check(specOf(source));
  await expect(refusal(orders())).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
  await expect(engine.fingerprint(specOf(orders()))).rejects.toMatchObject({ code: "SOURCE_NOT_FOUND" });
  await change("CREATE TABLE order_lines AS SELECT 1 AS amount, NULL::INTEGER AS gap");
  const file = join(folder, "shop.duckdb");
  await expect(refusal(orders(undefined, "order_line"))).rejects.toMatchObject({
    code: "SOURCE_NOT_FOUND",
    message: `Source "orders" finds no table "order_line" in ${file}; it has order_lines. Did you mean "order_lines"?`,
  });
  await expect(refusal(orders({ amounts: t.int32() }, "order_lines"))).rejects.toMatchObject({
    code: "SOURCE_SCHEMA_MISMATCH",
    message: `Source "orders": ${file}, table order_lines has no column "amounts"; it has amount, gap. Did you mean "amount"? Put the column back, or declare the columns as they are now.`,
  });
  await expect(refusal(orders({ amount: t.string() }, "order_lines"))).rejects.toMatchObject({
    code: "SOURCE_SCHEMA_MISMATCH",
    message: expect.stringContaining('has column "amount" as INTEGER, but it is declared string'),
  });
  await expect(refusal(orders({ gap: t.int32() }, "order_lines"))).rejects.toThrow("is null in 1 rows");
  writeFileSync(file, "no database");
  await expect(refusal(orders())).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
});
