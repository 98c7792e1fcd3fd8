// A search for a model's parameters, from the first trial to one that goes on where another stopped.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { main } from "../../src/cli/program.ts";
import { SlipwayError } from "../../src/core/core.ts";
import {
  applyDefinitions,
  getRun,
  listRuns,
  type TunedTrial,
  type TuneRequest,
  tuneModel,
} from "../../src/platform/platform.ts";
import { categorical, float, int, type SamplerName, space } from "../../src/tuning/tuning.ts";
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

test("tries the definition first, records each trial as a run below the study's, and goes on with a study that was stopped", async () => {
  const seen: TunedTrial[] = [];
  const stopped = new AbortController();
  const first = tuneModel(platform, {
    model: MODEL,
    trials: 5,
    space: small,
    seed: 5,
    signal: stopped.signal,
    onTrial(trial) {
      seen.push(trial);
      if (seen.length === 3) stopped.abort(new Error("enough"));
    },
  });
  await expect(first).rejects.toThrow();
  expect(seen.map(({ number, value }) => [number, typeof value])).toEqual(
    [0, 1, 2].map((number) => [number, "number"]),
  );
  const [study] = await listRuns(platform.registry, { kind: "tune" });
  expect(study).toMatchObject({ status: "cancelled", name: `tune ${MODEL}` });

  const { run, trials, best, before } = await tuneModel(platform, {
    model: MODEL,
    trials: 5,
    space: small,
    resume: study!.id,
  });
  expect(run).toBe(study!.id);
  expect(trials).toHaveLength(5);
  expect(trials.slice(0, 3).map(({ runId, value }) => [runId, value])).toEqual(
    seen.map(({ runId, value }) => [runId, value]),
  );
  expect(before?.params).toEqual({ eta: expect.any(Number), max_depth: 3 });
  expect(best?.value).toBe(Math.max(...trials.map(({ value }) => value!)));
  const runs = await listRuns(platform.registry, { kind: "trial" });
  for (const { runId, params, value } of trials) {
    const recorded = runs.find(({ id }) => id === runId);
    expect(recorded).toMatchObject({
      parent: run,
      status: "finished",
      params: { max_depth: String(params["max_depth"]) },
    });
    expect(recorded?.metrics["validate.auc"]).toBe(value);
  }

  const whole = await tuneModel(platform, { model: MODEL, trials: 5, space: small, seed: 5 });
  expect(trials.map(({ params, value }) => [params, value])).toEqual(
    whole.trials.map(({ params, value }) => [params, value]),
  );

  const other = { model: MODEL, trials: 6, resume: run };
  await expect(tuneModel(platform, { ...other, space: small, seed: 6 })).rejects.toThrow(/has seed 5, .* with 6/);
  await expect(tuneModel(platform, { ...other, space: small, sampler: "tpe" })).rejects.toThrow(/has sampler auto/);
  await expect(tuneModel(platform, { ...other, space: space({ eta: float(0.1, 0.5) }) })).rejects.toThrow(
    /another space/,
  );
  await expect(tuneModel(platform, { ...other, space: small, resume: runs[0]!.id })).rejects.toThrow(
    /no study but a trial/,
  );
}, 120_000);

test("records a trial that fails and goes on; with none that ends well there is no best", async () => {
  const { trials, best } = await tuneModel(platform, {
    model: MODEL,
    trials: 3,
    space: space({ no_such_parameter: categorical(["a", "b", "c"]) }),
  });
  // The first is the definition as it stands, which has no such parameter.
  expect(trials.map(({ value }) => typeof value)).toEqual(["number", "undefined", "undefined"]);
  expect(trials[1]?.error).toMatch(/no_such_parameter/);
  expect(best?.number).toBe(0);
  await expect(tuneModel(platform, { model: MODEL, trials: 0 })).rejects.toThrow(/budget of 1 trial or more, not 0/);
}, 120_000);

