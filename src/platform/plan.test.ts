// What changed definitions do to what is live, before and when they are applied.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  applyDefinitions,
  auditTrail,
  cleanOnline,
  materialize,
  moveAlias,
  type Platform,
  planChanges,
  planDefinitions,
  readFeatures,
} from "./platform.ts";
import {
  fares,
  type RidesWorld,
  registered,
  richRide,
  ridesDefinitions,
  ridesWorld,
  writeRides,
} from "./rides.fixture.ts";

let world: RidesWorld;
beforeEach(() => {
  world = ridesWorld();
});
afterEach(() => world.remove());

/** A project in force, with a version that `aliases` names. */
async function live(definitions = ridesDefinitions(), aliases: readonly string[] = ["champion"]): Promise<Platform> {
  const platform = await world.open(definitions);
  await writeRides(platform, world.folder);
  await applyDefinitions(platform);
  await registered(platform, aliases);
  return platform;
}

const kinds = async (platform: Platform) =>
  (await planChanges(platform)).changes.map(({ change, kind, name }) => `${change} ${kind} ${name}`);

describe("a plan", () => {
  test("of a new project adds everything and counts what is to be read", async () => {
    const platform = await world.open(ridesDefinitions());
    const unread = await planChanges(platform);
    expect(unread.changes.every(({ change }) => change === "added")).toBe(true);
    expect(unread.backfill).toEqual([
      { view: "driver_fares", source: "rides", rows: null, problem: expect.stringMatching(/finds no file/) },
    ]);
    await writeRides(platform, world.folder);
    expect((await planChanges(platform)).backfill).toEqual([{ view: "driver_fares", source: "rides", rows: 30 }]);
    await applyDefinitions(platform);
    const done = await planChanges(platform);
    expect(done).toMatchObject({ changes: [], breaking: [], backfill: [], refused: [] });
    expect(done.unchanged).toBe(platform.project.definitions.length);
  });

  test("names the field that changed, the version it breaks, and what is to be done after it", async () => {
    await live();
    const plan = await planChanges(await world.open(ridesDefinitions(fares({ window: 2 }))));
    const view = plan.changes.find(({ kind }) => kind === "featureView");
    expect(view).toMatchObject({
      change: "changed",
      fields: [{ path: "features.mean_fare.window", before: "1d", after: "2d" }],
      models: ["rich_ride"],
      versions: [{ model: "rich_ride", version: 1, aliases: ["champion"] }],
    });
    expect(plan.breaking).toEqual([
      {
        view: "driver_fares",
        feature: "mean_fare",
        change: "changed",
        model: "rich_ride",
        version: 1,
        aliases: ["champion"],
      },
    ]);
    expect(plan.backfill).toMatchObject([{ view: "driver_fares", rows: 30 }]);
    expect(plan.refused).toMatchObject([
      { model: "rich_ride", version: 1, differences: ['feature "driver_fares.mean_fare" has changed'] },
    ]);
  });

  test("of what is only said about definitions breaks nothing, and they count as applied", async () => {
    await live();
    const said = await world.open(ridesDefinitions(fares({ owner: "finance" })));
    const plan = await planChanges(said);
    expect(plan.changes).toMatchObject([
      { change: "metadata", kind: "featureView", fields: [{ path: "owner", before: "pricing", after: "finance" }] },
    ]);
    expect(plan).toMatchObject({ breaking: [], backfill: [], refused: [] });
    await materialize(said);
    await applyDefinitions(said);
    expect(await kinds(said)).toEqual([]);
  });

  test("of one more feature in a view breaks nothing: versions are held to the features they read", async () => {
    await live();
    const more = await world.open(ridesDefinitions(fares({ more: true })));
    const plan = await planChanges(more);
    expect(plan).toMatchObject({ breaking: [], refused: [], backfill: [{ view: "driver_fares" }] });
    expect(plan.changes.find(({ kind }) => kind === "featureView")?.fields).toEqual([
      { path: "features.rides_1d", after: 'a feature ("int64")' },
    ]);
    await applyDefinitions(more);
  });
});

