import { afterEach, beforeEach, expect, test } from "vitest";
import { seconds } from "../core/core.ts";
import { type TestRegistry, testRegistry } from "./registry.fixture.ts";
import {
  auditTrail,
  changeStudyPlan,
  childRuns,
  failRun,
  findStudy,
  listStudies,
  recordStudy,
  reopenRun,
  startRun,
  tracking,
} from "./registry.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await testRegistry();
});
afterEach(() => registry.remove());

async function begun(rest: object = {}) {
  registry.clock.advanceTo(registry.clock.now() + seconds(1));
  const { id } = await startRun(registry, { experiment: "delay", kind: "tune", model: "delay" });
  return recordStudy(registry, {
    runId: id,
    model: "delay",
    definition: "d1",
    datasetId: "rows",
    // The order of a space's parameters is part of it.
    plan: { space: { z: 1, a: 2 }, trials: 3 },
    ...rest,
  });
}

test("a study is found by its name, its run and the end of that, with its plan as it was written", async () => {
  const one = await begun();
  const two = await begun({ name: "shallow trees" });
  const three = await begun();
  expect([one.name, two.name, three.name]).toEqual(["delay-1", "shallow trees", "delay-3"]);
  expect((await listStudies(registry)).map(({ name }) => name)).toEqual(["delay-3", "shallow trees", "delay-1"]);
  expect(await listStudies(registry, "other")).toEqual([]);
  for (const reference of ["delay-1", one.runId, one.runId.slice(-8)]) {
    const found = await findStudy(registry, reference);
    expect(JSON.stringify(found.plan)).toBe('{"space":{"z":1,"a":2},"trials":3}');
    expect(found).toEqual(one);
  }
});

test("names that no study or two would have are refused, and so is a run that is no study", async () => {
  await begun({ name: "one" });
  await expect(begun({ name: "one" })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  await expect(begun({ name: " " })).rejects.toMatchObject({ code: "INPUT_INVALID" });
  const { id } = await startRun(registry, { experiment: "delay", kind: "train" });
  await expect(findStudy(registry, id)).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: /no study but a train/,
  });
  await expect(findStudy(registry, "onw")).rejects.toMatchObject({
    code: "STUDY_NOT_FOUND",
    message: expect.stringContaining('Did you mean "one"?'),
  });
});

test("a plan changes with a line in the audit trail", async () => {
  const study = await begun();
  await changeStudyPlan(registry, study, { space: { a: 1 }, trials: 9 });
  expect((await findStudy(registry, study.name)).plan).toEqual({ space: { a: 1 }, trials: 9 });
  expect(await auditTrail(registry, { action: "study.changed" })).toMatchObject([
    { subject: "delay-1", actor: "test" },
  ]);
});

test("a study's trials are the runs below its own, oldest first, without those that were set aside", async () => {
  const { runId } = await begun();
  const ids: string[] = [];
  for (const name of ["trial 0", "trial 1", "trial 2"]) {
    registry.clock.advanceTo(registry.clock.now() + seconds(1));
    ids.push((await startRun(registry, { experiment: "delay", kind: "trial", name, parentId: runId })).id);
  }
  await startRun(registry, { experiment: "delay", kind: "trial", name: "of another" });
  expect((await childRuns(registry, runId)).map(({ name }) => name)).toEqual(["trial 0", "trial 1", "trial 2"]);
  await tracking.setRunAside(await tracking.openTracking(registry), ids[1]!, true);
  expect((await childRuns(registry, runId)).map(({ name }) => name)).toEqual(["trial 0", "trial 2"]);
});

test("a study whose run was set aside is not listed", async () => {
  const { runId, name } = await begun();
  await tracking.setRunAside(await tracking.openTracking(registry), runId, true);
  expect(await listStudies(registry)).toEqual([]);
  await expect(findStudy(registry, name)).rejects.toMatchObject({ code: "STUDY_NOT_FOUND" });
});

test("a run that ended can go on, as this process's", async () => {
  const { runId } = await begun();
  await failRun(registry, runId, "killed");
  expect(await reopenRun({ ...registry, owner: "next" }, runId)).toMatchObject({
    status: "running",
    endedAt: null,
    error: null,
  });
});
