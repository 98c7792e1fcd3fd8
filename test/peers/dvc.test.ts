// DVC's own program on what Slipway wrote, and Slipway on what it wrote. Runs where SLIPWAY_DVC (else `dvc`) is DVC 3 (python3 -m pip install dvc);
// skipped elsewhere.

import { execFile, execFileSync } from "node:child_process";
import { cp, mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { applyDefinitions, exportNamedDataset, importDataset, trainModel } from "../../src/platform/platform.ts";
import { day, deliveriesWorld, type World, type WorldPlatform } from "../journeys/deliveries.fixture.ts";

const program = process.env["SLIPWAY_DVC"] ?? "dvc";

function hasDvc(): boolean {
  try {
    return execFileSync(program, ["--version"], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).startsWith(
      "3.",
    );
  } catch {
    return false;
  }
}

async function run(command: string, args: readonly string[], cwd: string): Promise<string> {
  const site = join(cwd, "..", "dvc-site");
  const env = { ...process.env, DVC_NO_ANALYTICS: "1", DVC_SITE_CACHE_DIR: site };
  const { stdout } = await promisify(execFile)(command, args, { cwd, env });
  return stdout;
}

async function repository(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await run("git", ["init", "-q"], folder);
  await run(program, ["init", "-q"], folder);
  await run(program, ["remote", "add", "-q", "-d", "store", "../remote"], folder);
}

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

const contents = async (folder: string): Promise<Readonly<Record<string, string>>> => {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const read = files.map(async (file) => [file.slice(folder.length), (await readFile(file)).toString("base64")]);
  return Object.fromEntries(await Promise.all(read));
};

test.runIf(hasDvc())("dvc pull in another clone gets exactly what Slipway wrote", { timeout: 120_000 }, async () => {
  const { world, platform } = await opened();
  await trainModel(platform, {
    model: "delivery_late",
    bounds: { validateFrom: day(20), testFrom: day(25), until: day(30) },
  });
  const [ours, clone] = [join(world.root, "ours"), join(world.root, "clone")];
  await repository(ours);
  const { versioned } = await exportNamedDataset(platform, "delivery_late@champion", {
    folder: "ours/rows",
    format: "parquet",
    cwd: world.root,
    dvc: {},
  });
  expect(versioned).toMatchObject({ pointer: join(ours, "rows.dvc"), unreached: null });
  expect(await run(program, ["status"], ours)).toMatch(/up to date/);
  expect(await run(program, ["status", "--cloud"], ours)).toMatch(/in sync/);
  await repository(clone);
  await cp(join(ours, "rows.dvc"), join(clone, "rows.dvc"));
  await run(program, ["pull", "-q"], clone);
  expect(await contents(join(clone, "rows"))).toEqual(await contents(join(ours, "rows")));
  // What dvc add would have written of the same folder.
  const before = await readFile(join(ours, "rows.dvc"), "utf8");
  await run(program, ["add", "-q", "rows"], ours);
  expect(await readFile(join(ours, "rows.dvc"), "utf8")).toBe(before);
  // And back, where there is nothing but the remote.
  await rm(join(clone, "rows"), { recursive: true });
  await rm(join(clone, ".dvc", "cache"), { recursive: true });
  const imported = await importDataset(platform, "clone/rows.dvc", { folder: "again", cwd: world.root });
  expect(await contents(imported.folder)).toEqual(await contents(join(ours, "rows")));
  expect(imported.manifest?.copyOf).toBeDefined();
});

test.runIf(hasDvc())("a source reads what dvc add wrote, from the remote alone", { timeout: 120_000 }, async () => {
  const { world, platform } = await opened();
  const folder = join(world.root, "data");
  await repository(world.root);
  await mkdir(join(folder, "cities"));
  await platform.engines.offline.writeParquet(
    `SELECT * FROM '${join(folder, "cities.parquet")}' WHERE people % 2 = 0`,
    join(folder, "cities", "even.parquet"),
  );
  await platform.engines.offline.writeParquet(
    `SELECT * FROM '${join(folder, "cities.parquet")}' WHERE people % 2 = 1`,
    join(folder, "cities", "odd.parquet"),
  );
  await run(program, ["add", "-q", "data/cities", "data/orders.parquet"], world.root);
  await run(program, ["push", "-q"], world.root);
  for (const gone of ["data/cities", "data/orders.parquet", ".dvc/cache"])
    await rm(join(world.root, gone), { recursive: true });
  const rowsOf = async (path: string): Promise<number> => {
    const source = { kind: "source", name: "cities", format: "parquet", path, columns: [] } as const;
    const spec = { ...source, columns: [{ name: "city", type: "string", optional: false }] as const };
    const { offline } = platform.engines;
    await offline.check(spec);
    for await (const table of offline.stream(`SELECT count(*)::BIGINT FROM ${offline.dialect.scan(spec)}`))
      return Number(table.columns[0]?.values[0]);
    return Number.NaN;
  };
  expect(await rowsOf("data/orders.parquet.dvc")).toBe(3600);
  expect(await rowsOf("data/cities.dvc")).toBeGreaterThan(1);
});
