// kill -9 at moments nobody knows. A child process works on the project until it is killed; then the project is opened again, and nothing
// may be half-made, lost, or counted twice. SLIPWAY_TEST_KILLS sets how often each kind of work is killed.

import { rm } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { sha256 } from "../../src/core/core.ts";
import { findDefinition } from "../../src/define/define.ts";
import {
  aliasHistory,
  aliasOf,
  applyDefinitions,
  auditReads,
  auditTrail,
  describeViews,
  getRun,
  listRuns,
  listVersions,
  materialize,
  type OpenReplay,
  openReplay,
  replayMonths,
  runReplay,
  startServing,
  trainModel,
} from "../../src/platform/platform.ts";
import { endOf, startChild } from "./child-process.fixture.ts";
import { day, deliveriesWorld, START, type World, type WorldPlatform } from "./deliveries.fixture.ts";
import { unfinishedFiles } from "./state.fixture.ts";

const KILLS = Number(process.env["SLIPWAY_TEST_KILLS"] ?? 3);
const MODEL = "delivery_late";
const SLOW = 60_000 + KILLS * 30_000;

/** Runs a script in a child and kills it `wait` milliseconds after its `after`-th line; gives its lines. */
async function killed(world: World, script: string, after: number, wait: number): Promise<readonly string[]> {
  const child = startChild(world.root, script);
  let lines = 0;
  const end = await endOf(child, () => {
    lines += 1;
    if (lines === after) setTimeout(() => child.kill("SIGKILL"), wait);
  });
  if (end.signal !== "SIGKILL") throw new Error(`The child ended by itself: ${end.complaints || end.lines.join("\n")}`);
  return end.lines;
}

/** A moment for the n-th kill, anywhere in a span: the golden ratio spreads them without chance. */
const moment = (n: number, span: number): number => Math.round(((n * 0.618_034) % 1) * span);

async function prepared(): Promise<World> {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  const platform = await world.open();
  await applyDefinitions(platform);
  await platform.close();
  return world;
}

const ids = (n: number): string => `kill-${n}`;

/** Asks for one prediction per courier and city, as of the time online, and holds them against the offline join. */
async function holdAgainstOffline(platform: WorldPlatform, n: number): Promise<void> {
  const serving = await startServing(platform);
  for (let courier = 0; courier < 8; courier += 1)
    await serving.predict(MODEL, [
      {
        id: `${ids(n)}-${courier}`,
        row: {
          courier: `courier-${courier}`,
          city: `city-${courier % 3}`,
          distance_km: 3,
          items: 1,
          founded: 1990,
        },
      },
    ]);
  await serving.close();
  const audit = await auditReads(platform, MODEL);
  expect(audit.predictions).toBe((n + 1) * 8);
  expect(audit.views.flatMap(({ examples }) => examples)).toEqual([]);
  expect(audit.mismatches).toBe(0);
}

test("materialising: nothing is lost and nothing counted twice", { timeout: SLOW }, async () => {
  const world = await prepared();
  const first = await world.open();
  await trainModel(first, { model: MODEL });
  await first.close();
  // Each child goes on from where the last was killed, a few hours at a time.
  const script = `
    const platform = await openPlatform(worldOptions(root));
    await say("open");
    for (let at = day(1); at < day(60); at += day(0.25) - day(0)) {
      await materialize(platform, { to: at });
      await say(String(at));
    }
    await materialize(platform);
    await say("done");
    setInterval(() => undefined, 1000);`;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const lines = await killed(world, script, 1, moment(kill + 1, 600));
    const acknowledged = lines.filter((line) => /^\d+$/.test(line)).at(-1);
    const platform = await world.open({ at: START });
    const through = (await describeViews(platform)).map((view) => view.through ?? 0n);
    if (acknowledged !== undefined)
      for (const view of through) expect(view).toBeGreaterThanOrEqual(BigInt(acknowledged));
    // What is online is asked for at the time it has come to, where its windows are full.
    platform.goTo(through.reduce((latest, each) => (each > latest ? each : latest), START));
    if (kill === KILLS - 1) {
      platform.goTo(day(60));
      await materialize(platform);
    }
    await holdAgainstOffline(platform, kill);
    await platform.close();
  }
});

