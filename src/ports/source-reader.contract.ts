// What every SourceReader must do, as a vitest suite. The reader is asked without an engine around it, and its source is written by another
// program while it reads, as tables are.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type ColumnSchema, rowAt, type Value } from "../core/core.ts";
import { type Fields, type SourceSpec, t } from "../define/define.ts";
import { type ContractRow, everyRow, everyType, type SourceKit, schemaOf } from "./offline-engine.contract.ts";
import { refusal } from "./refusal.ts";
import type { SourceReader, SourceRows } from "./source-reader.ts";

/** A place that a reader reads, written as another program writes it. */
export interface SourceReaderKit extends SourceKit {
  /** Adds rows to those that are there, and leaves them as they are. */
  add(columns: readonly ColumnSchema[], rows: readonly ContractRow[]): Promise<void>;
  /** What must stay out of errors and fingerprints, such as a password; absent where there is none. */
  readonly secret?: string;
}

/** What the suite needs to know of a reader. */
export interface SourceReaderSubject {
  /** Makes a reader of sources under a folder of the test's own. */
  open(folder: string): SourceReader;
  /** Makes the kit that writes them. */
  kit(folder: string): SourceReaderKit;
}

/** More rows than a reader may hold at a time. */
const MANY_ROWS = 70_000;
const MOST_HELD = 65_536;

const numbers = { key: t.string(), n: t.int32() } satisfies Fields;
const numbered = (from: number, to: number): readonly ContractRow[] =>
  Array.from({ length: to - from }, (_, index) => ({ key: `k${from + index}`, n: from + index }));

/**
 * Holds a source reader to the port's contract.
 *
 * @example sourceReaderContract("sqliteReader", { open: (folder) => sqliteReader(folder), kit: (folder) => sqliteKit(folder) });
 */
