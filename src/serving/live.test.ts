// Swapping a model between two requests: who is answered by which version, when the old one is freed, and what a bad champion does.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { days, parseInstant } from "../core/core.ts";
import { auc, byTime, model, parquet, specOf, t, xgboost } from "../define/define.ts";
import { fileBlobs } from "../engines/files/files.ts";
import { randomBytes, replayClock } from "../engines/system/system.ts";
import type { AppendLog, OnlineStore, Runtime } from "../ports/ports.ts";
import { testDatabase } from "../records/database.fixture.ts";
import { openRecords } from "../records/records.ts";
import { moveAlias, moveRoute, type RegistryContext, registerVersion } from "../registry/registry.ts";
import { servingContract } from "./contract.ts";
import { openServing, type Serving } from "./live.ts";

const rows = parquet("rows", {
  path: "rows.parquet",
  columns: { key: t.string(), at: t.timestamp(), km: t.float64(), late: t.bool() },
  id: "key",
  eventTime: "at",
});
const delay = specOf(
  model("delay", {
    rows,
    features: [],
    request: { km: t.float64() },
    label: rows.late,
    trainer: xgboost({ objective: "binary:logistic" }),
    split: byTime({ validate: days(1), test: days(1) }),
    metrics: [auc()],
  }),
);

/** A promise that a test settles. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

let folder: string;
let registry: RegistryContext;
let serving: Serving;
/** What happened, in order. */
let events: string[];
let held: Promise<void> | undefined;
let writing: Promise<void> | undefined;
let written: string[];
let slow: ReturnType<typeof gate>;

/** Its artifact is the score; answers wait while `held`. */
const runtime: Runtime = {
  format: "text",
  load: async (artifact) => {
    const name = new TextDecoder().decode(artifact);
    events.push(`load ${name}`);
    return {
      inputCount: 1,
      predict: async (_matrix, count) => {
        await held;
        if (name === "broken") throw new Error("no answer");
        if (name === "slow") await slow.passed;
        events.push(`answer ${name}`);
        return new Float32Array(count).fill(Number(name));
      },
      close: () => events.push(`close ${name}`),
    };
  },
};
const log: AppendLog = {
  append: async (_stream, _part, lines) => {
    await writing;
    written.push(...lines);
  },
  files: async () => [],
  close: async () => undefined,
};

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-live-"));
  events = [];
  written = [];
  slow = gate();
  held = undefined;
  writing = undefined;
  const clock = replayClock(parseInstant("2025-01-01"));
  registry = {
    records: await openRecords(await testDatabase(folder)),
    blobs: fileBlobs(join(folder, "blobs")),
    clock,
    random: randomBytes,
    actor: "test",
  };
  serving = openServing({
    registry,
    online: { get: async () => [] } as unknown as OnlineStore,
    log,
    clock,
    random: randomBytes,
    runtimes: [runtime],
    models: [delay],
  });
});
afterEach(async () => {
  await serving.close();
  await registry.records.close();
  rmSync(folder, { recursive: true, force: true });
});

type Changes = { readonly format?: string; readonly features?: unknown };

const newVersion = (score: string, changes: Changes = {}) =>
  registerVersion(registry, {
    model: "delay",
    runId: null,
    datasetId: null,
    definitionsHash: "d",
    artifact: new TextEncoder().encode(score),
    format: "text",
    bestRound: 1,
    inputs: [{ name: "km", kind: "number" }],
    features: servingContract(delay),
    metrics: {},
    profile: [],
    environment: {},
    ...changes,
  });

const register = async (score: string, changes: Changes = {}) => (await newVersion(score, changes)).number;

async function promote(score: string, changes: Changes = {}) {
  const { number, artifactBlob } = await newVersion(score, changes);
  await moveAlias(registry, { model: "delay", alias: "champion", version: number, reason: "test" });
  return artifactBlob;
}

const ask = async (km = 1) => (await serving.predict("delay", [{ row: { km } }]))[0];

test("reasons that a version does not have are refused before anything is scored or logged", async () => {
  await promote("0.25");
  await serving.refresh();
  await expect(serving.predict("delay", [{ row: { km: 1 } }], { explain: true })).rejects.toMatchObject({
    code: "NOT_EXPLAINABLE",
    message: expect.stringContaining('Version 1 of "delay"'),
  });
  expect(written).toEqual([]);
  expect(events).toEqual(["load 0.25"]);
  expect(await serving.predict("delay", [{ row: { km: 1 } }])).toMatchObject([{ score: 0.25 }]);
});

