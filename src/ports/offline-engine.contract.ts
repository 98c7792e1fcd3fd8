// What every OfflineEngine must do, as a vitest suite. SQL is written through the engine's own dialect or in the subset that engines share; the
// formats an engine reads come as kits, each of which can write rows where a source finds them, as another program would.

import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ColumnSchema, columnFrom, type DataType, rowAt, sha256, type Table, type Value } from "../core/core.ts";
import { type Fields, type SourceSpec, t } from "../define/define.ts";
import type { OfflineEngine } from "./offline-engine.ts";

/** Rows as values by column. */
export type ContractRow = Readonly<Record<string, Value>>;

/** One format of source, and a place in it. */
export interface SourceKit {
  /** The place as a source called "contract" with these columns, and `key` as id if it is one of them. */
  define(columns: Fields): SourceSpec;
  /** Makes the place hold these rows, and no others. */
  write(columns: readonly ColumnSchema[], rows: readonly ContractRow[]): Promise<void>;
  /** Takes the place away. */
  remove(): Promise<void>;
  /** Spoils what is there, as a writer that was killed does; absent where nobody can. */
  damage?(): Promise<void>;
}

/** What the suite needs to know of an engine. */
export interface OfflineEngineSubject {
  /** Opens an engine whose files lie under a folder that is its own. */
  open(folder: string): Promise<OfflineEngine>;
  /** Kits by format, each made with a folder that the engine can read. */
  readonly formats: Readonly<Record<string, (folder: string, engine: OfflineEngine) => SourceKit>>;
}

/** A column of every type; all but the key may be null. */
export const everyType = {
  key: t.string(),
  b: t.bool().optional(),
  i: t.int32().optional(),
  l: t.int64().optional(),
  f: t.float32().optional(),
  d: t.float64().optional(),
  m: t.decimal(18, 4).optional(),
  s: t.string().optional(),
  x: t.bytes().optional(),
  day: t.date().optional(),
  at: t.timestamp().optional(),
  u: t.uuid().optional(),
} satisfies Fields;

/** Rows at the edges of every type, and one of nulls. */
export const everyRow: readonly ContractRow[] = [
  {
    key: "a",
    b: true,
    i: -(2 ** 31),
    l: 2n ** 53n + 1n,
    f: Math.fround(0.1),
    d: 0.1,
    m: -123456789012345678n,
    s: 'quote \' and "double", naïve 日本 🛫 \\ \n end',
    x: new Uint8Array([0, 255, 7]),
    day: -3594,
    at: -1n,
    u: "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11",
  },
  { key: "b", b: null, i: null, l: null, f: null, d: null, m: null, s: null, x: null, day: null, at: null, u: null },
  {
    key: "c",
    b: false,
    i: 2 ** 31 - 1,
    l: -(2n ** 63n),
    f: -2.5,
    d: -1e-300,
    m: 0n,
    s: "",
    x: new Uint8Array(),
    day: 19724,
    at: 1_704_164_645_678_901n,
    u: "ffffffff-ffff-ffff-ffff-ffffffffffff",
  },
];

/** Fields as the columns of a schema. */
export function schemaOf(fields: Fields): readonly ColumnSchema[] {
  return Object.entries(fields).map(([name, { type, isOptional: optional }]) => ({ name, type, optional }));
}

/**
 * Holds an offline engine to the port's contract, over every format of source that it reads.
 *
 * @example
 * offlineEngineContract("duckdb", {
 *   open: (folder) => duckdb({ root: folder, temporaryFolder: join(folder, "spill") }),
 *   formats: { CSV: csvKit, "JSON lines": jsonLinesKit },
 * });
 */