export function sourceReaderContract(name: string, { open, kit: makeKit }: SourceReaderSubject): void {
  let folder: string;
  let reader: SourceReader;
  let kit: SourceReaderKit;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-reader-"));
    reader = open(folder);
    kit = makeKit(folder);
  });
  afterEach(async () => {
    await kit.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  async function rest(rows: SourceRows): Promise<readonly Record<string, Value>[]> {
    try {
      const found: Record<string, Value>[] = [];
      for await (const table of rows.tables()) {
        expect(table.rowCount).toBeLessThanOrEqual(MOST_HELD);
        for (let row = 0; row < table.rowCount; row += 1) found.push(rowAt(table, row));
      }
      return found;
    } finally {
      await rows.close();
    }
  }

  const all = async (source: SourceSpec): Promise<readonly Record<string, Value>[]> => rest(await reader.read(source));

  const byNumber = (rows: readonly Record<string, Value>[]): readonly Record<string, Value>[] =>
    [...rows].sort((a, b) => Number(a["n"]) - Number(b["n"]));

  describe(`${name} keeps the SourceReader contract`, () => {
    test("gives exactly the declared columns, in their order, with every type exact and nulls in place", async () => {
      const source = kit.define(everyType);
      await kit.write(source.columns, everyRow);
      await reader.probe(source);
      const rows = await reader.read(source);
      expect(rows.isAddition).toBe(false);
      expect(await rest(rows)).toEqual(everyRow);
      const some = kit.define({ s: t.string().optional(), key: t.string() });
      const reading = await reader.read(some);
      for await (const { columns } of reading.tables())
        expect(columns.map(({ name: column, type }) => [column, type])).toEqual([
          ["s", "string"],
          ["key", "string"],
        ]);
      await reading.close();
    });

    test("gives no rows of an empty place, which is no error", async () => {
      const source = kit.define(everyType);
      await kit.write(source.columns, []);
      await reader.probe(source);
      expect(await all(source)).toEqual([]);
    });

    test(`holds no more than ${MOST_HELD} rows at a time, and gives each once`, async () => {
      const source = kit.define(numbers);
      await kit.write(source.columns, numbered(0, MANY_ROWS));
      expect(byNumber(await all(source))).toEqual(numbered(0, MANY_ROWS));
    });

    test("reads one state: what is added after a reading began is not in it", async () => {
      const source = kit.define(numbers);
      await kit.write(source.columns, numbered(0, MANY_ROWS));
      const fingerprint = await reader.fingerprint(source);
      const rows = await reader.read(source);
      await kit.add(source.columns, numbered(MANY_ROWS, MANY_ROWS + 1));
      expect(rows.fingerprint).toBe(fingerprint);
      const tables = rows.tables()[Symbol.asyncIterator]();
      const first = await tables.next();
      await kit.add(source.columns, numbered(MANY_ROWS + 1, MANY_ROWS + 2));
      let count = first.done ? 0 : first.value.rowCount;
      for (let next = await tables.next(); !next.done; next = await tables.next()) count += next.value.rowCount;
      await rows.close();
      expect(count).toBe(MANY_ROWS);
      expect(await reader.fingerprint(source)).not.toBe(fingerprint);
      expect(await all(source)).toHaveLength(MANY_ROWS + 2);
    });

    test("has a fingerprint that stands while nothing changes, reading included, and none that two states share", async () => {
      const source = kit.define(numbers);
      const seen = new Set<string>();
      for (const rows of [numbered(0, 2), numbered(0, 3), numbered(1, 4), numbered(0, 2).toReversed(), []]) {
        await kit.write(source.columns, rows);
        const fingerprint = await reader.fingerprint(source);
        expect(
          await reader.read(source).then(async (reading) => ({ ...reading, rows: await rest(reading) })),
        ).toMatchObject({ fingerprint, rows });
        await reader.probe(source);
        expect(await reader.fingerprint(source)).toBe(fingerprint);
        seen.add(fingerprint);
      }
      expect(seen.size).toBe(5);
    });

    test("after a mark, gives what was added alone, or everything and says so", async () => {
      const source = kit.define(numbers);
      await kit.write(source.columns, numbered(0, 3));
      const first = await reader.read(source);
      await rest(first);
      await kit.add(source.columns, numbered(3, 5));
      const second = await reader.read(source, first.mark);
      if (first.mark === undefined) expect(second.isAddition).toBe(false);
      expect(await rest(second)).toEqual(numbered(second.isAddition ? 3 : 0, 5));
      expect(second.fingerprint).toBe(await reader.fingerprint(source));
      const third = await reader.read(source, second.mark);
      expect(await rest(third)).toEqual(third.isAddition ? [] : numbered(0, 5));
    });

    test("after a mark, gives everything where more was done than adding, or other columns are asked for", async () => {
      const source = kit.define(numbers);
      await kit.write(source.columns, numbered(0, 3));
      const first = await reader.read(source);
      await first.close();
      const fewer = await reader.read(kit.define({ key: t.string() }), first.mark);
      expect(fewer.isAddition).toBe(false);
      expect(await rest(fewer)).toEqual(numbered(0, 3).map(({ key }) => ({ key })));
      await kit.write(source.columns, numbered(1, 5));
      const second = await reader.read(source, first.mark);
      expect(second.isAddition).toBe(false);
      expect(await rest(second)).toEqual(numbered(1, 5));
    });

    test("may be left at any point, by several at a time, and keeps nobody from writing afterwards", async () => {
      const source = kit.define(numbers);
      await kit.write(source.columns, numbered(0, MANY_ROWS));
      const [unread, begun, whole] = [await reader.read(source), await reader.read(source), await reader.read(source)];
      await begun.tables()[Symbol.asyncIterator]().next();
      await unread.close();
      await begun.close();
      expect(await rest(whole)).toHaveLength(MANY_ROWS);
      await kit.write(source.columns, numbered(0, 1));
      expect(await all(source)).toEqual(numbered(0, 1));
    });

    test("names the source where nothing is", async () => {
      const source = kit.define(numbers);
      for (const ask of [reader.probe, reader.fingerprint, all])
        expect(await refusal(ask(source))).toMatchObject({
          code: "SOURCE_NOT_FOUND",
          message: expect.stringContaining('Source "contract"'),
        });
    });

    test("names a column that is not there and the one that may be meant, before rows are read", async () => {
      await kit.write(schemaOf({ key: t.string(), fare_amt: t.float64() }), [{ key: "a", fare_amt: 1.5 }]);
      const source = kit.define({ key: t.string(), fare_amount: t.float64() });
      for (const ask of [reader.probe, all])
        expect(await refusal(ask(source))).toMatchObject({
          code: "SOURCE_SCHEMA_MISMATCH",
          message: expect.stringMatching(/"fare_amount".*Did you mean "fare_amt"\?/),
        });
    });

    test("refuses a value that is none of the declared type, names row or column, and reads on when it is gone", async () => {
      await kit.write(schemaOf({ key: t.string(), d: t.float64() }), [{ key: "a", d: 1.5 }]);
      const source = kit.define({ key: t.string(), d: t.int32() });
      expect(await refusal(all(source))).toMatchObject({
        code: "SOURCE_SCHEMA_MISMATCH",
        message: expect.stringMatching(/"d".*int32/),
      });
      await kit.write(source.columns, [{ key: "a", d: 1 }]);
      expect(await all(source)).toEqual([{ key: "a", d: 1 }]);
    });

    test("refuses a damaged place, and reads it when it is whole again", async ({ skip }) => {
      if (!kit.damage) return skip("nobody can damage it");
      const source = kit.define(numbers);
      await kit.write(source.columns, numbered(0, 3));
      await kit.damage();
      expect(await refusal(all(source))).toMatchObject({ code: "SOURCE_UNREADABLE" });
      await kit.write(source.columns, numbered(0, 3));
      expect(await all(source)).toEqual(numbered(0, 3));
    });

    test("keeps its secret out of fingerprints, marks and refusals", async ({ skip }) => {
      const { secret } = kit;
      if (secret === undefined) return skip("it has none");
      const source = kit.define(numbers);
      const said: unknown[] = [await refusal(reader.probe(source)), await refusal(all(source))];
      await kit.write(schemaOf({ key: t.string(), m: t.int32() }), [{ key: "a", m: 1 }]);
      said.push(await refusal(reader.probe(source)));
      await kit.write(source.columns, numbered(0, 1));
      const rows = await reader.read(source);
      await rows.close();
      said.push(rows.fingerprint, rows.mark, await reader.fingerprint(source));
      const shown = said.map((each) => inspect(each, { depth: 9, showHidden: true })).join("\n");
      for (const form of [secret, encodeURIComponent(secret)]) expect(shown).not.toContain(form);
    });

    test("takes a source of another format for the defect it is", async () => {
      const format = reader.format === "csv" ? "parquet" : "csv";
      const other = { ...kit.define(numbers), format } as SourceSpec;
      expect(await refusal(all(other))).toMatchObject({ code: "INTERNAL" });
    });
  });
}