test("a request under way keeps the version it began with, which is freed after the last one's answer", async () => {
  await promote("0.25");
  await serving.refresh();
  const first = gate();
  held = first.passed;
  const early = [ask(), ask()];
  await promote("0.75");
  expect(await serving.refresh()).toEqual([{ model: "delay", from: 1, to: 2 }]);
  held = undefined;
  expect(await ask()).toMatchObject({ version: 2, score: 0.75 });
  expect(events).not.toContain("close 0.25");
  first.open();
  expect(await Promise.all(early)).toMatchObject([
    { version: 1, score: 0.25 },
    { version: 1, score: 0.25 },
  ]);
  expect(events.filter((event) => event === "close 0.25")).toHaveLength(1);
  expect(events.lastIndexOf("answer 0.25")).toBeLessThan(events.indexOf("close 0.25"));
  expect(events).not.toContain("close 0.75");
});

test("a version nobody uses is freed when it is replaced, and the last one when serving ends", async () => {
  await promote("0.25");
  await serving.refresh();
  await promote("0.75");
  await serving.refresh();
  expect(events).toEqual(["load 0.25", "load 0.75", "close 0.25"]);
  await serving.close();
  expect(events.at(-1)).toBe("close 0.75");
});

test("two looks at once load a version once, and a look at what is served already loads nothing", async () => {
  await promote("0.25");
  await Promise.all([serving.refresh(), serving.refresh()]);
  expect(await serving.refresh()).toEqual([]);
  expect(events).toEqual(["load 0.25"]);
});

test("a champion that was trained with other features leaves the old one answering, and says why", async () => {
  await promote("0.25");
  await serving.refresh();
  await promote("0.75", { features: { ...servingContract(delay), features: { "gone.n": "h" } } });
  expect(await serving.refresh()).toEqual([]);
  expect(serving.models()).toMatchObject([
    { version: 1, problem: { code: "FEATURES_MISMATCH", message: expect.stringContaining('"gone.n" is gone') } },
  ]);
  expect((await ask())?.version).toBe(1);
  await promote("0.5");
  await serving.refresh();
  expect(serving.models()).toMatchObject([{ version: 3, problem: undefined }]);
});

test.each([
  ["whose format no runtime loads", { format: "onnx" }, "ENGINE_NOT_INSTALLED"],
  ["whose bytes are gone", {}, "ARTIFACT_CORRUPT"],
])("a first champion %s is a problem that every request is told", async (_, changes, code) => {
  const blob = await promote("0.25", changes);
  if (code === "ARTIFACT_CORRUPT") await registry.blobs.delete(blob);
  await serving.refresh();
  await expect(ask()).rejects.toMatchObject({ code });
});

test("nobody is answered before the prediction is in the log", async () => {
  await promote("0.25");
  await serving.refresh();
  const disk = gate();
  writing = disk.passed;
  let answered = false;
  const asked = ask(2.5).then((prediction) => {
    answered = true;
    return prediction;
  });
  const { logged } = await serving.begin("delay", [{ id: "mine", row: { km: 3 } }]);
  expect(answered).toBe(false);
  disk.open();
  await logged;
  const prediction = await asked;
  const ids = written.map((line) => (JSON.parse(line) as { readonly id: string }).id);
  expect([...ids].sort()).toEqual([prediction?.id, "mine"].sort());
});

test("a row that cannot be read frees what it held", async () => {
  await promote("0.25");
  await serving.refresh();
  await expect(serving.predict("delay", [{ row: { miles: 1 } }])).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await promote("0.75");
  await serving.refresh();
  expect(events).toContain("close 0.25");
  expect(written).toEqual([]);
});

/** Adds a version that answers `score`, and lets it answer `weight` of a hundred. */
async function canary(score: string, weight: number, changes: { readonly format?: string } = {}): Promise<number> {
  const version = await register(score, changes);
  await route({ version, weight });
  return version;
}

const route = (to: { readonly version: number; readonly weight: number } | null) =>
  moveRoute(registry, { model: "delay", canary: to, reason: "test" });

const scores = async (keys: readonly string[]) =>
  new Map(
    await Promise.all(
      keys.map(async (sticky) => {
        const [prediction] = await serving.predict("delay", [{ row: { km: 1 } }], { sticky });
        return [sticky, prediction?.route] as const;
      }),
    ),
  );

