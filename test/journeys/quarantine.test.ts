// Bad rows among good ones: whatever comes in is served or set aside, never both, never neither; what is served is what it would be had the
// bad rows never been there, online and offline; and kill -9 changes none of that.

import { expect, onTestFinished, test } from "vitest";
import { findDefinition } from "../../src/define/define.ts";
import {
  applyDefinitions,
  auditReads,
  checkExpectations,
  computeFeatures,
  describeViews,
  dropQuarantined,
  listQuarantined,
  materialize,
  readFeatures,
  readQuarantined,
  replayQuarantined,
  startServing,
  trainModel,
} from "../../src/platform/platform.ts";
import { endOf, startChild } from "./child-process.fixture.ts";
import {
  DELIVERIES_WITH_BAD_ONES,
  day,
  deliveriesWorld,
  type World,
  type WorldPlatform,
} from "./deliveries.fixture.ts";

const MODEL = "delivery_late";
/** Numbers below 3600 that are 1 modulo 40, 1 modulo 90, and both (1 modulo 360). */
const BAD = { minutes: 90, city: 40, both: 10 };
const BAD_ROWS = BAD.minutes + BAD.city - BAD.both;

async function badWorld(): Promise<World> {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  await world.write("deliveries", DELIVERIES_WITH_BAD_ONES);
  return world;
}

async function held(platform: WorldPlatform): Promise<number> {
  const batches = await listQuarantined(platform, { source: "deliveries", limit: 10_000 });
  return batches.reduce((total, { rows }) => total + rows, 0);
}

/** Rows of the deliveries that a scan gives. */
async function counted({ project, engines }: WorldPlatform, scan: "scan" | "scanAll"): Promise<number> {
  const { offline } = engines;
  const rows = offline.dialect[scan](findDefinition(project, "source", "deliveries"));
  for await (const table of offline.stream(`SELECT count(*)::BIGINT AS n FROM ${rows}`))
    return Number(table.columns[0]?.values[0]);
  return 0;
}
const letIn = (platform: WorldPlatform) => counted(platform, "scan");
const all = (platform: WorldPlatform) => counted(platform, "scanAll");

/** Every courier's and city's features. */
async function everyFeature(platform: WorldPlatform): Promise<unknown> {
  const read = [];
  for (const view of ["courier_record", "courier_last"])
    for (let courier = 0; courier < 8; courier += 1)
      read.push((await readFeatures(platform, view, { courier: `courier-${courier}` })).values);
  for (let city = 0; city < 3; city += 1)
    read.push((await readFeatures(platform, "city_record", { city: `city-${city}` })).values);
  return read;
}

test("what is served is what it would be without them, online and offline, and every one of them is kept", async () => {
  const [clean, bad] = [await deliveriesWorld(), await badWorld()];
  onTestFinished(() => clean.remove());
  const [good, guarded] = [await clean.open(), await bad.open({ changes: { guard: "reject" } })];
  const told: unknown[] = [];
  for (const platform of [good, guarded]) {
    await applyDefinitions(platform);
    for (const to of [day(20), day(20.1), day(45), day(60)])
      await materialize(platform, { to, onEnforced: (found) => told.push(found) });
  }
  expect(await everyFeature(guarded)).toEqual(await everyFeature(good));
  expect((await computeFeatures(guarded, MODEL)).hash).toBe((await computeFeatures(good, MODEL)).hash);
  expect([await all(guarded), await letIn(guarded), await held(guarded)]).toEqual([
    (await all(good)) + BAD_ROWS,
    await all(good),
    BAD_ROWS,
  ]);
  expect(told.length).toBeGreaterThan(0);

  const batches = await listQuarantined(guarded);
  const reasons: Record<string, number> = {};
  for (const each of batches)
    for (const [text, count] of Object.entries(each.reasons)) reasons[text] = (reasons[text] ?? 0) + count;
  expect(reasons).toEqual({
    'between("minutes_late", -60, 240)': BAD.minutes,
    'matches("city", /^city-\\d$/)': BAD.city,
  });
  const { rows } = await readQuarantined(guarded, batches[0]?.id ?? "", 1000);
  expect(rows).toHaveLength(batches[0]?.rows ?? 0);
  for (const { row, reasons: why, file, known } of rows) {
    expect(String(row["order_id"])).toMatch(/^bad-/);
    expect(why.length).toBeGreaterThan(0);
    expect(file).toBe(bad.file("deliveries"));
    expect(known).toBeGreaterThanOrEqual(row["delivered_at"] as bigint);
  }

  await materialize(guarded);
  expect(await held(guarded)).toBe(BAD_ROWS);
  const serving = await trainModel(guarded, { model: MODEL }).then(() => startServing(guarded));
  const row = { courier: "courier-3", city: "city-1", distance_km: 3, items: 1, founded: 1990 };
  await serving.predict(MODEL, [{ id: "one", row }]);
  await serving.close();
  expect(await auditReads(guarded, MODEL)).toMatchObject({ reads: 4, mismatches: 0 });

  const dropped = await dropQuarantined(guarded, { source: "deliveries" });
  expect(dropped.reduce((total, each) => total + each.rows, 0)).toBe(BAD_ROWS);
  await materialize(guarded);
  expect(await held(guarded)).toBe(0);
  await expect(readQuarantined(guarded, batches[0]?.id ?? "")).rejects.toMatchObject({ code: "QUARANTINE_NOT_FOUND" });
}, 60_000);

