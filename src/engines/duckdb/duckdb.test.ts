// What crosses the engine's port: batches of every type, whole files, and a stop that is heard.

import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { rowAt, sha256, type Table, type Value, valueAt } from "../../core/core.ts";
import type { OfflineEngine } from "../../ports/ports.ts";
import { duckdb } from "./duckdb.ts";

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

  test("is empty for a query without rows", async () => {
    expect(await tables("SELECT 1 AS a WHERE false")).toEqual([]);
  });

  test("refuses a type that tables do not hold, with the column's name", async () => {
    await expect(rows("SELECT 1::HUGEINT AS wide")).rejects.toThrow('Column "wide" has SQL type HUGEINT; cast it.');
  });

  test("may be left before its end, and others may run beside it", async () => {
    for await (const table of engine.stream("SELECT range AS i FROM range(1000000)")) {
      expect(await rows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
      expect(table.rowCount).toBeLessThan(1_000_000);
      break;
    }
    expect(await rows("SELECT 2 AS two")).toEqual([{ two: 2 }]);
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
  test("is known by its rows, size and hash, and the same rows give the same bytes", async () => {
    const sql = "SELECT range AS i, hash(range)::VARCHAR AS s FROM range(50000) ORDER BY i";
    const file = join(folder, "deep", "er", "a's file.parquet");
    const written = await engine.writeParquet(sql, file);
    expect(written).toEqual({ rowCount: 50_000, bytes: statSync(file).size, hash: sha256(readFileSync(file)) });
    expect(await engine.hashFile(file)).toBe(written.hash);
    expect((await engine.writeParquet(sql, join(folder, "deep", "again.parquet"))).hash).toBe(written.hash);
  });

  test("appears whole or not at all: a failure leaves what was there, and nothing beside it", async () => {
    const own = join(folder, "whole");
    const file = join(own, "a.parquet");
    await engine.writeParquet("SELECT 1 AS a", file);
    const before = readFileSync(file);
    const failing = "SELECT CASE WHEN range = 900000 THEN error('no') ELSE range::VARCHAR END AS a FROM range(1000000)";
    await expect(engine.writeParquet(failing, file)).rejects.toThrow("no");
    expect(readdirSync(own)).toEqual(["a.parquet"]);
    expect(readFileSync(file)).toEqual(before);
  });

  test("that cannot be put in its place leaves nothing behind", async () => {
    writeFileSync(join(folder, "in the way"), "");
    await expect(engine.writeParquet("SELECT 1 AS a", join(folder, "in the way", "a.parquet"))).rejects.toThrow();
    expect(readFileSync(join(folder, "in the way"), "utf8")).toBe("");
  });
});

describe("an interrupt", () => {
  const endless = "SELECT count(*) AS n FROM range(1000000) a, range(1000000) b WHERE hash(a.range, b.range) = 1";

  test("ends what is running with CANCELLED, and the engine works on", async () => {
    const stopping = setInterval(() => engine.interrupt(), 100);
    try {
      const stopped = { code: "CANCELLED" };
      const written = expect(engine.writeParquet(endless, join(folder, "stopped", "a.parquet"))).rejects;
      await Promise.all([written.toMatchObject(stopped), expect(rows(endless)).rejects.toMatchObject(stopped)]);
    } finally {
      clearInterval(stopping);
    }
    expect(readdirSync(join(folder, "stopped"))).toEqual([]);
    expect(await rows("SELECT 1 AS one")).toEqual([{ one: 1 }]);
  });
});

describe("a fingerprint", () => {
  test("changes with a source's files and with nothing else", async () => {
    const source = { kind: "source", name: "s", format: "parquet", path: "prints/*.parquet", columns: [] } as const;
    await engine.writeParquet("SELECT 1 AS a", join(folder, "prints", "a.parquet"));
    const first = await engine.fingerprint(source);
    expect(await engine.fingerprint(source)).toBe(first);
    await engine.writeParquet("SELECT 2 AS a", join(folder, "prints", "a.parquet"));
    const second = await engine.fingerprint(source);
    expect(second).not.toBe(first);
    await engine.writeParquet("SELECT 2 AS a", join(folder, "prints", "b.parquet"));
    expect(await engine.fingerprint(source)).not.toBe(second);
  });
});
