// Features made of features, as the platform shows, reads, trains and guards them.

import { afterEach, beforeEach, expect, test } from "vitest";
import { days, parseInstant } from "../core/core.ts";
import { auc, byTime, derivedView, featureGroup, model, onDemand, t, xgboost } from "../define/define.ts";
import {
  applyDefinitions,
  featureHistory,
  featuresAsOf,
  listFeatures,
  materialize,
  type Platform,
  planChanges,
  readFeatures,
  searchCatalog,
  showFeatures,
  showLineage,
  writeTrainingSet,
} from "./platform.ts";
import { driver, fares, type RidesWorld, registered, rides, ridesWorld, writeRides } from "./rides.fixture.ts";

let world: RidesWorld;
beforeEach(() => {
  world = ridesWorld();
});
afterEach(() => world.remove());

const below = fares();

function definitions(factor = 2) {
  const trend = derivedView("driver_trend", {
    entity: driver,
    features: { above: below.features.last_fare.minus(below.features.mean_fare).times(factor) },
    description: "How the newest fare compares",
  });
  const price = onDemand("price", {
    inputs: { usual: below.features.mean_fare },
    request: { km: t.float64() },
    features: { is_high: ({ request, features }) => request.km.times(5).gt(features.usual) },
  });
  const core = featureGroup("fare_core", { features: [trend, price] });
  const rich = model("rich_ride", {
    rows: rides,
    features: [below.features.mean_fare, core],
    label: rides.fare.gt(30),
    trainer: xgboost({ objective: "binary:logistic" }),
    split: byTime({ validate: days(1), test: days(1) }),
    metrics: [auc()],
  });
  return { driver, below, trend, price, core, rich };
}

async function opened(): Promise<Platform> {
  const platform = await world.open(definitions());
  await writeRides(platform, world.folder);
  await applyDefinitions(platform);
  return platform;
}

test("a derived view is read by its name or definition, now and in the past, and has a history", async () => {
  const platform = await opened();
  await materialize(platform);
  const key = { driver: "ann" };
  const stored = await readFeatures(platform, "driver_fares", key);
  const derived = await readFeatures(platform, definitions().trend, key);
  const { last_fare, mean_fare } = stored.values;
  expect(mean_fare).toBeNull();
  expect(derived).toMatchObject({
    view: "driver_trend",
    status: "present",
    values: { above: null },
    statuses: { above: "null" },
  });
  expect(derived.through).toBe(stored.through);
  expect(last_fare).toBe(40.5);
  const at = parseInstant("2025-01-29T13:00:00Z");
  const past = await featuresAsOf(platform, "driver_fares", key, at);
  const then = await featuresAsOf(platform, "driver_trend", key, at);
  const { last_fare: last, mean_fare: mean } = past.values as { last_fare: number; mean_fare: number };
  expect(then.values).toEqual({ above: (last - mean) * 2 });
  const history = await featureHistory(platform, "driver_trend", key);
  expect(history.changes.length).toBeGreaterThan(5);
  expect(history.changes.every(({ why }) => why.every(({ view }) => view === "driver_fares"))).toBe(true);
  const { trend } = definitions();
  const { rows } = await readFeatures(platform, [trend.features.above, below.features.last_fare, trend], [key]);
  expect(rows[0]?.[0]).toMatchObject({ feature: "above", value: null, status: "null" });
  expect(rows[0]?.[1].value).toBe(last_fare);
  expect(rows[0]?.[2].values).toEqual(derived.values);
  expect((await readFeatures(platform, definitions().price, { ...key, km: 3 })).values).toEqual({ is_high: null });
  await expect(featuresAsOf(platform, "price", key, at)).rejects.toMatchObject({
    code: "DEFINITION_NOT_FOUND",
    message: expect.stringContaining("has no past"),
  });
});

