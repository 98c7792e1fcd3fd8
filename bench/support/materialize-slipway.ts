// Slipway's side of materialize.ts and scale.ts, in a process of its own: WORK FOLDER STATE MEMORY REST. The work is `apply`, a view's name
// to materialise, `read` (REST: how many keys) `training-set` or `spread-set` (REST: the file). `narrow` after that: rows of three values.

import { applyDefinitions, materialize, openPlatform, readFeatures, writeTrainingSet } from "slipway/platform";
import { local } from "slipway/presets";
import { materializeProject } from "./materialize-project.ts";
import { THREADS } from "./project.ts";

const [work = "", folder = "", stateDir = "", memory = "", rest = "", shape = ""] = process.argv.slice(2);
const platform = await openPlatform({
  config: materializeProject(folder, shape === "narrow"),
  engines: local({ threads: THREADS, ...(memory === "" ? {} : { memoryLimit: memory }) }),
  root: folder,
  stateDir,
  cacheDir: stateDir,
  env: {},
  actor: "bench",
});
let answer: unknown;
if (work === "apply") await applyDefinitions(platform);
else if (work === "training-set" || work === "spread-set")
  answer = (await writeTrainingSet(platform, work === "spread-set" ? "asked_spread" : "asked", rest)).rowCount;
else if (work === "read") {
  const rows: unknown[] = [];
  for (let k = 0; k < Number(rest); k += 1)
    rows.push((await readFeatures(platform, "newest", { k: BigInt(k) })).values);
  answer = rows;
} else answer = (await materialize(platform, { views: [work] }))[0]?.rows;
await platform.close();
process.stdout.write(
  `${JSON.stringify(answer, (_, value: unknown) => (typeof value === "bigint" ? Number(value) : value))}\n`,
);
process.exit(0);
