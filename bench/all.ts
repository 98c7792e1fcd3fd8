// Runs every benchmark one after the other, keeps the figures in results/<date>.json and prints one markdown table. `--quick` is a smoke
// run: it proves that everything works, and its figures are kept nowhere.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { asOf } from "./as-of.ts";
import { batchPrediction } from "./batch-predict.ts";
import { coldStart } from "./cold-start.ts";
import { detectors } from "./detectors.ts";
import { drift } from "./drift.ts";
import { explain } from "./explain.ts";
import { materialize } from "./materialize.ts";
import { mlflow } from "./mlflow.ts";
import { onlineHttp } from "./online-http.ts";
import { onlineLearner } from "./online-learner.ts";
import { onlineRead } from "./online-read.ts";
import { predictHttp } from "./predict-http.ts";
import { preprocessing } from "./preprocessing.ts";
import { push } from "./push.ts";
import { replay } from "./replay.ts";
import { scale } from "./scale.ts";
import { serving } from "./serving.ts";
import { type BenchResult, machine, markdown, measured } from "./support/report.ts";
import { train } from "./train.ts";
import { trainLarge } from "./train-large.ts";
import { trainWorkers } from "./train-workers.ts";
import { trainingSet } from "./training-set.ts";

const quick = process.argv.includes("--quick");
const results: BenchResult[] = [];
let failed = false;
for (const [name, bench] of Object.entries({
  coldStart,
  trainingSet,
  asOf,
  onlineRead,
  onlineHttp,
  predictHttp,
  serving,
  materialize,
  push,
  mlflow,
  train,
  trainWorkers,
  trainLarge,
  drift,
  onlineLearner,
  explain,
  detectors,
  preprocessing,
  batchPrediction,
  replay,
  scale,
})) {
  process.stderr.write(`${name} …\n`);
  try {
    results.push(await measured(bench, quick));
  } catch (thrown) {
    // The other figures are worth keeping.
    failed = true;
    process.stderr.write(`${name} failed: ${thrown instanceof Error ? thrown.stack : thrown}\n`);
  }
}
const date = new Date().toISOString().slice(0, 10);
const table = `${date}, ${machine()}\n\n${markdown(results)}`;
if (!quick) {
  const folder = join(import.meta.dirname, "results");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${date}.json`), `${JSON.stringify({ date, machine: machine(), results }, null, 2)}\n`);
  writeFileSync(join(folder, `${date}.md`), table);
}
process.stdout.write(`${table}\n`);
process.exit(failed ? 1 : 0);
