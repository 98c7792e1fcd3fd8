// What is refused before anything is computed from a source, and how the refusal reads.

import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseInstant, rowAt, type Value } from "../../core/core.ts";
import { type Fields, parquet, type Source, specOf, t } from "../../define/define.ts";
import type { OfflineEngine } from "../../ports/ports.ts";
import { duckdb } from "./duckdb.ts";

let folder: string;
let engine: OfflineEngine;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-source-"));
  engine = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 1 });
});
afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

const write = (sql: string, file = "trips.parquet"): Promise<unknown> => engine.writeParquet(sql, join(folder, file));
const check = (source: Source<Fields>): Promise<void> => engine.check(specOf(source));
const trips = (columns: Fields, path = "trips.parquet"): Source<Fields> => parquet("trips", { path, columns });
const withId = (type = t.string()): Source<Fields> =>
  parquet("trips", { path: "trips.parquet", columns: { key: type }, id: "key" }) as never;

test("takes what was declared, narrower numbers, other timestamps, and columns that nobody asked for", async () => {
  await write(
    "SELECT true AS b, 1::TINYINT AS i, 2::INTEGER AS l, 1.5::FLOAT AS d, 'x' AS s, TIMESTAMPTZ '2024-01-01 00:00:00+02' AS at, 1 AS other",
  );
  const source = trips({ b: t.bool(), i: t.int32(), l: t.int64(), d: t.float64(), s: t.string(), at: t.timestamp() });
  await check(source);
  for await (const table of engine.stream(`SELECT epoch_us("at") AS at FROM ${engine.dialect.scan(specOf(source))}`))
    expect(table.columns[0]?.values[0]).toBe(BigInt(Date.UTC(2023, 11, 31, 22)) * 1000n);
});

test("names the path where no file is", async () => {
  await expect(check(trips({ a: t.int32() }, "none/*.parquet"))).rejects.toMatchObject({
    code: "SOURCE_NOT_FOUND",
    message: `Source "trips" finds no file at ${folder}/none/*.parquet. Put the data there, or correct the path in its definition.`,
  });
});

test("names what a glob matches that is no file, and goes on once it is gone", async () => {
  await write("SELECT 1 AS a", "a.parquet");
  const globs = ["*.parquet", "**/*.parquet", "[a-z].parquet", "?.parquet"].map((glob) =>
    trips({ a: t.int32() }, glob),
  );
  for (const source of [...globs, trips({ a: t.int32() }, "*")]) await check(source);
  symlinkSync(join(folder, "gone"), join(folder, "b.parquet"));
  for (const source of [...globs, trips({ a: t.int32() }, "*")])
    await expect(check(source)).rejects.toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: expect.stringContaining(`${folder}/b.parquet is a link that leads nowhere`),
    });
  unlinkSync(join(folder, "b.parquet"));
  mkdirSync(join(folder, "c.parquet"));
  for (const source of globs)
    await expect(check(source)).rejects.toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: expect.stringContaining(
        `${folder}/c.parquet is a folder, and no file. Name the files in it (${folder}/c.parquet/`,
      ),
    });
  await check(trips({ a: t.int32() }, "*"));
  rmdirSync(join(folder, "c.parquet"));
  // A link to a file or a folder is what it leads to.
  mkdirSync(join(folder, "kept"));
  symlinkSync(join(folder, "a.parquet"), join(folder, "kept", "d.parquet"));
  symlinkSync(join(folder, "kept"), join(folder, "linked"));
  await check(trips({ a: t.int32() }, "*/*.parquet"));
});

test("names the file that is no Parquet file, empty, or cut short", async () => {
  const file = join(folder, "trips.parquet");
  await write("SELECT range AS a, hash(range)::VARCHAR AS s FROM range(10000)");
  const whole = readFileSync(file);
  for (const bytes of [Buffer.from("not parquet at all"), new Uint8Array(0), whole.subarray(0, whole.length / 2)]) {
    writeFileSync(file, bytes);
    const refusal = check(trips({ a: t.int64() }));
    await expect(refusal).rejects.toMatchObject({
      code: "SOURCE_UNREADABLE",
      details: { source: "trips", path: file },
    });
    await expect(refusal).rejects.toThrow(`Source "trips" cannot be read: ${file} is not a whole Parquet file`);
  }
});

