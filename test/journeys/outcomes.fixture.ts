// Models of every kind of outcome over the made-up deliveries: how many minutes late, in which of three classes, and so on.

import {
  accuracy,
  auc,
  byTime,
  concordance,
  type Definition,
  days,
  literal,
  logLoss,
  mae,
  model,
  multiclass,
  ndcg,
  parquet,
  pinball,
  project,
  ranking,
  regression,
  rmse,
  survival,
  t,
  when,
  xgboost,
} from "../../src/index.ts";

const orders = parquet("orders", {
  path: "data/orders.parquet",
  columns: {
    order_id: t.string(),
    ordered_at: t.timestamp(),
    city: t.string(),
    distance_km: t.float64(),
    items: t.int32(),
  },
  id: "order_id",
  eventTime: "ordered_at",
});

/** What came of the orders. */
export const deliveries = parquet("deliveries", {
  path: "data/deliveries.parquet",
  columns: { order_id: t.string(), minutes_late: t.int32(), tip: t.float64().optional(), delivered_at: t.timestamp() },
  id: "order_id",
  eventTime: "delivered_at",
});

/** What every model has; label, trainer and metrics are its own. */
export const common = {
  rows: orders,
  features: [],
  request: { city: t.string(), distance_km: t.float64(), items: t.int32() },
  split: byTime({ validate: days(5), test: days(5) }),
} as const;

const quick = { rounds: 25, learningRate: 0.3, maxDepth: 3, seed: 7 };

/** How many minutes late. */
export const minutesLate = model("minutes_late", {
  ...common,
  label: deliveries.minutes_late,
  trainer: xgboost(quick),
  metrics: [rmse(), mae()],
});

/** The minutes that nine of ten deliveries stay below. */
export const minutesAtMost = model("minutes_at_most", {
  ...common,
  label: deliveries.minutes_late,
  trainer: xgboost({ ...quick, task: regression({ loss: "quantile", at: 0.9 }) }),
  metrics: [pinball(), mae()],
});

/** Early, in time or late. */
export const howLate = model("how_late", {
  ...common,
  label: when(deliveries.minutes_late.lt(0), literal("early", "string")).otherwise(
    when(deliveries.minutes_late.gt(10), literal("late", "string")).otherwise("in time"),
  ),
  trainer: xgboost({ ...quick, task: multiclass() }),
  metrics: [logLoss(), accuracy()],
});

/** Whether late, with newer orders counting more, classes balanced, and a city that is not known refused. */
export const lateByWeight = model("late_by_weight", {
  ...common,
  label: deliveries.minutes_late.gt(10),
  weight: orders.items.plus(1),
  trainer: xgboost({ ...quick, balance: true, unseen: "refuse", monotone: { distance_km: "rising" }, stopOn: "auc" }),
  metrics: [auc(), logLoss()],
});

const grade = when(deliveries.minutes_late.lt(0), literal(2, "int64")).otherwise(
  when(deliveries.minutes_late.lt(10), literal(1, "int64")).otherwise(0),
);

/** Which orders of a day come best. */
export const bestFirst = model("best_first", {
  ...common,
  label: grade,
  group: orders.ordered_at.dayOfMonth(),
  trainer: xgboost({ ...quick, task: ranking() }),
  metrics: [ndcg()],
});

/** How long a delivery takes, where only a third has been seen to end. */
export const howLong = model("how_long", {
  ...common,
  label: deliveries.minutes_late.plus(30),
  upperBound: deliveries.tip.times(0).plus(deliveries.minutes_late).plus(30),
  trainer: xgboost({ ...quick, task: survival({ scale: 0.5 }) }),
  metrics: [concordance()],
});

/** A project of these models, or of others. */
export const outcomesProject = (definitions: Readonly<Record<string, Definition>>) =>
  project({ name: "outcomes", definitions });
