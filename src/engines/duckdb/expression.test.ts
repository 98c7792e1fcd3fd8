// The two readers of an expression, SQL and JavaScript, must agree on every value: random trees over random rows say whether they do.

import { tmpdir } from "node:os";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type DataType, dataTypes, rowAt, type Value } from "../../core/core.ts";
import { type Expression, type ExpressionNode, expressionOf, rowFunction, when } from "../../define/define.ts";
import type { OfflineEngine } from "../../ports/ports.ts";
import { duckdb } from "./duckdb.ts";

let engine: OfflineEngine;
beforeAll(async () => {
  engine = await duckdb({ root: "/", temporaryFolder: tmpdir(), threads: 1 });
});
afterAll(() => engine.close());

const words = fc.oneof(
  fc.constantFrom("", "a", "b", "ab", "é", "ß", "😀", "z😀", "\u{10ffff}", "\uffff", "NaN", "a\0b", "'", "İ"),
  fc.string({ unit: "binary", maxLength: 4 }),
);
const INT64 = 2n ** 63n;
const cells: Readonly<Record<DataType, fc.Arbitrary<Value>>> = {
  bool: fc.boolean(),
  int32: fc.oneof(fc.constantFrom(0, 1, -1, 2 ** 31 - 1, -(2 ** 31)), fc.integer()),
  int64: fc.oneof(
    fc.constantFrom(0n, 1n, -1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 53n) - 1n, INT64 - 1n, -INT64),
    fc.bigInt({ min: -INT64, max: INT64 - 1n }),
    fc.bigInt({ min: -20n, max: 20n }),
  ),
  float64: fc.oneof(
    fc.constantFrom(0, -0, 1, -1, 0.5, Number.NaN, Infinity, -Infinity, 2 ** 53, 2 ** 63, -(2 ** 63), 5e-324, 1e308),
    fc.double(),
  ),
  string: words,
  timestamp: fc.oneof(
    fc.constantFrom(
      0n,
      -1n,
      1n,
      1383458400000000n,
      253402300799999999n,
      -62135596800000000n,
      -9_000_000_000_000_000_000n,
    ),
    fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }),
  ),
};

const columnsOf = (type: DataType): readonly ExpressionNode[] =>
  [0, 1].map((place) => ({ kind: "column", source: "s", name: `${type}_${place}`, type }));

type Numeric = Expression<"int32" | "int64" | "float64">;
type Build = readonly [needs: readonly DataType[], build: (...args: never[]) => Expression];

const whole: readonly DataType[] = ["int32", "int64"];
const numeric: readonly DataType[] = [...whole, "float64"];
const pairs = (types: readonly DataType[]): readonly (readonly DataType[])[] =>
  types.flatMap((a) => types.map((b) => [a, b]));
const each = (needs: readonly (readonly DataType[])[], build: Build[1]): readonly Build[] =>
  needs.map((types) => [types, build]);

const comparisons = (["eq", "ne", "lt", "le", "gt", "ge"] as const).flatMap((method) =>
  each(
    [...pairs(numeric), ["bool", "bool"], ["string", "string"], ["timestamp", "timestamp"]],
    (a: Expression, b: Expression) => a[method](b as never),
  ),
);

const producers: readonly Build[] = [
  ...comparisons,
  ...each(pairs(numeric), (a: Numeric, b: Numeric) => a.plus(b)),
  ...each(pairs(numeric), (a: Numeric, b: Numeric) => a.minus(b)),
  ...each(pairs(numeric), (a: Numeric, b: Numeric) => a.times(b)),
  ...each(pairs(numeric), (a: Numeric, b: Numeric) => a.dividedBy(b)),
  ...each(pairs(whole), (a: Expression<"int64">, b: Expression<"int64">) => a.remainder(b)),
  ...each(
    numeric.map((type) => [type]),
    (a: Numeric) => a.negated(),
  ),
  ...each(
    numeric.map((type) => [type]),
    (a: Numeric) => a.abs(),
  ),
  ...each(
    numeric.map((type) => [type]),
    (a: Numeric) => a.toFloat64(),
  ),
  ...each(
    numeric.map((type) => [type]),
    (a: Numeric) => a.toInt64(),
  ),
  ...each([["float64"]], (a: Expression<"float64">) => a.floor()),
  ...each([["float64"]], (a: Expression<"float64">) => a.isNaN()),
  ...each([["bool", "bool"]], (a: Expression<"bool">, b: Expression<"bool">) => a.and(b)),
  ...each([["bool", "bool"]], (a: Expression<"bool">, b: Expression<"bool">) => a.or(b)),
  ...each([["bool"]], (a: Expression<"bool">) => a.not()),
  ...each(
    dataTypes.map((type) => [type]),
    (a: Expression) => a.isNull(),
  ),
  ...each(
    dataTypes.map((type) => [type, type]),
    (a: Expression, b: Expression) => a.orElse(b),
  ),
  ...each(
    dataTypes.map((type) => ["bool", type, type]),
    (condition: Expression<"bool">, a: Expression, b: Expression) => when(condition, a).otherwise(b),
  ),
  ...each([["string", "string"]], (a: Expression<"string">, b: Expression<"string">) => a.concat(b)),
  ...each([["string"]], (a: Expression<"string">) => a.length()),
  ...each([["string", "string"]], (a: Expression<"string">, b: Expression<"string">) => a.startsWith(b)),
  ...each([["string", "string"]], (a: Expression<"string">, b: Expression<"string">) => a.endsWith(b)),
  ...each([["string", "string"]], (a: Expression<"string">, b: Expression<"string">) => a.contains(b)),
  ...each([["string"]], (a: Expression<"string">) => a.substring(1, 2)),
  ...each([["string"]], (a: Expression<"string">) => a.matches(/^[^a-y]+.?$/)),
  ...each([["string"]], (a: Expression<"string">) => a.isOneOf(["a", "😀", "a\0b"])),
  ...each([["int32"]], (a: Expression<"int32">) => a.isOneOf([0, -1, 2 ** 31 - 1])),
  ...each([["int64"]], (a: Expression<"int64">) => a.isOneOf([0n, 2n ** 53n + 1n, 7])),
  ...each([["float64"]], (a: Expression<"float64">) => a.isOneOf([0, Number.NaN, 0.5, Infinity])),
  ...each([["timestamp"]], (a: Expression<"timestamp">) => a.isOneOf([0n, -1n])),
  ...each([["timestamp"]], (a: Expression<"timestamp">) => a.shift(-86_399_999_999n)),
  ...each([["timestamp", "timestamp"]], (a: Expression<"timestamp">, b: Expression<"timestamp">) =>
    a.unitsSince(b, 7n),
  ),
  ...(["year", "month", "dayOfMonth", "dayOfWeek", "hourOfDay", "minuteOfHour"] as const).flatMap((method) =>
    each([["timestamp"]], (a: Expression<"timestamp">) => a[method]()),
  ),
];