test("says that a file is unreadable when its pages are damaged behind a whole footer", async () => {
  const file = join(folder, "trips.parquet");
  await write("SELECT hash(range)::VARCHAR AS key FROM range(10000)");
  const bytes = readFileSync(file);
  bytes.fill(0x5a, 4, 4000);
  writeFileSync(file, bytes);
  await expect(check(withId())).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
  const reading = async (): Promise<void> => {
    for await (const _ of engine.stream(`SELECT * FROM ${engine.dialect.scan(specOf(withId()))}`));
  };
  await expect(reading()).rejects.toMatchObject({ code: "SOURCE_UNREADABLE" });
});

test("names the column and both types of what does not fit, and what to do about times in text", async () => {
  await write("SELECT 1::BIGINT AS wide, 1.5 AS fixed, '2024-01-01' AS at, TIMESTAMP_NS '2024-01-01 00:00:00' AS fine");
  const file = join(folder, "trips.parquet");
  const refusals: readonly (readonly [Fields, string])[] = [
    [
      { wide: t.int32() },
      `${file} has column "wide" as BIGINT, but it is declared int32. Write the column in that type again, or declare the type it has now.`,
    ],
    [
      { fixed: t.float64() },
      `${file} has column "fixed" as DECIMAL(2,1), but it is declared float64. Write the column in that type again, or declare the type it has now.`,
    ],
    [
      { fine: t.timestamp() },
      `${file} has column "fine" as TIMESTAMP_NS, but it is declared timestamp. Write the column in that type again, or declare the type it has now.`,
    ],
    [
      { at: t.timestamp() },
      `${file} has column "at" as VARCHAR, but it is declared timestamp; convert the text to timestamps when the file is written.`,
    ],
    [
      { nothing: t.int32() },
      `${file} has no column "nothing"; it has wide, fixed, at, fine. Put the column back, or declare the columns as they are now.`,
    ],
  ];
  for (const [columns, message] of refusals)
    await expect(check(trips(columns))).rejects.toMatchObject({
      code: "SOURCE_SCHEMA_MISMATCH",
      message: `Source "trips": ${message}`,
    });
});

test("looks at every file of a glob, because the first one's types would be forced on the others", async () => {
  await write("SELECT 1::INTEGER AS a", "day=1.parquet");
  await write("SELECT 2.5::DOUBLE AS a", "day=2.parquet");
  await expect(check(trips({ a: t.int32() }, "*.parquet"))).rejects.toThrow(
    `${join(folder, "day=2.parquet")} has column "a" as DOUBLE, but it is declared int32. Write the column in that type again, or declare the type it has now.`,
  );
});

test("refuses a part that the first one's type cannot hold, and takes one that it can", async () => {
  const columns = { a: t.int64(), d: t.float64() };
  await write("SELECT 1::BIGINT AS a, 0.1::DOUBLE AS d", "1.parquet");
  await write("SELECT 2::INTEGER AS a, 0.5::FLOAT AS d", "2.parquet");
  await check(trips(columns, "*.parquet"));
  await write("SELECT 3::BIGINT AS a, 0.1::DOUBLE AS d", "3.parquet");
  await check(trips(columns, "*.parquet"));
  await write("SELECT 1::INTEGER AS a, 0.1::DOUBLE AS d", "1.parquet");
  await expect(check(trips(columns, "*.parquet"))).rejects.toMatchObject({
    code: "SOURCE_SCHEMA_MISMATCH",
    message: `Source "trips": ${folder}/3.parquet has column "a" as BIGINT, but ${folder}/1.parquet has it as INTEGER, which cannot hold it. Write both with one type.`,
  });
});

