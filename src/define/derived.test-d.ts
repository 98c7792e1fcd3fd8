// What must and must not compile about features made of features.

import { describe, expectTypeOf, test } from "vitest";
import { days } from "../core/core.ts";
import {
  auc,
  byTime,
  count,
  derivedView,
  described,
  type Expression,
  entity,
  featureGroup,
  featureView,
  latest,
  mean,
  model,
  onDemand,
  parquet,
  type RowOf,
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
    seats: t.int32(),
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
const rates = derivedView("driver_rates", {
  entity: driver,
  features: {
    fare_per_ride: driverRides.features.mean_fare.dividedBy(driverRides.features.rides_7d),
    is_busy: described(driverRides.features.rides_7d.gt(10), { owner: "ops" }),
  },
});
const price = onDemand("price", {
  inputs: {
    usual: driverRides.features.mean_fare,
    far: zoneRides.features.last_km,
    rate: rates.features.fare_per_ride,
  },
  request: { km: t.float64() },
  features: {
    expected: ({ request, features }) => request.km.times(features.usual).plus(features.rate),
    is_far: ({ request, features }) => request.km.gt(features.far),
  },
});
const core = featureGroup("core", { features: [rates, zoneRides.features.last_km, price.features.expected] });
const common = {
  rows: rides,
  label: rides.fare.gt(30),
  trainer: xgboost({ objective: "binary:logistic" }),
  split: byTime({ validate: days(1), test: days(1) }),
  metrics: [auc()],
} as const;

describe("derived features", () => {
  test("have the types of their expressions", () => {
    expectTypeOf(rates.features.fare_per_ride).toExtend<Expression<"float64">>();
    expectTypeOf(rates.features.is_busy).toExtend<Expression<"bool">>();
    expectTypeOf(price.features.is_far).toExtend<Expression<"bool">>();
    // @ts-expect-error there is no such feature
    rates.features.fare_per_rides;
  });

  test("ask for their entity's keys, and on-demand ones for their request values", () => {
    const one = model("one", { ...common, features: [rates] });
    expectTypeOf<{ readonly driver: string }>().toExtend<RowOf<typeof one>>();
    expectTypeOf<RowOf<typeof one>>().toExtend<{ readonly driver: string }>();
    const two = model("two", { ...common, features: [price.features.is_far], request: { seats: t.int32() } });
    type Two = RowOf<typeof two>;
    expectTypeOf<{ driver: string; zone: bigint; km: number; seats: number }>().toExtend<Two>();
    expectTypeOf<{ driver: string; zone: bigint; seats: number }>().not.toExtend<Two>();
    expectTypeOf<{ driver: string; km: number; seats: number }>().not.toExtend<Two>();
    const grouped = model("grouped", { ...common, features: [core] });
    type Grouped = RowOf<typeof grouped>;
    expectTypeOf<{ driver: string; zone: bigint; km: number }>().toExtend<Grouped>();
    expectTypeOf<{ driver: string; km: number }>().not.toExtend<Grouped>();
    expectTypeOf<{ driver: string; zone: bigint }>().not.toExtend<Grouped>();
  });

  test("do not compile over what is not there", () => {
    onDemand("wrong", {
      inputs: { usual: driverRides.features.mean_fare },
      request: { km: t.float64() },
      // @ts-expect-error there is no request value "miles"
      features: { x: ({ request, features }) => request.miles.times(features.usual) },
    });
    onDemand("wrong", {
      inputs: { usual: driverRides.features.mean_fare },
      request: { km: t.float64() },
      // @ts-expect-error there is no input "typical"
      features: { x: ({ request, features }) => request.km.times(features.typical) },
    });
    // @ts-expect-error a group takes features
    featureGroup("wrong", { features: ["driver_rides"] });
    // @ts-expect-error a model takes features
    model("wrong", { ...common, features: [rides] });
  });
});
