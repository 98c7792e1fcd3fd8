// A version made again: the same bytes while everything is as it was, and a clear word about each thing that is not.

import { writeFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { applyDefinitions, reproduceVersion, trainModel } from "../../src/platform/platform.ts";
import { type Changes, deliveriesWorld, tableSql, type World, type WorldPlatform } from "./deliveries.fixture.ts";
import { lockfile, repository, type TestRepository } from "./repository.fixture.ts";
import { stateOf } from "./state.fixture.ts";

const VERSION = "delivery_late@champion";

interface Trained {
  readonly world: World;
  readonly code: TestRepository;
  reopened(changes?: Changes): Promise<WorldPlatform>;
}

async function trained(): Promise<Trained> {
  const world = await deliveriesWorld();
  onTestFinished(() => world.remove());
  const code = repository(world.root);
  const platform = await world.open();
  await applyDefinitions(platform);
  await trainModel(platform, { model: "delivery_late" });
  await platform.close();
  return { world, code, reopened: (changes = {}) => world.open({ changes }) };
}

test("is the same to the byte, and registers nothing", async () => {
  const { reopened } = await trained();
  const platform = await reopened();
  const before = await stateOf(platform);
  const result = await reproduceVersion(platform, { version: VERSION });
  expect(result).toMatchObject({ verdict: "identical", version: 1, differences: [], first: null, metrics: [] });
  expect(result.artifact.after).toBe(result.artifact.before);
  expect(await stateOf(platform)).toEqual(before);
});

test("another parameter is named; trained anyway, the first difference is a place in the model", async () => {
  const { reopened } = await trained();
  const platform = await reopened({ maxDepth: 4 });
  const refused = await reproduceVersion(platform, { version: VERSION });
  expect(refused).toMatchObject({ verdict: "refused", artifact: { after: null } });
  expect(refused.differences).toMatchObject([
    { what: "parameter max_depth", before: "3", after: "4", matters: true },
    { what: "definition", matters: true },
  ]);
  const different = await reproduceVersion(platform, { version: VERSION, anyway: true });
  expect(different.verdict).toBe("different");
  expect(different.artifact.after).not.toBe(different.artifact.before);
  expect(different.first).toMatchObject({ artifact: "the model (xgboost-ubj)", place: expect.stringMatching(/\w/) });
  expect(different.metrics.map(({ name }) => name)).toContain("test.auc");
});

test("another label is another definition; what is trained from are the rows of then", async () => {
  const { reopened } = await trained();
  const platform = await reopened({ lateAbove: 12 });
  const { verdict, differences } = await reproduceVersion(platform, { version: VERSION, anyway: true });
  expect(differences.map(({ what }) => what)).toEqual(["definition", "data"]);
  expect(verdict).toBe("identical");
});

test("other source rows are told with their counts, and the rows of then are trained from", async () => {
  const { world, reopened } = await trained();
  await world.write("deliveries", `${tableSql("deliveries")} OFFSET 100`);
  const platform = await reopened();
  const refused = await reproduceVersion(platform, { version: VERSION });
  expect(refused.verdict).toBe("refused");
  expect(refused.differences).toMatchObject([
    {
      what: "data",
      matters: true,
      before: expect.stringContaining("of 3600 rows"),
      note: expect.stringContaining("kept"),
    },
  ]);
  expect(await reproduceVersion(platform, { version: VERSION, anyway: true })).toMatchObject({ verdict: "identical" });
  // Once the rows of then are gone, today's are what is left, and they make another model.
  for (const name of await platform.engines.blobs.list("snapshots/")) await platform.engines.blobs.delete(name);
  const gone = await reproduceVersion(platform, { version: VERSION, anyway: true });
  expect(gone).toMatchObject({ verdict: "different" });
  expect(gone.differences[0]?.note).toContain("no longer kept");
});

test("sources that were only touched are the same data", async () => {
  const { world, reopened } = await trained();
  await world.write("cities", tableSql("cities"));
  const platform = await reopened();
  expect(await reproduceVersion(platform, { version: VERSION })).toMatchObject({
    verdict: "identical",
    differences: [],
  });
});

test("another lockfile, commit and change that is not committed are each named", async () => {
  const { world, code, reopened } = await trained();
  writeFileSync(join(world.root, "package-lock.json"), lockfile("1.1.0"));
  writeFileSync(join(world.root, "notes.txt"), "others\n");
  code.commitAll("second");
  writeFileSync(join(world.root, "notes.txt"), "more\n");
  const platform = await reopened();
  const { verdict, differences } = await reproduceVersion(platform, { version: VERSION });
  expect(verdict).toBe("refused");
  expect(differences).toMatchObject([
    { what: "commit", before: code.commit.slice(0, 12), note: expect.stringContaining("git checkout") },
    { what: "uncommitted changes", before: null },
    { what: "lockfile" },
    { what: "package left", before: "1.0.0", after: "1.1.0", matters: true },
  ]);
  expect(await reproduceVersion(platform, { version: VERSION, anyway: true })).toMatchObject({ verdict: "identical" });
});

test("a commit that changes nothing in the project's folder does not matter", async () => {
  const { code, reopened } = await trained();
  code.git("commit", "-q", "--allow-empty", "-m", "nothing");
  const platform = await reopened();
  expect(await reproduceVersion(platform, { version: VERSION })).toMatchObject({
    verdict: "identical",
    differences: [{ what: "commit", matters: false }],
  });
});

test("stopped half-way it leaves nothing behind", async () => {
  const { reopened } = await trained();
  const platform = await reopened();
  const before = await stateOf(platform);
  const controller = new AbortController();
  await expect(
    reproduceVersion(platform, { version: VERSION, signal: controller.signal, onStep: () => controller.abort() }),
  ).rejects.toMatchObject({ code: "CANCELLED" });
  expect(await stateOf(platform)).toEqual(before);
  expect(await readdir(join(platform.stateDir, "tmp"))).toEqual([]);
});

test("what names no version, or one that was not trained here, is refused", async () => {
  const { reopened } = await trained();
  const platform = await reopened();
  await expect(reproduceVersion(platform, { version: "delivery_late" })).rejects.toMatchObject({ code: "USAGE" });
  await expect(reproduceVersion(platform, { version: "delivery_lat@1" })).rejects.toMatchObject({
    code: "MODEL_NOT_FOUND",
    message: expect.stringContaining('Did you mean "delivery_late"?'),
  });
  await expect(reproduceVersion(platform, { version: "delivery_late@9" })).rejects.toMatchObject({
    code: "VERSION_NOT_FOUND",
    message: expect.stringContaining("up to 1"),
  });
});
