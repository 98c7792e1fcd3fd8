import { afterEach, beforeEach, expect, test } from "vitest";
import { seconds } from "../core/core.ts";
import { newVersion, type TestRegistry, testRegistry } from "./registry.fixture.ts";
import {
  createExperiment,
  findRun,
  findRuns,
  finishRun,
  type RunFilter,
  recordedModels,
  registerVersion,
  startRun,
  tracking,
} from "./registry.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await testRegistry();
});
afterEach(() => registry.remove());

async function started(rest: object = {}): Promise<string> {
  registry.clock.advanceTo(registry.clock.now() + seconds(1));
  return (await startRun(registry, { experiment: "delays", kind: "train", ...rest })).id;
}
const ids = async (filter: RunFilter = {}): Promise<readonly string[]> =>
  (await findRuns(registry, filter)).runs.map(({ id }) => id);

test("runs are found by what they are about, newest first, in pages", async () => {
  const first = await started({ model: "delay" });
  const other = await started({ kind: "tune", experiment: "others" });
  const made = await started();
  await registerVersion(registry, newVersion("bytes", { model: "delay", runId: made }));
  await finishRun(registry, first);
  expect(await ids()).toEqual([made, other, first]);
  expect(await ids({ model: "delay" })).toEqual([made, first]);
  expect(await ids({ kind: "tune" })).toEqual([other]);
  expect(await ids({ experiment: "others" })).toEqual([other]);
  expect(await ids({ status: "finished" })).toEqual([first]);
  expect(await ids({ filter: "attributes.status = 'RUNNING'", orderBy: ["attributes.start_time ASC"] })).toEqual([
    other,
    made,
  ]);
  const page = await findRuns(registry, { limit: 2 });
  expect(page.runs.map(({ id }) => id)).toEqual([made, other]);
  expect(await ids({ limit: 2, ...(page.next === undefined ? {} : { pageToken: page.next }) })).toEqual([first]);
  // A page belongs to its own question.
  await expect(findRuns(registry, { limit: 2, model: "delay", pageToken: page.next ?? "" })).rejects.toMatchObject({
    code: "INPUT_INVALID",
  });
  await expect(findRuns(registry, { experiment: "other" })).rejects.toMatchObject({
    code: "EXPERIMENT_NOT_FOUND",
    message: expect.stringContaining('Did you mean "others"?'),
  });
  expect(await recordedModels(registry)).toEqual(["delay"]);
});

test("more runs are listed than one statement takes ids", async () => {
  const { id: experiment_id } = await createExperiment(registry, "many");
  const rows = Array.from({ length: 2500 }, (_, place) => ({
    id: `run-${place}`,
    experiment_id,
    name: "one of many",
    kind: "train",
    status: "finished" as const,
    started_at: place,
    actor: "test",
  }));
  for (let start = 0; start < rows.length; start += 500)
    await registry.records.db
      .insertInto("runs")
      .values(rows.slice(start, start + 500))
      .execute();
  expect(await ids({ limit: 40_000 })).toEqual(rows.map(({ id }) => id).reverse());
});

test("a run that a client has set aside is not listed", async () => {
  const id = await started();
  await tracking.setRunAside(await tracking.openTracking(registry), id, true);
  expect(await ids()).toEqual([]);
});

test("one run is found by its id, an end of it, its name, or what it made", async () => {
  const id = await started({ name: "the one" });
  await started({ name: "another" });
  await registerVersion(registry, newVersion("bytes", { model: "delay", runId: id }));
  await registerVersion(registry, newVersion("others", { model: "delay" }));
  for (const reference of [id, id.slice(-8), "the one", "delay@1"])
    expect((await findRun(registry, reference)).id).toBe(id);
  await expect(findRun(registry, id.slice(0, 8))).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await expect(findRun(registry, "delay@2")).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
  for (const reference of ["nope", "%%%%", "____", "", "%"])
    await expect(findRun(registry, reference)).rejects.toMatchObject({ code: "RUN_NOT_FOUND" });
});
