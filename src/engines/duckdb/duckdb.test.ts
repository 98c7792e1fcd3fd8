// The contract, kept over every format, and what is DuckDB's own: the bounds of its chunks, and types that tables do not hold.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rowAt, type Table, type Value, valueAt } from "../../core/core.ts";
import { offlineEngineContract } from "../../ports/offline-engine.contract.ts";
import type { OfflineEngine } from "../../ports/ports.ts";
import { postgresReader } from "../postgres/postgres.ts";
import { noPostgres, type PostgresServer, startPostgres } from "../postgres/server.fixture.ts";
import { sqliteReader } from "../sqlite/sqlite.ts";
import { duckdb } from "./duckdb.ts";
import { csvKit, duckdbKit, jsonLinesKit, parquetKit, postgresKit, sqliteKit } from "./source-kits.fixture.ts";

let folder: string;
let engine: OfflineEngine;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-duckdb-"));
  engine = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 2 });
});
afterAll(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

async function tables(sql: string): Promise<readonly Table[]> {
  const all: Table[] = [];
  for await (const table of engine.stream(sql)) all.push(table);
  return all;
}

async function rows(sql: string): Promise<readonly Record<string, Value>[]> {
  return (await tables(sql)).flatMap((table) => Array.from({ length: table.rowCount }, (_, row) => rowAt(table, row)));
}

describe("a stream", () => {
  test("gives every type with its nulls in place, across the bounds of chunks and batches", async () => {
    const count = 70_001;
    const streamed = await tables(
      `SELECT i, CASE WHEN i % 3 <> 0 THEN i % 2 = 0 END AS b, CASE WHEN i % 5 <> 0 THEN i::INTEGER END AS n,
        CASE WHEN i % 7 <> 0 THEN i / 2 END AS d, CASE WHEN i % 11 <> 0 THEN 'é😀' || i END AS s,
        CASE WHEN i NOT BETWEEN 2000 AND 4100 THEN make_timestamp(i) END AS t, NULL::DOUBLE AS none
      FROM (SELECT range AS i FROM range(${count})) ORDER BY i`,
    );
    expect(streamed.length).toBeGreaterThan(1);
    let i = 0;
    for (const { columns, rowCount } of streamed)
      for (let row = 0; row < rowCount; row += 1) {
        const expected = [
          BigInt(i),
          i % 3 === 0 ? null : i % 2 === 0,
          i % 5 === 0 ? null : i,
          i % 7 === 0 ? null : i / 2,
          i % 11 === 0 ? null : `é😀${i}`,
          i >= 2000 && i <= 4100 ? null : BigInt(i),
          null,
        ];
        const actual = columns.map((column) => valueAt(column, row));
        if (actual.some((value, place) => value !== expected[place])) expect(actual).toEqual(expected);
        i += 1;
      }
    expect(i).toBe(count);
    expect(streamed[0]?.columns.map(({ type }) => type)).toEqual([
      "int64",
      "bool",
      "int32",
      "float64",
      "string",
      "timestamp",
      "float64",
    ]);
  });

  test("keeps every bit of text, of numbers at their ends and of times before 1970", async () => {
    const text = engine.dialect.text("a\0b😀 a text that is longer than what DuckDB keeps inline\0");
    expect(
      await rows(
        `SELECT ${text} AS s, '' AS empty, (-9223372036854775808)::BIGINT AS l, 'nan'::DOUBLE AS nan, '-inf'::DOUBLE AS low, make_timestamp(-1) AS t`,
      ),
    ).toEqual([
      {
        s: "a\0b😀 a text that is longer than what DuckDB keeps inline\0",
        empty: "",
        l: -(2n ** 63n),
        nan: Number.NaN,
        low: -Infinity,
        t: -1n,
      },
    ]);
  });

  test("refuses a type that tables do not hold, with the column's name", async () => {
    await expect(rows("SELECT 1::HUGEINT AS wide")).rejects.toThrow('Column "wide" has SQL type HUGEINT; cast it.');
  });

  test("is in the order that the SQL asks for", async () => {
    const streamed = await rows("SELECT (range * 7919) % 100003 AS i FROM range(100003) ORDER BY i");
    expect(streamed.every(({ i }, index) => i === BigInt(index))).toBe(true);
  });

  test("reads and writes times in UTC, whatever the zone", async () => {
    expect(await rows("SELECT epoch_us('2024-01-01 00:00:00'::TIMESTAMPTZ) AS t")).toEqual([
      { t: BigInt(Date.UTC(2024, 0, 1)) * 1000n },
    ]);
  });
});

describe("a written file", () => {
  test("that cannot be put in its place leaves nothing behind", async () => {
    writeFileSync(join(folder, "in the way"), "");
    await expect(engine.writeParquet("SELECT 1 AS a", join(folder, "in the way", "a.parquet"))).rejects.toThrow();
    expect(readFileSync(join(folder, "in the way"), "utf8")).toBe("");
  });
});

describe("DuckDB over every format", () => {
  let server: PostgresServer | undefined;
  beforeAll(async () => {
    if (noPostgres === undefined) server = await startPostgres();
  });
  afterAll(() => server?.remove());
  if (noPostgres !== undefined) test.skip(`Postgres sources ${noPostgres}`, () => undefined);

  offlineEngineContract("duckdb", {
    open: (folder) =>
      duckdb({
        root: folder,
        temporaryFolder: join(folder, "spill"),
        readers: [sqliteReader(folder), postgresReader({ CONTRACT_URL: server?.url() })],
        threads: 2,
      }),
    formats: {
      Parquet: parquetKit,
      CSV: csvKit,
      "JSON lines": jsonLinesKit,
      DuckDB: duckdbKit,
      SQLite: sqliteKit,
      ...(noPostgres === undefined ? { Postgres: () => postgresKit(server as PostgresServer) } : {}),
    },
  });
});
