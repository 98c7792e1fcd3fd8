// A row gets the same verdict one at a time in JavaScript as among all others in SQL.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { columnOf, rowAt, tableFrom, type Value } from "../core/core.ts";
import { atLeast, atMost, between, holds, matches, notNull, oneOf, parquet, specOf, t } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { isLetIn, rowCheck } from "./guard.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-guard-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const INT64 = 2n ** 63n;
const nullable = (arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value> => fc.option(arbitrary, { nil: null, freq: 4 });
const rows = fc.array(
  fc.record({
    place: fc.constant(0),
    whole: nullable(fc.oneof(fc.constantFrom(-121, -120, 0, 2000, 2001), fc.integer())),
    wide: nullable(fc.oneof(fc.constantFrom(0n, INT64 - 1n, -INT64, 2n ** 53n + 1n), fc.bigInt(-INT64, INT64 - 1n))),
    real: nullable(fc.oneof(fc.constantFrom(Number.NaN, Infinity, -Infinity, -0, 0, 0.1), fc.double())),
    word: nullable(fc.constantFrom("", "N1", "n1", "N", "N12\n", "É", "😀", "EWR")),
    other: nullable(fc.integer()),
    when: nullable(fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })),
  }),
  { minLength: 1, maxLength: 30 },
);
const columns = {
  place: t.int32(),
  whole: t.int32().optional(),
  wide: t.int64().optional(),
  real: t.float64().optional(),
  word: t.string().optional(),
  other: t.int32().optional(),
  when: t.timestamp().optional(),
};
type Options = Parameters<typeof parquet<typeof columns>>[1];
const pool: NonNullable<Options["expect"]> = [
  notNull("whole"),
  notNull("word"),
  between("whole", -120, 2000),
  between("wide", -5n, 2n ** 53n),
  between("real", 0, 1e308),
  between("when", 0n, 253_402_300_799_999_999n),
  atLeast("real", -1.5),
  atMost("wide", 0.5),
  oneOf("word", ["EWR", "N1", "😀"]),
  oneOf("whole", [0, 2000]),
  oneOf("real", [0, Number.NaN]),
  matches("word", /^N\d?$/),
  (row) => holds("whole is above other", row.whole.gt(row.other)),
  (row) => holds("real or word", row.real.isNull().or(row.word.ne("EWR"))),
];

test("in SQL and in JavaScript, over random expectations and rows", async () => {
  const offline = await duckdb({ root: folder, temporaryFolder: join(folder, "spill"), threads: 1 });
  const { dialect } = offline;
  let turn = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(fc.constantFrom(...pool), { minLength: 1, maxLength: 4 }),
      rows,
      async (chosen, given) => {
        turn += 1;
        const numbered = given.map((row, place) => ({ ...row, place }));
        const source = specOf(parquet("guarded", { path: `${folder}/${turn}.parquet`, columns, expect: chosen }));
        const literal = (row: Record<string, Value>): string =>
          source.columns
            .map(({ name, type }) => dialect.expression({ kind: "literal", value: row[name] ?? null, type }, () => ""))
            .join(", ");
        const names = source.columns.map(({ name }) => dialect.identifier(name)).join(", ");
        await offline.writeParquet(
          `SELECT * FROM (VALUES ${numbered.map((row) => `(${literal(row)})`).join(", ")}) v(${names})`,
          `${folder}/${turn}.parquet`,
        );
        const found: number[] = [];
        for await (const table of offline.stream(`SELECT place FROM ${dialect.scan(source)} ORDER BY place`))
          found.push(...(columnOf(table, "place").values as Int32Array));
        const check = rowCheck(source);
        const table = tableFrom(source.columns, numbered);
        expect(found).toEqual(
          numbered.map(({ place }) => place).filter((place) => isLetIn(check(rowAt(table, place)))),
        );
      },
    ),
    { numRuns: 60 },
  );
  await offline.close();
});
