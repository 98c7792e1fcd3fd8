import { describe, expect, test } from "vitest";
import { days } from "../core/core.ts";
import {
  auc,
  byTime,
  linear,
  logLoss,
  mae,
  model,
  multiclass,
  parquet,
  regression,
  rmse,
  specOf,
  standardize,
  type TrainerSpec,
  t,
  xgboost,
} from "./define.ts";

const refused = (options: Record<string, unknown>) => expect(() => xgboost(options as never));

describe("xgboost", () => {
  test("refuses an option that there is not, with the nearest one", () => {
    refused({ maxDeph: 3 }).toThrow('no option "maxDeph". Did you mean "maxDepth"?');
    refused({ dart: { dropRat: 0.1 } }).toThrow('no option "dropRat". Did you mean "dropRate"?');
  });

  test.each([
    [{ learningRate: 0 }, "learningRate is 0"],
    [{ learningRate: Number.NaN }, "learningRate is NaN"],
    [{ maxDepth: 2.5 }, "maxDepth is 2.5; give a whole number from 0 to 1000"],
    [{ subsample: 1.5 }, "subsample is 1.5; give a number above 0 and up to 1"],
    [{ l2: -1 }, "l2 is -1; give a number from 0 up"],
    [{ rounds: 0 }, "rounds 0 must be"],
    [{ unseen: "guess" }, 'unseen is "guess"; give one of missing, refuse'],
    [{ stopOn: "acc" }, 'stopOn is "acc"'],
    [{ device: "gpu" }, 'device is "gpu"; give one of cpu, cuda'],
    [{ monotone: { km: "up" } }, 'monotone.km is "up"'],
    [{ dart: { dropRate: 2 } }, "dart.dropRate is 2"],
    [{ task: multiclass(), objective: "binary:logistic" }, "not what a multiclass task is fitted with"],
  ])("refuses a value out of range: %j", (options, words) => refused(options).toThrow(words));

  test("refuses options that do not go together", () => {
    refused({ dart: { dropRate: 0.1 }, earlyStoppingRounds: 5 }).toThrow("leave earlyStoppingRounds out");
    refused({ earlyStoppingRounds: 0, stopOn: "auc" }).toThrow("stops nothing");
    refused({ workers: 2, device: "cuda" }).toThrow("leave one of them out");
    refused({ workers: 0 }).toThrow("workers 0 must be a whole number of at least 1");
    expect(xgboost({ dart: { dropRate: 0.1 } }).earlyStoppingRounds).toBe(0);
  });

  test("sends what is asked for by the engine's names, and no default that it has itself", () => {
    expect(xgboost().parameters).toEqual({
      ...{ tree_method: "hist", eta: 0.1, max_depth: 6, min_child_weight: 1, subsample: 1, colsample_bytree: 1 },
      ...{ lambda: 1, alpha: 0, max_bin: 256, max_cat_to_onehot: 5 },
    });
    expect(xgboost({ grow: "loss", maxLeaves: 31, minSplitLoss: 2 }).parameters).toMatchObject({
      ...{ grow_policy: "lossguide", max_leaves: 31, gamma: 2 },
    });
  });
});

const rides = parquet("rides", {
  path: "rides.parquet",
  columns: {
    ride: t.string(),
    at: t.timestamp(),
    km: t.float64(),
    zone: t.string(),
    fare: t.float64(),
    paid: t.bool(),
  },
  id: "ride",
  eventTime: "at",
});
const other = parquet("other", { path: "other.parquet", columns: { ride: t.string(), worth: t.float64() } });
const common = {
  rows: rides,
  features: [],
  request: { km: t.float64(), zone: t.string() },
  split: byTime({ validate: days(1), test: days(1) }),
} as const;
const fareBy = (trainer: TrainerSpec<never>, more = {}) =>
  model("fare", {
    ...common,
    label: rides.fare,
    trainer: trainer as TrainerSpec<"float64">,
    metrics: [rmse()],
    ...more,
  });

describe("a model's task", () => {
  test("follows from its label, or is named", () => {
    expect(specOf(fareBy(xgboost())).task).toEqual({ kind: "regression", loss: "squared" });
    const zone = model("zone", { ...common, label: rides.zone, trainer: xgboost(), metrics: [logLoss()] });
    expect(specOf(zone).task).toEqual({ kind: "multiclass", mostClasses: 100 });
    const paid = model("paid", { ...common, label: rides.paid, trainer: xgboost(), metrics: [auc()] });
    expect(specOf(paid).task).toEqual({ kind: "binary" });
  });

  test("refuses labels, metrics and losses that are not for it", () => {
    const named = xgboost({ task: regression({ loss: "quantile", at: 0.5 }) });
    expect(() => fareBy(named, { label: rides.paid })).toThrow("needs a label of numbers, and this one is bool");
    expect(() => fareBy(named, { label: rides.at })).toThrow("needs a label of numbers, and this one is timestamp");
    expect(() => fareBy(xgboost(), { label: rides.at })).toThrow("which nothing foretells");
    expect(() => fareBy(named, { metrics: [auc()] })).toThrow(
      "auc says nothing of a regression (quantile 0.5) task; use rmse",
    );
    expect(() => regression({ loss: "quantile", at: 1 })).toThrow("must be between 0 and 1");
    expect(() => multiclass({ mostClasses: 1 })).toThrow("at least 2");
    expect(specOf(fareBy(named, { metrics: [mae()] })).metrics).toEqual([mae()]);
  });

  test("holds a trainer's constraints against the inputs", () => {
    expect(() => fareBy(xgboost({ monotone: { kms: "rising" } }))).toThrow(
      'monotone names "kms", which is no input. Did you mean "km"?',
    );
    expect(() => fareBy(xgboost({ monotone: { zone: "rising" } }))).toThrow("categories have no order");
    expect(() => fareBy(xgboost({ interactions: [["km", "zones"]] }))).toThrow('interactions names "zones"');
    expect(() => fareBy(xgboost({ balance: true }))).toThrow("balance is for classes");
  });

  test("takes a base margin that is a numeric input, or that is computed", () => {
    const computed = specOf(
      fareBy(xgboost(), { baseMargin: ({ request }: { request: typeof rides }) => request.km.times(2) }),
    );
    expect(computed.baseMargin).toBe("base_margin");
    expect(computed.inputs.at(-1)).toMatchObject({ from: "derived", name: "base_margin", type: "float64" });
    expect(specOf(fareBy(xgboost(), { baseMargin: "km" })).baseMargin).toBe("km");
    expect(() => fareBy(xgboost(), { baseMargin: "kms" })).toThrow('baseMargin names "kms", which is no input');
    expect(() => fareBy(xgboost(), { baseMargin: "zone" })).toThrow('baseMargin "zone" is string; it must be a number');
    expect(() => fareBy(linear(), { baseMargin: "km" })).toThrow("baseMargin is for xgboost()");
    const prepared = { baseMargin: "km", preprocess: { km: standardize() } };
    expect(() => fareBy(xgboost(), prepared)).toThrow("no input that is taken as it is");
  });

  test("takes a weight from the rows or from the label's source, and from nothing else", () => {
    expect(specOf(fareBy(xgboost(), { weight: rides.km })).beside?.weight?.from).toBe("label");
    expect(() => fareBy(xgboost(), { weight: other.worth })).toThrow('columns of "rides"');
    expect(() => fareBy(xgboost(), { weight: rides.zone })).toThrow("weight is string; it must be a number");
  });
});
