import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { days } from "../core/core.ts";
import { systemClock } from "../engines/system/system.ts";
import { clearTemporary } from "./clear-temporary.ts";
import type { Platform } from "./platform.ts";

const process = { mark: "this one", isAlive: (mark: string) => mark === "alive" };
let stateDir: string;
let tmp: string;
beforeEach(() => {
  stateDir = mkdtempSync(join(tmpdir(), "slipway-temporary-"));
  tmp = join(stateDir, "tmp");
});
afterEach(() => rmSync(stateDir, { recursive: true, force: true }));

const clear = (olderThan: bigint, dryRun = false) =>
  clearTemporary(
    { stateDir, engines: { clock: systemClock(), process } as unknown as Platform["engines"] },
    { olderThan, dryRun },
  );

function written(path: string, ageDays: number): void {
  writeFileSync(join(tmp, path), "12345");
  const at = Date.now() / 1000 - ageDays * 86_400;
  utimesSync(join(tmp, path), at, at);
}

it("takes what was left long ago, and nothing that may be in use or is kept on purpose", async () => {
  for (const folder of ["spill", "spill-in-use", "prediction-columns"])
    mkdirSync(join(tmp, folder), { recursive: true });
  written("killed.parquet", 3);
  written("young.parquet", 0);
  written("spill/old", 3);
  written("spill-in-use/old", 3);
  written("spill-in-use/new", 0);
  written("prediction-columns/old", 3);
  const longAgo = Date.now() / 1000 - 3 * 86_400;
  for (const folder of ["spill", "spill-in-use", "prediction-columns"]) utimesSync(join(tmp, folder), longAgo, longAgo);
  expect(await clear(0n, true)).toEqual({ files: 2, bytes: 10 });
  expect(await clear(days(7))).toEqual({ files: 0, bytes: 0 });
  expect(readdirSync(tmp)).toHaveLength(5);
  expect(await clear(0n)).toEqual({ files: 2, bytes: 10 });
  expect(readdirSync(tmp).sort()).toEqual(["prediction-columns", "spill-in-use", "young.parquet"]);
});

it("takes a folder as soon as its owner is gone, and never while that runs", async () => {
  const longAgo = Date.now() / 1000 - 3 * 86_400;
  for (const owner of ["alive", "killed"])
    for (const ageDays of [0, 3]) {
      const folder = `python-${owner}-${ageDays}`;
      mkdirSync(join(tmp, folder, "output"), { recursive: true });
      written(`${folder}/train.arrow`, ageDays);
      writeFileSync(join(tmp, folder, ".slipway-owner"), owner);
      utimesSync(join(tmp, folder, ".slipway-owner"), longAgo, longAgo);
      for (const each of [`${folder}/output`, folder]) utimesSync(join(tmp, each), longAgo, longAgo);
    }
  expect(await clear(days(7), true)).toMatchObject({ files: 4 });
  expect(await clear(0n)).toMatchObject({ files: 4 });
  expect(readdirSync(tmp).sort()).toEqual(["python-alive-0", "python-alive-3"]);
});

it("finds nothing where there is no folder", async () => {
  expect(await clear(0n)).toEqual({ files: 0, bytes: 0 });
});
