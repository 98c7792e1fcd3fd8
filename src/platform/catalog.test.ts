// The catalogue over real definitions, records and data.

import { hostname } from "node:os";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseInstant } from "../core/core.ts";
import { endDeployments, noteDeployment, tracking } from "../registry/registry.ts";
import {
  applyDefinitions,
  catalogOf,
  featureHistory,
  featuresAsOf,
  listFeatures,
  type Platform,
  searchCatalog,
  showFeatures,
  showLineage,
} from "./platform.ts";
import { fares, type RidesWorld, registered, ridesDefinitions, ridesWorld, writeRides } from "./rides.fixture.ts";

let world: RidesWorld;
beforeEach(() => {
  world = ridesWorld();
});
afterEach(() => world.remove());

async function opened(definitions = ridesDefinitions()): Promise<Platform> {
  const platform = await world.open(definitions);
  await writeRides(platform, world.folder);
  await applyDefinitions(platform);
  return platform;
}

describe("listing", () => {
  test("narrows views to the features that carry all tags, their view's included", async () => {
    const platform = await opened();
    const names = async (filter: Parameters<typeof listFeatures>[1]) =>
      (await listFeatures(platform, filter)).map(({ name, features }) => [name, features.map((each) => each.name)]);
    expect(await names({})).toEqual([["driver_fares", ["mean_fare", "last_fare"]]]);
    expect(await names({ tags: { domain: "money", pii: "no" } })).toEqual([["driver_fares", ["mean_fare"]]]);
    expect(await names({ owner: "pricing", entity: "driver" })).toEqual([["driver_fares", ["mean_fare", "last_fare"]]]);
    expect(await names({ tags: { domain: "weather" } })).toEqual([]);
    expect(await names({ owner: "nobody" })).toEqual([]);
    expect(await names({ entity: "car" })).toEqual([]);
  });
});

describe("search", () => {
  test("looks into names, descriptions, tags, owners, entities and columns; names come first", async () => {
    const platform = await opened();
    const found = (words: string) => searchCatalog(platform, words).map(({ view, feature }) => feature ?? view);
    expect(found("mean fare")).toEqual(["mean_fare", "last_fare", "driver_fares"]);
    expect(found("pays")).toEqual(["mean_fare"]);
    expect(found("PRICING")).toEqual(["driver_fares"]);
    expect(found("somebody drives")).toContain("driver_fares");
    expect(found("rides.fare")[0]).toBe("mean_fare");
    expect(found("zebra")).toEqual([]);
    expect(() => searchCatalog(platform, " -- ")).toThrow(/no words to look for/);
  });
});

describe("one view", () => {
  test("says who uses it, also which versions were trained with another meaning of it", async () => {
    const first = await opened();
    await registered(first, ["champion", "shadow"]);
    const shown = await showFeatures(first, "driver_fares");
    expect(shown.usedBy).toEqual({
      models: [{ name: "rich_ride", features: ["mean_fare", "last_fare"] }],
      versions: [
        {
          model: "rich_ride",
          version: 1,
          aliases: ["champion", "shadow"],
          isCurrent: true,
          features: ["mean_fare", "last_fare"],
        },
      ],
      views: [],
      groups: [],
      monitors: ["rich_health"],
      retrains: ["rich_retrain"],
    });
    expect(shown.statistics).toMatchObject({ rows: 30, of: 30 });
    expect(shown.examples?.[0]).toEqual({
      key: { driver: "bob" },
      at: "2025-01-30T01:00:00.000001Z",
      values: { mean_fare: 42, last_fare: 42 },
    });
    const second = await world.open(ridesDefinitions(fares({ window: 2 })));
    const changed = await showFeatures(second, "driver_fares", { withStatistics: false });
    expect(changed.usedBy.versions).toMatchObject([{ version: 1, isCurrent: false }]);
    expect(changed.statistics).toBeNull();
    const said = await world.open(ridesDefinitions(fares({ owner: "somebody else" })));
    expect((await showFeatures(said, "driver_fares", { withStatistics: false })).usedBy.versions).toMatchObject([
      { version: 1, isCurrent: true },
    ]);
  });

  test("is computed again for the server only when the data changed", async () => {
    const platform = await opened();
    const catalog = catalogOf(platform);
    const first = await catalog.show("driver_fares", { withStatistics: true });
    const again = await catalog.show("driver_fares", { withStatistics: true });
    expect(again.statistics).toBe(first.statistics);
    await platform.engines.offline.writeParquet(
      "SELECT 'x' AS ride, 'ann' AS driver, 1::DOUBLE AS fare, 1::DOUBLE AS km, TIMESTAMP '2025-01-25' AS at, NULL::TIMESTAMP AS known",
      `${world.folder}/rides.parquet`,
    );
    expect((await catalog.show("driver_fares", { withStatistics: true })).statistics?.rows).toBe(1);
  });
});

