import { describe, expect, test } from "vitest";
import { auc, logLoss, model, parquet, random, rmse, t, xgboost } from "./define.ts";
import { type PromotionOptions, promotionOf } from "./promotion.ts";

test("a policy is plain data, with what was left out filled in", () => {
  const gates = [
    { metric: auc(), atLeast: 0.7 },
    { metric: logLoss(), notWorseBy: 0.01 },
  ] as const;
  expect(promotionOf("m", { gates, approvals: 2 })).toEqual({
    gates: [
      { kind: "atLeast", metric: "auc", bound: 0.7 },
      { kind: "notWorse", metric: "logLoss", better: "lower", bound: 0.01 },
    ],
    approvals: { count: 2, by: "approver" },
    aliases: ["champion"],
  });
});

describe("a policy that cannot be meant is refused", () => {
  test.each<[string, PromotionOptions]>([
    ["takes one of atLeast, atMost and notWorseBy", { gates: [{ metric: auc() } as never] }],
    ["takes one of", { gates: [{ metric: auc(), atLeast: 0.7, atMost: 0.9 } as never] }],
    ["must be a number", { gates: [{ metric: auc(), atLeast: Number.NaN }] }],
    ["give zero or more", { gates: [{ metric: auc(), notWorseBy: -0.1 }] }],
    ["not a number of people", { approvals: 1.5 }],
    ["the roles are", { approvals: { count: 1, by: "boss" as never } }],
    ["names none", { aliases: [] }],
  ])("%s: %j", (message, options) => {
    expect(() => promotionOf("m", options)).toThrow(message);
  });
});

test("a gate on what the model does not measure, or what says nothing of its task, is refused with the model", () => {
  const rides = parquet("rides", {
    path: "rides.parquet",
    columns: { key: t.string(), at: t.timestamp(), km: t.float64(), late: t.bool() },
    id: "key",
    eventTime: "at",
  });
  const gated = (metric: ReturnType<typeof auc>) =>
    model("m", {
      rows: rides,
      features: [],
      request: { km: t.float64() },
      label: rides.late,
      trainer: xgboost(),
      split: random({ validate: 0.1, test: 0.1 }),
      metrics: [auc()],
      promotion: { gates: [{ metric, atLeast: 0.5 }] },
    });
  expect(() => gated(auc())).not.toThrow();
  expect(() => gated(logLoss())).toThrow("a gate asks for logLoss, which is never measured");
  expect(() => gated(rmse())).toThrow("the metric rmse says nothing of a binary task");
});
