// The two readers of an expression, SQL and JavaScript, must agree on every value: random trees over random rows say whether they do.

import { tmpdir } from "node:os";
import fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  columnOf,
  type DataType,
  isDecimal,
  isList,
  isStruct,
  rowAt,
  sameType,
  scalarTypes,
  typeText,
  type Value,
  valueAt,
} from "../../core/core.ts";
import {
  compareValues,
  type Expression,
  type ExpressionNode,
  expressionOf,
  rowFunction,
  when,
} from "../../define/define.ts";
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
const scalarCells: Readonly<Record<(typeof scalarTypes)[number], fc.Arbitrary<Value>>> = {
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
  float32: fc.oneof(
    fc.constantFrom(
      0,
      -0,
      1,
      0.5,
      Number.NaN,
      Infinity,
      -Infinity,
      Math.fround(0.1),
      1.401298464324817e-45,
      3.4028234663852886e38,
    ),
    fc.float(),
  ),
  string: words,
  bytes: fc.oneof(fc.constant(new Uint8Array()), fc.uint8Array({ maxLength: 4 })),
  date: fc.oneof(
    fc.constantFrom(0, -1, 15887, -719_528, -719_529, 2_147_483_646, -2_147_483_646),
    fc.integer({ min: -800_000, max: 3_000_000 }),
  ),
  uuid: fc.oneof(
    fc.constantFrom(
      "00000000-0000-0000-0000-000000000000",
      "ffffffff-ffff-ffff-ffff-ffffffffffff",
      "80000000-0000-0000-0000-000000000000",
    ),
    fc.uuid(),
  ),
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

const decimals: readonly DataType[] = [
  { kind: "decimal", precision: 12, scale: 2 },
  { kind: "decimal", precision: 18, scale: 2 },
  { kind: "decimal", precision: 18, scale: 18 },
  { kind: "decimal", precision: 4, scale: 0 },
];
const lists: readonly DataType[] = [
  { kind: "list", of: "int64" },
  { kind: "list", of: "string" },
  { kind: "list", of: "float64" },
];
const structs: readonly DataType[] = [
  {
    kind: "struct",
    fields: [
      { name: "a b", type: "bytes", optional: true },
      { name: "when", type: "date", optional: true },
      { name: "d", type: { kind: "decimal", precision: 12, scale: 2 }, optional: true },
      { name: "of", type: { kind: "list", of: "string" }, optional: true },
    ],
  },
];
const types: readonly DataType[] = [...scalarTypes, ...decimals, ...lists, ...structs];

const nullable = (arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value> =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 5, arbitrary });

function cellsOf(type: DataType): fc.Arbitrary<Value> {
  if (isDecimal(type)) {
    const most = 10n ** BigInt(type.precision) - 1n;
    return fc.oneof(fc.constantFrom(0n, 1n, -1n, most, -most), fc.bigInt({ min: -most, max: most }));
  }
  if (isList(type)) return fc.array(nullable(cellsOf(type.of)), { maxLength: 3 });
  if (isStruct(type))
    return fc.record(Object.fromEntries(type.fields.map((field) => [field.name, nullable(cellsOf(field.type))])));
  return scalarCells[type as keyof typeof scalarCells];
}
const cells = new Map(types.map((type) => [typeText(type), cellsOf(type)]));
const cellOf = (type: DataType): fc.Arbitrary<Value> => cells.get(typeText(type)) as fc.Arbitrary<Value>;

const columnsOf = (type: DataType): readonly ExpressionNode[] =>
  [0, 1].map((place) => ({ kind: "column", source: "s", name: `${typeText(type)} ${place}`, type }));

type Numeric = Expression<"int32" | "int64" | "float32" | "float64">;
type Decimal = Expression<Extract<DataType, { kind: "decimal" }>>;
type Build = readonly [needs: readonly DataType[], build: (...args: never[]) => Expression];

const whole: readonly DataType[] = ["int32", "int64"];
const floats: readonly DataType[] = ["float32", "float64"];
const numeric: readonly DataType[] = [...whole, ...floats];
const flat: readonly DataType[] = ["bool", "string", "bytes", "date", "timestamp", "uuid"];
const pairs = (types: readonly DataType[]): readonly (readonly DataType[])[] =>
  types.flatMap((a) => types.map((b) => [a, b]));