test("a canary answers its share of keys, the same ones each time, and a greater weight only adds to them", async () => {
  await promote("0.25");
  const version = await canary("0.75", 10);
  await serving.refresh();
  const keys = Array.from({ length: 400 }, (_, key) => `key ${key}`);
  const tenth = await scores(keys);
  expect(await scores(keys)).toEqual(tenth);
  const taken = (found: typeof tenth) => keys.filter((key) => found.get(key) === "canary");
  // Five standard deviations of a binomial around 40.
  expect(Math.abs(taken(tenth).length - 40)).toBeLessThan(30);
  await route({ version, weight: 50 });
  await serving.refresh();
  const half = await scores(keys);
  expect(taken(half)).toEqual(expect.arrayContaining(taken(tenth)));
  expect(Math.abs(taken(half).length - 200)).toBeLessThan(50);
  await route({ version, weight: 100 });
  await serving.refresh();
  expect(taken(await scores(keys))).toEqual(keys);
  await route({ version, weight: 0 });
  await serving.refresh();
  expect(taken(await scores(keys))).toEqual([]);
});

test("rows of one request go to the versions of their keys, in their order, and the log says which and why", async () => {
  await promote("0.25");
  await canary("0.75", 50);
  await serving.refresh();
  const asked = Array.from({ length: 60 }, (_, place) => ({ id: `id ${place}`, row: { km: place } }));
  const predictions = await serving.predict("delay", asked);
  expect(predictions.map(({ id }) => id)).toEqual(asked.map(({ id }) => id));
  for (const { route: why, version, score, row } of predictions)
    expect([why, version, score, row["km"]]).toEqual([
      ...(why === "canary" ? ["canary", 2, 0.75] : ["champion", 1, 0.25]),
      row["km"],
    ]);
  expect(predictions.map(({ row }) => row["km"])).toEqual(asked.map(({ row }) => row.km));
  expect(new Set(predictions.map(({ route: why }) => why)).size).toBe(2);
  const lines = written.map((line) => JSON.parse(line) as { id: string; version: number; route: string });
  expect(lines.map(({ id, version, route: why }) => [id, version, why])).toEqual(
    predictions.map(({ id, version, route: why }) => [id, version, why]),
  );
});

test("a tester is answered by the version asked for, and by none that the route does not name", async () => {
  await promote("0.25");
  await promote("0.5");
  await canary("0.75", 0);
  await serving.refresh();
  const as = async (version: number) => (await serving.predict("delay", [{ row: { km: 1 } }], { version }))[0];
  expect(await as(3)).toMatchObject({ version: 3, score: 0.75, route: "override" });
  expect(await as(2)).toMatchObject({ version: 2, score: 0.5, route: "override" });
  await expect(as(1)).rejects.toMatchObject({
    code: "VERSION_NOT_FOUND",
    message: expect.stringContaining("versions 2 and 3 do"),
  });
  expect(await serving.score("delay", Float32Array.of(1), 1, 3)).toMatchObject({ version: 3 });
});

test("a canary that cannot be loaded leaves everything to the champion and says why; promoted, it is not loaded twice", async () => {
  await promote("0.25");
  const broken = await canary("0.75", 100, { format: "onnx" });
  await serving.refresh();
  expect(await ask()).toMatchObject({ version: 1, route: "champion" });
  expect(serving.models()).toMatchObject([
    {
      version: 1,
      problem: undefined,
      route: { canary: { version: broken, problem: { code: "ENGINE_NOT_INSTALLED" } } },
    },
  ]);
  const good = await canary("0.5", 100);
  await serving.refresh();
  expect(await ask()).toMatchObject({ version: good, route: "canary" });
  await moveAlias(registry, { model: "delay", alias: "champion", version: good, reason: "test" });
  expect(await serving.refresh()).toEqual([{ model: "delay", from: 1, to: good }]);
  expect(await ask()).toMatchObject({ version: good, route: "champion" });
  expect(events.filter((event) => event === "load 0.5")).toHaveLength(1);
  expect(events).not.toContain("close 0.5");
  expect(events).toContain("close 0.25");
  expect(serving.models()[0]).not.toHaveProperty("route");
});