test("names the part that lacks a column, and the name that may be meant", async () => {
  await write("SELECT 1 AS fare_amount", "1.parquet");
  await write("SELECT 1 AS fare_amt, 'x' AS city", "2.parquet");
  await expect(check(trips({ fare_amount: t.int32() }, "*.parquet"))).rejects.toMatchObject({
    code: "SOURCE_SCHEMA_MISMATCH",
    message: `Source "trips": ${folder}/2.parquet has no column "fare_amount"; it has fare_amt, city. Did you mean "fare_amt"? Put the column back, or declare the columns as they are now.`,
  });
});

test("names the part that is half written beside whole ones", async () => {
  await write("SELECT range AS a FROM range(1000)", "1.parquet");
  const whole = readFileSync(join(folder, "1.parquet"));
  writeFileSync(join(folder, "2.parquet"), whole.subarray(0, whole.length - 20));
  await expect(check(trips({ a: t.int64() }, "*.parquet"))).rejects.toMatchObject({
    code: "SOURCE_UNREADABLE",
    details: { path: join(folder, "2.parquet") },
  });
});

describe("a Hive layout", () => {
  const scanned = async (source: Source<Fields>, where = "true"): Promise<readonly Record<string, Value>[]> => {
    const found: Record<string, Value>[] = [];
    const sql = `SELECT * FROM ${engine.dialect.scan(specOf(source))} WHERE ${where}`;
    for await (const table of engine.stream(sql))
      for (let row = 0; row < table.rowCount; row += 1) found.push(rowAt(table, row));
    return found;
  };

  const rows = async (source: Source<Fields>): Promise<readonly Record<string, Value>[]> => {
    await check(source);
    return scanned(source);
  };

  test("gives its folders as columns of the declared types, at any depth", async () => {
    for (const [n, path] of ["day=2024-01-01/code=01", "day=2024-01-02/code=a%20b", "day=2024-01-03/code=7"].entries())
      await write(`SELECT ${n} AS a`, `${path}/part.parquet`);
    const columns = { a: t.int32(), day: t.timestamp(), code: t.string() };
    expect(await rows(trips(columns, "**/*.parquet"))).toEqual([
      { a: 0, day: parseInstant("2024-01-01"), code: "01" },
      { a: 1, day: parseInstant("2024-01-02"), code: "a b" },
      { a: 2, day: parseInstant("2024-01-03"), code: "7" },
    ]);
  });

  test("reads only the files that a filter on a folder leaves", async () => {
    for (const day of [1, 2, 3]) await write(`SELECT ${day} AS a`, `day=${day}/part.parquet`);
    const source = trips({ a: t.int32(), day: t.int32() }, "*/*.parquet");
    expect(await scanned(source, "day = 2")).toEqual([{ a: 2, day: 2 }]);
    writeFileSync(join(folder, "day=3/part.parquet"), "damaged since");
    expect(await scanned(source, "day = 2")).toEqual([{ a: 2, day: 2 }]);
  });

  test("refuses a folder whose value is none of the declared type, and one without the column", async () => {
    await write("SELECT 1 AS a", "day=1/part.parquet");
    await write("SELECT 1 AS a", "day=1.5/part.parquet");
    const source = trips({ a: t.int32(), day: t.int32() }, "*/*.parquet");
    await expect(check(source)).rejects.toMatchObject({
      code: "SOURCE_SCHEMA_MISMATCH",
      message: `Source "trips": the folder day=1.5 above ${folder}/day=1.5/part.parquet is no int32, as which column "day" is declared.`,
    });
    rmSync(join(folder, "day=1.5"), { recursive: true });
    await write("SELECT 1 AS a", "other/part.parquet");
    await expect(check(source)).rejects.toThrow(`${folder}/other/part.parquet has no column "day"`);
  });

  test("takes Hive's word for null as null", async () => {
    await write("SELECT 1 AS a", "day=__HIVE_DEFAULT_PARTITION__/part.parquet");
    await write("SELECT 2 AS a", "day=2/part.parquet");
    expect(await rows(trips({ a: t.int32(), day: t.int32().optional() }, "*/*.parquet"))).toEqual([
      { a: 2, day: 2 },
      { a: 1, day: null },
    ]);
    await expect(check(trips({ a: t.int32(), day: t.int32() }, "*/*.parquet"))).rejects.toThrow("is null in 1 rows");
  });
});

