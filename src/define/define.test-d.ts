// What must not compile: a misspelt feature, key, column or request field, and a value of the wrong type.

import { describe, expectTypeOf, test } from "vitest";
import { type DecimalType, days, hours, type ListType } from "../core/core.ts";
import {
  auc,
  binary,
  byTime,
  count,
  type Expression,
  entity,
  type Field,
  featureView,
  last,
  lastK,
  latest,
  type Model,
  mae,
  mean,
  model,
  monitor,
  parquet,
  quantiles,
  type RowInput,
  type RowOf,
  regression,
  retrain,
  share,
  sum,
  t,
  topK,
  xgboost,
} from "./define.ts";

const rides = parquet("rides", {
  path: "rides.parquet",
  columns: {
    ride: t.string(),
    asked_at: t.timestamp(),
    driver: t.string(),
    zone: t.int64().optional(),
    km: t.float64(),
    seats: t.int32(),
  },
  id: "ride",
  eventTime: "asked_at",
});
const ends = parquet("ends", {
  path: "ends.parquet",
  columns: {
    ride: t.string(),
    driver: t.string(),
    zone: t.int64().optional(),
    minutes: t.int32(),
    fare: t.float64().optional(),
    ended_at: t.timestamp(),
  },
  id: "ride",
  eventTime: "ended_at",
});
const driver = entity("driver", { driver: t.string() });
const zone = entity("zone", { zone: t.int64().optional() });
const driverRecord = featureView("driver_record", {
  entity: driver,
  source: ends,
  features: {
    rides_7d: count().over(days(7)),
    minutes_mean: mean(ends.minutes).over(days(7)),
    last: latest(ends.fare),
  },
});
const zoneRecord = featureView("zone_record", {
  entity: zone,
  source: ends,
  features: { long_share: share(ends.minutes.gt(30)).over(hours(24)) },
});
const common = {
  rows: rides,
  label: ends.minutes.gt(30),
  trainer: xgboost({ objective: "binary:logistic" }),
  split: byTime({ validate: days(1), test: days(1) }),
  metrics: [auc()],
} as const;
const longRide = model("long_ride", {
  ...common,
  features: [driverRecord, zoneRecord.features.long_share],
  request: { km: t.float64() },
  context: { seats: t.int32() },
  derived: {
    far: ({ request }) => request.km.gt(20),
    crowded: ({ context }) => context.seats.ge(4),
    pace: ({ request }) => request.km.dividedBy(driverRecord.features.minutes_mean),
  },
});

describe("columns", () => {
  test("are properties with their declared types", () => {
    expectTypeOf(rides.km).toEqualTypeOf<Expression<"float64">>();
    expectTypeOf(rides.zone).toEqualTypeOf<Expression<"int64">>();
    // @ts-expect-error a misspelt column
    rides.kms;
  });

  test("that say when and which must be declared, with the right type", () => {
    const columns = { key: t.string(), at: t.timestamp(), size: t.float64() };
    // @ts-expect-error a misspelt event time
    parquet("s", { path: "p", columns, eventTime: "att" });
    // @ts-expect-error an event time that is no time
    parquet("s", { path: "p", columns, eventTime: "size" });
    // @ts-expect-error an id that is a fraction
    parquet("s", { path: "p", columns, id: "size" });
  });
});

