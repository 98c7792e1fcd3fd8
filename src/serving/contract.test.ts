import { expect, test } from "vitest";
import { days, hours } from "../core/core.ts";
import {
  auc,
  byTime,
  count,
  entity,
  featureView,
  latest,
  model,
  parquet,
  specOf,
  t,
  xgboost,
} from "../define/define.ts";
import { fromJson, toJson } from "../records/records.ts";
import { checkContract, contractDifferences, type ServingContract, servingContract } from "./contract.ts";

interface Changes {
  readonly window?: bigint;
  readonly feature?: string;
  readonly whole?: boolean;
  readonly above?: number;
  readonly rounds?: number;
  readonly withGate?: boolean;
  /** One more feature in a view of which the model reads another. */
  readonly more?: boolean;
}

function contract(changes: Changes = {}): ServingContract {
  const { window = days(1), feature = "gone_by", whole = false, above = 5, rounds = 10, withGate = true } = changes;
  const { more = false } = changes;
  const flights = parquet("flights", {
    path: "flights.parquet",
    columns: {
      key: t.string(),
      at: t.timestamp(),
      gate: t.string(),
      km: t.float64(),
      seats: t.int32(),
      late: t.bool(),
    },
    id: "key",
    eventTime: "at",
  });
  const gate = entity("gate", { gate: t.string() });
  const traffic = featureView("traffic", {
    entity: gate,
    source: flights,
    features: { [feature]: count().over(window) },
  });
  const newest = featureView("newest", {
    entity: gate,
    source: flights,
    features: {
      last: whole ? latest(flights.seats) : latest(flights.km),
      ...(more ? { count: count().over(days(1)) } : {}),
    },
  });
  return servingContract(
    specOf(
      model("delay", {
        rows: flights,
        features: withGate ? [traffic, newest.features.last] : [newest.features.last],
        request: { km: t.float64() },
        context: { seats: t.int32() },
        // A whole number beside whole numbers is a bigint, one beside fractions is not.
        derived: {
          far: ({ request }) => request.km.gt(above),
          large: ({ context }) => context.seats.gt(100),
        },
        label: flights.late,
        trainer: xgboost({ objective: "binary:logistic", rounds }),
        split: byTime({ validate: hours(1), test: hours(1) }),
        metrics: [auc()],
      }),
    ),
  );
}

/** As it comes back from the records. */
const stored = (one: ServingContract): ServingContract => fromJson(toJson(one));

test("a version is served while definitions mean the same, also after a trip through the records", () => {
  expect(contractDifferences(contract(), contract())).toEqual([]);
  expect(contractDifferences(stored(contract()), contract())).toEqual([]);
});

test("how a model is fitted does not matter to how it is served", () => {
  expect(contractDifferences(contract(), contract({ rounds: 99 }))).toEqual([]);
});

test.each<readonly [string, Changes, string]>([
  ["another window", { window: days(2) }, 'feature "traffic.gone_by" has changed'],
  ["a renamed feature", { feature: "passed" }, 'input "gone_by" is no longer defined'],
  ["a new name", { feature: "passed" }, 'input "passed" is new'],
  ["another type", { whole: true }, 'input "last" was float64 and is now int32'],
  ["another rule", { above: 6 }, 'input "far" is defined differently'],
  ["a view less", { withGate: false }, 'feature "traffic.gone_by" is gone'],
])("%s is named", (_, changes, difference) => {
  expect(contractDifferences(contract(), contract(changes))).toContain(difference);
  expect(() => checkContract("delay", 3, contract(), contract(changes))).toThrow(
    expect.objectContaining({
      code: "FEATURES_MISMATCH",
      message: expect.stringMatching(
        new RegExp(`^Version 3 of "delay" .*${difference}.*Train and promote a new version`),
      ),
      details: expect.objectContaining({ differences: expect.arrayContaining([difference]) }),
    }),
  );
});

test("a version that came as a file, of which no features are known, is refused as what it is", () => {
  expect(() => checkContract("delay", 3, null, contract())).toThrow(
    expect.objectContaining({
      code: "FEATURES_MISMATCH",
      message: expect.stringMatching(
        /^Version 3 of "delay" was not trained by Slipway, .*Train and promote a new version/,
      ),
    }),
  );
});

test("another feature in a view that it reads does not matter to a version, unless it is of a release that remembered whole views", () => {
  const { features: _, ...whole } = contract();
  expect(contractDifferences(contract(), contract({ more: true }))).toEqual([]);
  expect(contractDifferences(whole, contract())).toEqual([]);
  expect(contractDifferences(whole, contract({ more: true }))).toEqual(['feature view "newest" has changed']);
});