export function offlineEngineContract(name: string, { open, formats }: OfflineEngineSubject): void {
  let folder: string;
  let engine: OfflineEngine;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "slipway-offline-"));
    engine = await open(folder);
  });
  afterEach(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });

  async function read(sql: string): Promise<readonly Record<string, Value>[]> {
    const found: Record<string, Value>[] = [];
    for await (const table of engine.stream(sql))
      for (let row = 0; row < table.rowCount; row += 1) found.push(rowAt(table, row));
    return found;
  }

  function valuesSql(columns: readonly ColumnSchema[], given: readonly ContractRow[]): string {
    const { dialect } = engine;
    const cell = (value: Value, type: DataType): string =>
      dialect.expression({ kind: "literal", value, type }, () => "");
    const line = (row: ContractRow, place: number): string =>
      `(${place}, ${columns.map((column) => cell(row[column.name] ?? null, column.type)).join(", ")})`;
    const names = columns.map((column) => dialect.identifier(column.name)).join(", ");
    return `SELECT ${names} FROM (VALUES ${given.map(line).join(", ")}) v(n, ${names}) ORDER BY n`;
  }

  describe(`${name} keeps the OfflineEngine contract`, () => {
    test("streams every type exactly, nulls in place, in the order the SQL asks for", async () => {
      expect(await read(valuesSql(schemaOf(everyType), everyRow))).toEqual(everyRow);
    });

    test("streams nothing for no rows, and may be left before the end", async () => {
      const sql = valuesSql(schemaOf(everyType), everyRow);
      expect(await read(`SELECT * FROM (${sql}) q WHERE q.i = 5`)).toEqual([]);
      for await (const table of engine.stream(sql)) {
        expect(await read("SELECT 1 AS one")).toEqual([{ one: 1 }]);
        expect(table.rowCount).toBeGreaterThan(0);
        break;
      }
    });

    test("writes a file that is known by its rows, size and hash, and is the same for the same rows", async () => {
      const sql = valuesSql(schemaOf(everyType), everyRow);
      const file = join(folder, "deep", "er", "it's.parquet");
      const written = await engine.writeParquet(sql, file);
      const bytes = readFileSync(file);
      expect(written).toEqual({ rowCount: everyRow.length, bytes: bytes.length, hash: sha256(bytes) });
      expect(await engine.hashFile(file)).toBe(written.hash);
      expect((await engine.writeParquet(sql, join(folder, "again.parquet"))).hash).toBe(written.hash);
      expect(await read(`SELECT * FROM ${engine.dialect.scanOwn([file])}`)).toEqual(everyRow);
    });

    test("loads batches as a table of its session, every type exactly and in their order", async () => {
      const columns = schemaOf(everyType);
      const table: Table = {
        rowCount: everyRow.length,
        columns: columns.map(({ name: column, type }) =>
          columnFrom(
            column,
            type,
            everyRow.map((row) => row[column] ?? null),
          ),
        ),
      };
      const found = await engine.session(async (session) => {
        expect(await session.load("own rows", columns, [table, table])).toBe(2 * everyRow.length);
        expect(await session.load("no rows", columns, [])).toBe(0);
        const rows: Record<string, Value>[] = [];
        for await (const each of session.stream(`SELECT * FROM ${engine.dialect.identifier("own rows")}`))
          for (let row = 0; row < each.rowCount; row += 1) rows.push(rowAt(each, row));
        return rows;
      });
      expect(found).toEqual([...everyRow, ...everyRow]);
      await expect(read(`SELECT * FROM ${engine.dialect.identifier("own rows")}`)).rejects.toThrow();
    });

    test("writes a file whole or not at all: a failure leaves what was there, and nothing beside it", async () => {
      const file = join(folder, "whole", "a.parquet");
      await engine.writeParquet("SELECT 1 AS a", file);
      const before = readFileSync(file);
      const failing = `SELECT CAST(x AS INTEGER) AS a FROM (VALUES ('1'), ('not a number')) v(x)`;
      await expect(engine.writeParquet(failing, file)).rejects.toThrow();
      expect(readdirSync(join(folder, "whole"))).toEqual(["a.parquet"]);
      expect(readFileSync(file)).toEqual(before);
    });

    test("stops what is under way with CANCELLED, leaves no file, and works on", async () => {
      const digits = `(VALUES ${Array.from({ length: 10 }, (_, n) => `(${n})`).join(", ")})`;
      const joined = Array.from({ length: 16 }, (_, n) => `${digits} t${n}(x)`).join(", ");
      const endless = `SELECT count(*) AS n FROM ${joined} WHERE t0.x * t5.x + t11.x * t15.x = -1`;
      const stopped = { code: "CANCELLED" };
      const stopping = setInterval(() => engine.interrupt(), 50);
      try {
        await Promise.all([
          expect(engine.writeParquet(endless, join(folder, "stopped", "a.parquet"))).rejects.toMatchObject(stopped),
          expect(read(endless)).rejects.toMatchObject(stopped),
        ]);
      } finally {
        clearInterval(stopping);
      }
      expect(readdirSync(join(folder, "stopped"))).toEqual([]);
      expect(await read("SELECT 1 AS one")).toEqual([{ one: 1 }]);
    });

    describe.each(Object.entries(formats))("%s sources", (_, makeKit) => {
      let kit: SourceKit;
      const scan = (source: SourceSpec): Promise<readonly Record<string, Value>[]> =>
        read(`SELECT * FROM ${engine.dialect.scan(source)}`);
      const refused = (source: SourceSpec, code: string, ...parts: readonly string[]): Promise<unknown> =>
        expect(engine.check(source)).rejects.toSatisfy(
          (error: { code: string; message: string }) =>
            error.code === code && parts.every((part) => error.message.includes(part)),
          `${code}: ${parts.join(", ")}`,
        );

      beforeEach(() => {
        kit = makeKit(folder, engine);
      });
      afterEach(() => kit.remove());

      test("gives every type exactly, nulls in place, in the order of the source", async () => {
        const source = kit.define(everyType);
        await kit.write(source.columns, everyRow);
        await engine.check(source);
        expect(await scan(source)).toEqual(everyRow);
        const { key, ...others } = everyType;
        const other = kit.define({ ...others, key });
        await engine.check(other);
        expect(await scan(other)).toEqual(everyRow);
      });

      test("reads columns by name, and ignores those that nobody declared", async () => {
        await kit.write(schemaOf(everyType), everyRow);
        const source = kit.define({ s: t.string().optional(), key: t.string() });
        await engine.check(source);
        expect(await scan(source)).toEqual(everyRow.map(({ s, key }) => ({ s, key })));
      });

      test("has a fingerprint that stands while nothing changes; after a change a scan sees the new rows", async () => {
        const source = kit.define({ key: t.string(), i: t.int32().optional() });
        const some = everyRow.map(({ key, i }) => ({ key: key ?? null, i: i ?? null }));
        await kit.write(source.columns, some.slice(0, 2));
        await engine.check(source);
        const before = await engine.fingerprint(source);
        expect(await engine.fingerprint(source)).toBe(before);
        await kit.write(source.columns, some);
        expect(await engine.fingerprint(source)).not.toBe(before);
        await engine.check(source);
        expect(await scan(source)).toEqual(some);
      });

      test("may be empty", async () => {
        const source = kit.define(everyType);
        await kit.write(source.columns, []);
        await engine.check(source);
        expect(await scan(source)).toEqual([]);
      });

      test("are refused where nothing is", async () => {
        await refused(kit.define(everyType), "SOURCE_NOT_FOUND", 'Source "contract"');
      });

      test("are refused without a declared column, with the name that may be meant", async () => {
        await kit.write(schemaOf({ key: t.string(), fare_amt: t.float64() }), [{ key: "a", fare_amt: 1.5 }]);
        // JSON lines cannot tell a key that is missing from one that was renamed: there it is a null.
        await expect(engine.check(kit.define({ key: t.string(), fare_amount: t.float64() }))).rejects.toMatchObject({
          code: "SOURCE_SCHEMA_MISMATCH",
          message: expect.stringMatching(/"fare_amount".*(Did you mean "fare_amt"\?|not declared optional)/),
        });
      });

      test("are refused where a column is of another type than declared", async () => {
        await kit.write(schemaOf({ key: t.string(), d: t.float64() }), [{ key: "a", d: 1.5 }]);
        await refused(kit.define({ key: t.string(), d: t.int32() }), "SOURCE_SCHEMA_MISMATCH", '"d"', "int32");
      });

      test("are refused where a column that is not optional holds a null", async () => {
        await kit.write(schemaOf(everyType), everyRow);
        await refused(kit.define({ key: t.string(), i: t.int32() }), "SOURCE_SCHEMA_MISMATCH", '"i"', ".optional()");
      });

      test("are refused where two rows have one id", async () => {
        await kit.write(schemaOf({ key: t.string() }), [{ key: "a" }, { key: "b" }, { key: "a" }]);
        await refused(kit.define({ key: t.string() }), "SOURCE_KEY_INVALID", '"a" in 2 rows');
      });

      test("are refused where they are damaged, and read again when they are whole", async () => {
        if (!kit.damage) return;
        const source = kit.define(everyType);
        await kit.write(source.columns, everyRow);
        await kit.damage();
        await refused(source, "SOURCE_UNREADABLE", 'Source "contract"');
        await kit.write(source.columns, everyRow);
        await engine.check(source);
        expect(await scan(source)).toEqual(everyRow);
      });
    });
  });
}
