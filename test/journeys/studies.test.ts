// Studies as records: found again, kept from two at once, moved to another space, begun with what earlier ones found; and what ends a trial or a search early.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { main } from "../../src/cli/program.ts";
import {
  applyDefinitions,
  getRun,
  listRuns,
  type SearchState,
  showStudy,
  studyList,
  type TunedTrial,
  type TuneRequest,
  tuneModel,
} from "../../src/platform/platform.ts";
import { beginRun, deleteRunTag, logToRun, openTracking, setRunTag } from "../../src/registry/tracking/tracking.ts";
import { categorical, float, int, space } from "../../src/tuning/tuning.ts";
import { endOf, startChild } from "./child-process.fixture.ts";
import { deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";

const MODEL = "delivery_late";
const small = space({ eta: float(0.05, 0.5, { log: true }), max_depth: int(1, 4) });
let world: World;
let platform: WorldPlatform;

beforeAll(async () => {
  world = await deliveriesWorld();
  platform = await world.open();
  await applyDefinitions(platform);
}, 120_000);
afterAll(() => world.remove());

const tune = (rest: Partial<TuneRequest> = {}) =>
  tuneModel(platform, { model: MODEL, trials: 3, space: small, ...rest });

/** A search that is stopped after so many trials. */
async function stopped(after: number, rest: Partial<TuneRequest> = {}): Promise<void> {
  const stop = new AbortController();
  let ended = 0;
  const search = tune({
    ...rest,
    signal: stop.signal,
    onTrial() {
      ended += 1;
      if (ended === after) stop.abort(new Error("enough"));
    },
  });
  await expect(search).rejects.toThrow();
}

/** A platform whose trainings go through `around`. */
async function withTrainer(
  around: (number: number, train: () => Promise<never>, signal: AbortSignal | undefined) => Promise<never>,
): Promise<WorldPlatform> {
  const other = await deliveriesWorld();
  onTestFinished(() => other.remove());
  let count = 0;
  const opened = await other.open({
    engines: (engines) => ({
      ...engines,
      trainers: engines.trainers.map((trainer) => ({
        ...trainer,
        fit: (...given: Parameters<typeof trainer.fit>) => {
          count += 1;
          return around(count - 1, () => trainer.fit(...given) as Promise<never>, given[1]?.signal);
        },
      })),
    }),
  });
  await applyDefinitions(opened);
  return opened;
}

test("a study that was stopped goes on when the same is asked again; --new begins another, and one that ended is not touched", async () => {
  await stopped(2, { trials: 4, seed: 11 });
  const [study] = await studyList(platform, MODEL);
  expect(study).toMatchObject({ status: "cancelled", complete: 2, budget: 4, seed: 11 });
  const fresh = await tune({ trials: 2, seed: 11, fresh: true });
  expect(fresh.study).not.toBe(study!.name);
  const again = await tune({ trials: 4, seed: 11 });
  expect(again.study).toBe(study!.name);
  expect(again.trials.map(({ number }) => number)).toEqual([0, 1, 2, 3]);
  expect((await getRun(platform.registry, again.run)).status).toBe("finished");
  expect((await tune({ trials: 4, seed: 11 })).study).not.toBe(study!.name);
}, 120_000);

test("a study of another space is refused; when asked it moves, and trials that lie in the new space still count", async () => {
  const first = await tune({ study: "moved", seed: 21 });
  const wider = space({ eta: float(0.01, 0.9, { log: true }), max_depth: int(1, 6) });
  await expect(tune({ study: "moved", space: wider })).rejects.toThrow(/another space; .*--migrate/);
  await expect(tune({ study: "moved", seed: 22 })).rejects.toThrow(/has seed 21/);
  await expect(tune({ study: "moved", fresh: true })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  await expect(tune({ migrate: true })).rejects.toThrow(/--study/);
  const moved = await tune({ study: "moved", space: wider, migrate: true, trials: 5 });
  expect(moved.run).toBe(first.run);
  expect(moved.trials.slice(0, 3)).toEqual(first.trials);
  expect(await showStudy(platform, "moved")).toMatchObject({ space: wider, budget: 5, complete: 5 });
  // Of a narrower one they are records still, which no sampler learns from.
  const narrow = space({ max_depth: categorical([5, 6]) });
  const narrowed = await tune({ study: "moved", space: narrow, migrate: true, trials: 7 });
  expect(narrowed.trials.slice(5).map(({ params }) => Object.keys(params))).toEqual([["max_depth"], ["max_depth"]]);
}, 120_000);

test("a second search of a study that is being searched is refused, and the first goes on", async () => {
  let second: Promise<unknown> | undefined;
  const first = await tune({
    study: "alone",
    onTrial() {
      second ??= tune({ study: "alone" }).catch((thrown: unknown) => thrown);
    },
  });
  expect(await second).toMatchObject({
    code: "STATE_LOCKED",
    message: expect.stringMatching(/searched by process \d+ on/),
  });
  expect(first.trials).toHaveLength(3);
  expect(
    (await listRuns(platform.registry, { kind: "trial" })).filter(({ parent }) => parent === first.run),
  ).toHaveLength(3);
}, 120_000);

test("a search that was cut off while another process took its study over stops, and leaves the study to that one", async () => {
  const other = await deliveriesWorld();
  onTestFinished(() => other.remove());
  const renewals: (() => Promise<void>)[] = [];
  const cut = await other.open({
    engines: (engines) => ({
      ...engines,
      scheduler: {
        every(_interval, action) {
          renewals.push(action);
          return () => undefined;
        },
      },
    }),
  });
  await applyDefinitions(cut);
  const search = tuneModel(cut, {
    model: MODEL,
    trials: 9,
    space: small,
    async onTrial() {
      await cut.registry.records.db.updateTable("leases").set({ holder: "another" }).execute();
      for (const renew of renewals) await renew();
    },
  });
  await expect(search).rejects.toMatchObject({ code: "STATE_LOCKED", message: expect.stringMatching(/taken over/) });
  expect(await listRuns(cut.registry, { kind: "tune" })).toMatchObject([{ status: "running" }]);
}, 120_000);

test("a new study begins with what earlier ones of the same rows found, and never tries it again", async () => {
  const earlier = await tune({ study: "earlier", space: space({ max_bin: int(16, 18) }), trials: 4, sampler: "grid" });
  const wider = space({ max_bin: int(16, 20) });
  const warm = await tune({ study: "warm", space: wider, sampler: "grid", trials: 3, warm: true });
  expect((await showStudy(platform, "warm")).known).toBe(3);
  const bins = ({ params }: TunedTrial): unknown => params["max_bin"];
  // The definition, which lies outside of both, is a trial of every study.
  expect(earlier.trials.map(bins)).toEqual([256, 16, 17, 18]);
  expect(warm.trials.map(bins)).toEqual([256, 19, 20]);
}, 120_000);

test("of earlier studies on other rows the best parameters are tried first", async () => {
  const other = await deliveriesWorld();
  onTestFinished(() => other.remove());
  const before = await other.open();
  await applyDefinitions(before);
  const { best } = await tuneModel(before, { model: MODEL, trials: 4, space: small, seed: 3 });
  await before.close();
  const after = await other.open({ changes: { maxDepth: 4 } });
  await applyDefinitions(after);
  const { trials } = await tuneModel(after, { model: MODEL, trials: 2, space: small, warm: true });
  expect(trials.map(({ params }) => params)).toEqual([{ eta: expect.any(Number), max_depth: 4 }, best?.params]);
}, 120_000);

test("trials run side by side, each once; a kill loses none that ended", async () => {
  const killed = await deliveriesWorld();
  onTestFinished(() => killed.remove());
  const prepared = await killed.open();
  await applyDefinitions(prepared);
  await prepared.close();
  const child = startChild(
    killed.root,
    `const platform = await openPlatform(worldOptions(root));
     await tuneModel(platform, { model: ${JSON.stringify(MODEL)}, trials: 500, parallel: 3, space: ${JSON.stringify(small)}, study: "killed",
       onTrial: ({ number, value }) => say(JSON.stringify({ number, value })) });`,
  );
  const said: { readonly number: number; readonly value: number }[] = [];
  let second: Promise<unknown> | undefined;
  const beside = await killed.open();
  await endOf(child, (line) => {
    said.push(JSON.parse(line));
    // Another process searches for it: this one is told which.
    if (said.length === 3)
      second = tuneModel(beside, { model: MODEL, study: "killed" })
        .catch((thrown: unknown) => thrown)
        .finally(() => child.kill("SIGKILL"));
  });
  expect(await second).toMatchObject({
    code: "STATE_LOCKED",
    message: expect.stringContaining(`process ${child.pid} on`),
  });
  await beside.close();
  const after = await killed.open();
  const most: number[] = [];
  const { trials } = await tuneModel(after, {
    model: MODEL,
    study: "killed",
    trials: said.length + 4,
    parallel: 3,
    onState: ({ running }: SearchState) => most.push(running.length),
  });
  for (const { number, value } of said) expect(trials.find((trial) => trial.number === number)?.value).toBe(value);
  expect(trials.length).toBeGreaterThanOrEqual(said.length + 4);
  expect(new Set(trials.map(({ number }) => number)).size).toBe(trials.length);
  expect(new Set(trials.map(({ params }) => JSON.stringify(params))).size).toBe(trials.length);
  expect(Math.max(...most)).toBe(3);
}, 120_000);

test("a trial that never ends is stopped and recorded as failed, and the search goes on", async () => {
  const slow = await withTrainer((number, train, signal) =>
    number === 1 ? new Promise((_, reject) => signal?.addEventListener("abort", () => reject(signal.reason))) : train(),
  );
  const { trials } = await tuneModel(slow, { model: MODEL, trials: 3, space: small, timeout: 5 });
  expect(trials.map(({ state }) => state)).toEqual(["complete", "failed", "complete"]);
  expect(trials[1]?.error).toMatch(/longer than 5 seconds/);
  const [run] = (await listRuns(slow.registry, { kind: "trial", status: "failed" })).map(({ error }) => error);
  expect(run).toMatch(/longer than 5 seconds/);
}, 120_000);

test("a trial whose model scores no number is recorded as failed, and the search goes on", async () => {
  const other = await deliveriesWorld();
  onTestFinished(() => other.remove());
  let loads = 0;
  const odd = await other.open({
    engines: (engines) => ({
      ...engines,
      runtimes: engines.runtimes.map((runtime) => ({
        ...runtime,
        load: async (...given: Parameters<typeof runtime.load>) => {
          const predictor = await runtime.load(...given);
          loads += 1;
          const isOdd = loads === 2;
          return {
            ...predictor,
            predict: async (...rows: Parameters<typeof predictor.predict>) => {
              const scores = await predictor.predict(...rows);
              return isOdd ? scores.map(() => Number.NaN) : scores;
            },
            close: () => predictor.close(),
          };
        },
      })),
    }),
  });
  await applyDefinitions(odd);
  const { trials } = await tuneModel(odd, { model: MODEL, trials: 3, space: small });
  expect(trials.map(({ state }) => state)).toEqual(["complete", "failed", "complete"]);
  expect(trials[1]?.error).toMatch(/no number|NaN/);
}, 120_000);

test("a pruner stops trainings early for good, and what it stopped is known when the study goes on", async () => {
  const hopeless = space({ eta: categorical([0.3, 0.0001, 0.0002, 0.0003, 0.0004, 0.0005]) });
  const request = { study: "pruned", space: hopeless, sampler: "grid", pruner: "asha" } as const;
  const { trials } = await tune({ ...request, trials: 5 });
  const pruned = trials.filter(({ state }) => state === "pruned");
  expect(pruned.length).toBeGreaterThanOrEqual(3);
  for (const { runId, value, error } of pruned) {
    const run = await getRun(platform.registry, runId!);
    expect(run).toMatchObject({ status: "cancelled", tags: { "slipway.pruned": expect.stringMatching(/^\d+$/) } });
    expect(error).toMatch(/pruned after round/);
    expect(value).toBeUndefined();
  }
  const more = await tune({ ...request, trials: 7 });
  expect(more.trials.slice(0, 5).map(({ state }) => state)).toEqual(trials.map(({ state }) => state));
  expect(await showStudy(platform, "pruned")).toMatchObject({ pruner: "asha", failed: 0 });
}, 120_000);

test.each<[string, Partial<TuneRequest>, number, string]>([
  ["one trial", { trials: 1 }, 1, "trials"],
  // Every value of a space of one more than the definition's own is worse or the same.
  [
    "no better trial for a while",
    { trials: 20, patience: 2, space: space({ gamma: categorical([1000, 2000, 3000, 4000]) }) },
    3,
    "patience",
  ],
  ["no time", { trials: 20, seconds: 1e-9 }, 0, "seconds"],
])(
  "ends after %s",
  async (_, limits, count, end) => {
    const search = tune({ ...limits, fresh: true, onTrial: () => undefined });
    if (count === 0) return expect(search).rejects.toThrow(/None of 0 trials/);
    const outcome = await search;
    expect([outcome.trials.length, outcome.end]).toEqual([count, end]);
  },
  120_000,
);

test.each<[string, Partial<TuneRequest>, RegExp]>([
  ["no trials", { trials: 0 }, /budget of 1 trial or more, not 0/],
  ["no lane", { parallel: 0 }, /1 trial at once or more, not 0/],
  ["a timeout of nothing", { timeout: 0 }, /timeout is a number above 0/],
  ["no patience", { patience: Number.NaN }, /patience of 1 trial or more, not NaN/],
  ["an unknown pruner", { pruner: "harsh" as "asha" }, /pruner's kind is one of none, auto, /],
  ["a goal that is no metric", { goals: ["logloss"] }, /no metric "logloss".* Did you mean "logLoss"/],
  ["a goal twice", { goals: ["auc", "auc"] }, /several that differ/],
  ["a pruner with several goals", { goals: ["auc", "size"], pruner: "asha" }, /no pruner/],
  ["an unknown study", { resume: "nothing-like-it" }, /no study "nothing-like-it"/],
])("refuses %s before there is a study", async (_, wrong, message) => {
  const before = (await studyList(platform)).length;
  await expect(tune(wrong)).rejects.toThrow(message);
  expect(await studyList(platform)).toHaveLength(before);
});

test("a search for quality and size ends with the models that no other is better than in both", async () => {
  const both = {
    study: "both",
    goals: ["auc", "size"],
    trials: 8,
    space: space({ max_depth: int(1, 8), eta: float(0.05, 0.5) }),
  };
  const { trials, front, goals } = await tune(both);
  expect(goals).toEqual([
    { name: "auc", better: "higher" },
    { name: "size", better: "lower" },
  ]);
  for (const { values, runId } of trials) {
    const { metrics } = await getRun(platform.registry, runId!);
    expect(values).toEqual([metrics["validate.auc"], metrics["model.size"]]);
  }
  const isBeaten = ([auc, size]: readonly number[]): boolean =>
    trials.some(
      ({ values }) => values![0]! >= auc! && values![1]! <= size! && (values![0]! > auc! || values![1]! < size!),
    );
  expect(front.map(({ number }) => number).toSorted()).toEqual(
    trials.filter(({ values }) => !isBeaten(values!)).map(({ number }) => number),
  );
  const more = await tune({ ...both, trials: 10 });
  expect(more.trials.slice(0, 8)).toEqual(trials);
  await expect(tune({ ...both, goals: ["size", "auc"] })).rejects.toThrow(/by auc, size, another measure/);
  expect((await showStudy(platform, "both")).importance.map(({ name }) => name).toSorted()).toEqual([
    "eta",
    "max_depth",
  ]);
}, 120_000);

test("a trial whose run a tracking client renamed stays the trial it was, and clients cannot change its number", async () => {
  const one = await tune({ trials: 3, study: "renamed", fresh: true });
  const id = one.trials[1]!.runId!;
  const context = await openTracking(platform.registry);
  await setRunTag(context, id, { key: "mlflow.runName", value: "my best" });
  await expect(setRunTag(context, id, { key: "slipway.trial", value: "0" })).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringMatching(/slipway\.trial .*cannot be changed/),
  });
  const two = await tune({ trials: 5, study: "renamed" });
  expect(two.trials.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4]);
  expect(two.trials.slice(0, 3).map(({ runId }) => runId)).toEqual(one.trials.map(({ runId }) => runId));
  // As earlier releases left it: the number in the name alone, which says it no more.
  await platform.registry.records.db.deleteFrom("tags").where("key", "=", "slipway.trial").execute();
  const three = await tune({ trials: 6, study: "renamed" });
  expect(three.trials.map(({ number }) => number)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(three.trials.slice(0, 5).map(({ runId }) => runId)).toEqual(two.trials.map(({ runId }) => runId));
}, 120_000);

test("a tracking client cannot move a trial into another study, out of its own, or a run of its own into one", async () => {
  const one = await tune({ trials: 2, study: "kept", fresh: true });
  const other = await tune({ trials: 2, study: "other", fresh: true });
  const context = await openTracking(platform.registry);
  const id = one.trials[0]!.runId!;
  const key = "mlflow.parentRunId";
  const refused = { code: "INPUT_INVALID", message: expect.stringMatching(/mlflow\.parentRunId .*cannot be changed/) };
  await expect(setRunTag(context, id, { key, value: other.run })).rejects.toMatchObject(refused);
  await expect(deleteRunTag(context, id, key)).rejects.toMatchObject(refused);
  await expect(
    logToRun(context, id, {
      params: [{ key: "moved", value: "yes" }],
      tags: [{ key, value: other.run }],
    }),
  ).rejects.toMatchObject(refused);
  const { params } = await getRun(platform.registry, id);
  expect(params).not.toHaveProperty("moved");
  await setRunTag(context, id, { key, value: one.run });
  const own = await beginRun(context, {
    experimentId: "0",
    user: "ana",
    tags: [
      { key, value: one.run },
      { key: "slipway.trial", value: "7" },
    ],
  });
  await logToRun(context, own.id, { metrics: [{ key: "validate.auc", value: 1, timestamp: 1, step: 0 }] });
  for (const study of [one, other]) {
    const { trials } = await showStudy(platform, study.study);
    expect(trials.map(({ runId }) => runId)).toEqual(study.trials.map(({ runId }) => runId));
  }
}, 120_000);

test("slipway studies list, show and export say what was tried", async () => {
  const fixture = JSON.stringify(fileURLToPath(new URL("./deliveries.fixture.ts", import.meta.url)));
  writeFileSync(
    join(world.root, "slipway.config.ts"),
    `import { deliveriesProject } from ${fixture};\nexport default deliveriesProject();\n`,
  );
  await tune({ study: "shown" });
  await platform.close();
  const slipway = async (...words: readonly string[]): Promise<{ code: number; out: string; err: string }> => {
    const said = { out: "", err: "" };
    const sink = (name: "out" | "err") => ({
      write(text: string): void {
        said[name] += text;
      },
    });
    const cache = fileURLToPath(new URL("../../node_modules/.cache/slipway", import.meta.url));
    const env = { PATH: process.env["PATH"], SLIPWAY_CACHE: cache };
    const code = await main(["--project", world.root, ...words], {
      stdout: sink("out"),
      stderr: sink("err"),
      env,
      cwd: world.root,
    });
    return { code, ...said };
  };
  expect((await slipway("studies", "list")).out).toMatch(/shown +delivery_late +finished/);
  const listed = JSON.parse((await slipway("studies", "list", "--json")).out);
  expect(listed.studies.find(({ name }: { readonly name: string }) => name === "shown")).toMatchObject({
    name: "shown",
    complete: 3,
    budget: 3,
    best: { value: expect.any(Number) },
  });
  expect((await slipway("studies", "show", "shown")).out).toMatch(/Best auc 0\.\d{4} \(trial \d\)/);
  expect(JSON.parse((await slipway("studies", "show", "shown", "--json")).out).trials).toHaveLength(3);
  expect((await slipway("studies", "export", "shown", "--out", "trials.csv")).code).toBe(0);
  const rows = readFileSync(join(world.root, "trials.csv"), "utf8").trim().split("\r\n");
  expect(rows[0]).toBe("trial,state,auc,test,run,error,params.eta,params.max_depth");
  expect(rows).toHaveLength(4);
  expect((await slipway("studies", "export", "shown", "--out", "trials.csv")).err).toMatch(/is there already/);
  expect((await slipway("studies", "export", "shown")).code).toBe(64);
  for (const place of ["nowhere/trials.csv", "trials.csv/trials.csv"]) {
    const nowhere = await slipway("studies", "export", "shown", "--out", place);
    expect(nowhere).toMatchObject({ code: 65, err: expect.stringMatching(/INPUT_INVALID .*its folder is not there/) });
  }
  expect((await slipway("studies", "report", "shown", "--out", "report.html")).code).toBe(0);
  expect(readFileSync(join(world.root, "report.html"), "utf8")).toContain("<h2>Parallel coordinates</h2>");
  expect((await slipway("studies", "report", "shown")).code).toBe(64);
  expect((await slipway("studies", "show", "nothing")).err).toMatch(/STUDY_NOT_FOUND/);
  expect((await slipway("studies", "list", "--model", "nothing")).err).toMatch(/MODEL_NOT_FOUND/);
}, 120_000);
