// Steps are held to the types of request values by the compiler.

import { test } from "vitest";
import { days } from "../core/core.ts";
import {
  byTime,
  dateParts,
  impute,
  logLoss,
  model,
  oneHot,
  parquet,
  standardize,
  t,
  textLength,
  xgboost,
} from "./define.ts";

const orders = parquet("orders", {
  path: "orders.parquet",
  columns: {
    id: t.string(),
    at: t.timestamp(),
    amount: t.float64(),
    items: t.int32(),
    city: t.string(),
    late: t.bool(),
  },
  id: "id",
  eventTime: "at",
});
const common = {
  rows: orders,
  features: [],
  request: { amount: t.float64(), items: t.int32(), city: t.string() },
  label: orders.late,
  trainer: xgboost(),
  split: byTime({ validate: days(1), test: days(1) }),
  metrics: [logLoss()],
} as const;

test("the first step takes what its input is", () => {
  model("a", {
    ...common,
    preprocess: { amount: standardize(), items: oneHot(), city: [impute("mostFrequent"), oneHot()] },
  });
  model("b", { ...common, preprocess: { items: [impute("median"), standardize()] } });
  // @ts-expect-error a text has no mean
  model("c", { ...common, preprocess: { city: standardize() } });
  // @ts-expect-error a text has no median
  model("d", { ...common, preprocess: { city: [impute("median"), oneHot()] } });
  // @ts-expect-error a fraction is no category
  model("e", { ...common, preprocess: { amount: oneHot() } });
  // @ts-expect-error a number has no length
  model("f", { ...common, preprocess: { amount: textLength() } });
  // @ts-expect-error a text has no month
  model("g", { ...common, preprocess: { city: dateParts(["month"]) } });
});