const resultType = ([needs, build]: Build): DataType =>
  build(...(needs.map((type) => expressionOf(columnsOf(type)[0] as never)) as never[])).type;
const byType = new Map(dataTypes.map((type) => [type, producers.filter((one) => resultType(one) === type)]));

function tree(type: DataType, depth: number): fc.Arbitrary<Expression> {
  const leaf = fc.oneof(
    fc.constantFrom(...columnsOf(type)).map((node) => expressionOf(node as never)),
    cells[type].map((value) => expressionOf({ kind: "literal", value, type } as never)),
  );
  const options = byType.get(type) ?? [];
  if (depth === 0 || options.length === 0) return leaf;
  const call = fc
    .constantFrom(...options)
    .chain(([needs, build]) =>
      fc.tuple(...needs.map((need) => tree(need, depth - 1))).map((args) => build(...(args as never[]))),
    );
  return fc.oneof({ weight: 1, arbitrary: leaf }, { weight: 4, arbitrary: call });
}

const columnNames = dataTypes.flatMap((type) => columnsOf(type)) as readonly {
  readonly name: string;
  readonly type: DataType;
}[];
const row = fc.record(
  Object.fromEntries(
    columnNames.map(({ name, type }) => [
      name,
      fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 5, arbitrary: cells[type] }),
    ]),
  ),
) as fc.Arbitrary<Record<string, Value>>;

function same(left: Value | undefined, right: Value | undefined): boolean {
  // The sign of zero is not part of a value: -0 equals 0 on both sides.
  return Object.is(left, right) || (left === 0 && right === 0);
}

it("gives the same value in DuckDB SQL and in JavaScript, over random expressions and rows", async () => {
  const { dialect } = engine;
  const trees = fc.array(
    fc.constantFrom(...dataTypes).chain((type) => tree(type, 3)),
    { minLength: 8, maxLength: 8 },
  );
  await fc.assert(
    fc.asyncProperty(trees, fc.array(row, { minLength: 6, maxLength: 6 }), async (expressions, rows) => {
      const values = rows.map((one, index) => {
        const literals = columnNames.map(({ name, type }) =>
          dialect.expression({ kind: "literal", value: one[name] ?? null, type }, () => ""),
        );
        return `(${index}, ${literals.join(", ")})`;
      });
      const selected = expressions.map(({ node, type }, index) => {
        const sql = dialect.expression(node, (leaf) => dialect.identifier(leaf.name));
        return `(${sql})::${dialect.typeName(type)} AS x${index}`;
      });
      const names = columnNames.map(({ name }) => name).join(", ");
      const sql = `SELECT ${selected.join(", ")} FROM (VALUES ${values.join(", ")}) v(place, ${names}) ORDER BY place`;
      for await (const table of engine.stream(sql))
        rows.forEach((one, index) => {
          const inSql = rowAt(table, index);
          expressions.forEach(({ node }, place) => {
            const inJavaScript = rowFunction<Record<string, Value>>(node, (leaf) => (r) => r[leaf.name] ?? null)(one);
            const sqlValue = inSql[`x${place}`];
            if (!same(sqlValue, inJavaScript))
              expect.fail(
                `SQL ${String(sqlValue)}, JavaScript ${String(inJavaScript)}: ${dialect.expression(node, (leaf) => leaf.name)} with ${columnNames.map(({ name }) => `${name}=${String(one[name])}`).join(" ")}`,
              );
          });
        });
    }),
    { numRuns: 150, ...(process.env["FC_SEED"] ? { seed: Number(process.env["FC_SEED"]) } : {}) },
  );
});
