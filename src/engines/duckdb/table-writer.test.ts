// What the writer appends is what the file holds: random rows of every type, nulls at random, over more than one of DuckDB's chunks.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import fc from "fast-check";
import { expect, test } from "vitest";
import { type ColumnSchema, type DataType, rowAt, type Table, tableFrom, type Value } from "../../core/core.ts";
import { duckdb } from "./duckdb.ts";
import { writeTables } from "./table-writer.ts";

const INT64 = 2n ** 63n;
const days = fc.integer({ min: -2_147_483_646, max: 2_147_483_646 });
const cells: readonly (readonly [DataType, fc.Arbitrary<Value>])[] = [
  ["bool", fc.boolean()],
  ["int32", fc.integer()],
  ["int64", fc.bigInt({ min: -INT64, max: INT64 - 1n })],
  ["float32", fc.float()],
  ["float64", fc.double()],
  ["string", fc.constantFrom("", "a", "é😀", "a\0b")],
  ["bytes", fc.uint8Array({ maxLength: 20 })],
  ["date", days],
  ["timestamp", fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })],
  ["uuid", fc.constantFrom(...["0", "7", "8", "f"].map((digit) => `${digit}23e4567-e89b-12d3-a456-426614174000`))],
  ...[4, 9, 18].map((precision): readonly [DataType, fc.Arbitrary<Value>] => [
    { kind: "decimal", precision, scale: 2 },
    fc.bigInt({ min: -(10n ** BigInt(precision)) + 1n, max: 10n ** BigInt(precision) - 1n }),
  ]),
  [{ kind: "list", of: "int64" }, fc.array(fc.option(fc.bigInt({ min: -INT64, max: INT64 - 1n })), { maxLength: 3 })],
  [
    {
      kind: "struct",
      fields: [
        { name: "a b", type: "timestamp", optional: true },
        { name: "of", type: { kind: "list", of: "uuid" }, optional: true },
        { name: "day", type: "date", optional: true },
      ],
    },
    fc.record({
      "a b": fc.option(fc.bigInt({ min: 0n, max: 10n ** 15n })),
      of: fc.option(fc.array(fc.constant("023e4567-e89b-12d3-a456-426614174000"), { maxLength: 2 })),
      day: fc.option(days),
    }) as fc.Arbitrary<Value>,
  ],
];
const schema: readonly ColumnSchema[] = cells.map(([type], index) => ({ name: `c${index}`, type, optional: true }));
const row = fc.record(Object.fromEntries(cells.map(([, cell], index) => [`c${index}`, fc.option(cell)])));

async function* once(table: Table): AsyncGenerator<Table> {
  yield table;
}

test("values of every type are written to Parquet and read back as they were", async () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-writer-"));
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  const engine = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 1 });
  try {
    const file = join(folder, "rows.parquet");
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 30 }), async (few) => {
        const rows = Array.from({ length: 2500 }, (_, index) => few[index % few.length] as Record<string, Value>);
        const table = tableFrom(schema, rows);
        await writeTables(
          connection,
          schema,
          once(table),
          file,
          Number.POSITIVE_INFINITY,
          new AbortController().signal,
        );
        let at = 0;
        for await (const part of engine.stream(`SELECT * FROM ${engine.dialect.scanOwn([file])}`))
          for (let index = 0; index < part.rowCount; index += 1, at += 1) {
            const [found, given] = [rowAt(part, index), rows[at]];
            if (index < few.length || at > 2040) expect(found).toEqual(given);
          }
        expect(at).toBe(rows.length);
      }),
      { numRuns: 8 },
    );
  } finally {
    await engine.close();
    connection.closeSync();
    instance.closeSync();
    rmSync(folder, { recursive: true, force: true });
  }
});
