import { expect, test } from "vitest";
import { days } from "../core/core.ts";
import { auc, byTime, definitionHash, model, parquet, specOf, t, xgboost } from "./define.ts";

const other = parquet("other", { path: "o.parquet", columns: { x: t.int32() } });
const rides = parquet("rides", {
  path: "r.parquet",
  columns: { ride: t.string(), driver: t.string(), fare: t.float64(), km: t.float64(), at: t.timestamp() },
  id: "ride",
  eventTime: "at",
});
const judgedBy = (more: object) =>
  model("judged", {
    rows: rides,
    features: [],
    request: { km: t.float64() },
    label: rides.fare.gt(30),
    trainer: xgboost({ objective: "binary:logistic" }),
    split: byTime({ validate: days(1), test: days(1) }),
    metrics: [auc()],
    ...more,
  });

test("slices and costs change how a model is looked at, and not what it is", () => {
  const plain = specOf(judgedBy({}) as never);
  const sliced = specOf(
    judgedBy({
      slices: { long: rides.km.gt(3), driver: rides.driver },
      cost: { falsePositive: 1, falseNegative: 5 },
    }) as never,
  );
  expect(sliced).toMatchObject({ slices: [{ name: "long" }, { name: "driver" }], cost: { falseNegative: 5 } });
  expect(definitionHash(sliced as never)).toBe(definitionHash(plain as never));
});

test("what no row tells is refused", () => {
  const refused = (words: string) =>
    expect.objectContaining({ code: "DEFINITION_INVALID", message: expect.stringContaining(words) });
  expect(() => judgedBy({ slices: { odd: other.x.gt(1) } })).toThrow(refused('"other.x"'));
  expect(() => judgedBy({ slices: { odd: 3 } })).toThrow(refused("is no expression"));
  expect(() => judgedBy({ cost: { falsePositive: -1, falseNegative: 1 } })).toThrow(refused("falsePositive is -1"));
  expect(() => judgedBy({ cost: { falsePositive: 0, falseNegative: 0 } })).toThrow(refused("above 0"));
});