/** Ends when what was begun has had its turns of the event loop. */
const settled = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};
const shadow = async (score: string, changes: Changes = {}) => {
  const version = await register(score, changes);
  await moveRoute(registry, { model: "delay", shadow: version, reason: "test" });
  await serving.refresh();
  return version;
};
const counted = () => Object.fromEntries(serving.models()[0]?.shadows ?? []);

test("a shadow is logged under the answers' ids, is never heard, and starts when the answer is there", async () => {
  await promote("0.25");
  const version = await shadow("0.75");
  const predictions = await serving.predict("delay", [
    { id: "a", row: { km: 1 } },
    { id: "b", row: { km: 2 } },
  ]);
  expect(predictions).toMatchObject([
    { version: 1, score: 0.25 },
    { version: 1, score: 0.25 },
  ]);
  expect(events).not.toContain("answer 0.75");
  await settled();
  expect(written.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { id: "a", version: 1, route: "champion", score: 0.25, row: { km: 1 } },
    { id: "b", version: 1, route: "champion", score: 0.25, row: { km: 2 } },
    { id: "a", version, route: "shadow", score: 0.75, row: { km: 1 } },
    { id: "b", version, route: "shadow", score: 0.75, row: { km: 2 } },
  ]);
  expect(counted()).toEqual({ [version]: { logged: 2, failed: 0, dropped: 0 } });
  const asked = serving.predict("delay", [{ row: { km: 1 } }], { version });
  await expect(asked).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
});

test("a shadow that fails touches no answer and is counted", async () => {
  await promote("0.25");
  const version = await shadow("broken");
  expect(await ask()).toMatchObject({ version: 1, score: 0.25 });
  await settled();
  expect(counted()).toEqual({ [version]: { logged: 0, failed: 1, dropped: 0 } });
  expect(written).toHaveLength(1);
});

test("a shadow that stands still takes its budget and no more, answers go on, and it is freed when it is done", async () => {
  await promote("0.25");
  const version = await shadow("slow");
  const rows = Array.from({ length: 300 }, () => ({ row: { km: 1 } }));
  for (let request = 0; request < 5; request += 1)
    expect((await serving.predict("delay", rows)).every(({ score }) => score === 0.25)).toBe(true);
  await settled();
  expect(counted()).toEqual({ [version]: { logged: 0, failed: 0, dropped: 600 } });
  await moveRoute(registry, { model: "delay", shadow: null, reason: "test" });
  await serving.refresh();
  expect(events).not.toContain("close slow");
  slow.open();
  await settled();
  expect(counted()).toEqual({ [version]: { logged: 900, failed: 0, dropped: 600 } });
  expect(events).toContain("close slow");
});

test("no request fails while a route moves a thousand times, and every version that left is freed", async () => {
  await promote("0.25");
  const versions = [1, 2, 3];
  for (const score of ["0.5", "0.75"]) await register(score);
  await serving.refresh();
  let moving = true;
  const failures: unknown[] = [];
  const answered = new Map<string, number>();
  const load = async (worker: number): Promise<void> => {
    for (let turn = 0; moving; turn += 1)
      await serving.predict("delay", [{ row: { km: turn } }, { row: { km: worker } }]).then(
        (predictions) => {
          for (const { version, score, route: why } of predictions) {
            expect(score).toBe(version / 4);
            answered.set(`${version} ${why}`, (answered.get(`${version} ${why}`) ?? 0) + 1);
          }
        },
        (failure) => failures.push(failure),
      );
  };
  const workers = Array.from({ length: 8 }, (_, worker) => load(worker));
  let champion = 1;
  for (let move = 0; move < 1000; move += 1) {
    const others = versions.filter((version) => version !== champion);
    const version = others[move % 2] ?? 0;
    if (move % 50 === 49) {
      champion = version;
      await moveAlias(registry, { model: "delay", alias: "champion", version, reason: "test" });
    } else await route(move % 7 === 6 ? null : { version, weight: (move * 13) % 101 });
    await serving.refresh();
  }
  moving = false;
  await Promise.all(workers);
  expect(failures).toEqual([]);
  expect([...answered.keys()].sort()).toEqual(
    versions.flatMap((version) => [`${version} canary`, `${version} champion`]),
  );
  await serving.close();
  for (const score of ["0.25", "0.5", "0.75"])
    expect(events.filter((event) => event === `close ${score}`)).toHaveLength(
      events.filter((event) => event === `load ${score}`).length,
    );
}, 120_000);
