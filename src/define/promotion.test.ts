import { describe, expect, test } from "vitest";
import { auc, logLoss } from "./define.ts";
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
