// What CSV and JSON lines become, and what they are refused for: the declared types decide, and a refusal names the cell.

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseInstant, rowAt, type Value } from "../../core/core.ts";
import { csv, type Fields, jsonLines, type Source, type SourceSpec, specOf, t } from "../../define/define.ts";
import type { OfflineEngine } from "../../ports/ports.ts";
import { duckdb } from "./duckdb.ts";

let folder: string;
let engine: OfflineEngine;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-text-"));
  engine = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 2 });
});
afterEach(async () => {
  await engine.close();
  rmSync(folder, { recursive: true, force: true });
});

function write(file: string, content: string | Uint8Array): string {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
  return path;
}

async function read(source: Source<Fields>): Promise<readonly Record<string, Value>[]> {
  const own = specOf(source);
  await engine.check(own);
  const found: Record<string, Value>[] = [];
  for await (const table of engine.stream(`SELECT * FROM ${engine.dialect.scan(own)}`))
    for (let row = 0; row < table.rowCount; row += 1) found.push(rowAt(table, row));
  return found;
}

const refusal = async (source: Source<Fields>): Promise<{ code: string; message: string; details: object }> =>
  engine.check(specOf(source)).then(
    () => {
      throw new Error("nothing was refused");
    },
    (error) => error,
  );

const all = {
  b: t.bool().optional(),
  i: t.int32().optional(),
  l: t.int64().optional(),
  d: t.float64().optional(),
  s: t.string().optional(),
  at: t.timestamp().optional(),
} satisfies Fields;
const instant = parseInstant("2024-01-02T03:04:05.678901Z");

