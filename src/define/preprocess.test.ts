// What is wrong with preprocessing is said as the model is declared, naming the input, what it was given and what to write instead.

import { expect, test } from "vitest";
import { days } from "../core/core.ts";
import {
  bucketize,
  byTime,
  cross,
  dateParts,
  drop,
  hash,
  impute,
  isMissing,
  logLoss,
  minMaxScale,
  model,
  ngramHash,
  of,
  oneHot,
  parquet,
  ranking,
  robustScale,
  specOf,
  standardize,
  t,
  targetEncode,
  textLength,
  xgboost,
} from "./define.ts";

const columns = {
  ...{ id: t.string(), at: t.timestamp(), amount: t.float64(), age: t.int32(), city: t.string(), note: t.string() },
  ...{ birthday: t.date(), moment: t.timestamp(), paid: t.bool(), late: t.bool(), grade: t.int32() },
};
const orders = parquet("orders", { path: "orders.parquet", columns, id: "id", eventTime: "at" });
const request = {
  ...{ amount: t.float64(), age: t.int32(), city: t.string(), note: t.string() },
  ...{ birthday: t.date(), moment: t.timestamp(), paid: t.bool() },
};
const parts = { birthday: dateParts(["year"]), moment: dateParts(["hourOfDay"]) };

// As a program without types would call it.
const declared = (preprocess: object, more: object = {}) =>
  specOf(
    model("m", {
      rows: orders,
      features: [],
      request,
      label: orders.late,
      trainer: xgboost(),
      split: byTime({ validate: days(1), test: days(1) }),
      metrics: [logLoss()],
      ...more,
      preprocess: preprocess as never,
    }),
  );

test("inputs keep their order, new ones come after them, and dropped ones are only read", () => {
  const { preprocess } = declared({
    ...parts,
    route: cross(["city", "note"], [hash({ buckets: 64 }), targetEncode()]),
    amount: [impute("median"), standardize()],
    amount_missing: of("amount", isMissing()),
    city: drop(),
    note: drop(),
  });
  expect(preprocess?.prepared.map(({ name }) => name)).toEqual([
    ...["amount", "birthday", "moment", "route", "amount_missing"],
  ]);
  expect(preprocess?.dropped).toEqual(["city", "note"]);
  expect(preprocess?.prepared.find(({ name }) => name === "route")?.of.map(({ name }) => name)).toEqual([
    "city",
    "note",
  ]);
});

test("a whole number is read as what its steps take", () => {
  const { preprocess } = declared({ ...parts, age: oneHot(), paid: standardize(), years: of("age", [standardize()]) });
  expect(preprocess?.prepared.map(({ name, of: [raw] }) => [name, raw?.as])).toEqual([
    ...[
      ["age", "text"],
      ["birthday", "time"],
      ["moment", "time"],
      ["paid", "number"],
      ["years", "number"],
    ],
  ]);
});

test.each<[string, object, RegExp]>([
  ["an unknown input", { ammount: standardize() }, /"ammount", which is no input\. Did you mean "amount"\?/],
  [
    "an unknown input of a cross",
    { r: cross(["city", "cty"], targetEncode()) },
    /"cty", which is no input\. Did you mean "city"/,
  ],
  ["a step on a wrong type", { city: standardize() }, /"city" is string, and standardize takes numbers/],
  ["categories of a fraction", { amount: oneHot() }, /"amount" is float64, and oneHot takes texts/],
  ["a date as it is", { birthday: isMissing(), moment: impute("mostFrequent") }, /"moment" has moments where impute/],
  ["a moment left over", { moment: [] as never }, /"moment" has no step/],
  [
    "steps after columns",
    { city: [oneHot(), standardize()] },
    /goes on with standardize after a step that gave several columns/,
  ],
  [
    "categories of a scaled number",
    { age: [standardize(), oneHot()] },
    /has numbers where oneHot takes texts or whole numbers; make buckets/,
  ],
  ["two imputations", { amount: [impute("mean"), impute({ constant: 0 })] }, /"amount" is imputed twice/],
  ["a new input with an old name", { city: cross(["city", "note"], oneHot()) }, /"city" is an input already/],
  [
    "a text constant for a number",
    { amount: impute({ constant: "none" }) },
    /"amount" is float64, and impute takes texts/,
  ],
  ["a name of every training set", { label: of("amount", isMissing()) }, /"label" is a column of every training set/],
  ["a cross of fractions", { r: cross(["city", "amount"], oneHot()) }, /crosses "amount", which is float64/],
])("%s is refused as the model is declared", (_, preprocess, message) => {
  expect(() => declared({ ...parts, ...preprocess })).toThrow(message);
});