test("refuses nulls in a column that is not optional, with their number", async () => {
  await write("SELECT CASE WHEN range % 10 <> 3 THEN range END AS a FROM range(100)");
  await expect(check(trips({ a: t.int64() }))).rejects.toMatchObject({
    code: "SOURCE_SCHEMA_MISMATCH",
    message: `Source "trips": column "a" of ${folder}/trips.parquet is null in 10 rows, but it is not declared optional. Add .optional() to it, or clean the data.`,
    details: { source: "trips", column: "a", nulls: 10 },
  });
  await check(trips({ a: t.int64().optional() }));
  await write("SELECT 1::BIGINT AS a WHERE false");
  await check(trips({ a: t.int64() }));
});

test("counts nulls over all files of a glob, and in partition columns", async () => {
  await write("SELECT 1 AS a, NULL::INTEGER AS b", "day=1/part.parquet");
  await write("SELECT NULL::INTEGER AS a, 1 AS b", "day=2/part.parquet");
  await expect(check(trips({ a: t.int32(), day: t.int64() }, "*/*.parquet"))).rejects.toThrow("null in 1 rows");
});

test("refuses an id that is null or comes twice, with an example", async () => {
  await write("SELECT 'a' || (range % 99)::VARCHAR AS key FROM range(100)");
  await expect(check(withId())).rejects.toMatchObject({
    code: "SOURCE_KEY_INVALID",
    message: `Source "trips": id column "key" of ${folder}/trips.parquet holds "a0" in 2 rows. Each row needs an id of its own: remove the others, or choose another id.`,
    details: { column: "key", value: "a0", rows: 2 },
  });
  await write("SELECT CASE WHEN range > 2 THEN range::VARCHAR END AS key FROM range(100)");
  await expect(check(withId())).rejects.toMatchObject({
    code: "SOURCE_KEY_INVALID",
    details: { value: null, rows: 3 },
  });
});

test("looks again only when a file has changed", async () => {
  await write("SELECT range::VARCHAR AS key FROM range(1000)");
  await check(withId());
  await check(withId());
  await write("SELECT 'twice' AS key FROM range(2)");
  await expect(check(withId())).rejects.toMatchObject({ code: "SOURCE_KEY_INVALID" });
  await write("SELECT 'once' AS key");
  await check(withId());
});

const parts = `0.1::FLOAT AS f, 12.34::DECIMAL(9, 2) AS d, '\\xAA\\x00'::BLOB AS raw, DATE '2013-07-01' AS day,
  '123E4567-e89b-12d3-a456-426614174000'::UUID AS u, ['a', NULL] AS tags,
  {'extra': 1, 'of': [DATE '1970-01-02'], 'n b': 7::SMALLINT} AS spot`;
const typed = {
  f: t.float32(),
  d: t.decimal(12, 2),
  raw: t.bytes(),
  day: t.date(),
  u: t.uuid(),
  tags: t.list(t.string()),
  spot: t.struct({ "n b": t.int64().optional(), of: t.list(t.date()) }),
};