describe("CSV", () => {
  const trips = (columns: Fields, options: Partial<Parameters<typeof csv>[1]> = {}): Source<Fields> =>
    csv("trips", { path: "trips.csv", ...options, columns } as Parameters<typeof csv>[1]);

  test("gives every type exactly, by the names in the first line, whatever their order", async () => {
    write(
      "trips.csv",
      [
        "other,at,s,d,l,i,b",
        'x,2024-01-02T03:04:05.678901Z,"a, ""quoted""\nline",0.1,9007199254740993,-2147483648,true',
        "x,2024-01-02 05:04:05.678901+02:00,,-1e-300,-9223372036854775808, 7 ,F",
        'x,2024-01-02T03:04Z,"",inf,12.0,+5,1',
        "x,,,,,,",
        "",
      ].join("\n"),
    );
    expect(await read(trips(all))).toEqual([
      { b: true, i: -2147483648, l: 9007199254740993n, d: 0.1, s: 'a, "quoted"\nline', at: instant },
      { b: false, i: 7, l: -(2n ** 63n), d: -1e-300, s: null, at: instant },
      { b: true, i: 5, l: 12n, d: Number.POSITIVE_INFINITY, s: "", at: parseInstant("2024-01-02T03:04:00Z") },
      { b: null, i: null, l: null, d: null, s: null, at: null },
    ]);
  });

  test("takes another delimiter and quote, words for null, gzip, and files without a first line of names", async () => {
    write("trips.csv.gz", gzipSync("1;'a;b'\nNA;NA\n-;'NA'\n"));
    const columns = { i: t.int32().optional(), s: t.string().optional() };
    const source = trips(columns, { path: "*.gz", header: false, delimiter: ";", quote: "'", nulls: ["NA", "-"] });
    expect(await read(source)).toEqual([
      { i: 1, s: "a;b" },
      { i: null, s: null },
      { i: null, s: "NA" },
    ]);
  });

  test("takes line ends of either kind inside quotes, whichever the lines have", async () => {
    write("trips.csv", 'a,s\r\n1,"x ""y""\nz"\r\n2,q\r\n');
    expect(await read(trips({ a: t.int32(), s: t.string() }))).toEqual([
      { a: 1, s: 'x "y"\nz' },
      { a: 2, s: "q" },
    ]);
    write("trips.csv", 'a,s\n1,"x\r\nz"\n2,q\n');
    expect(await read(trips({ a: t.int32(), s: t.string() }))).toEqual([
      { a: 1, s: "x\r\nz" },
      { a: 2, s: "q" },
    ]);
  });

  test("refuses a file that ends some lines otherwise than others", async () => {
    write("trips.csv", "a,s\r\n1,x\n2,y\r\n");
    expect(await refusal(trips({ a: t.int32(), s: t.string() }))).toMatchObject({
      code: "SOURCE_UNREADABLE",
      message: expect.stringContaining("ends some of its lines in \\r\\n"),
    });
  });

  test("is nothing where a file is empty or has only its first line, and takes folders as columns", async () => {
    write("day=2024-01-01/empty.csv", "");
    write("day=2024-01-01/header.csv", "i\n");
    write("day=2024-01-02/rows.csv", "\ufeffi\n1\n2\n");
    const source = trips({ i: t.int32(), day: t.string() }, { path: "**/*.csv" });
    expect(await read(source)).toEqual([
      { i: 1, day: "2024-01-02" },
      { i: 2, day: "2024-01-02" },
    ]);
  });

  test.each([
    ["i", "1.5", "no int32, as which it is declared"],
    ["i", "2147483648", "no int32"],
    ["i", "NA", "for a word that means nothing, add it to nulls"],
    ["l", "9223372036854775808", "no int64"],
    ["l", "0x10", "no int64"],
    ["l", "1e3", "no int64"],
    ["d", "1,5", "no float64"],
    ["d", "1e999", "no float64"],
    ["b", "yes", "no bool"],
    ["at", "2024-02-30T00:00:00Z", "no timestamp"],
    ["at", "yesterday", "no timestamp"],
    ["at", "2024-01-02 03:04:05", 'says no zone. Say which one is meant in the definition: timeZone: "UTC"'],
    ["at", "2024-01-02", "says no zone"],
  ])("names file, row, column and value of a cell that is none: %s = %s", async (column, value, problem) => {
    const file = write("trips.csv", `${column}\n\n${"\n".repeat(0)}"${value}"\n`);
    const error = await refusal(trips({ [column]: all[column as keyof typeof all] }));
    expect(error.code).toBe("SOURCE_SCHEMA_MISMATCH");
    expect(error.message).toContain(`Source "trips": row`);
    expect(error.message).toContain(`of ${file} has "${value}" in column "${column}"`);
    expect(error.message).toContain(problem);
    expect(error.details).toMatchObject({ path: file, column, value });
  });

  test("counts rows in a large file, and stages nothing of a refused one", async () => {
    const file = write(
      "trips.csv",
      `i\n${Array.from({ length: 300_000 }, (_, n) => (n === 234_567 ? "x" : n)).join("\n")}\n`,
    );
    const error = await refusal(trips({ i: t.int32() }));
    expect(error.message).toContain(`row 234568 of ${file} has "x" in column "i"`);
    const staged = readdirSync(join(folder, "spill", "sources"), { recursive: true, encoding: "utf8" });
    expect(staged.filter((name) => /parquet|json|tmp/.test(name))).toEqual([]);
  });

  test("refuses a missing cell in a column that is not optional, with its row", async () => {
    const file = write("trips.csv", "i,s\n1,a\n2,\n");
    expect((await refusal(trips({ i: t.int32(), s: t.string() }))).message).toBe(
      `Source "trips": row 2 of ${file} has nothing in column "s", but it is not declared optional. Add .optional() to it, or clean the data.`,
    );
  });

  test.each([
    ["a row that is short", "i,s\n1,a\n2\n3,c\n", "has 1 cells in line 3, and 2 in others"],
    ["a row that is long", "i,s\n1,a\n2,b,c\n", "has 3 cells in line 3, and 2 in others"],
    ["a quote that does not end", 'i,s\n1,a\n2,"b\n3,c\n', "in line 3 that does not end"],
    ["text that is not UTF-8", Buffer.from([...Buffer.from("i,s\n1,"), 0xff, 0xfe, 10]), "is not UTF-8 in line 2"],
  ])("refuses %s, with its line", async (_, content, problem) => {
    const file = write("trips.csv", content);
    const error = await refusal(trips({ i: t.int32(), s: t.string() }));
    expect(error.code).toBe("SOURCE_UNREADABLE");
    expect(error.message).toContain(`Source "trips" cannot be read: ${file}`);
    expect(error.message).toContain(problem);
  });

  test("names the column that is not there and the one that may be meant", async () => {
    const file = write("trips.csv", "fare_amt,city\n1,x\n");
    expect((await refusal(trips({ fare_amount: t.float64() }))).message).toBe(
      `Source "trips": ${file} has no column "fare_amount"; it has fare_amt, city. Did you mean "fare_amt"? Put the column back, or declare the columns as they are now.`,
    );
    write("trips.csv", "i,i\n1,2\n");
    expect((await refusal(trips({ i: t.int32() }))).message).toContain('names column "i" twice');
  });

  test("reads times in the zone that the definition says, and by its pattern", async () => {
    const times = { at: t.timestamp() };
    write("trips.csv", "at\n2024-07-01 00:00:00\n2024-01-01T00:00\n2024-01-01\n2024-07-01T00:00:00Z\n");
    const instants = (...texts: string[]): object[] => texts.map((text) => ({ at: parseInstant(text) }));
    expect(await read(trips(times, { timeZone: "America/New_York" }))).toEqual(
      instants("2024-07-01T04:00Z", "2024-01-01T05:00Z", "2024-01-01T05:00Z", "2024-07-01T00:00Z"),
    );
    write("trips.csv", "at\n01/07/2024 00:00\n");
    expect(await read(trips(times, { timeZone: "UTC", timeFormat: "%d/%m/%Y %H:%M" }))).toEqual(instants("2024-07-01"));
    write("trips.csv", "at\n01/07/2024 00:00 +0200\n");
    expect(await read(trips(times, { timeFormat: "%d/%m/%Y %H:%M %z" }))).toEqual(instants("2024-06-30T22:00Z"));
    write("trips.csv", "at\n-1\n1720000000123\n");
    expect(await read(trips(times, { timeFormat: "milliseconds" }))).toEqual([
      { at: -1000n },
      { at: 1720000000123000n },
    ]);
    write("trips.csv", "at\n99999999999999999\n");
    expect((await refusal(trips(times, { timeFormat: "seconds" }))).code).toBe("SOURCE_SCHEMA_MISMATCH");
    expect(() => trips(times, { timeZone: "Mars/Olympus" })).toThrow('time zone "Mars/Olympus", which is not known');
    expect(() => trips(times, { timeFormat: "%d/%m/%Y" })).toThrow("reads no zone");
    expect(() => trips(times, { timeFormat: "days" })).toThrow('timeFormat "days"');
  });

  test("is read again only where a file is new or changed, and a file that goes bad leaves what was staged", async () => {
    const source = trips({ i: t.int32() }, { path: "parts/*.csv" });
    write("parts/a.csv", "i\n1\n");
    expect(await read(source)).toEqual([{ i: 1 }]);
    const first = await engine.fingerprint(specOf(source));
    expect(await engine.fingerprint(specOf(source))).toBe(first);
    write("parts/b.csv", "i\n2\n");
    expect(await read(source)).toEqual([{ i: 1 }, { i: 2 }]);
    expect(await engine.fingerprint(specOf(source))).not.toBe(first);
    write("parts/b.csv", "i\nbad\n");
    expect((await refusal(source)).code).toBe("SOURCE_SCHEMA_MISMATCH");
    const before: Value[] = [];
    for await (const table of engine.stream(`SELECT i FROM ${engine.dialect.scan(specOf(source))}`))
      for (let row = 0; row < table.rowCount; row += 1) before.push(rowAt(table, row)["i"] ?? null);
    expect(before).toEqual([1, 2]);
    rmSync(join(folder, "parts/b.csv"));
    expect(await read(source)).toEqual([{ i: 1 }]);
  });

  test("tells which file a row is from", async () => {
    const [a, b] = [write("parts/a.csv", "i\n1\n"), write("parts/b.csv", "i\n2\n")];
    const own = specOf(trips({ i: t.int32() }, { path: "parts/*.csv" }));
    await engine.check(own);
    const found: unknown[] = [];
    for await (const table of engine.stream(`SELECT i, "from" FROM ${engine.dialect.scanAll(own, "from")} ORDER BY i`))
      for (let row = 0; row < table.rowCount; row += 1) found.push(rowAt(table, row));
    expect(found).toEqual([
      { i: 1, from: a },
      { i: 2, from: b },
    ]);
  });

  test("refuses an id that comes twice, and a path that is not there", async () => {
    write("trips.csv", "key\na\nb\na\n");
    const source = csv("trips", { path: "trips.csv", columns: { key: t.string() }, id: "key" });
    expect(await refusal(source as never)).toMatchObject({
      code: "SOURCE_KEY_INVALID",
      details: { value: "a", rows: 2 },
    });
    rmSync(join(folder, "trips.csv"));
    expect(await refusal(source as never)).toMatchObject({ code: "SOURCE_NOT_FOUND" });
  });
});