describe("the past", () => {
  test("is told as it was known at a time, and change by change with why", async () => {
    const platform = await opened();
    const key = { driver: "ann" };
    expect(await featuresAsOf(platform, "driver_fares", key, parseInstant("2025-01-25T06:00:00Z"))).toEqual({
      view: "driver_fares",
      key,
      at: "2025-01-25T06:00:00Z",
      values: { mean_fare: null, last_fare: null },
    });
    const all = await featureHistory(platform, "driver_fares", key);
    expect(all.next).toBeNull();
    expect(all.before).toEqual({ mean_fare: null, last_fare: null });
    // The ride of midnight, with no fare, became known at nine; the one of noon as it happened.
    expect(all.changes.slice(0, 2)).toMatchObject([
      { at: "2025-01-25T12:00:00Z", changed: [{ feature: "last_fare", before: null, after: 4.5 }] },
      {
        at: "2025-01-25T12:00:00.000001Z",
        changed: [{ feature: "mean_fare", before: null, after: 4.5 }],
        why: [{ kind: "event", events: 1, text: "an event of 2025-01-25T12:00:00Z" }],
      },
    ]);
    const late = all.changes.flatMap(({ why }) => why).filter(({ kind }) => kind === "late");
    expect(late[0]?.text).toBe("late: an event of 2025-01-27T00:00:00Z became known 9h later");
    const first = await featureHistory(platform, "driver_fares", key, { limit: 3 });
    const second = await featureHistory(platform, "driver_fares", key, {
      after: parseInstant(first.next ?? ""),
      limit: 10_000,
    });
    expect([...first.changes, ...second.changes]).toEqual(all.changes);
    const from = parseInstant("2025-01-27");
    const part = await featureHistory(platform, "driver_fares", key, { from, to: parseInstant("2025-01-28") });
    expect(part.changes).toEqual(
      all.changes.filter(({ at }) => parseInstant(at) >= from && parseInstant(at) <= parseInstant("2025-01-28")),
    );
  });

  test("is refused for a time still to come, a key that does not fit, and a page of nothing", async () => {
    const platform = await opened();
    const refused = (message: RegExp) => ({ code: "INPUT_INVALID", message: expect.stringMatching(message) });
    const at = parseInstant("2025-01-26");
    await expect(
      featuresAsOf(platform, "driver_fares", { driver: "ann" }, parseInstant("2026-01-01")),
    ).rejects.toMatchObject(refused(/still to come/));
    await expect(featuresAsOf(platform, "driver_fares", {}, at)).rejects.toMatchObject(refused(/"driver" is missing/));
    await expect(featureHistory(platform, "driver_fares", { driver: 7 })).rejects.toMatchObject(
      refused(/"driver" is 7/),
    );
    await expect(featureHistory(platform, "driver_fares", { driver: "ann" }, { limit: 0 })).rejects.toMatchObject(
      refused(/1 to 10000/),
    );
    await expect(
      featureHistory(platform, "driver_fares", { driver: "ann" }, { from: at, to: at - 1n }),
    ).rejects.toMatchObject(refused(/is after to/));
  });
});