const each = (needs: readonly (readonly DataType[])[], build: Build[1]): readonly Build[] =>
  needs.map((types) => [types, build]);

const comparisons = (["eq", "ne", "lt", "le", "gt", "ge"] as const).flatMap((method) =>
  each([...pairs(numeric), ...pairs(decimals), ...flat.map((type) => [type, type])], (a: Expression, b: Expression) =>
    a[method](b as never),
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
  ...each(
    floats.map((type) => [type]),
    (a: Expression<"float64">) => a.floor(),
  ),
  ...each(
    floats.map((type) => [type]),
    (a: Expression<"float64">) => a.isNaN(),
  ),
  ...decimals.flatMap((type) => each([[type, type]], (a: Decimal, b: Decimal) => a.plus(b))),
  ...decimals.flatMap((type) => each([[type, type]], (a: Decimal, b: Decimal) => a.minus(b))),
  ...decimals.flatMap((type) => each([[type]], (a: Decimal) => a.negated())),
  ...decimals.flatMap((type) => each([[type]], (a: Decimal) => a.abs())),
  ...decimals.flatMap((type) => each([[type]], (a: Decimal) => a.toFloat64())),
  ...decimals.flatMap((type) => each([[type]], (a: Decimal) => a.toInt64())),
  ...each([["bytes"]], (a: Expression<"bytes">) => a.length()),
  ...each([["date", "date"]], (a: Expression<"date">, b: Expression<"date">) => a.daysSince(b)),
  ...lists.flatMap((type) => each([[type]], (a: Expression<Extract<DataType, { kind: "list" }>>) => a.length())),
  ...lists.flatMap((type) =>
    [0, 2, -1, -3].flatMap((index) =>
      each([[type]], (a: Expression<Extract<DataType, { kind: "list" }>>) => a.at(index)),
    ),
  ),
  ...structs.flatMap((type) =>
    (isStruct(type) ? type.fields : []).flatMap(({ name }) =>
      each([[type]], (a: Expression<Extract<DataType, { kind: "struct" }>>) => a.field(name)),
    ),
  ),
  ...each([["bool", "bool"]], (a: Expression<"bool">, b: Expression<"bool">) => a.and(b)),
  ...each([["bool", "bool"]], (a: Expression<"bool">, b: Expression<"bool">) => a.or(b)),
  ...each([["bool"]], (a: Expression<"bool">) => a.not()),
  ...each(
    types.map((type) => [type]),
    (a: Expression) => a.isNull(),
  ),
  ...each(
    types.map((type) => [type, type]),
    (a: Expression, b: Expression) => a.orElse(b),
  ),
  ...each(
    types.map((type) => ["bool", type, type]),
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
  ...(["year", "month", "dayOfMonth", "dayOfWeek"] as const).flatMap((method) =>
    each([["date"]], (a: Expression<"date">) => a[method]()),
  ),
];

const resultType = ([needs, build]: Build): DataType =>
  build(...(needs.map((type) => expressionOf(columnsOf(type)[0] as never)) as never[])).type;
const byType = new Map(
  types.map((type) => [typeText(type), producers.filter((one) => sameType(resultType(one), type))]),
);

function tree(type: DataType, depth: number): fc.Arbitrary<Expression> {
  const leaf = fc.oneof(
    fc.constantFrom(...columnsOf(type)).map((node) => expressionOf(node as never)),
    cellOf(type).map((value) => expressionOf({ kind: "literal", value, type } as never)),
  );
  const options = byType.get(typeText(type)) ?? [];
  if (depth === 0 || options.length === 0) return leaf;
  const call = fc
    .constantFrom(...options)
    .chain(([needs, build]) =>
      fc.tuple(...needs.map((need) => tree(need, depth - 1))).map((args) => build(...(args as never[]))),
    );
  return fc.oneof({ weight: 1, arbitrary: leaf }, { weight: 4, arbitrary: call });
}

const columnNames = types.flatMap((type) => columnsOf(type)) as readonly {
  readonly name: string;
  readonly type: DataType;
}[];
const row = fc.record(
  Object.fromEntries(
    columnNames.map(({ name, type }) => [
      name,
      fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 5, arbitrary: cellOf(type) }),
    ]),
  ),
) as fc.Arbitrary<Record<string, Value>>;