describe("a breaking change", () => {
  test("is refused with the feature, the model, the version and the way out, and changes nothing", async () => {
    const first = await live();
    const changed = await world.open(ridesDefinitions(fares({ window: 2 })));
    await expect(applyDefinitions(changed)).rejects.toMatchObject({
      code: "CHANGE_BREAKING",
      message: expect.stringMatching(
        /"driver_fares.mean_fare" would be changed, and version 1 of "rich_ride" \(champion\).*featureView\("driver_fares", \{ version: 2/,
      ),
      details: { breaking: [{ feature: "mean_fare", version: 1 }] },
    });
    expect((await planDefinitions(first)).every(({ change }) => change === "unchanged")).toBe(true);
    await expect(materialize(changed)).rejects.toMatchObject({ code: "NOT_APPLIED" });
  });

  test("goes through when told to, with its own entry in the audit trail, and only once", async () => {
    await live();
    const changed = await world.open(ridesDefinitions(fares({ window: 2 })));
    await applyDefinitions(changed, { allowBreaking: true });
    expect(await auditTrail(changed.registry, { action: "definitions.breaking_allowed" })).toMatchObject([
      { actor: "tester", subject: "rides", details: { broken: [{ feature: "mean_fare", version: 1 }] } },
    ]);
    // What is broken already is not broken by a further change; going back breaks nothing.
    await applyDefinitions(await world.open(ridesDefinitions(fares({ window: 3 }))));
    await applyDefinitions(await world.open(ridesDefinitions()));
  });

  test("is none when no alias names the version, when the feature is not read, or when the view goes with an unused one", async () => {
    await live(ridesDefinitions(), []);
    await applyDefinitions(await world.open(ridesDefinitions(fares({ window: 2 }))));
  });

  test("by removing a view is refused too", async () => {
    const { view: _view, rich: _rich, health: _health, again: _again, ...rest } = ridesDefinitions();
    await live();
    await expect(applyDefinitions(await world.open(rest))).rejects.toMatchObject({
      code: "CHANGE_BREAKING",
      message: expect.stringContaining("Leave it defined until no alias names a version that reads it"),
    });
  });

  test("becomes a new version of the view beside the old one; both are online, and the old one goes when nothing live reads it", async () => {
    const first = await live();
    await materialize(first);
    const newer = fares({ version: 2, window: 2 });
    const both = { ...ridesDefinitions(), rich: richRide(newer as never), newer };
    const platform = await world.open(both);
    const plan = await planChanges(platform);
    expect(plan.breaking).toEqual([]);
    expect(plan.refused).toMatchObject([{ version: 1 }]);
    await applyDefinitions(platform);
    await materialize(platform);
    const one = await readFeatures(platform, "driver_fares", { driver: "ann" });
    const two = await readFeatures(platform, "driver_fares@2", { driver: "ann" });
    expect(two.values["last_fare"]).toEqual(one.values["last_fare"]);
    const number = await registered(platform, []);
    const { view: _old, ...later }: Readonly<Record<string, unknown>> = both;
    const last = await world.open(later);
    await expect(applyDefinitions(last)).rejects.toMatchObject({ code: "CHANGE_BREAKING" });
    await moveAlias(platform.registry, { model: "rich_ride", alias: "champion", version: number, reason: "better" });
    await applyDefinitions(last);
    expect(await cleanOnline(last, { olderThan: 0n })).toMatchObject([
      { view: "driver_fares", neededBy: undefined, keys: 3 },
    ]);
    expect((await readFeatures(last, "driver_fares@2", { driver: "ann" })).values).toEqual(two.values);
  });

  test("keeps the online values that a live version was trained with", async () => {
    const first = await live();
    await materialize(first);
    const changed = await world.open(ridesDefinitions(fares({ window: 2 })));
    await applyDefinitions(changed, { allowBreaking: true });
    expect(await cleanOnline(changed, { olderThan: 0n })).toMatchObject([
      { view: "driver_fares", neededBy: "rich_ride@1 (champion)", keys: 3 },
    ]);
    expect((await readFeatures(first, "driver_fares", { driver: "ann" })).status).toBe("present");
  });
});

test("of two processes that apply at once the second finds the first one's work done", async () => {
  const [one, two] = [await world.open(ridesDefinitions()), await world.open(ridesDefinitions())];
  const changes = await Promise.all([applyDefinitions(one), applyDefinitions(two)]);
  const touched = changes.map((each) => each.filter(({ change }) => change !== "unchanged").length);
  expect(touched.toSorted((a, b) => a - b)).toEqual([0, one.project.definitions.length]);
  expect(await auditTrail(one.registry, { action: "definitions.applied" })).toHaveLength(1);
});