describe("lineage", () => {
  test("leads from a source column to an alias, and back", async () => {
    const platform = await opened();
    await registered(platform);
    const down = await showLineage(platform, "rides.fare", "down");
    const kinds = down.nodes.map(({ kind }) => kind);
    expect(new Set(kinds)).toEqual(
      new Set(["column", "feature", "model", "dataset", "run", "version", "alias", "monitor", "retrain"]),
    );
    expect(down.edges).toContainEqual({ from: "column:rides.fare", to: "feature:driver_fares.mean_fare" });
    expect(down.edges).toContainEqual({ from: "column:rides.fare", to: "model:rich_ride", as: "label" });
    const up = await showLineage(platform, "rich_ride@champion", "up");
    expect(up.nodes.map(({ id }) => id)).toEqual(
      expect.arrayContaining([
        "version:rich_ride@1",
        "feature:driver_fares.last_fare",
        "column:rides.known",
        "source:rides",
      ]),
    );
    expect(up.nodes.some(({ kind }) => kind === "monitor")).toBe(false);
  });

  test("names the server that answers with a version, as long as it runs, and no killed one", async () => {
    const platform = await opened();
    await registered(platform);
    const { registry } = platform;
    await noteDeployment(registry, "rich_ride", 1);
    const killed = JSON.stringify({ host: hostname(), boot: "before", pid: 1, started: "1" });
    await noteDeployment({ ...registry, owner: killed }, "rich_ride", 1);
    const deployments = async () =>
      (await showLineage(platform, "rich_ride@1", "down")).nodes.filter(({ kind }) => kind === "deployment");
    expect(await deployments()).toMatchObject([
      { name: `rich_ride on ${hostname()}:${process.pid}`, note: "since 2025-02-01T00:00:00Z" },
    ]);
    expect((await showLineage(platform, "rich_ride@1", "down")).edges).toContainEqual({
      from: "version:rich_ride@1",
      to: `deployment:rich_ride on ${hostname()}:${process.pid}`,
    });
    await endDeployments(registry, platform.engines.process.isAlive);
    expect(await deployments()).toEqual([]);
    expect(await registry.records.db.selectFrom("deployments").selectAll().execute()).toEqual([]);
  });

  test("goes through what tracking clients logged: dataset, run, logged model, version", async () => {
    const platform = await opened();
    const context = await tracking.openTracking(platform.registry);
    const run = await tracking.beginRun(context, { experimentId: "0", user: "ann", tags: [] });
    const lonely = await tracking.beginRun(context, { experimentId: "0", user: "ann", tags: [] });
    await tracking.logRunInputs(context, run.id, {
      datasets: [{ name: "wine", digest: "a1b2", sourceType: "local", source: "wine.csv", tags: [] }],
      models: [],
    });
    const model = await tracking.beginLoggedModel(context, {
      experimentId: "0",
      name: "bottle",
      runId: run.id,
      tags: [],
      params: [],
    });
    await tracking.newRegisteredModel(context, { name: "wine_quality", tags: [] });
    const source = `models:/${model.id}`;
    await tracking.newModelVersion(context, { model: "wine_quality", source, loggedModelId: model.id, tags: [] });
    const up = await showLineage(platform, "wine_quality@1", "up");
    expect(new Set(up.nodes.map(({ id }) => id))).toEqual(
      new Set(["input:wine@a1b2", `run:${run.id}`, `loggedModel:${model.id}`, "version:wine_quality@1"]),
    );
    const down = await showLineage(platform, "wine@a1b2", "down");
    expect(down.nodes.map(({ id }) => id)).toContain("version:wine_quality@1");
    expect((await showLineage(platform, lonely.id)).nodes).toMatchObject([{ kind: "run", name: lonely.id }]);
  });

  test("keeps a version's features as they were when it was trained", async () => {
    const first = await opened();
    await registered(first);
    const second = await world.open(ridesDefinitions(fares({ window: 2 })));
    await registered(second, []);
    const before = await showLineage(second, "rich_ride@1", "up");
    const features = before.nodes.filter(({ kind }) => kind === "feature").map(({ id, note }) => [id, note]);
    expect(features).toEqual([
      ["feature:driver_fares.last_fare", undefined],
      [expect.stringMatching(/^feature:driver_fares\.mean_fare#[0-9a-f]{8}$/), "as it was then"],
    ]);
    const now = await showLineage(second, "rich_ride@2", "up");
    expect(now.nodes.filter(({ kind }) => kind === "feature").map(({ id }) => id)).toEqual([
      "feature:driver_fares.mean_fare",
      "feature:driver_fares.last_fare",
    ]);
  });

  test("takes a view, an id's beginning and an unambiguous name, and says what an unknown one may have meant", async () => {
    const platform = await opened();
    await registered(platform);
    expect((await showLineage(platform, "driver_fares")).from).toEqual([
      "feature:driver_fares.mean_fare",
      "feature:driver_fares.last_fare",
    ]);
    const [dataset] = (await showLineage(platform, "rich_ride@1", "up")).nodes.filter(({ kind }) => kind === "dataset");
    expect((await showLineage(platform, dataset?.name.slice(0, 8) ?? "")).from).toEqual([dataset?.id]);
    await expect(showLineage(platform, "nothing.mean_fare")).rejects.toMatchObject({
      code: "DEFINITION_NOT_FOUND",
      message: expect.stringContaining("Near it: driver_fares.mean_fare"),
    });
  });
});