describe("JSON lines", () => {
  const trips = (columns: Fields, options: Partial<Parameters<typeof jsonLines>[1]> = {}): Source<Fields> =>
    jsonLines("trips", { path: "trips.jsonl", ...options, columns } as Parameters<typeof jsonLines>[1]);

  test("gives every type exactly, whole numbers beyond 2^53 too; a missing key is null", async () => {
    write(
      "trips.jsonl",
      [
        '{"at":"2024-01-02T03:04:05.678901Z","s":"a\\n\\"é😀","d":0.1,"l":9007199254740993,"i":-1,"b":true,"x":{}}',
        '{"l":"-9223372036854775808","d":3,"i":2.0,"b":false,"s":""}',
        "",
        '{"l":9223372036854775807,"d":null,"at":null}',
        "{}",
      ].join("\n"),
    );
    expect(await read(trips(all))).toEqual([
      { b: true, i: -1, l: 9007199254740993n, d: 0.1, s: 'a\n"é😀', at: instant },
      { b: false, i: 2, l: -(2n ** 63n), d: 3, s: "", at: null },
      { b: null, i: null, l: 2n ** 63n - 1n, d: null, s: null, at: null },
      { b: null, i: null, l: null, d: null, s: null, at: null },
    ]);
  });

  test.each([
    ["i", "1.5", "1.5"],
    ["i", "true", "true"],
    ["l", "9223372036854775808", "9223372036854775808"],
    ["s", "5", "5"],
    ["s", '{"a":1}', '{"a":1}'],
    ["b", "1", "1"],
    ["b", '"true"', '"true"'],
    ["at", "1720000000", "1720000000"],
    ["at", '"2024-01-02 03:04:05"', '"2024-01-02 03:04:05"'],
  ])("names the value of another kind: %s = %s", async (column, value, shown) => {
    const file = write("trips.jsonl", `{"${column}":null}\n{"${column}":${value}}\n`);
    const error = await refusal(trips({ [column]: all[column as keyof typeof all] }));
    expect(error.code).toBe("SOURCE_SCHEMA_MISMATCH");
    expect(error.message).toContain(`row 2 of ${file} has ${JSON.stringify(shown)} in column "${column}"`);
  });

  test("gives lists and structs, of each other too, with null elements and fields", async () => {
    const place = t.struct({ lat: t.float64(), "a/b": t.string().optional() });
    const columns = {
      l: t.list(t.int64()).optional(),
      o: place.optional(),
      deep: t.list(t.struct({ on: t.date(), tags: t.list(t.string()) })).optional(),
      m: t.list(t.decimal(9, 2)).optional(),
    };
    write(
      "trips.jsonl",
      [
        '{"l":[9007199254740993,null,"-7"],"o":{"lat":1.5,"a/b":"x","other":1},"deep":[{"on":"2024-01-01","tags":["a",null]}],"m":[1.5,"2.25"]}',
        '{"l":[],"o":{"lat":2,"a/b":null},"deep":[],"m":null}',
        "{}",
      ].join("\n"),
    );
    expect(await read(trips(columns))).toEqual([
      {
        l: [9007199254740993n, null, -7n],
        o: { lat: 1.5, "a/b": "x" },
        deep: [{ on: 19723, tags: ["a", null] }],
        m: [150n, 225n],
      },
      { l: [], o: { lat: 2, "a/b": null }, deep: [], m: null },
      { l: null, o: null, deep: null, m: null },
    ]);
  });

  test.each([
    ["an element of another kind", t.list(t.int64()), "[1,1.5]"],
    ["no list", t.list(t.int64()), "1"],
    ["a field that is missing", t.struct({ lat: t.float64() }), '{"lon":1}'],
    ["a field of another kind", t.struct({ lat: t.float64() }), '{"lat":"north"}'],
    ["an element that lacks a field", t.list(t.struct({ a: t.bool() })), '[{"a":true},{}]'],
  ])("refuses %s in a list or struct, with its row", async (_, field, value) => {
    const file = write("trips.jsonl", `{"v":${value}}\n`);
    const error = await refusal(trips({ v: field }));
    expect(error).toMatchObject({ code: "SOURCE_SCHEMA_MISMATCH" });
    expect(error.message).toContain(`row 1 of ${file} has ${JSON.stringify(value)} in column "v"`);
  });

  test.each([
    ["a line cut short", '{"i":1}\n{"i":2', "is not JSON in line 2"],
    ["a line that is no JSON", '{"i":1}\n{"i":2\n{"i":3}\n', "is not JSON in line 2"],
    ["a line that is no object", '{"i":1}\n[1]\n', "has array in line 2, where an object belongs"],
  ])("refuses %s, with its line", async (_, content, problem) => {
    const file = write("trips.jsonl", content);
    const error = await refusal(trips({ i: t.int32() }));
    expect(error.code).toBe("SOURCE_UNREADABLE");
    expect(error.message).toContain(`${file} ${problem}`);
  });

  test("takes lines that end in different ways", async () => {
    write("trips.jsonl", '{"a":1}\n{"a":2}\r\n{"a":3}\n');
    expect(await read(trips({ a: t.int32() }))).toEqual([{ a: 1 }, { a: 2 }, { a: 3 }]);
  });

  test("keeps the order of lines, also of a last one without a newline that is quicker to convert", async () => {
    const columns = { a: t.int32(), l: t.list(t.list(t.int64())).optional() };
    const long = JSON.stringify(Array.from({ length: 50 }, (_, n) => [n]));
    write("trips.jsonl", `{"a":0,"l":${long}}\n{"a":1,"l":${long}}\n{"a":2}`);
    for (let turn = 0; turn < 10; turn += 1) {
      const source = jsonLines(`turn_${turn}`, { path: "trips.jsonl", columns });
      expect((await read(source as never)).map(({ a }) => a)).toEqual([0, 1, 2]);
    }
  });

  test("reads times as numbers where the definition says their unit, gzip, and folders as columns", async () => {
    write("h=07/a.jsonl.gz", gzipSync('{"at":1720000000}\n{"at":"-5"}\n'));
    const source = trips({ at: t.timestamp(), h: t.int32() }, { path: "*/*.gz", timeFormat: "seconds" });
    expect(await read(source)).toEqual([
      { at: 1720000000000000n, h: 7 },
      { at: -5000000n, h: 7 },
    ]);
  });
});