test("tries every value of a space that the definition lies outside of, and learns nothing wrong from the definition", async () => {
  const tuned = await tuneModel(platform, {
    model: MODEL,
    trials: 3,
    space: space({ max_depth: categorical([5, 6]) }),
    sampler: "grid",
  });
  expect(tuned.trials.map(({ params, value }) => [params, typeof value])).toEqual([
    [{ max_depth: 3 }, "number"],
    [{ max_depth: 5 }, "number"],
    [{ max_depth: 6 }, "number"],
  ]);
  // gamma is searched and the definition does not say it: that is no trial at the middle of its range.
  const partly = await tuneModel(platform, {
    model: MODEL,
    trials: 2,
    space: space({ max_depth: categorical([3, 4]), gamma: categorical([0, 1]) }),
    sampler: "grid",
  });
  expect(partly.trials.map(({ params }) => params)).toEqual([{ max_depth: 3 }, { max_depth: 3, gamma: 0 }]);
}, 120_000);

test.each<[string, Partial<TuneRequest>, RegExp]>([
  ["a seed that is no number", { seed: Number.NaN }, /seed is a whole number/],
  ["an unknown sampler", { sampler: "gpp" as SamplerName }, /sampler is one of auto, /],
  ["a space that cannot be", { space: { eta: float(2, 1) } }, /low must be below high/],
])("refuses %s before there is a study", async (_, wrong, message) => {
  const count = async (): Promise<number> => (await listRuns(platform.registry, {})).length;
  const before = await count();
  await expect(tuneModel(platform, { model: MODEL, trials: 2, space: small, ...wrong })).rejects.toThrow(message);
  expect(await count()).toBe(before);
});

test("refuses to go on with a study of another definition, whose values are not to be compared", async () => {
  const other = await deliveriesWorld();
  onTestFinished(() => other.remove());
  const request = { model: MODEL, trials: 1, space: small };
  const before = await other.open();
  await applyDefinitions(before);
  const { run } = await tuneModel(before, request);
  await before.close();
  const after = await other.open({ changes: { maxDepth: 4 } });
  await applyDefinitions(after);
  await expect(tuneModel(after, { ...request, resume: run })).rejects.toThrow(/another definition of the model/);
  const [, ...more] = await listRuns(after.registry, { kind: "trial" });
  expect(more).toEqual([]);
}, 120_000);

test("a study that is killed has named its run, keeps the trials that ended, and ends as if nothing had been", async () => {
  const killed = await deliveriesWorld();
  onTestFinished(() => killed.remove());
  const prepared = await killed.open();
  await applyDefinitions(prepared);
  await prepared.close();
  const child = startChild(
    killed.root,
    `const platform = await openPlatform(worldOptions(root));
     await tuneModel(platform, { model: ${JSON.stringify(MODEL)}, trials: 500, space: ${JSON.stringify(small)}, seed: 9,
       onStudy: ({ run }) => say(run), onTrial: ({ params, value }) => say(JSON.stringify({ params, value })) });`,
  );
  const lines: string[] = [];
  const { signal } = await endOf(child, (line) => {
    lines.push(line);
    if (lines.length === 4) child.kill("SIGKILL");
  });
  expect(signal).toBe("SIGKILL");
  const [run = "", ...said] = lines;
  const after = await killed.open();
  expect(await getRun(after.registry, run)).toMatchObject({ kind: "tune", status: "failed" });
  const { trials } = await tuneModel(after, { model: MODEL, trials: said.length + 3, space: small, resume: run });
  const known = trials.map(({ params, value }) => ({ params, value }));
  expect(known.slice(0, said.length)).toEqual(said.map((line) => JSON.parse(line)));
  const whole = await tuneModel(after, { model: MODEL, trials: known.length, space: small, seed: 9 });
  expect(known).toEqual(whole.trials.map(({ params, value }) => ({ params, value })));
}, 120_000);

