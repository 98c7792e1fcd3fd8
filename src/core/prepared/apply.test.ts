// Fitted steps over values of every kind, and the matrix that comes of them: held to what can be computed by hand or by the calendar of JavaScript.

import fc from "fast-check";
import { expect, test } from "vitest";
import { columnFrom, type Table } from "../table.ts";
import type { DataType } from "../types.ts";
import { stepFunction } from "./apply.ts";
import { encoderOf, type PreparedInput, rawInputs, rawNames, signalOf, type VersionInput } from "./prepared-input.ts";
import { dateParts, type FittedStep } from "./step.ts";
import { bucketOf, murmur3 } from "./text-hash.ts";

const numbers = (values: readonly number[]) => ({ kind: "number", values: Float64Array.from(values) }) as const;
const texts = (values: readonly (string | null)[]) => ({ kind: "text", values }) as const;
const after = (step: FittedStep, signal: Parameters<ReturnType<typeof stepFunction>>[0]) => {
  const { values, width = 1 } = stepFunction(step)(signal) as {
    readonly values: Float64Array;
    readonly width?: number;
  };
  const rows = values.length / width;
  // Blocks are column by column, and read here row by row.
  return Array.from(values, (_, cell) => values[(cell % width) * rows + Math.floor(cell / width)] ?? Number.NaN);
};

test("MurmurHash3 gives the published values", () => {
  // Of the reference implementation, seed 0.
  expect(murmur3("")).toBe(0);
  expect(murmur3("hello") >>> 0).toBe(0x248bfa47);
  expect(murmur3("hello, world") >>> 0).toBe(0x149bbb7f);
  expect(murmur3("The quick brown fox jumps over the lazy dog") >>> 0).toBe(0x2e4ff723);
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 2, max: 1000 }), (text, buckets) => {
      const bucket = bucketOf(text, buckets);
      expect(bucket >= 0 && bucket < buckets && Number.isInteger(bucket)).toBe(true);
    }),
  );
});

test("missing numbers stay missing through scaling and buckets, and an edge begins its bucket", () => {
  const scale = { step: "scale", by: "minMaxScale", center: 1, scale: 4, clip: true } as const;
  expect(after(scale, numbers([1, 3, 9, -7, Number.NaN]))).toEqual([0, 0.5, 1, 0, Number.NaN]);
  expect(after({ step: "bucketize", edges: [1, 2] }, numbers([0, 1, 1.5, 2, 3, Number.NaN]))).toEqual([
    ...[0, 1, 1, 2, 2, Number.NaN],
  ]);
  expect(after({ step: "bucketize", edges: [] }, numbers([-5, 5]))).toEqual([0, 0]);
  expect(after({ step: "isMissing" }, texts(["", null]))).toEqual([0, 1]);
});

test("categories, missing ones and others have the columns that are declared", () => {
  const values = texts(["b", "a", null, "z"]);
  const oneHot = { step: "oneHot", categories: ["a", "b"] } as const;
  expect(after(oneHot, values)).toEqual([0, 1, 1, 0, 0, 0, 0, 0]);
  expect(after({ ...oneHot, missing: true, others: true }, values)).toEqual([
    ...[0, 1, 0, 0],
    ...[1, 0, 0, 0],
    ...[0, 0, 1, 0],
    ...[0, 0, 0, 1],
  ]);
  expect(after({ ...oneHot, others: true }, values)).toEqual([0, 1, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1]);
  const encoded = { categories: ["a", "b"], outputs: 2, values: [1, 2, 3, 4], missing: [5, 6], others: [7, 8] };
  expect(after({ step: "targetEncode", ...encoded }, values)).toEqual([3, 4, 1, 2, 5, 6, 7, 8]);
});

test("a text's length and its runs are counted in characters, whatever their bytes", () => {
  expect(after({ step: "textLength" }, texts(["", "abc", "ä😀", null]))).toEqual([0, 3, 2, Number.NaN]);
  const counts = after({ step: "ngramHash", n: 2, buckets: 8 }, texts(["😀ab"]));
  const expected = new Array<number>(8).fill(0);
  for (const gram of ["😀a", "ab"]) expected[bucketOf(gram, 8)] = (expected[bucketOf(gram, 8)] ?? 0) + 1;
  expect(counts).toEqual(expected);
  expect(after({ step: "ngramHash", n: 3, buckets: 4 }, texts(["ab", null]))).toEqual([
    0,
    0,
    0,
    0,
    ...new Array(4).fill(Number.NaN),
  ]);
});

test("parts of moments are those of the calendar, before 1970 too", () => {
  fc.assert(
    fc.property(fc.date({ min: new Date("0100-01-01"), max: new Date("9999-12-31"), noInvalidDate: true }), (date) => {
      const t = columnFrom("t", "timestamp", [BigInt(date.getTime()) * 1000n]);
      const signal = signalOf([{ name: "t", type: "timestamp", as: "time" }], { rowCount: 1, columns: [t] });
      const first = Date.UTC(2000, 0, 1) - Date.UTC(2000, 0, 1);
      const start = new Date(date);
      start.setUTCMonth(0, 1);
      start.setUTCHours(0, 0, 0, first);
      expect(after({ step: "dateParts", parts: dateParts }, signal)).toEqual([
        date.getUTCFullYear(),
        date.getUTCMonth() + 1,
        date.getUTCDate(),
        Math.floor((date.getTime() - start.getTime()) / 86_400_000) + 1,
        ((date.getUTCDay() + 6) % 7) + 1,
        date.getUTCHours(),
        date.getUTCMinutes(),
      ]);
    }),
  );
});