function same(left: Value | undefined, right: Value | undefined): boolean {
  if (typeof left === "object" && typeof right === "object" && left !== null && right !== null) {
    const [a, b] = [Object.entries(left), Object.entries(right)];
    return a.length === b.length && a.every(([key, value], at) => b[at]?.[0] === key && same(value, b[at]?.[1]));
  }
  // The sign of zero is not part of a value: -0 equals 0 on both sides.
  return Object.is(left, right) || (left === 0 && right === 0);
}

it("gives the same value in DuckDB SQL and in JavaScript, over random expressions and rows", async () => {
  const { dialect } = engine;
  const trees = fc.array(
    fc.constantFrom(...types).chain((type) => tree(type, 3)),
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
      const names = columnNames.map(({ name }) => dialect.identifier(name)).join(", ");
      const sql = `SELECT ${selected.join(", ")} FROM (VALUES ${values.join(", ")}) v(place, ${names}) ORDER BY place`;
      for await (const table of engine.stream(sql))
        rows.forEach((one, index) => {
          const inSql = rowAt(table, index);
          expressions.forEach(({ node }, place) => {
            const inJavaScript = rowFunction<Record<string, Value>>(node, (leaf) => (r) => r[leaf.name] ?? null)(one);
            const sqlValue = inSql[`x${place}`];
            if (!same(sqlValue, inJavaScript))
              expect.fail(
                `SQL ${fc.stringify(sqlValue)}, JavaScript ${fc.stringify(inJavaScript)}: ${dialect.expression(node, (leaf) => leaf.name)} with ${columnNames.map(({ name }) => `${name}=${fc.stringify(one[name])}`).join(" ")}`,
              );
          });
        });
    }),
    { numRuns: 150, ...(process.env["FC_SEED"] ? { seed: Number(process.env["FC_SEED"]) } : {}) },
  );
});

it("divides by either zero alike, for the sign of a zero is not part of a value", async () => {
  const { dialect } = engine;
  const node: ExpressionNode = {
    kind: "call",
    operator: "divide",
    type: "float64",
    args: [
      { kind: "literal", value: 1, type: "float64" },
      { kind: "row", name: "real", type: "float64" },
    ],
  };
  for (const value of [0, -0]) {
    const sql = dialect.expression(node, () => `x`);
    for await (const table of engine.stream(
      `SELECT ${sql} AS y FROM (SELECT '${Object.is(value, -0) ? "-0.0" : 0}'::DOUBLE AS x)`,
    ))
      expect(rowAt(table, 0)["y"]).toBe(Infinity);
    expect(rowFunction<{ readonly real: Value }>(node, () => (row) => row.real)({ real: value })).toBe(Infinity);
  }
});

it("orders the values of every type alike in DuckDB SQL and in JavaScript: null least, and inside lists and structs greatest", async () => {
  const { dialect } = engine;
  const order = (a: Value, b: Value): number =>
    a === null || b === null ? Number(a !== null) - Number(b !== null) : compareValues(a, b);
  for (const type of types)
    await fc.assert(
      fc.asyncProperty(fc.array(nullable(cellOf(type)), { minLength: 1, maxLength: 12 }), async (values) => {
        const rows = values.map((value, index) => {
          const sql = dialect.expression({ kind: "literal", value, type }, () => "");
          return `(${index}, ${sql})`;
        });
        const sql = `SELECT v FROM (VALUES ${rows.join(", ")}) t(place, v) ORDER BY v DESC NULLS LAST, place`;
        const sorted = values.toSorted((a, b) => -order(a, b));
        for await (const table of engine.stream(sql))
          sorted.forEach((value, index) => {
            expect(same(valueAt(columnOf(table, "v"), index), value)).toBe(true);
          });
      }),
      { numRuns: 20 },
    );
});
