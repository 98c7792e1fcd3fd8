// What differs between two states of a definition, as `slipway plan` tells it.

import { expect, test } from "vitest";
import { days, hours } from "../core/core.ts";
import {
  count,
  derivedView,
  entity,
  featureView,
  latest,
  mean,
  monitor,
  parquet,
  plainForm,
  specOf,
  t,
} from "../define/define.ts";
import { fieldChanges } from "./field-changes.ts";

const driver = entity("driver", { driver: t.string() });

function rides(optional = true, path = "rides.parquet") {
  return parquet("rides", {
    path,
    columns: { driver: t.string(), fare: optional ? t.float64().optional() : t.float64(), at: t.timestamp() },
    eventTime: "at",
  });
}

const view = (options: {
  readonly window?: number;
  readonly above?: number;
  readonly ttl?: bigint;
  readonly source?: ReturnType<typeof rides>;
}) => {
  const { window = 1, above = 10, ttl, source = rides() } = options;
  return featureView("fares", {
    entity: driver,
    source,
    features: {
      n: count(source.fare).over(days(window)),
      mean: mean(source.fare).over(days(1)),
      high: latest(source.fare.gt(above)),
    },
    ...(ttl === undefined ? {} : { ttl }),
  });
};

type Definition = Parameters<typeof specOf>[0];
const between = (before: Definition, after: Definition) =>
  fieldChanges(plainForm(specOf(before)), plainForm(specOf(after)));

test("tells durations in words, expressions as they read, and nothing of what is equal", () => {
  expect(between(view({}), view({}))).toEqual([]);
  expect(between(view({}), view({ window: 2 }))).toEqual([{ path: "features.n.window", before: "1d", after: "2d" }]);
  expect(between(view({ ttl: hours(1) }), view({ ttl: hours(36) }))).toEqual([
    { path: "ttl", before: "1h", after: "36h" },
  ]);
  expect(between(view({}), view({ ttl: 0n }))).toEqual([{ path: "ttl", after: "0us" }]);
  expect(between(view({}), view({ above: 20 }))).toEqual([
    { path: "features.high.value", before: "gt(rides.fare, 10)", after: "gt(rides.fare, 20)" },
  ]);
});

test("a definition inside another is one field; where it stands by itself its own fields are told", () => {
  expect(between(view({}), view({ source: rides(false) }))).toEqual([
    { path: "source", before: "rides", after: "rides (changed)" },
  ]);
  expect(between(rides(), rides(false, "data/rides.parquet"))).toEqual([
    { path: "path", before: "rides.parquet", after: "data/rides.parquet" },
    { path: "columns.fare.optional", before: "true", after: "false" },
  ]);
});

test("what is new or gone is told by its name, and a derived feature by its expression", () => {
  const below = view({});
  const derived = (features: object) => derivedView("over", { entity: driver, features: features as never });
  const one = derived({ a: below.features.n.plus(1) });
  expect(between(one, derived({ b: below.features.n.plus(2) }))).toEqual([
    { path: "features.a", before: "add(fares.n, 1)" },
    { path: "features.b", after: "add(fares.n, 2)" },
  ]);
  const model = { name: "m" } as never;
  expect(
    between(monitor("m", { model, every: hours(1) }), monitor("m", { model, every: hours(2), owner: "ops" })),
  ).toEqual([
    { path: "every", before: "1h", after: "2h" },
    { path: "owner", after: "ops" },
  ]);
});