test("the training set has the same derived values as the past has", async () => {
  const platform = await opened();
  const file = `${world.folder}/set.parquet`;
  await writeTrainingSet(platform, "rich_ride", file);
  const { offline } = platform.engines;
  let compared = 0;
  for await (const table of offline.stream(
    `SELECT s.above, s.is_high, r.driver, epoch_us(r.at) AS t, r.fare FROM ${offline.dialect.scanOwn([file])} s JOIN ${offline.dialect.scan(platform.project.definitions.find((each) => each.kind === "source") as never)} r ON r.ride = s.key ORDER BY t`,
  ))
    for (let row = 0; row < table.rowCount; row += 1) {
      const cell = (place: number): unknown => table.columns[place]?.values[row];
      const isNull = (place: number): boolean =>
        table.columns[place]?.validity !== undefined &&
        ((table.columns[place].validity[row >> 3] ?? 0) & (1 << (row & 7))) === 0;
      const past = await featuresAsOf(platform, "driver_trend", { driver: cell(2) }, cell(3) as bigint);
      expect(isNull(0) ? null : cell(0)).toEqual(past.values["above"]);
      compared += 1;
    }
  expect(compared).toBe(30);
});

test("the catalogue lists, finds and shows every kind, with what it is made of and who uses it", async () => {
  const platform = await opened();
  await registered(platform);
  const listed = await listFeatures(platform);
  expect(
    listed.map(({ name, kind, source, views, request }) => [name, kind, source?.name, views, request?.length]),
  ).toEqual([
    ["driver_fares", "featureView", "rides", undefined, undefined],
    ["driver_trend", "derivedView", undefined, ["driver_fares"], undefined],
    ["price", "onDemand", undefined, ["driver_fares"], 1],
  ]);
  expect((await listFeatures(platform, { entity: "driver" })).length).toBe(3);
  expect(searchCatalog(platform, "newest compares")[0]).toMatchObject({ view: "driver_trend", feature: null });
  const trend = await showFeatures(platform, "driver_trend");
  expect(trend.features).toMatchObject([
    {
      name: "above",
      is: "multiply(subtract(driver_fares.last_fare, driver_fares.mean_fare), 2)",
      columns: ["driver_fares.last_fare", "driver_fares.mean_fare"],
    },
  ]);
  expect(trend.statistics).toMatchObject({ rows: 30 });
  expect(trend.usedBy).toMatchObject({
    models: [{ name: "rich_ride", features: ["above"] }],
    versions: [{ version: 1, isCurrent: true }],
    groups: ["fare_core"],
  });
  expect(await showFeatures(platform, "price")).toMatchObject({
    entity: null,
    statistics: null,
    usedBy: { versions: [{ isCurrent: true }] },
  });
  expect((await showFeatures(platform, "driver_fares")).usedBy).toMatchObject({ views: ["driver_trend", "price"] });
});

test("lineage goes through derived features", async () => {
  const platform = await opened();
  await registered(platform);
  const { edges } = await showLineage(platform, "rides.fare", "down");
  expect(edges).toContainEqual({ from: "feature:driver_fares.last_fare", to: "feature:driver_trend.above" });
  expect(edges).toContainEqual({ from: "feature:driver_trend.above", to: "model:rich_ride" });
  expect(edges).not.toContainEqual({ from: "feature:driver_fares.last_fare", to: "model:rich_ride" });
  const changed = await world.open(definitions(3));
  const up = await showLineage(changed, "rich_ride@1", "up");
  expect(up.nodes.filter(({ kind, note }) => kind === "feature" && note !== undefined).map(({ name }) => name)).toEqual(
    ["driver_trend.above"],
  );
});

test("a change of a derived feature that a live version reads is refused", async () => {
  const platform = await opened();
  await registered(platform);
  const changed = await world.open(definitions(3));
  const plan = await planChanges(changed);
  expect(plan.breaking).toEqual([
    {
      view: "driver_trend",
      feature: "above",
      change: "changed",
      model: "rich_ride",
      version: 1,
      aliases: ["champion"],
    },
  ]);
  expect(plan.backfill).toEqual([]);
  expect(plan.changes.find(({ kind }) => kind === "derivedView")?.fields).toEqual([
    {
      path: "features.above.value",
      before: "multiply(subtract(driver_fares.last_fare, driver_fares.mean_fare), 2)",
      after: "multiply(subtract(driver_fares.last_fare, driver_fares.mean_fare), 3)",
    },
  ]);
  await expect(applyDefinitions(changed)).rejects.toMatchObject({ code: "CHANGE_BREAKING" });
  await applyDefinitions(changed, { allowBreaking: true });
  await applyDefinitions(platform);
});