test("a date without steps is still refused", () => {
  expect(() => declared({ moment: dateParts(["year"]) })).toThrow(/"birthday" is date, which no model takes/);
});

test("every input dropped is no model", () => {
  const all = Object.fromEntries(Object.keys(request).map((name) => [name, drop()]));
  expect(() => declared(all)).toThrow(/drops every input/);
});

test("target encoding needs labels with a mean", () => {
  const ranked = { label: orders.grade, group: orders.city, trainer: xgboost({ task: ranking() }), metrics: [] };
  expect(() => declared({ ...parts, city: targetEncode() }, ranked)).toThrow(/labels of a ranking task have no mean/);
});

test("monotone follows an input to its one column, and is refused where there are several", () => {
  const rising = (name: string) => ({ trainer: xgboost({ monotone: { [name]: "rising" } }) });
  expect(declared({ ...parts, city: targetEncode() }, rising("city")).preprocess?.prepared).toHaveLength(3);
  expect(() => declared({ ...parts, city: oneHot() }, rising("city"))).toThrow(/monotone names "city"/);
  expect(() => declared({ ...parts, age: drop() }, rising("age"))).toThrow(/monotone names "age", which is dropped/);
});

test.each<[string, () => unknown, RegExp]>([
  [
    "an unknown option",
    () => oneHot({ maxCategory: 3 } as never),
    /oneHot: there is no option "maxCategory"\. Did you mean "maxCategories"/,
  ],
  ["rare and unseen at odds", () => oneHot({ rare: "together", unseen: "refuse" }), /leave one out/],
  ["no categories", () => oneHot({ maxCategories: 0 }), /maxCategories is 0/],
  ["one fold", () => targetEncode({ folds: 1 }), /folds is 1; give a whole number from 2/],
  ["a negative smoothing", () => targetEncode({ smooth: -1 }), /smooth is -1/],
  ["quantiles and bounds", () => bucketize({ quantiles: 3, bounds: [1] } as never), /quantiles or bounds/],
  ["bounds that fall", () => bucketize({ bounds: [2, 1] }), /each above the one before/],
  ["a bound that is no number", () => bucketize({ bounds: [Number.NaN] }), /must be finite/],
  ["an unknown part", () => dateParts(["hour" as never]), /a part is "hour".*Did you mean/],
  ["a part twice", () => dateParts(["year", "year"]), /"year" is named twice/],
  ["a constant that is not finite", () => impute({ constant: Number.NaN }), /the constant is NaN/],
  ["an unknown imputation", () => impute("average" as never), /by is "average"/],
  ["a cross of one", () => cross(["city"] as never), /at least two inputs/],
  ["a cross with itself", () => cross(["city", "city"]), /"city" is named twice/],
  ["no buckets", () => ngramHash({ buckets: 0 }), /buckets is 0/],
  ["an option of a scaling", () => minMaxScale({ clamp: true } as never), /no option "clamp"/],
])("%s is refused by the word itself", (_, made, message) => {
  expect(made).toThrow(message);
});

test("what a word is given is not changed through what the caller keeps", () => {
  const bounds = [1, 2];
  const step = bucketize({ bounds });
  bounds.push(0);
  expect(step).toEqual({ step: "bucketize", bounds: [1, 2] });
  expect(Object.isFrozen(robustScale())).toBe(true);
  expect(textLength()).toEqual({ step: "textLength" });
});
