// A training in a Git repository, as its run remembers it: what it was made with, and what that took.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, onTestFinished, test } from "vitest";
import {
  applyDefinitions,
  getDataset,
  getRun,
  provenanceOf,
  tracking,
  trainModel,
} from "../../src/platform/platform.ts";
import { deliveriesWorld, type World } from "./deliveries.fixture.ts";
import { repository } from "./repository.fixture.ts";

let world: World;
beforeAll(async () => {
  world = await deliveriesWorld();
  return () => world.remove();
});

test("a run knows its code, packages, machine, engines, seed, data and what it used", async () => {
  const { commit } = repository(world.root);
  writeFileSync(join(world.root, "notes.txt"), "second thoughts\n");
  writeFileSync(join(world.root, "new.ts"), "export {};\n");
  const platform = await world.open();
  onTestFinished(() => platform.close());
  await applyDefinitions(platform);
  const { version, dataset } = await trainModel(platform, { model: "delivery_late" });
  const run = await getRun(platform.registry, version.runId ?? "");
  const made = await provenanceOf(platform.registry, run.id);
  expect(run).toMatchObject({ git: { commit, branch: "main", dirty: true }, datasets: [dataset.id] });
  expect(made).toMatchObject({
    code: { changed: ["notes.txt"], untracked: ["new.ts"], problem: null, patch: { leftOut: [] } },
    packages: { lock: { file: "package-lock.json" }, direct: { left: "?" }, resolved: ["left@1.0.0"] },
    engines: {
      duckdb: expect.stringMatching(/^v?\d/),
      lmdb: "0.9.90",
      xgboost: expect.stringMatching(/^\d/),
      node: process.version,
    },
    machine: { node: process.version, cores: expect.any(Number) },
    seeds: { trainer: 7 },
    threads: 1,
  });
  const { resources } = run;
  expect(resources?.trainer?.cpuSeconds).toBeGreaterThan(0);
  expect(resources?.cpuSeconds).toBeGreaterThan(resources?.trainer?.cpuSeconds ?? 0);
  expect(resources?.elapsedSeconds).toBeGreaterThan(0);
  expect(resources?.peakMemory).toBeGreaterThan(20e6);
  expect((await getDataset(platform.registry, dataset.id)).columns.map(({ name }) => name)).toContain("label");
  // The patch brings a fresh checkout to where the training was.
  const context = await tracking.openTracking(platform.registry);
  const path = tracking.runArtifacts({ ...run, artifactRoot: null }).replace("mlflow-artifacts:/", "");
  const { chunks } = await tracking.openArtifact(context, `${path}/slipway/uncommitted.patch`);
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  expect(Buffer.concat(parts).toString()).toContain("+second thoughts");
});

test("a training outside of a repository says so and goes on", async () => {
  const elsewhere = await deliveriesWorld();
  onTestFinished(() => elsewhere.remove());
  const platform = await elsewhere.open();
  await applyDefinitions(platform);
  const { version } = await trainModel(platform, { model: "delivery_late" });
  const made = await provenanceOf(platform.registry, version.runId ?? "");
  expect(made?.code).toMatchObject({ commit: null, problem: expect.stringContaining("is in no Git repository") });
  expect(made?.packages?.problem).toContain("there is no package.json");
});
