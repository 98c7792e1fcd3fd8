// Slipway's side of as-of.ts, in a process of its own: FOLDER SHAPE OUT ROWS LATE MEMORY.

import { rmSync } from "node:fs";
import { openPlatform, writeTrainingSet } from "slipway/platform";
import { local } from "slipway/presets";
import type { Shape } from "./as-of-data.ts";
import { asOfProject } from "./as-of-project.ts";
import { THREADS, temporaryFolder } from "./project.ts";

const [folder = "", shape = "sparse", out = "", asking = "", late = "", memory = ""] = process.argv.slice(2);
const stateDir = temporaryFolder();
const platform = await openPlatform({
  config: asOfProject(folder, shape as Shape, late === "late", [0, 1, 2], Number(asking)),
  engines: local({ threads: THREADS, ...(memory === "" ? {} : { memoryLimit: memory }) }),
  root: folder,
  stateDir,
  cacheDir: stateDir,
  env: {},
  actor: "bench",
});
const { rowCount } = await writeTrainingSet(platform, "asked", out);
await platform.close();
rmSync(stateDir, { recursive: true, force: true });
process.stdout.write(`${rowCount}\n`);
process.exit(0);