test("fails a study in which no trial got a value, and tells what the last one said", async () => {
  const broken = await deliveriesWorld();
  onTestFinished(() => broken.remove());
  const failing = await broken.open({
    engines: (engines) => ({
      ...engines,
      trainers: engines.trainers.map((trainer) => ({
        ...trainer,
        fit: () => Promise.reject(new SlipwayError("TRAINER_FAILED", "no tree could be grown")),
      })),
    }),
  });
  await applyDefinitions(failing);
  await expect(tuneModel(failing, { model: MODEL, trials: 2, space: small })).rejects.toThrow(
    /None of 2 trials ended with a auc; the last said: no tree could be grown/,
  );
  expect(await listRuns(failing.registry, { kind: "tune" })).toMatchObject([{ status: "failed" }]);
}, 120_000);

test.each([
  ["a full disk", Object.assign(new Error("ENOSPC: no space left on device, write"), { code: "ENOSPC" })],
  ["a full disk of the trainer's", new SlipwayError("TRAINER_FAILED", "XGBoost: No space left on device")],
  ["locked records", new Error("SQLITE_BUSY: database is locked")],
])(
  "ends a study for %s, which is no trial's fault, and counts no trial",
  async (_, trouble) => {
    const full = await deliveriesWorld();
    onTestFinished(() => full.remove());
    let left = 2;
    const filling = await full.open({
      engines: (engines) => ({
        ...engines,
        trainers: engines.trainers.map((trainer) => ({
          ...trainer,
          fit: (...given: Parameters<typeof trainer.fit>) =>
            left-- > 0 ? trainer.fit(...given) : Promise.reject(trouble),
        })),
      }),
    });
    await applyDefinitions(filling);
    const seen: TunedTrial[] = [];
    const request = { model: MODEL, trials: 4, space: small };
    await expect(tuneModel(filling, { ...request, onTrial: (trial) => seen.push(trial) })).rejects.toThrow(
      trouble.message,
    );
    expect(seen.map(({ error }) => error)).toEqual([undefined, undefined]);
    const [study] = await listRuns(filling.registry, { kind: "tune" });
    expect(study?.status).toBe("failed");
    left = 9;
    const { trials } = await tuneModel(filling, { ...request, resume: study!.id });
    expect(trials.map(({ value }) => typeof value)).toEqual(new Array(4).fill("number"));
  },
  120_000,
);

test("slipway tune <model> shows the best trials, and --json all of them", async () => {
  const fixture = JSON.stringify(fileURLToPath(new URL("./deliveries.fixture.ts", import.meta.url)));
  writeFileSync(
    join(world.root, "slipway.config.ts"),
    `import { deliveriesProject } from ${fixture};\nexport default deliveriesProject();\n`,
  );
  writeFileSync(join(world.root, "space.json"), JSON.stringify(small));
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
  await platform.close();
  const asked = await slipway("tune", MODEL, "--trials", "2", "--space", "space.json", "--json");
  expect(asked.code).toBe(0);
  expect(JSON.parse(asked.out)).toMatchObject({
    metric: "auc",
    trials: [{ number: 0 }, { number: 1 }],
    best: { value: expect.any(Number) },
  });
  const shown = await slipway("tune", MODEL, "--trials", "2", "--space", "space.json");
  expect(shown.err).toMatch(/study delivery_late-\d+, run \S+\n/);
  expect(shown.out).toMatch(
    /slipway studies show delivery_late-\d+ has all trials; go on with --study delivery_late-\d+ --trials 4/,
  );
  expect(shown.out).toMatch(/Best auc 0\.\d{4}, 0\.\d{4} with the definition as it stands/);
  expect((await slipway("tune", MODEL, "--trials", "0")).code).toBe(64);
  expect((await slipway("tune", MODEL, "--seed", "abc")).code).toBe(64);
  expect((await slipway("tune", MODEL, "--sampler", "gpp")).err).toMatch(/sampler is one of auto/);
  expect((await slipway("tune", "nothing")).code).not.toBe(0);
}, 120_000);
