// Features made of features, as plain data: what a model makes of them, and what is refused.

import { describe, expect, test } from "vitest";
import { days } from "../core/core.ts";
import {
  age,
  auc,
  byTime,
  collectProject,
  count,
  definitionHash,
  derivedView,
  described,
  entity,
  featureGroup,
  featureView,
  latest,
  mean,
  model,
  onDemand,
  parquet,
  specOf,
  t,
  xgboost,
} from "./define.ts";

const rides = parquet("rides", {
  path: "rides.parquet",
  columns: {
    ride: t.string(),
    at: t.timestamp(),
    driver: t.string(),
    zone: t.int64(),
    km: t.float64(),
    fare: t.float64(),
  },
  id: "ride",
  eventTime: "at",
});
const driver = entity("driver", { driver: t.string() });
const driverRides = featureView("driver_rides", {
  entity: driver,
  source: rides,
  features: { rides_7d: count().over(days(7)), mean_fare: mean(rides.fare).over(days(7)) },
});
const zoneRides = featureView("zone_rides", {
  entity: entity("zone", { zone: t.int64() }),
  source: rides,
  features: { last_km: latest(rides.km) },
});
const { rides_7d, mean_fare } = driverRides.features;
const rates = derivedView("driver_rates", {
  entity: driver,
  features: { fare_per_ride: mean_fare.dividedBy(rides_7d), is_busy: described(rides_7d.gt(10), { owner: "ops" }) },
  owner: "pricing",
});
const price = onDemand("price", {
  inputs: { rate: rates.features.fare_per_ride, far: zoneRides.features.last_km },
  request: { km: t.float64() },
  features: {
    expected: ({ request, features }) => request.km.times(features.rate),
    is_far: ({ request, features }) => request.km.gt(features.far),
  },
});
const common = {
  rows: rides,
  label: rides.fare.gt(30),
  trainer: xgboost({ objective: "binary:logistic" }),
  split: byTime({ validate: days(1), test: days(1) }),
  metrics: [auc()],
} as const;

describe("a derived view", () => {
  test("keeps the views it is made of, and a view over it is made of the same", () => {
    expect(specOf(rates)).toMatchObject({
      kind: "derivedView",
      entity: "driver",
      views: [{ name: "driver_rides" }],
      features: [
        { name: "fare_per_ride", type: "float64" },
        { name: "is_busy", type: "bool", owner: "ops" },
      ],
    });
    const twice = derivedView("twice", { entity: driver, features: { double: rates.features.fare_per_ride.times(2) } });
    expect(specOf(twice).views.map(({ name }) => name)).toEqual(["driver_rides"]);
    expect(specOf(twice).features[0]?.value).toMatchObject({
      operator: "multiply",
      args: [{ operator: "divide", args: [{ kind: "feature", view: "driver_rides", name: "mean_fare" }, {}] }, {}],
    });
  });

  test("hashes what it means: another view below changes it, an owner does not", () => {
    const made = (window: number, owner?: string) => {
      const below = featureView("driver_rides", {
        entity: driver,
        source: rides,
        features: { n: count().over(days(window)) },
      });
      const n = owner === undefined ? below.features.n.plus(1) : described(below.features.n.plus(1), { owner });
      return definitionHash(specOf(derivedView("more", { entity: driver, features: { n } })));
    };
    expect(made(1, "somebody")).toBe(made(1));
    expect(made(2)).not.toBe(made(1));
  });

  test("is refused over columns, over other keys, and over aggregates", () => {
    const refused = (features: object) => () => derivedView("wrong", { entity: driver, features: features as never });
    expect(refused({ x: rides.km.plus(1) })).toThrow(/derived view "wrong" uses "km", which is no feature/);
    expect(refused({ x: zoneRides.features.last_km.plus(1) })).toThrow(
      /keyed by "zone" \(int64\); entity "driver" has the keys driver/,
    );
    expect(refused({ x: age(days(1)) })).toThrow(/feature "x" is no expression/);
    expect(refused({ x: count().over(days(1)) })).toThrow(/belong in a feature view/);
    expect(refused({})).toThrow(/declares no feature/);
    expect(refused({ x: price.features.expected })).toThrow(/uses "km", which is no feature/);
  });
});

describe("an on-demand view", () => {
  test("has the keys of all it is made of, and its own request", () => {
    expect(specOf(price)).toMatchObject({
      kind: "onDemand",
      keys: [{ name: "driver" }, { name: "zone" }],
      request: [{ name: "km", type: "float64" }],
      views: [{ name: "driver_rides" }, { name: "zone_rides" }],
    });
    expect(() => onDemand("wrong", { request: {}, features: { x: () => rides.km } })).toThrow(
      /neither in its request nor among its inputs/,
    );
  });
});

describe("a model", () => {
  test("takes derived, on-demand and grouped features as derived inputs over stored views", () => {
    const core = featureGroup("core", { features: [rates, price.features.is_far] });
    const spec = specOf(
      model("costly", {
        ...common,
        features: [zoneRides, core],
        derived: { cheap: () => price.features.expected.lt(5) },
      }),
    );
    expect(spec.inputs.map(({ name, from }) => [name, from])).toEqual([
      ["last_km", "feature"],
      ["fare_per_ride", "derived"],
      ["is_busy", "derived"],
      ["is_far", "derived"],
      ["cheap", "derived"],
    ]);
    expect(spec.inputs[3]).toMatchObject({ view: "price" });
    expect(spec.views.map(({ name }) => name)).toEqual(["zone_rides", "driver_rides"]);
    expect(spec.request).toEqual([{ name: "km", type: "float64", optional: false }]);
  });

  test("is refused when two askers of one field disagree, or a name comes twice", () => {
    const other = onDemand("other", {
      request: { km: t.int64() },
      features: { y: ({ request }) => request.km.plus(1) },
    });
    expect(() => model("wrong", { ...common, features: [price, other] })).toThrow(
      /asks for "km" as float64 and as int64/,
    );
    expect(() => model("wrong", { ...common, features: [rates, rates.features.is_busy] })).toThrow(
      /two inputs are called "is_busy"/,
    );
    expect(() => model("wrong", { ...common, features: ["driver_rides"] as never })).toThrow();
    expect(() => model("wrong", { ...common, features: [driver] as never })).toThrow(/features takes views/);
  });
});

describe("a project", () => {
  test("has the views below what it exports, and one namespace for all kinds of views", () => {
    const { definitions } = collectProject("rides", { rates, price });
    expect(definitions.map(({ kind, name }) => `${kind} ${name}`)).toEqual([
      "derivedView driver_rates",
      "featureView driver_rides",
      "featureView zone_rides",
      "onDemand price",
      "source rides",
    ]);
    const same = derivedView("driver_rides", { entity: driver, features: { x: rides_7d.plus(1) } });
    expect(() => collectProject("rides", { same })).toThrow(/are both called "driver_rides"/);
  });
});