test("a moment beyond what a float64 counts in microseconds keeps its day", () => {
  const at = 8_123_456_789_012_345_678n;
  const t = columnFrom("t", "timestamp", [at, null]);
  const signal = signalOf([{ name: "t", type: "timestamp", as: "time" }], { rowCount: 2, columns: [t] });
  const date = new Date(Number(at / 1000n));
  expect(after({ step: "dateParts", parts: ["year", "dayOfMonth"] }, signal)).toEqual([
    ...[date.getUTCFullYear(), date.getUTCDate(), Number.NaN, Number.NaN],
  ]);
});

const prepared = (
  name: string,
  type: DataType,
  as: "number" | "text",
  steps: readonly FittedStep[],
  columns: readonly string[],
): PreparedInput => ({
  ...{ name, kind: "prepared", of: [{ name, type, as }], steps },
  columns: columns.map((column) => ({ name: column, kind: "number" })),
});
const inputs: readonly VersionInput[] = [
  { name: "plain", kind: "number" },
  prepared(
    "amount",
    "float64",
    "number",
    [
      { step: "impute", value: 2 },
      { step: "scale", by: "standardize", center: 1, scale: 3 },
    ],
    ["amount"],
  ),
  prepared("city", "string", "text", [{ step: "oneHot", categories: ["a", "b"] }], ["city=a", "city=b"]),
  {
    ...prepared("both", "string", "text", [{ step: "hash", buckets: 4 }], []),
    of: [
      { name: "city", type: "string", as: "text" },
      { name: "items", type: "int64", as: "text" },
    ],
    columns: [{ name: "both", kind: "category", categories: ["0", "1", "2", "3"], unseen: "refuse" }],
  },
];

const rowsOf = (rows: readonly (readonly [number | null, number | null, string | null, bigint | null])[]): Table => ({
  rowCount: rows.length,
  columns: [
    columnFrom(
      "plain",
      "float64",
      rows.map(([plain]) => plain),
    ),
    columnFrom(
      "amount",
      "float64",
      rows.map(([, amount]) => amount),
    ),
    columnFrom(
      "city",
      "string",
      rows.map(([, , city]) => city),
    ),
    columnFrom(
      "items",
      "int64",
      rows.map(([, , , items]) => items),
    ),
  ],
});

test("a batch gives each row the cells that it has alone", () => {
  const encode = encoderOf(inputs);
  const row = fc.tuple(
    fc.option(fc.double({ noNaN: true })),
    fc.option(fc.double({ noNaN: true })),
    fc.option(fc.constantFrom("a", "b", "c", "")),
    fc.option(fc.bigInt({ min: -5n, max: 5n })),
  );
  fc.assert(
    fc.property(fc.array(row, { maxLength: 20 }), (rows) => {
      expect(Array.from(encode(rowsOf(rows)))).toEqual(rows.flatMap((each) => Array.from(encode(rowsOf([each])))));
    }),
  );
  expect(
    Array.from(
      encode(
        rowsOf([
          [1, null, "b", 7n],
          [null, 4, null, 1n],
        ]),
      ),
    ),
  ).toEqual([...[1, Math.fround(1 / 3), 0, 1, bucketOf("b\u001f7", 4)], ...[Number.NaN, 1, 0, 0, Number.NaN]]);
});

test("a whole number is the same category as an int64 and as the float64 that a training set holds", () => {
  const encode = encoderOf(inputs);
  const stored = { rowCount: 1, columns: [columnFrom("city", "string", ["a"]), columnFrom("items", "float64", [-0])] };
  const asked = { rowCount: 1, columns: [columnFrom("city", "string", ["a"]), columnFrom("items", "int64", [0n])] };
  expect(encode(stored)).toEqual(encode(asked));
});

test("a moment that only feeds steps is not profiled, and one that is an input is", () => {
  const of = [{ name: "at", type: "timestamp", as: "time" }] as const;
  const parts: VersionInput = {
    ...{ name: "hour", kind: "prepared", of, columns: [{ name: "hour", kind: "number" }] },
    steps: [{ step: "dateParts", parts: ["hourOfDay"] }],
  };
  const amount: VersionInput = { name: "amount", kind: "number" };
  expect(rawInputs([amount, parts]).map(({ name }) => name)).toEqual(["amount"]);
  expect(rawInputs([parts, { name: "at", kind: "number" }]).map(({ name }) => name)).toEqual(["at"]);
  expect(rawNames([amount, parts])).toEqual(["amount", "at"]);
});

test("what is read, and as what it is profiled, is each raw column once", () => {
  expect(rawNames(inputs)).toEqual(["plain", "amount", "city", "items"]);
  expect(rawInputs(inputs).map(({ kind }) => kind)).toEqual(["number", "number", "category", "number"]);
});
