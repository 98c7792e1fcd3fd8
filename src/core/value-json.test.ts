import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { civilDate, dateText, dayNumber, dayRange, parseDate } from "./calendar.ts";
import type { DataType, Value } from "./types.ts";
import { decimalText, parseDecimal, valueFrom, valueText, valueToJson } from "./value-json.ts";

const decimal = { kind: "decimal", precision: 12, scale: 2 } as const;
const spot = {
  kind: "struct",
  fields: [
    { name: "n", type: "int64", optional: true },
    { name: "days", type: { kind: "list", of: "date" }, optional: false },
  ],
} as const satisfies DataType;

function read(type: DataType, given: unknown, isJson = true): unknown {
  return valueFrom(type, given, isJson, "x", (path, value, wanted, problem = "") => {
    throw new Error(`${path} ${JSON.stringify(value)} ${typeof wanted === "string" ? wanted : wanted.kind} ${problem}`);
  });
}

describe("days", () => {
  test("are the calendar's: what JavaScript's own dates say, over all that they can hold", () => {
    fc.assert(
      fc.property(fc.integer({ min: -100_000_000, max: 100_000_000 }), (day) => {
        const date = new Date(day * 86_400_000);
        const parts = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, dayOfMonth: date.getUTCDate() };
        expect(civilDate(day)).toEqual(parts);
        expect(dayNumber(parts)).toBe(day);
        expect(dateText(day)).toBe(date.toISOString().slice(0, -14));
      }),
    );
  });

  test("are read back from their text, to the ends of the range and no further", () => {
    fc.assert(
      fc.property(fc.integer({ min: dayRange.first, max: dayRange.last }), (day) => {
        expect(parseDate(dateText(day))).toBe(day);
      }),
    );
    for (const day of [dayRange.first, -1, 0, dayRange.last]) expect(parseDate(dateText(day))).toBe(day);
    expect(parseDate(dateText(dayRange.last + 1))).toBeUndefined();
    for (const text of ["2013-02-29", "2013-13-01", "2013-00-01", "2013-1-1", "13-01-01", "2013-07-01T00:00:00Z", ""])
      expect(parseDate(text), text).toBeUndefined();
  });
});

describe("decimals", () => {
  test("are read back from their text", () => {
    const units = fc.bigInt({ min: -(10n ** 18n) + 1n, max: 10n ** 18n - 1n });
    fc.assert(
      fc.property(units, fc.integer({ min: 0, max: 18 }), (value, scale) => {
        const type = { kind: "decimal", precision: 18, scale } as const;
        expect(parseDecimal(decimalText(value, scale), type)).toBe(value);
      }),
    );
  });

  test.each([
    ["12.34", 1234n],
    ["-0.5", -50n],
    ["+7", 700n],
    ["7.", 700n],
    ["007.1000", 710n],
    ["9999999999.99", 999_999_999_999n],
    ["10000000000", undefined],
    ["1.005", undefined],
    ["1e3", undefined],
    [".5", undefined],
    ["NaN", undefined],
    ["", undefined],
  ])("of (12, 2) read %s as %s units", (text, units) => {
    expect(parseDecimal(text, decimal)).toBe(units);
  });
});

const pairs: readonly (readonly [DataType, Value, unknown])[] = [
  ["bool", true, true],
  ["int32", -1, -1],
  ["int64", 7n, 7],
  ["int64", 2n ** 53n + 1n, "9007199254740993"],
  ["float32", Math.fround(0.1), Math.fround(0.1)],
  ["float64", 0.1, 0.1],
  ["string", "é", "é"],
  ["bytes", Uint8Array.of(0, 1, 2), "AAEC"],
  ["date", 15_887, "2013-07-01"],
  ["timestamp", 1n, "1970-01-01T00:00:00.000001Z"],
  ["uuid", "123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"],
  [decimal, 1234n, "12.34"],
  [{ kind: "list", of: decimal }, [1n, null], ["0.01", null]],
  [spot, { n: null, days: [0] }, { n: null, days: ["1970-01-01"] }],
];

test.each(pairs)("%o goes out as JSON and comes back", (type, value, json) => {
  expect(valueToJson(type, value)).toEqual(json);
  expect(read(type, json)).toEqual(value);
  // What a program has at hand goes in as it is.
  expect(read(type, value, false)).toEqual(value);
  expect(valueToJson(type, null)).toBeNull();
});

test("NaN and infinities go out as text and do not come in from JSON", () => {
  expect([Number.NaN, Infinity, -Infinity].map((value) => valueToJson("float64", value))).toEqual([
    "NaN",
    "Infinity",
    "-Infinity",
  ]);
  for (const type of ["float32", "float64"] as const)
    for (const given of [Number.NaN, Infinity, JSON.parse("1e999"), "NaN", "Infinity"])
      expect(() => read(type, given), String(given)).toThrow("x");
  expect(read("float64", Number.NaN, false)).toBeNaN();
});

const refused: readonly (readonly [DataType, unknown, string])[] = [
  ["timestamp", "2013-07-01T14:00:00", "x"],
  ["timestamp", "2013-07-01", "x"],
  ["timestamp", "2013-02-30T14:00:00Z", "x"],
  ["timestamp", 1_372_687_200, "x"],
  ["date", 15_887, "x"],
  ["date", "2013-07-01T00:00:00Z", "x"],
  [decimal, 12.34, "x"],
  [decimal, 1234, "x"],
  ["bytes", "AAE", "x"],
  ["bytes", [0, 1], "x"],
  ["uuid", "123e4567", "x"],
  ["float32", 1e39, "x"],
  [{ kind: "list", of: "int32" }, [1, "2"], "x[1]"],
  [{ kind: "list", of: "int32" }, { 0: 1 }, "x"],
  [spot, { days: [0] }, "x.days[0]"],
  [spot, { n: 1 }, "x.days"],
  [spot, { n: 1, days: [], m: 1 }, "x.m"],
  [spot, [], "x"],
  ["string", "a\ud800", "x"],
  [{ kind: "list", of: "string" }, ["a", "\udc00b"], "x[1]"],
];

test.each(refused)("%o refuses %o, naming where", (type, given, path) => {
  expect(() => read(type, given)).toThrow(new RegExp(`^${path.replace(/[[\].]/g, "\\$&")} `));
});

test("a float32 comes in as the nearest one, and a uuid in lower case", () => {
  expect(read("float32", 0.1)).toBe(Math.fround(0.1));
  expect(read("uuid", "123E4567-E89B-12D3-A456-426614174000")).toBe("123e4567-e89b-12d3-a456-426614174000");
});

test("values have a text for people", () => {
  const texts: readonly (readonly [DataType, Value, string])[] = [
    ["float32", Math.fround(0.1), "0.1"],
    ["float32", Math.fround(16777216), "16777216"],
    ["int64", 2n ** 60n, String(2n ** 60n)],
    [decimal, -5n, "-0.05"],
    [{ kind: "list", of: "string" }, ["a", null], '["a",null]'],
    ["date", null, "null"],
  ];
  for (const [type, value, text] of texts) expect(valueText(type, value)).toBe(text);
});
