// The rows of trainings as datasets: found by version, run and id, held against each other, verified and taken out.

import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  applyDefinitions,
  diffNamedDatasets,
  exportNamedDataset,
  resolveVersion,
  showDataset,
  trainModel,
  verifyNamedDataset,
  writeDatasetFolder,
} from "../../src/platform/platform.ts";
import { day, deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";

const MODEL = "delivery_late";
let world: World;
let platform: WorldPlatform;
const datasets: string[] = [];

beforeAll(async () => {
  world = await deliveriesWorld();
  platform = await world.open();
  await applyDefinitions(platform);
  for (const bounds of [
    { validateFrom: day(20), testFrom: day(25), until: day(30) },
    { validateFrom: day(22), testFrom: day(25), until: day(30) },
  ])
    datasets.push((await trainModel(platform, { model: MODEL, bounds })).dataset.id);
}, 120_000);
afterAll(async () => {
  await platform.close();
  await world.remove();
});

const count = async (sql: string): Promise<number> => {
  for await (const table of platform.engines.offline.stream(`SELECT count(*)::BIGINT FROM ${sql}`))
    return Number(table.columns[0]?.values[0]);
  return Number.NaN;
};

test("a training's dataset is found by version, alias, run and the start of its id, with its sources' hashes", async () => {
  const [first = "", second = ""] = datasets;
  const idOf = async (which: string) => (await showDataset(platform, which, world.root)).id;
  expect(await idOf(`${MODEL}@1`)).toBe(first);
  expect(await idOf(`${MODEL}@champion`)).toBe(second);
  expect(await idOf(second.slice(0, 8))).toBe(second);
  const { runId } = await resolveVersion(platform.registry, MODEL, 2);
  expect(await idOf(runId ?? "")).toBe(second);
  const shown = await showDataset(platform, first, world.root);
  expect(shown.sources?.map(({ name, files }) => [name, files.map(({ path }) => path)])).toEqual([
    ["orders", ["data/orders.parquet"]],
    ["deliveries", ["data/deliveries.parquet"]],
    ["cities", ["data/cities.parquet"]],
  ]);
  expect(shown.parts).toMatchObject({ train: { rows: expect.any(Number) } });
});

test("what names nothing is refused with what is near", async () => {
  const [first = ""] = datasets;
  const wrong = `${first.slice(0, 10)}${first[10] === "0" ? "1" : "0"}`;
  const refusal = (which: string) => showDataset(platform, which, world.root).catch((thrown: Error) => thrown);
  expect(await refusal(wrong)).toMatchObject({
    code: "DATASET_NOT_FOUND",
    message: expect.stringContaining(`Did you mean "${first.slice(0, 12)}"?`),
  });
  expect(await refusal(MODEL)).toMatchObject({
    code: "DATASET_NOT_FOUND",
    message: expect.stringContaining(`"${MODEL}@champion"`),
  });
  expect(await refusal(`${MODEL}@9`)).toMatchObject({ code: "VERSION_NOT_FOUND" });
  expect(await refusal("nothing/here")).toMatchObject({ code: "DATASET_NOT_FOUND" });
});

test("two trainings on one snapshot differ in which part a row is in, and in nothing else", async () => {
  const diff = await diffNamedDatasets(platform, `${MODEL}@1`, `${MODEL}@2`, world.root);
  expect(diff).toMatchObject({ isSame: false, schema: { added: [], removed: [], retyped: [] }, definitions: [] });
  expect(diff.sources.map(({ state }) => state)).toEqual(["same", "same", "same"]);
  const [part, ...others] = diff.columns.toSorted((a, b) => b.changed - a.changed);
  expect(part).toMatchObject({ name: "part" });
  expect(others.every(({ changed }) => changed === 0)).toBe(true);
  // Orders of days 20 to 22 were held back for validation before; those whose label was known in time train now.
  expect(diff.rows.changed).toBe(part?.changed);
  expect(diff.rows.changed).toBeGreaterThan(50);
});

test("a training's rows and the whole folder are compared by key; definitions and sources are those of each", async () => {
  const folder = join(world.root, "whole");
  await writeDatasetFolder(platform, { model: MODEL, folder, partitionBy: "none" });
  const diff = await diffNamedDatasets(platform, `${MODEL}@1`, folder, world.root);
  expect(diff).toMatchObject({ schema: { added: [], removed: [], retyped: [] }, definitions: [] });
  expect(diff.rows).toMatchObject({ removed: 0, changed: 0, added: 3600 - diff.rows.from });
  expect(diff.sources.every(({ state }) => state === "same")).toBe(true);
});

test.each(["parquet", "csv"] as const)(
  "exported as %s, every row of every part is there, and a changed byte is found",
  async (format) => {
    const folder = join(world.root, `out-${format}`);
    const { manifest: written } = await exportNamedDataset(platform, `${MODEL}@1`, { folder, format, cwd: world.root });
    const shown = await showDataset(platform, datasets[0] ?? "", world.root);
    expect(written).toMatchObject({ copyOf: datasets[0], partitionBy: "part" });
    expect(written.parts.map(({ path, rows }) => [path, rows])).toEqual(
      Object.entries(shown.parts ?? {}).map(([part, { rows }]) => [`part=${part}/part-0.${format}`, rows]),
    );
    const scan = format === "csv" ? "read_csv" : "read_parquet";
    for (const { path, rows } of written.parts) expect(await count(`${scan}('${join(folder, path)}')`)).toBe(rows);
    expect((await verifyNamedDataset(platform, folder, world.root)).problems).toEqual([]);
    const [part] = written.parts;
    const file = join(folder, part?.path ?? "");
    const bytes = await readFile(file);
    bytes[bytes.length >> 1] = ((bytes[bytes.length >> 1] ?? 0) + 1) % 256;
    await writeFile(file, bytes);
    expect((await verifyNamedDataset(platform, folder, world.root)).problems).toEqual([
      `${part?.path} has other bytes than were written`,
    ]);
    await expect(exportNamedDataset(platform, `${MODEL}@1`, { folder, format, cwd: world.root })).rejects.toMatchObject(
      {
        code: "USAGE",
      },
    );
  },
);

test("an exported Parquet copy has exactly the training's rows; a folder is copied under its own id", async () => {
  const folder = join(world.root, "copy");
  const { manifest: written } = await exportNamedDataset(platform, `${MODEL}@2`, {
    folder,
    format: "parquet",
    cwd: world.root,
  });
  expect(await diffNamedDatasets(platform, `${MODEL}@2`, folder, world.root)).toMatchObject({
    isSame: true,
    rows: { added: 0, removed: 0, changed: 0 },
  });
  const again = await exportNamedDataset(platform, folder, { folder: "again", format: "parquet", cwd: world.root });
  expect(again).toMatchObject({ manifest: { id: written.id }, folder: join(world.root, "again") });
});

// Last, because it damages the snapshot.
test("verifying a training reads its snapshot: a changed byte, a moved source and a lost snapshot are told apart", async () => {
  const which = `${MODEL}@1`;
  const before = await verifyNamedDataset(platform, which, world.root);
  expect(before).toMatchObject({ kind: "training", id: datasets[0], problems: [] });
  expect(before.sources.map(({ state }) => state)).toEqual(["same", "same", "same"]);
  await writeFile(join(world.root, "data", "cities.parquet"), "other");
  const moved = await verifyNamedDataset(platform, which, world.root);
  expect(moved.problems).toEqual([]);
  expect(moved.sources.at(-1)).toEqual({ source: "cities", path: "data/cities.parquet", state: "changed" });
  const [blob = ""] = await platform.engines.blobs.list("snapshots/");
  const file = platform.engines.blobs.locate(blob);
  const bytes = await readFile(file);
  bytes[100] = ((bytes[100] ?? 0) + 1) % 256;
  await writeFile(file, bytes);
  expect((await verifyNamedDataset(platform, which, world.root)).problems).toEqual([
    `${blob} has other bytes than were written`,
  ]);
  await rm(file);
  await expect(verifyNamedDataset(platform, which, world.root)).rejects.toMatchObject({ code: "DATASET_NOT_FOUND" });
});
