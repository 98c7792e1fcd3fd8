// Slipway's side of train.ts, in a process of its own: from a training set's Parquet file to a model's file, through the offline engine and
// the trainer that `slipway train` uses. Arguments: Parquet file, model file, state folder, rounds, and where others than
// the benchmarks' own are asked for, threads and workers. Prints one JSON document.

import { writeFile } from "node:fs/promises";
import { specOf } from "slipway";
import type { Platform } from "slipway/platform";
import { flightDelay } from "../../examples/flights/definitions.ts";
import { openFlights, THREADS } from "./project.ts";

const [parquet = "", modelFile = "", state = "", rounds = "100", threads = String(THREADS), workers = "1"] =
  process.argv.slice(2);
const SPLIT = {
  train: "t < '2013-09-01' AND label_known_at < '2013-09-01'",
  validate: "t >= '2013-09-01' AND t < '2013-10-01'",
};
const { inputs, trainer, task } = specOf(flightDelay);
const platform = await openFlights(state, false);
const scan = `FROM read_parquet('${parquet.replaceAll("'", "''")}') WHERE label IS NOT NULL AND`;
const columns = [...inputs.map(({ name }) => `"${name}"`), "label"].join(", ");
const part = (which: keyof typeof SPLIT): ReturnType<Platform["engines"]["offline"]["stream"]> =>
  platform.engines.offline.stream(`SELECT ${columns} ${scan} ${SPLIT[which]}`);

async function categories(name: string): Promise<readonly string[]> {
  const found: string[] = [];
  const sql = `SELECT DISTINCT "${name}" AS v ${scan} ${SPLIT.train} AND "${name}" IS NOT NULL ORDER BY v`;
  for await (const table of platform.engines.offline.stream(sql))
    for (const value of table.columns[0]?.values ?? []) found.push(String(value));
  return found;
}

const xgboost = platform.engines.trainers.find(({ kind }) => kind === "xgboost");
const matrix = await Promise.all(
  inputs.map(async ({ name, type }) =>
    type === "string"
      ? ({ name, kind: "category", categories: await categories(name) } as const)
      : ({ name, kind: "number" } as const),
  ),
);
let firstRound = Number.NaN;
const fitted = await xgboost?.fit(
  {
    inputs: matrix,
    label: "label",
    task,
    train: part("train"),
    validate: part("validate"),
    parameters: trainer.parameters,
    rounds: Number(rounds),
    seed: 0,
    threads: Number(threads),
    workers: Number(workers),
  },
  {
    onStep: ({ round }) => {
      if (round === 1) firstRound = performance.now();
    },
  },
);
const roundsSeconds = (performance.now() - firstRound) / 1e3;
if (!fitted) throw new Error("There is no trainer.");
await writeFile(modelFile, fitted.artifact);
await platform.close();
process.stdout.write(
  JSON.stringify({
    logLoss: fitted.steps.at(-1)?.metrics["validate-logloss"],
    engine: fitted.engine.version,
    roundsSeconds,
    // What the task comes to, in XGBoost's words, for whoever fits the same elsewhere.
    parameters: { ...trainer.parameters, objective: "binary:logistic", eval_metric: "logloss" },
  }),
);
process.exit(0);
