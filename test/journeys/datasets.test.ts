// Training sets as folders: the same bytes each time, nothing half-made, every changed byte found, and what changed from one to another.

import { appendFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import {
  applyDefinitions,
  datasetList,
  datasetsOf,
  diffNamedDatasets,
  showDataset,
  verifyNamedDataset,
  writeDatasetFolder,
  writeTrainingSet,
} from "../../src/platform/platform.ts";
import { endOf, startChild } from "./child-process.fixture.ts";
import { deliveriesWorld, type World, type WorldPlatform } from "./deliveries.fixture.ts";

const MODEL = "delivery_late";
const KILLS = Number(process.env["SLIPWAY_TEST_KILLS"] ?? 3);

async function opened(): Promise<{ readonly world: World; readonly platform: WorldPlatform }> {
  const world = await deliveriesWorld();
  const platform = await world.open();
  onTestFinished(async () => {
    await platform.close();
    await world.remove();
  });
  await applyDefinitions(platform);
  return { world, platform };
}

async function rowsOf(platform: WorldPlatform, from: string): Promise<unknown[]> {
  const rows: unknown[] = [];
  for await (const table of platform.engines.offline.stream(
    `SELECT hash(x)::VARCHAR AS h FROM (SELECT * FROM ${from}) x`,
  ))
    for (const value of (table.columns[0]?.values ?? []) as Iterable<unknown>) rows.push(value);
  return rows;
}

test("a training set in parts has the rows of the single file, part by part, and the same bytes every time", async () => {
  const { world, platform } = await opened();
  const folder = join(world.root, "sets", "one");
  const manifest = await writeDatasetFolder(platform, { model: MODEL, folder, partitionBy: "month" });
  expect(manifest.parts.map(({ path }) => path)).toEqual([
    "month=2025-03/part-0.parquet",
    "month=2025-04/part-0.parquet",
  ]);
  expect(manifest.rows).toBe(3600);
  expect(manifest.label.known + manifest.label.unknown).toBe(3600);
  expect(manifest.sources.map(({ name, files }) => [name, files.map(({ path }) => path)])).toEqual([
    ["orders", ["data/orders.parquet"]],
    ["deliveries", ["data/deliveries.parquet"]],
    ["cities", ["data/cities.parquet"]],
  ]);
  const single = join(world.root, "single.parquet");
  await writeTrainingSet(platform, MODEL, single);
  const files = manifest.parts.map(({ path }) => `'${join(folder, path)}'`).join(", ");
  const parts = await rowsOf(platform, `read_parquet([${files}], hive_partitioning = false)`);
  expect(parts).toEqual(await rowsOf(platform, `read_parquet('${single}') ORDER BY date_trunc('month', t)`));

  const other = join(world.root, "sets", "two");
  const again = await writeDatasetFolder(platform, { model: MODEL, folder: other, partitionBy: "month" });
  expect(again).toEqual(manifest);
  for (const { path } of manifest.parts)
    expect(await readFile(join(other, path))).toEqual(await readFile(join(folder, path)));
  expect(await datasetList(platform, { model: MODEL })).toMatchObject([
    { id: manifest.id, kind: "folder", folder: other },
  ]);
  const { createdAt } = await datasetsOf(platform).show(manifest.id.slice(0, 8));
  expect(createdAt).toMatch(/Z$/);
  expect(await showDataset(platform, folder, world.root)).toMatchObject({ id: manifest.id, manifest, folder });
});

test("every changed byte is found, and so is a part that is missing or does not belong", async () => {
  const { world, platform } = await opened();
  const folder = join(world.root, "set");
  const { parts } = await writeDatasetFolder(platform, { model: MODEL, folder, partitionBy: "day" });
  const problems = async (): Promise<readonly string[]> =>
    (await verifyNamedDataset(platform, "set", world.root)).problems;
  expect(parts.length).toBe(60);
  expect(await problems()).toEqual([]);
  const [first, second, third] = parts.map(({ path }) => path);
  const bytes = await readFile(join(folder, first ?? ""));
  bytes[bytes.length >> 1] = ((bytes[bytes.length >> 1] ?? 0) + 1) % 256;
  await writeFile(join(folder, first ?? ""), bytes);
  await appendFile(join(folder, second ?? ""), "x");
  await rm(join(folder, third ?? ""));
  await writeFile(join(folder, "day=2025-03-01", "more.parquet"), "");
  expect(await problems()).toEqual([
    `${first} has other bytes than were written`,
    expect.stringMatching(/has \d+ bytes, not \d+$/),
    `${third} is missing`,
    "day=2025-03-01/more.parquet is not part of it",
  ]);
  const file = join(folder, "manifest.json");
  const text = await readFile(file, "utf8");
  await writeFile(file, text.replace('"rows": 3600', '"rows": 3601'));
  await expect(problems()).rejects.toMatchObject({ code: "DATASET_CORRUPT" });
  await writeFile(file, text.slice(0, 100));
  await expect(problems()).rejects.toMatchObject({ code: "DATASET_CORRUPT" });
});

test("a difference names columns, rows by key, and how far values have moved", async () => {
  const { world, platform } = await opened();
  const from = join(world.root, "a");
  const to = join(world.root, "b");
  const a = await writeDatasetFolder(platform, { model: MODEL, folder: from, partitionBy: "month" });
  const orders = join(world.root, "data", "orders.parquet");
  const changed = `SELECT * REPLACE (CASE WHEN order_id IN (SELECT order_id FROM '${orders}' ORDER BY order_id LIMIT 7) THEN distance_km + 100 ELSE distance_km END AS distance_km, CASE WHEN order_id = (SELECT max(order_id) FROM '${orders}') THEN 'new order' ELSE order_id END AS order_id) FROM '${orders}'`;
  await platform.engines.offline.writeParquet(changed, join(world.root, "orders.parquet"));
  await platform.engines.offline.writeParquet(`FROM '${join(world.root, "orders.parquet")}'`, orders);
  const b = await writeDatasetFolder(platform, { model: MODEL, folder: to, partitionBy: "none" });
  expect(b.id).not.toBe(a.id);
  const diff = await diffNamedDatasets(platform, a.id.slice(0, 10), "b", world.root);
  expect(diff).toMatchObject({
    isSame: false,
    schema: { added: [], removed: [], retyped: [] },
    rows: { from: 3600, to: 3600, added: 1, removed: 1, changed: 7, unchanged: 3592 },
  });
  expect(diff.rows.examples.added).toEqual(["new order"]);
  const distance = diff.columns.find(({ name }) => name === "distance_km");
  expect(distance?.changed).toBe(7);
  expect(distance?.shift).toBeCloseTo((7 * 100) / 3600 / (distance?.from.sd ?? 1), 1);
  expect(await diffNamedDatasets(platform, from, from, world.root)).toMatchObject({
    isSame: true,
    rows: { changed: 0 },
  });
});

test("a folder that holds something is left alone, and a source that changes meanwhile stops the writing", async () => {
  const { world, platform } = await opened();
  const folder = join(world.root, "set");
  await mkdir(folder);
  await writeFile(join(folder, "notes.txt"), "mine");
  const write = () => writeDatasetFolder(platform, { model: MODEL, folder, partitionBy: "month" });
  await expect(write()).rejects.toMatchObject({ code: "USAGE" });
  expect(await readdir(folder)).toEqual(["notes.txt"]);
  await rm(folder, { recursive: true });
  const cities = join(world.root, "data", "cities.parquet");
  let isTouched = false;
  const touching = writeDatasetFolder(platform, {
    model: MODEL,
    folder,
    partitionBy: "month",
    onNote: (text) => {
      if (isTouched || !text.startsWith("writing")) return;
      isTouched = true;
      void appendFile(cities, "x");
    },
  });
  await expect(touching).rejects.toMatchObject({ code: "SOURCE_CHANGED" });
  expect((await readdir(world.root)).filter((name) => name.includes("set"))).toEqual([]);
});

test("killed at any moment, it leaves no dataset or a whole one", { timeout: 60_000 + KILLS * 20_000 }, async () => {
  const { world, platform } = await opened();
  const script = `
    const platform = await openPlatform(worldOptions(root));
    for (let n = 0; ; n += 1) {
      await say("start " + n);
      await writeDatasetFolder(platform, { model: "${MODEL}", folder: root + "/killed/" + n, partitionBy: "day" });
    }`;
  for (let kill = 0; kill < KILLS; kill += 1) {
    await rm(join(world.root, "killed"), { recursive: true, force: true });
    const child = startChild(world.root, script);
    const wait = 20 + ((kill * 0.618_034) % 1) * 400;
    const end = await endOf(child, (line) => {
      if (line === "start 0") setTimeout(() => child.kill("SIGKILL"), wait);
    });
    expect(end.signal, end.complaints).toBe("SIGKILL");
    const names = await readdir(join(world.root, "killed")).catch((): string[] => []);
    for (const name of names.filter((each) => !each.startsWith(".")))
      expect((await verifyNamedDataset(platform, join(world.root, "killed", name), world.root)).problems).toEqual([]);
    const unfinished = end.lines.at(-1)?.split(" ")[1] ?? "";
    const folder = join(world.root, "killed", unfinished);
    if (names.includes(unfinished)) continue;
    await writeDatasetFolder(platform, { model: MODEL, folder, partitionBy: "day" });
    const left = (await readdir(join(world.root, "killed"))).filter((name) => name.startsWith(`.${unfinished}.`));
    expect(left).toEqual([]);
  }
});