test("reads every type as its value, and writes it to Parquet as its logical type", async () => {
  await write(`SELECT ${parts} UNION ALL SELECT ${parts.replace("12.34", "-0.01").replace("['a', NULL]", "[]")}`);
  const source = trips(typed);
  await check(source);
  const scan = `SELECT * FROM ${engine.dialect.scan(specOf(source))}`;
  const row = {
    f: Math.fround(0.1),
    d: 1234n,
    raw: Uint8Array.of(0xaa, 0),
    day: 15_887,
    u: "123e4567-e89b-12d3-a456-426614174000",
    tags: ["a", null],
    spot: { "n b": 7n, of: [1] },
  };
  for await (const table of engine.stream(scan)) {
    expect(rowAt(table, 0)).toEqual(row);
    expect(rowAt(table, 1)).toEqual({ ...row, d: -1n, tags: [] });
  }
  await engine.writeParquet(scan, join(folder, "again.parquet"));
  const schema = `SELECT name, coalesce(logical_type, converted_type, type) AS type FROM parquet_schema('${join(folder, "again.parquet")}') WHERE coalesce(logical_type, converted_type, type) IS NOT NULL`;
  for await (const table of engine.stream(schema)) {
    const types = Object.fromEntries(
      Array.from({ length: table.rowCount }, (_, index) => Object.values(rowAt(table, index)).map(String)),
    );
    expect(types).toMatchObject({ f: "FLOAT", raw: "BYTE_ARRAY", day: "DATE", u: "UUIDType()" });
    expect(types["d"]).toMatch(/^DecimalType\(.*scale=2.*precision=12/);
    expect(types["tags"]).toBe("LIST");
  }
});

const misfits: readonly (readonly [string, Fields[string], string])[] = [
  [
    "12.34::DOUBLE",
    t.decimal(12, 2),
    "binary numbers are not exact, so declare it t.float64(), or write it as DECIMAL(12, 2)",
  ],
  ["12.345::DECIMAL(12, 3)", t.decimal(12, 2), "as DECIMAL(12,3), but it is declared decimal(12, 2)"],
  ["1::BIGINT", t.decimal(12, 2), "as BIGINT"],
  ["12.34::DECIMAL(20, 2)", t.decimal(18, 2), "as DECIMAL(20,2)"],
  ["0.1::DOUBLE", t.float32(), "declare it t.float64(), because float32 would round it"],
  ["TIMESTAMP '2013-07-01'", t.date(), "declare it t.timestamp(), or write it as DATE"],
  ["DATE '2013-07-01'", t.timestamp(), "declare it t.date()"],
  ["uuid()::VARCHAR", t.uuid(), "declare it t.string(), or write it as UUID"],
  ["'a'", t.bytes(), "as VARCHAR, but it is declared bytes"],
  ["[1.5::DOUBLE]", t.list(t.int64()), "as DOUBLE[], but it is declared list(int64)"],
  ["{'a': 1}", t.struct({ b: t.int32() }), "as STRUCT(a INTEGER), but it is declared struct(b: int32)"],
  ["{'a': 'x'}", t.struct({ a: t.int32() }), "but it is declared struct(a: int32)"],
];

test.each(misfits)("refuses %s where another type is declared", async (sql, field, message) => {
  await write(`SELECT ${sql} AS v`);
  await expect(check(trips({ v: field }))).rejects.toMatchObject({ code: "SOURCE_SCHEMA_MISMATCH" });
  await expect(check(trips({ v: field }))).rejects.toThrow(message);
});

test("takes whole numbers and shorter decimals where a decimal has room for them", async () => {
  await write("SELECT 7::SMALLINT AS a, 1.5::DECIMAL(3, 1) AS b");
  await check(trips({ a: t.decimal(7, 2), b: t.decimal(4, 2) }));
  await expect(check(trips({ a: t.decimal(6, 2) }))).rejects.toMatchObject({ code: "SOURCE_SCHEMA_MISMATCH" });
});

test("refuses a null in a struct's required field", async () => {
  await write("SELECT {'a': NULL::INTEGER, 'b': {'c': 1}} AS s UNION ALL SELECT NULL");
  const b = t.struct({ c: t.int32() });
  await check(trips({ s: t.struct({ a: t.int32().optional(), b }).optional() }));
  await expect(check(trips({ s: t.struct({ a: t.int32(), b }).optional() }))).rejects.toThrow(
    `column "s.a" of ${join(folder, "trips.parquet")} is null in 1 rows, but it is not declared optional`,
  );
});
