import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { seconds } from "../core/core.ts";
import { someProvenance, type TestRegistry, testRegistry } from "./registry.fixture.ts";
import {
  auditTrail,
  createExperiment,
  failRun,
  finishRun,
  getDataset,
  getRun,
  linkDataset,
  listDatasets,
  listExperiments,
  listRuns,
  logMetrics,
  logParams,
  metricHistory,
  type RunFilter,
  recordDataset,
  recoverRuns,
  setTags,
  startRun,
} from "./registry.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await testRegistry();
});
afterEach(() => registry.remove());

const started = (rest: object = {}): ReturnType<typeof startRun> =>
  startRun(registry, { experiment: "delays", kind: "train", ...rest });

test("an experiment is made once", async () => {
  const [first, second] = [await createExperiment(registry, "delays"), await createExperiment(registry, "delays")];
  expect(second).toEqual(first);
  await started();
  expect(await listExperiments(registry)).toEqual([first]);
  await expect(createExperiment(registry, " ")).rejects.toMatchObject({ code: "INPUT_INVALID" });
});

describe("a run", () => {
  test("starts, tells and ends", async () => {
    const { id, ...run } = await started({
      model: "delay",
      provenance: someProvenance({ commit: "abc", changed: ["a.ts"] }),
    });
    expect(run).toMatchObject({
      status: "running",
      model: "delay",
      git: { commit: "abc", branch: "main", dirty: true },
      endedAt: null,
    });
    expect(run.startedAt).toBe(registry.clock.now());
    await logParams(registry, id, { max_depth: 6, booster: "gbtree", early: true });
    await setTags(registry, id, { note: "first" });
    await setTags(registry, id, { note: "second" });
    registry.clock.advanceTo(registry.clock.now() + seconds(5));
    await finishRun(registry, id);
    expect(await getRun(registry, id)).toMatchObject({
      status: "finished",
      endedAt: registry.clock.now(),
      params: { max_depth: "6", booster: "gbtree", early: "true" },
      tags: { note: "second" },
    });
    await expect(failRun(registry, id, "late")).rejects.toThrow("is finished already");
  });

  test("fails or is cancelled with words", async () => {
    const [one, two] = [await started(), await started()];
    await failRun(registry, one.id, "out of memory");
    await failRun(registry, two.id, "stopped by hand", "cancelled");
    expect(await getRun(registry, one.id)).toMatchObject({ status: "failed", error: "out of memory" });
    expect(await getRun(registry, two.id)).toMatchObject({ status: "cancelled", error: "stopped by hand" });
  });

  test("keeps a parameter's first value", async () => {
    const { id } = await started();
    await logParams(registry, id, { depth: 6 });
    await logParams(registry, id, { depth: 6, eta: 0.1 });
    await expect(logParams(registry, id, { gamma: 1, depth: 7 })).rejects.toMatchObject({ code: "INPUT_INVALID" });
    expect((await getRun(registry, id)).params).toEqual({ depth: "6", eta: "0.1" });
  });

  test("keeps every metric value and shows the one with the highest step", async () => {
    const { id } = await started();
    const rounds = Array.from({ length: 2500 }, (_, step) => ({ key: "loss", step, value: 1 / (step + 1) }));
    await logMetrics(registry, id, [...rounds, { key: "auc", value: Number.NaN }]);
    await logMetrics(registry, id, [{ key: "loss", step: 3, value: 9 }]);
    await logMetrics(registry, id, [{ key: "inf", value: Number.POSITIVE_INFINITY }]);
    await logMetrics(registry, id, []);
    const run = await getRun(registry, id);
    expect(run.metrics).toEqual({ auc: Number.NaN, inf: Number.POSITIVE_INFINITY, loss: 1 / 2500 });
    const history = await metricHistory(registry, id, "loss");
    expect(history).toHaveLength(2501);
    expect(history.slice(3, 5).map(({ value }) => value)).toEqual([0.25, 9]);
    expect(history[0]?.at).toBe(registry.clock.now());
  });

  test("that nobody started is RUN_NOT_FOUND, and nothing is logged to it", async () => {
    const missing = { code: "RUN_NOT_FOUND" };
    await expect(getRun(registry, "x")).rejects.toMatchObject(missing);
    await expect(finishRun(registry, "x")).rejects.toMatchObject(missing);
    await expect(logMetrics(registry, "x", [{ key: "a", value: 1 }])).rejects.toMatchObject(missing);
    await expect(logParams(registry, "x", { a: 1 })).rejects.toMatchObject(missing);
    await expect(setTags(registry, "x", {})).rejects.toMatchObject(missing);
  });
});

test("lists the newest runs first, by what is asked", async () => {
  const first = await started({ model: "a", name: "first" });
  registry.clock.advanceTo(registry.clock.now() + seconds(1));
  const second = await started({ model: "b", name: "second", experiment: "other" });
  await finishRun(registry, first.id);
  const names = async (filter?: RunFilter): Promise<readonly string[]> =>
    (await listRuns(registry, filter)).map(({ name }) => name);
  expect(await names()).toEqual(["second", "first"]);
  expect(await names({ limit: 1 })).toEqual(["second"]);
  expect(await names({ model: "a" })).toEqual(["first"]);
  expect(await names({ status: "running" })).toEqual(["second"]);
  expect(await names({ experiment: second.experimentId, kind: "train" })).toEqual(["second"]);
  expect(await names({ model: "c" })).toEqual([]);
});

test("runs of a dead process are marked as interrupted, the others left alone", async () => {
  const mine = await started();
  const dead = await startRun({ ...registry, owner: "dead" }, { experiment: "delays", kind: "train" });
  const { owner: _, ...anonymous } = registry;
  const unmarked = await startRun(anonymous, { experiment: "delays", kind: "train" });
  expect(await recoverRuns(registry, (owner) => owner === "this process")).toEqual([dead.id]);
  expect(await recoverRuns(registry, (owner) => owner === "this process")).toEqual([]);
  expect(await getRun(registry, dead.id)).toMatchObject({
    status: "failed",
    error: expect.stringMatching(/^interrupted/),
  });
  for (const { id } of [mine, unmarked]) expect((await getRun(registry, id)).status).toBe("running");
  expect(await auditTrail(registry, { action: "run.interrupted" })).toMatchObject([{ subject: dead.id }]);
});

test("a dataset is recorded once, and runs name it", async () => {
  const dataset = {
    id: "hash",
    model: "delay",
    definitionsHash: "d",
    rowCount: 3,
    columns: [{ name: "distance", type: "float64" as const, optional: true }],
    blob: "datasets/hash.parquet",
    timeFrom: 1n,
    timeTo: null,
    labelStats: { positives: 1 },
    findings: [],
    sources: [{ source: "departures", hash: "s" }],
  };
  const recorded = await recordDataset(registry, dataset);
  expect(recorded).toEqual({ ...dataset, createdAt: registry.clock.now() });
  registry.clock.advanceTo(registry.clock.now() + seconds(1));
  expect(await recordDataset(registry, { ...dataset, rowCount: 4 })).toEqual(recorded);
  expect(await getDataset(registry, "hash")).toEqual(recorded);
  expect(await listDatasets(registry, { model: "delay" })).toEqual([recorded]);
  await expect(getDataset(registry, "other")).rejects.toMatchObject({ code: "INPUT_INVALID" });
  const run = await started({ datasetId: "hash" });
  await linkDataset(registry, run.id, "hash");
  expect((await getRun(registry, run.id)).datasets).toEqual(["hash"]);
});
