// Models over the made-up deliveries whose inputs go through every step there is.

import { rawNames, type Value } from "../../src/core/core.ts";
import {
  auc,
  bucketize,
  byTime,
  cross,
  dateParts,
  days,
  drop,
  hash,
  impute,
  isMissing,
  linear,
  literal,
  logLoss,
  minMaxScale,
  model,
  ngramHash,
  of,
  oneHot,
  parquet,
  platt,
  project,
  rmse,
  robustScale,
  standardize,
  t,
  targetEncode,
  textLength,
  when,
  xgboost,
} from "../../src/index.ts";
import type { Tensor } from "../../src/ports/tensor-runtime.ts";
import type { VersionRecord } from "../../src/registry/registry.ts";

const orders = parquet("orders", {
  path: "data/orders.parquet",
  columns: {
    order_id: t.string(),
    ordered_at: t.timestamp(),
    city: t.string(),
    courier: t.string().optional(),
    distance_km: t.float64(),
    items: t.int32(),
    founded: t.int32(),
  },
  id: "order_id",
  eventTime: "ordered_at",
});
const deliveries = parquet("deliveries", {
  path: "data/deliveries.parquet",
  columns: { order_id: t.string(), minutes_late: t.int32(), delivered_at: t.timestamp() },
  id: "order_id",
  eventTime: "delivered_at",
});

/** What every model here has. */
export const common = {
  rows: orders,
  features: [],
  request: {
    ordered_at: t.timestamp(),
    city: t.string(),
    courier: t.string().optional(),
    distance_km: t.float64(),
    items: t.int32(),
    founded: t.int32(),
  },
  label: deliveries.minutes_late.gt(10),
  split: byTime({ validate: days(5), test: days(5) }),
  metrics: [auc(), logLoss()],
} as const;

const quick = { rounds: 20, learningRate: 0.3, maxDepth: 4, seed: 7 };

/** Every step that can be written as ONNX. */
export const prepared = {
  ordered_at: dateParts(["month", "dayOfMonth", "dayOfYear", "dayOfWeek", "hourOfDay", "minuteOfHour"]),
  city: oneHot({ missing: "column" }),
  courier: [impute("mostFrequent"), targetEncode({ folds: 4 })],
  distance_km: [impute("median"), robustScale()],
  items: [bucketize({ quantiles: 4 }), oneHot()],
  founded: minMaxScale({ clip: true }),
  km: of("distance_km", standardize()),
  near: of("distance_km", bucketize({ bounds: [1.5, 3] })),
  no_courier: of("courier", isMissing()),
  pair: cross(["city", "items"], oneHot({ maxCategories: 8, rare: "together" })),
} as const;

/** Whether late, with every step that can be written as ONNX. */
export const late = model("late", { ...common, trainer: xgboost(quick), preprocess: prepared });

/** Whether late, with texts hashed, and a city that is not known refused. */
export const lateByText = model("late_by_text", {
  ...common,
  trainer: xgboost(quick),
  preprocess: {
    ordered_at: drop(),
    courier: [impute({ constant: "nobody" }), ngramHash({ n: 2, buckets: 16 })],
    city: oneHot({ unseen: "refuse" }),
    length: of("courier", textLength()),
    bucket: cross(["city", "courier"], hash({ buckets: 32 })),
  },
});

/** Whether late, by logistic regression; inputs that are not named get their usual steps. */
export const lateLinear = model("late_linear", {
  ...common,
  trainer: linear({ penalty: "elasticNet", strength: 0.001 }),
  preprocess: { ...prepared, founded: drop(), near: of("distance_km", [bucketize({ bounds: [1.5, 3] }), oneHot()]) },
});

/** How many minutes late, by linear regression, with the usual steps alone. */
export const minutesLinear = model("minutes_linear", {
  ...common,
  label: deliveries.minutes_late,
  trainer: linear(),
  preprocess: { ordered_at: drop(), founded: drop() },
  metrics: [rmse()],
});

/** Whether late, corrected on the rows to validate on; categories go to the trees as they are. */
export const lateCalibrated = model("late_calibrated", {
  ...common,
  trainer: xgboost({ ...quick, dart: { dropRate: 0.2 } }),
  preprocess: { ordered_at: drop(), courier: impute("mostFrequent") },
  calibrate: platt(),
});

/** Early, in time or late, with as many columns for a city as classes. */
export const howLate = model("how_late", {
  ...common,
  label: when(deliveries.minutes_late.lt(0), literal("early", "string")).otherwise(
    when(deliveries.minutes_late.gt(10), literal("late", "string")).otherwise("in time"),
  ),
  trainer: xgboost(quick),
  preprocess: { ordered_at: dateParts(["hourOfDay"]), city: targetEncode({ folds: 3 }) },
  metrics: [logLoss()],
});

/** A project of these. */
export const preprocessProject = (definitions: Parameters<typeof project>[0]["definitions"]) =>
  project({ name: "preprocess", definitions });

/** A column's values as an ONNX file of a version takes them. */
export function onnxTensor(name: string, type: string, values: readonly Value[]): Tensor {
  const shape = [values.length, 1];
  if (type === "string") return { name, datatype: "BYTES", shape, data: values.map((value) => String(value ?? "")) };
  if (type === "int64")
    return {
      name,
      datatype: "INT64",
      shape,
      data: BigInt64Array.from(values, (value) => BigInt((value ?? -(2 ** 63)) as number)),
    };
  const data = Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value)));
  return { name, datatype: "FP64", shape, data };
}

/** What a version reads of a row. */
export const readBy = ({ inputs }: VersionRecord): readonly string[] => rawNames(inputs);
