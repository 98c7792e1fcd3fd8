// What this project is about: "will this delivery be more than ten minutes late?", asked when the order comes in.

import {
  alertFrom,
  auc,
  byTime,
  count,
  days,
  entity,
  featureView,
  hours,
  logLoss,
  mean,
  model,
  monitor,
  parquet,
  retrain,
  share,
  t,
  xgboost,
} from "slipway";

// Where rows come from. `eventTime` says when a row happened: nothing is ever computed from rows that came later.

export const orders = parquet("orders", {
  path: "data/orders.parquet",
  columns: {
    order_id: t.string(),
    ordered_at: t.timestamp(),
    courier: t.string(),
    distance_km: t.float64(),
    items: t.int32(),
  },
  id: "order_id",
  eventTime: "ordered_at",
});

export const deliveries = parquet("deliveries", {
  path: "data/deliveries.parquet",
  columns: {
    order_id: t.string(),
    courier: t.string(),
    minutes_late: t.int32(),
    delivered_at: t.timestamp(),
  },
  id: "order_id",
  eventTime: "delivered_at",
});

// What features are about, and the features: the same values in training sets and when a prediction is asked for.

export const courier = entity("courier", { courier: t.string() });

export const courierRecord = featureView("courier_record", {
  entity: courier,
  source: deliveries,
  features: {
    deliveries_24h: count().over(hours(24)),
    minutes_late_mean_24h: mean(deliveries.minutes_late).over(hours(24)),
    late_share_7d: share(deliveries.minutes_late.gt(10)).over(days(7)),
  },
});

// The model: one prediction per order, from the courier's record and what the request says.

export const deliveryLate = model("delivery_late", {
  rows: orders,
  features: [courierRecord],
  request: { distance_km: t.float64(), items: t.int32() },
  derived: { far: ({ request }) => request.distance_km.gt(8) },
  label: deliveries.minutes_late.gt(10),
  trainer: xgboost({ objective: "binary:logistic", maxDepth: 4, rounds: 200 }),
  split: byTime({ validate: days(7), test: days(7) }),
  metrics: [auc(), logLoss()],
});

// How it is watched, and when it may be trained again.

export const deliveryHealth = monitor("delivery_health", { model: deliveryLate, every: hours(24), leastRows: 200 });

export const deliveryRetrain = retrain("delivery_retrain", {
  model: deliveryLate,
  when: [alertFrom(deliveryHealth)],
  promote: { better: "auc" },
});