test("one that stops changes nothing, and check says what it is", async () => {
  const world = await badWorld();
  const platform = await world.open({ changes: { guard: "stop" } });
  await applyDefinitions(platform);
  const refused = materialize(platform);
  await expect(refused).rejects.toMatchObject({ code: "EXPECTATION_FAILED" });
  await expect(refused).rejects.toThrow('between("minutes_late", -60, 240)');
  await expect(trainModel(platform, { model: MODEL })).rejects.toMatchObject({ code: "EXPECTATION_FAILED" });
  expect(await held(platform)).toBe(0);
  expect((await describeViews(platform)).every(({ through }) => through === undefined)).toBe(true);
  const found = await checkExpectations(platform, "deliveries");
  expect(found.map(({ severity, passed, failing }) => [severity, passed, failing])).toEqual([
    ["stop", false, BAD.minutes],
    ["reject", false, BAD.city],
    ["warn", true, 0],
    ["warn", true, null],
  ]);
  const ofView = await checkExpectations(platform, "courier_last");
  expect(ofView.map(({ source, severity, passed }) => [source, severity, passed])).toEqual([
    ["courier_last", "warn", false],
  ]);
  expect(ofView[0]?.seen).toContain("last_minutes_late = 99999");
  expect(found[0]?.seen).toContain(`${BAD.minutes} of`);
  expect(found[0]?.seen).toContain("minutes_late = 99999");
});

test("other expectations look at everything again, and none let everything in", async () => {
  const world = await badWorld();
  const strict = await world.open({ changes: { guard: "reject" } });
  await applyDefinitions(strict);
  await materialize(strict);
  expect(await held(strict)).toBe(BAD_ROWS);
  await strict.close();
  const loose = await world.open();
  await applyDefinitions(loose);
  await materialize(loose);
  expect(await held(loose)).toBe(0);
  expect(await letIn(loose)).toBe(await all(loose));
  expect((await listQuarantined(loose, { status: "all" })).map(({ status }) => status)).toEqual(["replaced"]);
});

test("mended rows are let in again, once, and what is served is what it would be had they never been bad", async () => {
  const [world, whole] = [await badWorld(), await deliveriesWorld()];
  onTestFinished(() => whole.remove());
  const mended = DELIVERIES_WITH_BAD_ONES.replace("'nowhere'", "'city-0'").replace("99999", "minutes_late");
  const half = DELIVERIES_WITH_BAD_ONES.replace("99999", "minutes_late");
  await whole.write("deliveries", mended);
  const [good, platform] = [await whole.open(), await world.open({ changes: { guard: "reject" } })];
  for (const each of [good, platform]) await applyDefinitions(each);
  for (const to of [day(25), day(60)]) await materialize(platform, { to });
  await materialize(good);
  expect(await everyFeature(platform)).not.toEqual(await everyFeature(good));
  expect((await replayQuarantined(platform)).map(({ before, held: still }) => before - still)).toEqual([0, 0]);

  await world.write("deliveries", half);
  const first = await replayQuarantined(platform);
  expect(first.reduce((total, each) => total + each.held, 0)).toBe(BAD.city);
  expect(await held(platform)).toBe(BAD.city);
  expect(await letIn(platform)).toBe((await all(platform)) - BAD.city);

  await world.write("deliveries", mended);
  for (let turn = 0; turn < 2; turn += 1) {
    await replayQuarantined(platform, { source: "deliveries" });
    await materialize(platform);
    expect(await held(platform)).toBe(0);
    expect(await everyFeature(platform)).toEqual(await everyFeature(good));
    expect((await computeFeatures(platform, MODEL)).hash).toBe((await computeFeatures(good, MODEL)).hash);
  }
  await expect(replayQuarantined(platform, { batch: "none" })).rejects.toMatchObject({ code: "QUARANTINE_NOT_FOUND" });
});

test("kill -9 while materialising: rows in are rows let in and rows set aside", { timeout: 120_000 }, async () => {
  const world = await badWorld();
  const first = await world.open({ changes: { guard: "reject" } });
  await applyDefinitions(first);
  await first.close();
  const script = `
    const platform = await openPlatform(worldOptions(root, { changes: { guard: "reject" } }));
    await say("open");
    for (let at = day(1); at < day(60); at += day(0.5) - day(0)) {
      await materialize(platform, { to: at });
      await say(String(at));
    }
    setInterval(() => undefined, 1000);`;
  for (const wait of [40, 350, 700]) {
    const child = startChild(world.root, script);
    const end = await endOf(child, (line) => {
      if (line === "open") setTimeout(() => child.kill("SIGKILL"), wait);
    });
    expect([end.signal, end.complaints]).toEqual(["SIGKILL", ""]);
  }
  const platform = await world.open({ changes: { guard: "reject" } });
  await materialize(platform);
  expect(await held(platform)).toBe(BAD_ROWS);
  const clean = await deliveriesWorld();
  onTestFinished(() => clean.remove());
  const good = await clean.open();
  await applyDefinitions(good);
  await materialize(good);
  expect(await everyFeature(platform)).toEqual(await everyFeature(good));
});
