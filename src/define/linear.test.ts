import { expect, test } from "vitest";
import { days } from "../core/core.ts";
import {
  auc,
  binary,
  byTime,
  dateParts,
  type LinearOptions,
  linear,
  model,
  multiclass,
  oneHot,
  parquet,
  regression,
  specOf,
  t,
  targetEncode,
} from "./define.ts";

const orders = parquet("orders", {
  path: "orders.parquet",
  columns: { id: t.string(), at: t.timestamp(), amount: t.float64(), city: t.string(), paid: t.bool(), late: t.bool() },
  id: "id",
  eventTime: "at",
});
const declared = (more: object = {}) =>
  specOf(
    model("m", {
      rows: orders,
      features: [],
      request: { amount: t.float64(), city: t.string(), paid: t.bool() },
      label: orders.late,
      trainer: linear(),
      split: byTime({ validate: days(1), test: days(1) }),
      metrics: [auc()],
      ...more,
    }),
  );

test("inputs without steps are standardised or made one-hot, and those with steps keep theirs", () => {
  expect(declared().preprocess?.prepared.map(({ name, steps }) => [name, ...steps.map(({ step }) => step)])).toEqual([
    ["amount", "standardize"],
    ["city", "oneHot"],
    ["paid", "standardize"],
  ]);
  const { preprocess } = declared({ preprocess: { city: targetEncode() } });
  expect(preprocess?.prepared[1]?.steps).toMatchObject([{ step: "targetEncode" }]);
});

test("what a penalty comes to is in the trainer's parameters", () => {
  expect(linear().parameters).toMatchObject({ penalty: "ridge", strength: 1e-4, mix: 0 });
  expect(linear({ penalty: "lasso", strength: 2 }).parameters).toMatchObject({ strength: 2, mix: 1 });
  expect(linear({ penalty: "elasticNet" }).parameters).toMatchObject({ strength: 1e-4, mix: 0.5 });
  expect(linear({ penalty: "none" }).parameters).toMatchObject({ strength: 0, mix: 0 });
  expect(linear({ task: binary() }).task).toEqual({ kind: "binary" });
});

test.each<[LinearOptions | object, RegExp]>([
  [{ penalty: "l2" }, /penalty is "l2"; give one of ridge/],
  [{ strenght: 1 }, /no option "strenght"\. Did you mean "strength"/],
  [{ penalty: "none", strength: 1 }, /no penalty to go by/],
  [{ mix: 0.2 }, /mix is for penalty "elasticNet"/],
  [{ strength: 0 }, /strength is 0; give a number above 0, or penalty "none"/],
  [{ strength: Number.NaN }, /strength is NaN/],
  [{ penalty: "elasticNet", mix: 2 }, /mix is 2/],
  [{ maxIterations: 0 }, /maxIterations 0/],
  [{ tolerance: 0 }, /tolerance is 0/],
  [{ task: multiclass() }, /not to a multiclass task; use xgboost/],
  [{ task: regression({ loss: "absolute" }) }, /not to regression with the loss "absolute"/],
])("%j is refused", (options, message) => {
  expect(() => linear(options as LinearOptions)).toThrow(message);
});

test.each<[string, object, RegExp]>([
  ["a label of several classes", { label: orders.city, metrics: [] }, /fitted to binary\(\).*not to a multiclass task/],
  ["a text left over", { preprocess: { city: [] as never } }, /"city" has no step/],
  [
    "a moment as it is",
    { request: { at: t.timestamp() } },
    /"at" is a moment, which a linear model takes no sense from/,
  ],
])("%s is refused as the model is declared", (_, more, message) => {
  expect(() => declared(more)).toThrow(message);
});

test("a moment goes in by its parts", () => {
  const { preprocess } = declared({ request: { at: t.timestamp() }, preprocess: { at: dateParts(["hourOfDay"]) } });
  expect(preprocess?.prepared.map(({ name }) => name)).toEqual(["at"]);
  expect(oneHot().step).toBe("oneHot");
});
