// Slipway's side of online-learner.ts, in a process of its own: FILE COLUMNS ALGORITHM. The time is that of the whole training, from the first row read.

import { local } from "slipway/presets";
import { THREADS, temporaryFolder } from "./project.ts";

const [file = "", columns = "", algorithm = ""] = process.argv.slice(2);
const stateDir = temporaryFolder();
const engines = await local({ threads: THREADS })({ root: stateDir, stateDir, cacheDir: stateDir, env: {} });
const names = Array.from({ length: Number(columns) }, (_, place) => `x${place}`);
const trainer = engines.trainers.find(({ kind }) => kind === "online");
const before = process.cpuUsage();
const fitted = await trainer?.fit({
  inputs: names.map((name) => ({ name, kind: "number" })),
  label: "label",
  task: { kind: "binary" },
  train: engines.offline.stream(`SELECT ${names.join(", ")}, label FROM read_parquet('${file}') ORDER BY range`),
  parameters: algorithm === "ftrl" ? { algorithm, rate: 0.05, beta: 1 } : { algorithm, rate: 0.1 },
  rounds: 1,
  seed: 0,
  threads: THREADS,
});
const { user, system } = process.cpuUsage(before);
const loss = fitted?.steps.at(-1)?.metrics["progressive-logloss"];
process.stdout.write(JSON.stringify({ loss, cpuSeconds: (user + system) / 1e6 }));
process.exit(0);
