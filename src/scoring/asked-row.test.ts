import { describe, expect, test } from "vitest";
import { type ColumnSchema, type DataType, parseInstant, SlipwayError } from "../core/core.ts";
import { parseRow } from "./asked-row.ts";

const field = (name: string, type: DataType, optional = false): ColumnSchema => ({ name, type, optional });
const one = (type: DataType, given: unknown): unknown => parseRow("m", [field("x", type)], { x: given })["x"];

function refused(fields: readonly ColumnSchema[], given: Readonly<Record<string, unknown>>): SlipwayError {
  try {
    parseRow("m", fields, given);
  } catch (thrown) {
    if (thrown instanceof SlipwayError) return thrown;
    throw thrown;
  }
  throw new Error("nothing was refused");
}

const instant = parseInstant("2025-07-01T14:00:00Z");
const accepted: readonly (readonly [DataType, unknown, unknown])[] = [
  ["string", "", ""],
  ["string", "UA", "UA"],
  ["bool", false, false],
  ["float64", 1.5, 1.5],
  ["float64", -0, -0],
  ["float64", Number.NaN, Number.NaN],
  ["float64", Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY],
  ["int32", -(2 ** 31), -(2 ** 31)],
  ["int32", 2 ** 31 - 1, 2 ** 31 - 1],
  ["int64", 7, 7n],
  ["int64", "9007199254740993", 9007199254740993n],
  ["int64", -(2n ** 63n), -(2n ** 63n)],
  ["timestamp", instant, instant],
  ["timestamp", new Date("2025-07-01T14:00:00Z"), instant],
  ["timestamp", "2025-07-01T16:00:00+02:00", instant],
];

test.each(accepted)("%s takes %s", (type, given, expected) => {
  expect(one(type, given)).toBe(expected);
});

const bad: readonly (readonly [DataType, unknown])[] = [
  ["string", 1],
  ["string", ["UA"]],
  ["bool", "true"],
  ["bool", 1],
  ["float64", "1.5"],
  ["float64", 1n],
  ["int32", 1.5],
  ["int32", 2 ** 31],
  ["int32", "1"],
  ["int64", 2 ** 53],
  ["int64", 0.5],
  ["int64", "1e3"],
  ["int64", ""],
  ["int64", "9223372036854775808"],
  ["int64", 2n ** 63n],
  ["timestamp", "yesterday"],
  ["timestamp", 1_751_378_400],
  ["timestamp", {}],
];

test.each(bad)("%s refuses another value, and says what it wants", (type, given) => {
  const error = refused([field("x", type)], { x: given });
  expect(error.code).toBe("INPUT_INVALID");
  expect(error.message).toMatch(/^Model "m": "x" is .*; give .+\.$/);
  expect(error.details).toEqual({ model: "m", field: "x" });
});

test("a number that JSON cannot write is named as what it is", () => {
  const given = JSON.parse('{"x":1e999}') as Readonly<Record<string, unknown>>;
  expect(refused([field("x", "int64")], given).message).toContain('"x" is "Infinity"; give a whole number');
});

describe("fields", () => {
  const fields = [field("key", "string"), field("note", "string", true)];

  test("that are optional may be null or left out; others may not", () => {
    expect(parseRow("m", fields, { key: "a" })).toEqual({ key: "a", note: null });
    expect(parseRow("m", fields, { key: "a", note: null })).toEqual({ key: "a", note: null });
    expect(refused(fields, { key: null }).message).toContain('"key" is missing');
    expect(refused(fields, {}).message).toContain('"key" is missing; give text');
  });

  test("that nobody knows are refused with those there are", () => {
    expect(refused(fields, { key: "a", keys: "b" }).message).toBe(
      'Model "m": "keys" is not a field of its rows. They are: key, note. Did you mean "key"?',
    );
  });

  test("are the row's own: nothing comes from or goes to a prototype", () => {
    const given = JSON.parse('{"key":"a","__proto__":{"note":"polluted"}}') as Readonly<Record<string, unknown>>;
    expect(refused(fields, given).message).toContain('"__proto__" is not a field');
    expect(refused(fields, Object.create({ key: "inherited" })).message).toContain('"key" is missing');
    expect(refused(fields, { key: "a", constructor: 1 }).message).toContain('"constructor" is not a field');
    expect(({} as Record<string, unknown>)["note"]).toBeUndefined();
  });
});

test("a field under a wrong name is named with the one that may be meant, not as one that is missing", () => {
  const fields = [{ name: "driver", type: "string", optional: false }] as const;
  expect(refused(fields, { drver: "d1" }).message).toContain(
    '"drver" is not a field of its rows. They are: driver. Did you mean "driver"?',
  );
  expect(refused(fields, {}).message).toContain('"driver" is missing');
});
