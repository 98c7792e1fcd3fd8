// An online learner in production: predictions are logged, labels are pushed, and the next version has learnt from each of them once, in their order,
// whatever was killed on the way.

import { expect, onTestFinished, test } from "vitest";
import {
  applyDefinitions,
  getRun,
  labelsOf,
  learnFromLog,
  listVersions,
  type Platform,
  reproduceVersion,
  startServing,
  trainModel,
  watchOnce,
} from "../../src/platform/platform.ts";
import { readArtifact } from "../../src/registry/registry.ts";
import { endOf, startScript } from "./child-process.fixture.ts";
import { day, deliveriesWorld } from "./deliveries.fixture.ts";
import { learningProject } from "./learning.fixture.ts";

/** Rows as production asks them, and what became of them. */
const asked = Array.from({ length: 60 }, (_, place) => ({
  id: `p${place}`,
  row: { city: `city-${place % 3}`, distance_km: 20 + ((place * 7) % 15), items: 1 + (place % 4) },
  label: (place * 7) % 15 > 6,
}));

async function predictAll(platform: Platform): Promise<void> {
  const serving = await startServing(platform);
  for (const { id, row } of asked) await serving.predict("late", [{ id, row }]);
  await serving.close();
}

const push = (platform: Platform, from: number, to: number) =>
  labelsOf(platform).push(asked.slice(from, to).map(({ id, label }) => ({ model: "late", id, label })));

async function stateOf(platform: Platform, number: number) {
  const version = (await listVersions(platform.registry, "late")).find((each) => each.number === number);
  if (!version) throw new Error(`no version ${number}`);
  const artifact = Buffer.from(await readArtifact(platform.registry, version)).toString();
  return { version, online: (JSON.parse(artifact) as { online: { events: number; sums: readonly number[] } }).online };
}

test("learns from every label once, in parts as in one go, and from nothing twice", { timeout: 120_000 }, async () => {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  const platform = await world.open({ config: learningProject() });
  await applyDefinitions(platform);
  const first = await trainModel(platform, { model: "late", knownBy: day(30) });
  const before = (await stateOf(platform, 1)).online.events;
  await predictAll(platform);
  expect(await learnFromLog(platform, { model: "late" })).toMatchObject({ versions: [], events: 0, labels: 0 });

  await push(platform, 0, 20);
  const one = await learnFromLog(platform, { model: "late" });
  expect(one).toMatchObject({ events: 20, labels: 20, versions: [{ number: 2 }] });
  // The same labels again, corrected ones, and those of nothing that was asked.
  await push(platform, 10, 20);
  await labelsOf(platform).push([
    { model: "late", id: "p3", label: true },
    { model: "late", id: "nobody", label: true },
  ]);
  expect(await learnFromLog(platform, { model: "late" })).toMatchObject({ versions: [], events: 0, labels: 12 });
  await push(platform, 15, 60);
  const two = await learnFromLog(platform, { model: "late" });
  expect(two).toMatchObject({ events: 40, versions: [{ number: 3 }] });
  expect(await learnFromLog(platform, { model: "late" })).toMatchObject({ versions: [], events: 0 });

  // From the first version on all of them in one go come to the same weights.
  const again = await learnFromLog(platform, { model: "late", from: "late@1" });
  expect(again).toMatchObject({ events: 60, versions: [{ number: 4 }] });
  const [parts, whole] = [await stateOf(platform, 3), await stateOf(platform, 4)];
  expect(whole.online).toEqual(parts.online);
  expect(whole.online.events).toBe(before + 60);
  expect(whole.version.inputs).toEqual(first.version.inputs);
  const run = await getRun(platform.registry, whole.version.runId ?? "");
  expect(run.metrics).toMatchObject({ "progressive-rows": 60, "progressive-logloss": expect.any(Number) });
  expect(run.params["from"]).toBe("late@1");

  await expect(trainModel(platform, { model: "late", from: "late@3" })).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringContaining("--learn-from-log"),
  });
  await expect(reproduceVersion(platform, { version: "late@3" })).rejects.toMatchObject({ code: "INPUT_INVALID" });
  const serving = await startServing(platform);
  expect(serving.models().find(({ model: { name } }) => name === "late")?.version).toBe(1);
  await serving.close();
});

test("a watching server makes a version every so many labels", { timeout: 120_000 }, async () => {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  const platform = await world.open({ config: learningProject(20) });
  await applyDefinitions(platform);
  await trainModel(platform, { model: "late", knownBy: day(30) });
  await predictAll(platform);
  await push(platform, 0, 19);
  expect((await watchOnce(platform)).learnt).toEqual([]);
  await push(platform, 19, 55);
  const { learnt, failures } = await watchOnce(platform);
  expect(failures).toEqual([]);
  expect(learnt).toMatchObject([{ model: "late", outcome: { events: 40, versions: [{ number: 2 }, { number: 3 }] } }]);
  expect((await watchOnce(platform)).learnt).toEqual([]);
  expect(await learnFromLog(platform, { model: "late" })).toMatchObject({ events: 15, versions: [{ number: 4 }] });
});

const KILLS = Number(process.env["SLIPWAY_TEST_KILLS"] ?? 3);
/** How many labels are learnt while it is killed. */
const SOME = 30;

test("learns nothing twice and loses nothing when it is killed", { timeout: 120_000 + KILLS * 30_000 }, async () => {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  const opened = await world.open({ config: learningProject(1) });
  await applyDefinitions(opened);
  await trainModel(opened, { model: "late", knownBy: day(30) });
  const before = (await stateOf(opened, 1)).online.events;
  await predictAll(opened);
  await push(opened, 0, SOME);
  await opened.close();
  const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  for (let kill = 0; kill < KILLS; kill += 1) {
    // A version is a label here, so that there is one to be killed at whenever it is.
    const child = startScript(`
      import { openPlatform, learnFromLog } from ${url("../../src/platform/platform.ts")};
      import { worldOptions } from ${url("./deliveries.fixture.ts")};
      import { learningProject } from ${url("./learning.fixture.ts")};
      const platform = await openPlatform({ ...worldOptions(${JSON.stringify(world.root)}), config: learningProject(1) });
      await learnFromLog(platform, { model: "late", onStep: () => process.stdout.write("learnt\\n") });
      await new Promise(() => setInterval(() => {}, 1000));`);
    let lines = 0;
    const wait = Math.round((((kill + 1) * 0.618_034) % 1) * 60);
    const end = await endOf(child, () => {
      lines += 1;
      if (lines === 3) setTimeout(() => child.kill("SIGKILL"), wait);
    });
    expect(end.signal, end.complaints).toBe("SIGKILL");
  }
  const platform = await world.open({ config: learningProject(1) });
  const atOnce = (await listVersions(platform.registry, "late")).length;
  await learnFromLog(platform, { model: "late" });
  const [newest] = await listVersions(platform.registry, "late");
  expect(newest?.number).toBe(SOME + 1);
  const interrupted = await stateOf(platform, SOME + 1);
  expect(interrupted.online.events).toBe(before + SOME);
  const { versions } = await learnFromLog(platform, { model: "late", from: "late@1" });
  expect((await stateOf(platform, versions.at(-1)?.number ?? 0)).online).toEqual(interrupted.online);
  // Some were learnt before a kill, and some after it.
  expect(atOnce).toBeGreaterThan(1);
});
