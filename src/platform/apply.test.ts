// What applying finds changed, and what becomes of the online values of definitions that are no longer in force.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { days, parseInstant } from "../core/core.ts";
import { count, definitionHash, definitionsOf, entity, featureView, parquet, project, t } from "../define/define.ts";
import { viewNamespace } from "../features/features.ts";
import { local } from "../presets/presets.ts";
import { testDatabase } from "../records/database.fixture.ts";
import {
  applyDefinitions,
  auditTrail,
  cleanOnline,
  materialize,
  openPlatform,
  type Platform,
  planDefinitions,
  readFeatures,
} from "./platform.ts";

let folder: string;
let open: Platform[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-apply-"));
  open = [];
});
afterEach(async () => {
  for (const platform of open) await platform.close();
  rmSync(folder, { recursive: true, force: true });
});

const rides = parquet("rides", {
  path: "rides.parquet",
  columns: { driver: t.string(), at: t.timestamp() },
  eventTime: "at",
});
const driver = entity("driver", { driver: t.string() });
const view = (name: string, window: number) =>
  featureView(name, { entity: driver, source: rides, features: { rides: count().over(days(window)) } });

async function platformOf(definitions: Readonly<Record<string, unknown>>): Promise<Platform> {
  const records = await testDatabase(folder);
  const platform = await openPlatform({
    config: project({ name: "rides", definitions }),
    engines: local({ threads: 1, durable: false, records: () => records }),
    root: folder,
    stateDir: join(folder, "state"),
    cacheDir: join(folder, "cache"),
    env: {},
    actor: "tester",
    clock: ({ clocks }) => clocks.replay(parseInstant("2025-02-01")),
  });
  open.push(platform);
  return platform;
}

const differences = async (platform: Platform): Promise<readonly string[]> =>
  (await planDefinitions(platform))
    .filter(({ change }) => change !== "unchanged")
    .map(({ change, kind, name }) => `${change} ${kind} ${name}`);

test("names what is added, changed and removed, and planning does none of it", async () => {
  const first = await platformOf({ driver, kept: view("kept", 1), changed: view("changed", 1), gone: view("gone", 1) });
  const all = ["added entity driver", "added featureView changed", "added featureView gone", "added featureView kept"];
  expect(await differences(first)).toEqual([...all, "added source rides"]);
  expect(await differences(first)).toHaveLength(5);
  await applyDefinitions(first);
  expect(await differences(first)).toEqual([]);
  const second = await platformOf({
    driver,
    kept: view("kept", 1),
    changed: view("changed", 2),
    fresh: view("fresh", 1),
  });
  expect(await differences(second)).toEqual([
    "changed featureView changed",
    "added featureView fresh",
    "removed featureView gone",
  ]);
  await applyDefinitions(second);
  expect(await differences(second)).toEqual([]);
  // What was in force before is not any more, and would have to be applied again.
  expect(await differences(first)).toEqual([
    "changed featureView changed",
    "added featureView gone",
    "removed featureView fresh",
  ]);
});

test("an apply that changes nothing leaves no trace in the audit trail", async () => {
  const platform = await platformOf({ driver, kept: view("kept", 1) });
  for (let n = 0; n < 3; n += 1) await applyDefinitions(platform);
  const trail = await auditTrail(platform.registry);
  expect(trail.map(({ action, subject, details }) => ({ action, subject, details }))).toEqual([
    {
      action: "definitions.applied",
      subject: "rides",
      details: expect.objectContaining({ hash: platform.project.hash }),
    },
  ]);
});

test("online values of a view that changed or went stay until they are cleaned away", async () => {
  const first = await platformOf({ driver, kept: view("kept", 1), changed: view("changed", 1), gone: view("gone", 1) });
  await first.engines.offline.writeParquet(
    "SELECT 'ann' AS driver, TIMESTAMP '2025-01-31 12:00:00' AS at",
    join(folder, "rides.parquet"),
  );
  await applyDefinitions(first);
  await materialize(first);
  const entries = async (name: string): Promise<number> => {
    const spec = definitionsOf(first.project, "featureView").find((each) => each.name === name);
    let found = 0;
    for await (const _ of first.engines.online.scan(viewNamespace(name, spec ? definitionHash(spec) : ""))) found += 1;
    return found;
  };
  const all = async () => [await entries("kept"), await entries("changed"), await entries("gone")];
  // The one driver, and the view's own bookkeeping: how far it is, what it has seen, and whose turn it is.
  expect(await all()).toEqual([4, 4, 4]);
  const second = await platformOf({ driver, kept: view("kept", 1), changed: view("changed", 2) });
  await applyDefinitions(second);
  expect(await all()).toEqual([4, 4, 4]);
  expect((await readFeatures(first, "changed", { driver: "ann" })).values).toEqual({ rides: 1n });
  const waiting = await cleanOnline(second);
  expect(waiting.map(({ view: name, neededBy, keys }) => [name, neededBy, keys])).toEqual([
    ["changed", "servers that were started before the change", 1],
    ["gone", "servers that were started before the change", 1],
  ]);
  expect(await cleanOnline(second, { olderThan: 0n, dryRun: true })).toMatchObject([{ keys: 1 }, { keys: 1 }]);
  expect(await all()).toEqual([4, 4, 4]);
  expect(await cleanOnline(second, { olderThan: 0n })).toMatchObject([{ view: "changed" }, { view: "gone" }]);
  expect(await all()).toEqual([4, 0, 0]);
  expect(await cleanOnline(second, { olderThan: 0n })).toEqual([]);
  expect((await auditTrail(second.registry, { action: "online.cleaned" })).length).toBe(2);
});

test("values that are in force again are not cleaned away", async () => {
  const first = await platformOf({ driver, changed: view("changed", 1) });
  await first.engines.offline.writeParquet(
    "SELECT 'ann' AS driver, TIMESTAMP '2025-01-31 12:00:00' AS at",
    join(folder, "rides.parquet"),
  );
  await applyDefinitions(first);
  await materialize(first);
  await applyDefinitions(await platformOf({ driver, changed: view("changed", 2) }));
  await applyDefinitions(first);
  expect(await cleanOnline(first, { olderThan: 0n })).toEqual([]);
  expect((await readFeatures(first, "changed", { driver: "ann" })).values).toEqual({ rides: 1n });
});
