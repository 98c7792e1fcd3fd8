// What a definition refuses about types, and how the refusals read.

import { expect, test } from "vitest";
import {
  auc,
  byTime,
  type Expression,
  entity,
  type Fields,
  featureView,
  latest,
  max,
  mean,
  min,
  model,
  parquet,
  share,
  sum,
  t,
  variance,
  xgboost,
} from "./define.ts";

const rows = parquet("rows", {
  path: "rows.parquet",
  columns: {
    id: t.string(),
    at: t.timestamp(),
    k: t.uuid(),
    ok: t.bool(),
    real: t.float32(),
    price: t.decimal(12, 2),
    rate: t.decimal(12, 4),
    wide: t.decimal(18, 2),
    opened: t.date(),
    raw: t.bytes(),
    tags: t.list(t.string()),
    spot: t.struct({ lat: t.float64(), lon: t.float64().optional() }),
  },
  id: "id",
  eventTime: "at",
});

test.each([
  ["float32", t.float32()],
  ["float64", t.float64()],
  ["decimal(12, 2)", t.decimal(12, 2)],
  ["bytes", t.bytes()],
  ["list(string)", t.list(t.string())],
  ["struct(a: int32)", t.struct({ a: t.int32() })],
] as const)("a key that is %s is refused by name", (type, field) => {
  expect(() => entity("thing", { ok: t.string(), k: field } as Fields)).toThrow(
    `entity "thing" key "k" is ${type}; a key is string, int32, int64, uuid, date, timestamp or bool.`,
  );
});

test("keys of several types go together", () => {
  entity("thing", { a: t.string(), b: t.int64(), c: t.int32(), d: t.uuid(), e: t.date() });
});

test.each([
  [19, 2],
  [0, 0],
  [4, 5],
  [4, -1],
  [4.5, 1],
])("t.decimal(%s, %s) is refused", (precision, scale) => {
  expect(() => t.decimal(precision, scale)).toThrow("give 1 to 18 digits");
});

test("a struct needs fields, with names that differ by more than case", () => {
  expect(() => t.struct({})).toThrow("at least one field");
  expect(() => t.struct({ a: t.int32(), A: t.int32() })).toThrow("a name of its own");
});

test("decimals add up within one scale, and say what to do otherwise", () => {
  expect(rows.price.plus(rows.price).type).toEqual({ kind: "decimal", precision: 13, scale: 2 });
  expect(rows.wide.minus("0.01").type).toEqual({ kind: "decimal", precision: 18, scale: 2 });
  expect(() => rows.price.plus(rows.rate)).toThrow("add of decimal(12, 2) and decimal(12, 4) is not exact");
  expect(() => (rows.price as never as { times(other: unknown): unknown }).times(rows.price)).toThrow(
    "write .toFloat64() before anything else",
  );
  expect(() => rows.price.gt("1.005")).toThrow("1.005 cannot be used as a value of type decimal(12, 2)");
  expect(rows.price.gt(12.5).node).toMatchObject({ args: [{}, { value: 1250n }] });
  expect(rows.price.lt(rows.rate).type).toBe("bool");
});

test("values beside an expression are read by its type", () => {
  expect(rows.opened.ge("2013-07-01").node).toMatchObject({ args: [{}, { value: 15_887 }] });
  expect(() => rows.opened.ge("2013-02-30")).toThrow("2013-02-30 cannot be used as a value of type date");
  expect(rows.k.eq("123E4567-E89B-12D3-A456-426614174000").node).toMatchObject({
    args: [{}, { value: "123e4567-e89b-12d3-a456-426614174000" }],
  });
  // Beside a float32 a number is what it is; in place of one it is rounded to one.
  expect(rows.real.gt(0.1).node).toMatchObject({ args: [{}, { value: 0.1, type: "float64" }] });
  expect(rows.real.orElse(0.1).node).toMatchObject({ args: [{}, { value: Math.fround(0.1), type: "float32" }] });
});

test("lists and structs are taken apart, not compared", () => {
  expect(rows.tags.at(-1).type).toBe("string");
  expect(rows.spot.field("lat").type).toBe("float64");
  expect(() => (rows.spot as never as { field(name: string): unknown }).field("x")).toThrow(
    'struct(lat: float64, lon: float64 or null) has no field "x". It has: lat, lon.',
  );
  expect(() => rows.tags.eq([])).toThrow("eq() does not work on a list(string) value.");
});

test.each(["opened", "raw", "tags", "spot"] as const)("a model refuses feature %s, and says what to do", (name) => {
  const view = featureView("things", {
    entity: entity("thing", { k: t.uuid() }),
    source: rows,
    features: { value: latest(rows[name] as Expression) },
  });
  const common = {
    rows,
    label: rows.ok,
    trainer: xgboost({ objective: "binary:logistic" }),
    split: byTime({ validate: 1n, test: 1n }),
    metrics: [auc()],
  } as const;
  expect(() => model("m", { ...common, features: [view] })).toThrow(
    /^model "m": feature "value" is .*, which no model takes as it is: .* in derived/,
  );
});

test("a model takes float32, decimals and uuids", () => {
  const view = featureView("things", {
    entity: entity("thing", { k: t.uuid() }),
    source: rows,
    features: { real: latest(rows.real), price: latest(rows.price), who: latest(rows.k) },
  });
  model("m", {
    rows,
    features: [view],
    label: rows.ok,
    trainer: xgboost({ objective: "binary:logistic" }),
    split: byTime({ validate: 1n, test: 1n }),
    metrics: [auc()],
  });
});

test.each([
  ["sum", sum, "opened"],
  ["mean", mean, "tags"],
  ["variance", variance, "id"],
  ["share", share, "price"],
  ["min", min, "k"],
  ["max", max, "raw"],
] as const)("%s refuses what it has no meaning for, also where no compiler looked", (name, aggregate, column) => {
  const unchecked = aggregate as (value: unknown) => unknown;
  expect(() => unchecked(rows[column])).toThrow(`${name}() does not work on a `);
});