test("a source that was never checked is not scanned", () => {
  const own: SourceSpec = specOf(csv("trips", { path: "trips.csv", columns: { i: t.int32() } }));
  expect(() => engine.dialect.scan(own)).toThrow(
    'Source "trips" was to be scanned before it was read: check it first.',
  );
});

describe("the rarer types", () => {
  const columns: Fields = {
    f: t.float32().optional(),
    p: t.decimal(18, 2).optional(),
    raw: t.bytes().optional(),
    day: t.date().optional(),
    u: t.uuid().optional(),
    tags: t.list(t.string()).optional(),
    spot: t
      .struct({ "n/~b": t.int64(), at: t.list(t.timestamp()).optional(), price: t.decimal(4, 2).optional() })
      .optional(),
  };
  const uuid = "123e4567-e89b-12d3-a456-426614174000";
  const value = {
    f: Math.fround(0.1),
    p: 123_456_789_012_345n,
    raw: Uint8Array.of(0, 1, 2),
    day: 15_887,
    u: uuid,
    tags: ["a", null, ""],
    spot: { "n/~b": 9007199254740993n, at: [instant, null], price: 150n },
  };
  const none = Object.fromEntries(Object.keys(columns).map((name) => [name, null]));
  const spot = '{"n/~b":9007199254740993,"at":["2024-01-02T03:04:05.678901Z",null],"price":1.5,"more":1}';
  const inJson = (path = "rows.jsonl"): Source<Fields> => jsonLines("rows", { path, columns });
  const inCsv = (): Source<Fields> => csv("rows", { path: "rows.csv", columns });

  test("are read exactly from JSON lines", async () => {
    write(
      "rows.jsonl",
      `{"f":0.1,"p":1234567890123.45,"raw":"AAEC","day":"2013-07-01","u":"${uuid.toUpperCase()}","tags":["a",null,""],"spot":${spot}}
{"p":"1234567890123456.7800","f":null,"tags":[],"spot":{"n/~b":"7"}}
{}`,
    );
    const second = { ...none, p: 123_456_789_012_345_678n, tags: [], spot: { "n/~b": 7n, at: null, price: null } };
    expect(await read(inJson())).toEqual([value, second, none]);
  });

  test("are read from CSV, lists and structs written as JSON", async () => {
    const cell = (json: string): string => `"${json.replaceAll('"', '""')}"`;
    write(
      "rows.csv",
      [
        "f,p,raw,day,u,tags,spot",
        `0.1,1234567890123.45,AAEC,2013-07-01,${uuid},${cell('["a",null,""]')},${cell(spot)}`,
        ",,,,,,",
        "",
      ].join("\n"),
    );
    expect(await read(inCsv())).toEqual([value, none]);
  });

  test.each([
    ["f", "1e39", "no float32"],
    ["p", '"1.005"', "no decimal(18, 2)"],
    ["p", "12345678901234567", "no decimal(18, 2)"],
    ["p", "1234567890123456.78", "no decimal(18, 2)"],
    ["p", '"1e3"', "no decimal(18, 2)"],
    ["raw", '"AAE"', "no bytes"],
    ["day", '"2013-02-29"', "no date"],
    ["day", '"2013-07-01T00:00:00Z"', "no date"],
    ["day", "15887", "no date"],
    ["u", '"123e4567"', "no uuid"],
    ["tags", '"a"', "no list(string)"],
    ["tags", '["a",1]', "no list(string)"],
    ["spot", "[]", "no struct("],
    ["spot", "{}", "no struct("],
    ["spot", '{"n/~b":1.5}', "no struct("],
    ["spot", '{"n/~b":1,"at":["2024-01-02"]}', "no struct("],
    ["spot", '{"n/~b":1,"price":1.555}', "no struct("],
  ])("%s refuses %s", async (name, json, message) => {
    write("rows.jsonl", `{}\n{"${name}":${json}}\n`);
    const error = await refusal(inJson());
    expect(error).toMatchObject({ code: "SOURCE_SCHEMA_MISMATCH", details: { row: 2, column: name } });
    expect(error.message).toContain(message);
  });
});
