// The flights project as the benchmarks use it: its data where the demo puts it (fetched once), its state in a folder that is thrown away.

import { mkdtempSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { applyDefinitions, type OpenOptions, openPlatform, type Platform } from "slipway/platform";
import { local } from "slipway/presets";
import { flightsData } from "../../examples/flights/demo-data.ts";
import config from "../../examples/flights/slipway.config.ts";

/** The repository's folder. */
export const repository: string = resolve(import.meta.dirname, "../..");
/** The example's folder, where its data lies. */
export const flights: string = join(repository, "examples", "flights");
const cacheDir =
  process.env["SLIPWAY_CACHE"] ?? join(process.env["XDG_CACHE_HOME"] || join(homedir(), ".cache"), "slipway");

/** Makes sure that the whole year is there. */
export async function flightsYear(): Promise<void> {
  const onNote = (text: string): void => void process.stderr.write(`${text}\n`);
  await flightsData({ cacheDir, dataDir: join(flights, "data"), until: undefined, onNote });
}

/** A temporary folder that is removed when the process ends. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens the flights project on local engines, its definitions applied. `durable` false: writes do not wait for the disk. */
export async function openFlights(stateDir: string, durable = true): Promise<Platform> {
  const platform = await openPlatform(flightsOptions(stateDir, durable));
  await applyDefinitions(platform);
  return platform;
}

/** How {@link openFlights} opens it. Without `durable`, the engines decide: a replay does not wait for the disk, all else does. */
export function flightsOptions(stateDir: string, durable?: boolean): OpenOptions {
  return {
    config,
    engines: local({ threads: THREADS, ...(durable === undefined ? {} : { durable }) }),
    root: flights,
    stateDir,
    cacheDir,
    env: process.env,
    actor: "bench",
    startAt: NOW,
  };
}

/** Processors that both sides of every comparison may use. */
export const THREADS = 2;
/** The server's time in the benchmarks, as in the demo: 2013-12-30 20:00, the last day on which all of the data is fresh. */
const NOW = 1_388_433_600_000_000n;