test("training and promoting: every version is whole, every run has ended, the alias points to a version", {
  timeout: SLOW,
}, async () => {
  const world = await prepared();
  const script = `
    const platform = await openPlatform(worldOptions(root));
    await say("open");
    for (;;) {
      const { version } = await trainModel(platform, { model: "${MODEL}", onNote: () => say("note"), onStep: ({ round }) => round === 3 && say("step") });
      await say("promoted " + version.number);
    }`;
  let acknowledged = 0;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const lines = await killed(world, script, 1, moment(kill + 1, 1800));
    for (const line of lines)
      if (line.startsWith("promoted")) acknowledged = Math.max(acknowledged, Number(line.slice(9)));
    const platform = await world.open();
    const runs = await listRuns(platform.registry, { model: MODEL, limit: 1000 });
    expect(runs.filter(({ status }) => status === "running")).toEqual([]);
    for (const { status, error } of runs)
      if (status !== "finished")
        expect({ status, error }).toMatchObject({ status: "failed", error: expect.stringContaining("interrupted") });
    const versions = runs.length === 0 ? [] : await listVersions(platform.registry, MODEL).catch(none);
    expect(versions.map(({ number }) => number)).toEqual(versions.map((_, index) => versions.length - index));
    expect(versions.length).toBeGreaterThanOrEqual(acknowledged);
    for (const version of versions) {
      const artifact = await platform.engines.blobs.get(version.artifactBlob);
      expect(artifact && sha256(artifact)).toBe(version.artifactHash);
      const run = await getRun(platform.registry, version.runId ?? "");
      expect(run.datasets).toEqual([version.datasetId]);
    }
    const champion = await aliasOf(platform.registry, MODEL, "champion");
    expect(champion ?? 0).toBeGreaterThanOrEqual(acknowledged);
    expect(versions.map(({ number }) => number)).toEqual(
      champion === undefined ? [] : expect.arrayContaining([champion]),
    );
    expect(await auditTrail(platform.registry, { action: "version.registered", limit: 1000 })).toHaveLength(
      versions.length,
    );
    const history = [...(await aliasHistory(platform.registry, MODEL, "champion"))].reverse();
    history.forEach(({ from }, index) => {
      expect(from).toBe(history[index - 1]?.to ?? null);
    });
    await platform.close();
  }
  // What was left behind stands in nobody's way.
  const platform = await world.open();
  const { version } = await trainModel(platform, { model: MODEL });
  const serving = await startServing(platform);
  expect(serving.models()[0]).toMatchObject({ version: version.number, problem: undefined });
  await serving.close();
  expect((await unfinishedFiles(world.stateDir)).filter((path) => !path.endsWith(".tmp"))).toEqual([]);
});

test("moving an alias: it always points to a version, and its history has no gap", { timeout: SLOW }, async () => {
  const world = await prepared();
  const first = await world.open();
  for (const promote of [true, false]) await trainModel(first, { model: MODEL, promote });
  await first.close();
  const script = `
    const platform = await openPlatform(worldOptions(root));
    for (let n = 0; ; n += 1) {
      const version = (n % 2) + 1;
      await moveAlias(platform.registry, { model: "${MODEL}", alias: "champion", version, reason: "back and forth" });
      await say(String(version));
    }`;
  for (let kill = 0; kill < KILLS; kill += 1) {
    const lines = await killed(world, script, 5 + kill, moment(kill, 20));
    const platform = await world.open();
    const history = [...(await aliasHistory(platform.registry, MODEL, "champion"))].reverse();
    history.forEach(({ from }, index) => {
      expect(from).toBe(history[index - 1]?.to ?? null);
    });
    expect(await aliasOf(platform.registry, MODEL, "champion")).toBe(history.at(-1)?.to);
    // The last move that was said is there; at most one more was under way.
    const said = Number(lines.at(-1));
    expect([history.at(-1)?.to, history.at(-2)?.to]).toContain(said);
    await platform.close();
  }
});

test("a replay killed half-way goes on and ends as one that was never killed", { timeout: SLOW * 2 }, async () => {
  const world = await prepared();
  const request = { model: MODEL, from: day(34), to: day(46) };
  const script = `
    const options = worldOptions(root);
    const shared = await openPlatform(options);
    const request = { model: "${MODEL}", from: day(34), to: day(46) };
    const replay = await openReplay(options, shared, request);
    await say("open");
    await runReplay(replay, { ...request, onDay: ({ day }) => say(day) });
    await say("done");
    setInterval(() => undefined, 1000);`;
  for (let kill = 0; kill < Math.min(KILLS, 3); kill += 1) await killed(world, script, 3 + kill, moment(kill + 1, 150));
  const resumed = await finished(world, request, true);
  await rm(join(world.stateDir, "replay"), { recursive: true });
  const whole = await finished(world, request, false);
  expect(resumed.daysFound).toBeGreaterThan(0);
  expect(whole.daysFound).toBe(0);
  expect(whole.audit).toMatchObject({ predictions: 720, mismatches: 0 });
  expect({ ...resumed, daysFound: 0 }).toEqual(whole);
});

async function finished(
  world: World,
  request: { readonly model: string; readonly from: bigint; readonly to: bigint },
  resumes: boolean,
): Promise<{
  readonly daysFound: number;
  readonly audit: unknown;
  readonly months: unknown;
  readonly predictions: number;
}> {
  const options = world.options();
  const shared = await world.open();
  const replay: OpenReplay = await openReplay(options, shared, request);
  expect(replay.resumed).toBe(resumes);
  try {
    const { predictions, daysFound, frozen } = await runReplay(replay, request);
    const spec = findDefinition(replay.platform.project, "model", MODEL);
    const months = await replayMonths(replay.platform, spec, frozen, request.from, request.to);
    const { views: _, ...audit } = await auditReads(replay.platform, MODEL);
    return { predictions, daysFound, months, audit };
  } finally {
    await replay.close();
    await shared.close();
  }
}

const none = (): never[] => [];