describe("expressions", () => {
  test("know their types", () => {
    expectTypeOf(rides.km.gt(1)).toEqualTypeOf<Expression<"bool">>();
    expectTypeOf(rides.km.plus(1)).toEqualTypeOf<Expression<"float64">>();
  });

  test("refuse operands of another type", () => {
    // @ts-expect-error text beside a number
    rides.km.gt("1");
    // @ts-expect-error text added to a number
    rides.km.plus("1");
    // @ts-expect-error a column of text beside a number
    rides.km.lt(rides.driver);
    // @ts-expect-error arithmetic on text
    rides.driver.plus(1);
    // @ts-expect-error a bool where text is compared
    rides.driver.eq(true);
    // @ts-expect-error calendar parts of a number
    rides.km.year();
  });

  test("of every type take what has a meaning for it", () => {
    const typed = parquet("typed", {
      path: "typed.parquet",
      columns: {
        real: t.float32(),
        price: t.decimal(12, 2),
        raw: t.bytes(),
        day: t.date(),
        who: t.uuid(),
        tags: t.list(t.string()),
        spot: t.struct({ lat: t.float64(), visits: t.list(t.int64()).optional() }),
      },
    });
    const { real, price, raw, day, who, tags, spot } = typed;
    expectTypeOf(real.plus(1)).toEqualTypeOf<Expression<"float64">>();
    expectTypeOf(real.plus(rides.seats)).toEqualTypeOf<Expression<"float64">>();
    expectTypeOf(price.plus("0.01")).toEqualTypeOf<Expression<DecimalType>>();
    expectTypeOf(price.toFloat64().dividedBy(2)).toEqualTypeOf<Expression<"float64">>();
    expectTypeOf(day.daysSince("2013-07-01")).toEqualTypeOf<Expression<"int64">>();
    expectTypeOf(tags.at(0)).toEqualTypeOf<Expression<"string">>();
    expectTypeOf(spot.field("visits").at(-1)).toEqualTypeOf<Expression<"int64">>();
    expectTypeOf(sum(price).over(days(1)).type).toEqualTypeOf<DecimalType>();
    expectTypeOf(sum(real).over(days(1)).type).toEqualTypeOf<"float64">();
    who.eq("123e4567-e89b-12d3-a456-426614174000");
    raw.eq(Uint8Array.of(1));
    day.lt("2013-07-01");
    price.gt(12.5);
    // @ts-expect-error the product of decimals is not exact
    price.times(price);
    // @ts-expect-error a decimal beside a binary number
    price.plus(real);
    // @ts-expect-error a decimal is no whole number of units to a person
    price.gt(1234n);
    // @ts-expect-error arithmetic on days
    day.plus(1);
    // @ts-expect-error hours of a day
    day.hourOfDay();
    // @ts-expect-error no such field
    spot.field("lon");
    // @ts-expect-error an element of a text
    who.at(0);
    // @ts-expect-error the mean of days
    mean(day);
    // @ts-expect-error calendar parts of text
    tags.at(0).year();
  });

  test("aggregates take what they can add up", () => {
    expectTypeOf(sum(ends.minutes).over(days(1)).type).toEqualTypeOf<"int64">();
    expectTypeOf(mean(ends.minutes).over(days(1)).type).toEqualTypeOf<"float64">();
    // @ts-expect-error the mean of text
    mean(ends.driver);
    // @ts-expect-error the share of a number
    share(ends.minutes);
    // @ts-expect-error an aggregate without its window is no feature
    featureView("v", { entity: driver, source: ends, features: { m: mean(ends.minutes) } });
    // @ts-expect-error a filter that is no condition
    mean(ends.minutes).where(ends.fare);
  });

  test("aggregates over several windows keep the names they are given, and their type", () => {
    const paid = sum(ends.fare).where(ends.fare.gt(0));
    const view = featureView("v", {
      entity: driver,
      source: ends,
      features: { ...paid.over({ paid_1h: hours(1), paid_7d: days(7) }), rides: count().over(days(1)) },
    });
    expectTypeOf(view.features.paid_1h.type).toEqualTypeOf<"float64">();
    expectTypeOf(view.features.paid_7d.type).toEqualTypeOf<"float64">();
    expectTypeOf(view.features.rides.type).toEqualTypeOf<"int64">();
    // @ts-expect-error a window that was not named
    view.features.paid_30d;
    const shape = quantiles(ends.minutes, { p50: 0.5, p95: 0.95 }).where(ends.fare.gt(0)).over(hours(1));
    expectTypeOf(shape.p95.type).toEqualTypeOf<"float64">();
    // @ts-expect-error a quantile that was not named
    shape.p99;
    expectTypeOf(last(ends.driver).over(days(1)).type).toEqualTypeOf<"string">();
    expectTypeOf(lastK(ends.driver, 5).over(days(1)).type).toEqualTypeOf<ListType<"string">>();
    expectTypeOf(topK(ends.minutes, 3).over({ a: days(1) }).a.type).toEqualTypeOf<ListType<"int32">>();
    // @ts-expect-error a quantile of text
    quantiles(ends.driver, { p50: 0.5 });
    // @ts-expect-error several windows are spread among the features
    featureView("v", { entity: driver, source: ends, features: { paid: paid.over({ paid_1h: hours(1) }) } });
    // @ts-expect-error a window is a length of time, not a number
    paid.over({ paid_1h: 3600 });
  });
});

describe("feature views", () => {
  test("offer their features by name", () => {
    expectTypeOf(driverRecord.features.rides_7d.type).toEqualTypeOf<"int64">();
    expectTypeOf(driverRecord.features.last.type).toEqualTypeOf<"float64">();
    // @ts-expect-error a misspelt feature
    driverRecord.features.rides_7dd;
  });

  test("need a source that has the entity's keys", () => {
    const nobody = parquet("nobody", { path: "p", columns: { at: t.timestamp(), n: t.int32() }, eventTime: "at" });
    // @ts-expect-error no such key in the source
    featureView("v", { entity: driver, source: nobody, features: { n: latest(nobody.n) } });
    const other = parquet("other", { path: "p", columns: { driver: t.int64(), n: t.int32() } });
    // @ts-expect-error the key has another type
    featureView("v", { entity: driver, source: other, features: { n: latest(other.n) } });
  });
});

describe("models", () => {
  test("need rows that have the request values, with their types", () => {
    // @ts-expect-error the rows have no such column
    model("m", { ...common, features: [driverRecord], request: { kms: t.float64() } });
    // @ts-expect-error the rows have it as float64
    model("m", { ...common, features: [driverRecord], request: { km: t.string() } });
  });

  test("derive values from request and context by name", () => {
    // @ts-expect-error a misspelt request field
    model("m", { ...common, features: [], request: { km: t.float64() }, derived: { x: ({ request }) => request.kms } });
    // @ts-expect-error a context that was not declared
    model("m", { ...common, features: [], derived: { x: ({ context }) => context.seats.gt(1) } });
  });

  test("foretell what a label's type allows", () => {
    const many = { ...common, features: [], trainer: xgboost(), metrics: [mae()] };
    model("m", { ...many, label: ends.minutes, trainer: xgboost({ task: regression({ loss: "quantile", at: 0.9 }) }) });
    model("m", { ...many, label: ends.minutes, trainer: xgboost() });
    // @ts-expect-error a yes or no has no mean
    model("m", { ...many, label: ends.minutes.gt(5), trainer: xgboost({ task: regression() }) });
    // @ts-expect-error a number is no yes or no
    model("m", { ...many, label: ends.minutes, trainer: xgboost({ task: binary() }) });
    // @ts-expect-error a quantile needs its place
    xgboost({ task: regression({ loss: "quantile" }) });
  });

  test("are asked with keys and request values of their declared types", () => {
    expectTypeOf(longRide).toExtend<Model<RowOf<typeof longRide>>>();
    type Row = RowOf<typeof longRide>;
    const row = (value: Row): Row => value;
    row({ driver: "a", zone: 1n, km: 2.5, seats: 4 });
    row({ driver: "a", zone: null, km: 2.5, seats: 4 });
    row({ driver: "a", km: 2.5, seats: 4 });
    // @ts-expect-error a misspelt key
    row({ drivr: "a", km: 2.5, seats: 4 });
    // @ts-expect-error a key left out
    row({ km: 2.5, seats: 4 });
    // @ts-expect-error a key of another type
    row({ driver: 7, km: 2.5, seats: 4 });
    // @ts-expect-error a request value of another type
    row({ driver: "a", km: "2.5", seats: 4 });
    // @ts-expect-error a field too many
    row({ driver: "a", km: 2.5, seats: 4, fare: 3 });
    // @ts-expect-error null where none may be
    row({ driver: "a", km: null, seats: 4 });
    type Typed = RowInput<{
      readonly who: Field<"uuid", false>;
      readonly day: Field<"date", false>;
      readonly price: Field<DecimalType, false>;
      readonly raw: Field<"bytes", true>;
      readonly tags: Field<ListType<"date">, false>;
    }>;
    const typed = (value: Typed): Typed => value;
    typed({ who: "a", day: "2013-07-01", price: "12.34", tags: ["2013-07-01", null, 1] });
    typed({ who: "a", day: 15_887, price: 1234n, raw: Uint8Array.of(1), tags: [] });
    // @ts-expect-error a decimal as a binary number
    typed({ who: "a", day: 15_887, price: 12.34, tags: [] });
    // @ts-expect-error text where a list belongs
    typed({ who: "a", day: 15_887, price: "12.34", tags: "2013-07-01" });
  });
});

test("monitors and rules refer to definitions, and rules to metrics, that there are", () => {
  monitor("health", { model: longRide, every: hours(24) });
  // @ts-expect-error a name is no definition
  monitor("health", { model: "long_ride", every: hours(24) });
  // @ts-expect-error no such metric
  retrain("again", { model: longRide, when: [], promote: { better: "exactness" } });
});
