// One model by two workers against one: the same rows, parameters and rounds, one thread for each process. Each side is a process tree of its own, and the
// time of the rounds alone, from the end of the first to the end of the last, stands beside that of everything.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeTrainingSet } from "slipway/platform";
import { runChild } from "./support/child.ts";
import { script } from "./support/load.ts";
import { flightsYear, openFlights, temporaryFolder } from "./support/project.ts";
import { type Bench, compared, newSamples, runIfMain } from "./support/report.ts";

interface Told {
  readonly logLoss: number;
  readonly roundsSeconds: number;
}

const ASKED = 1.6;

/** Both sides, in turn. */
export const trainWorkers: Bench = async (quick) => {
  await flightsYear();
  const folder = temporaryFolder();
  const parquet = join(folder, "training-set.parquet");
  const platform = await openFlights(folder);
  await writeTrainingSet(platform, "flight_delay", parquet);
  await platform.close();
  const treeRounds = quick ? 20 : 200;
  const file = script(fileURLToPath(import.meta.resolve("./support/fit-slipway.ts")));
  const side = (threads: number, workers: number): readonly string[] => {
    const model = join(folder, `${workers}.ubj`);
    return [...file, parquet, model, folder, String(treeRounds), String(threads), String(workers)];
  };
  const sides = { two: side(2, 2), one: side(1, 1) };
  const rounds = quick ? 1 : 3;
  const samples = newSamples();
  const told: Record<string, Told> = {};
  for (let round = 0; round < rounds; round += 1)
    for (const [name, command] of Object.entries(sides)) {
      const run = await runChild(command, { withPeak: true });
      const answer = JSON.parse(run.stdout) as Told;
      told[name] = answer;
      samples.keep(`${name} wall`, run.wallSeconds);
      samples.keep(`${name} cpu`, run.cpuSeconds);
      samples.keep(`${name} rounds`, answer.roundsSeconds);
      samples.keep(`${name} peak`, (run.peakBytes ?? Number.NaN) / 2 ** 20);
    }
  const { one, two } = told;
  if (!one || !two || !(Math.abs(one.logLoss - two.logLoss) <= 0.002))
    throw new Error(`The two models are not alike: log loss ${one?.logLoss} and ${two?.logLoss}.`);
  const target = (ratio: number) => ({ text: `1/${ASKED} of the time`, met: ratio <= 1 / ASKED });
  const line = (what: string, unit: string, figure: string, asked?: typeof target) =>
    compared(what, unit, samples.of(`two ${figure}`), "one worker", samples.of(`one ${figure}`), asked);
  return {
    name: "train-workers",
    rounds,
    lines: [
      line(`${treeRounds} rounds by two workers, time`, "s", "rounds", target),
      line("Parquet to model file, time", "s", "wall", target),
      line("Parquet to model file, processor", "s", "cpu"),
      line("Parquet to model file, peak memory", "MiB", "peak"),
    ],
    notes: [
      `217,559 rows, 49 inputs, one thread a worker. Validation log loss ${two.logLoss} (two), ${one.logLoss} (one).`,
    ],
    samples: samples.all,
  };
};

await runIfMain(import.meta.url, trainWorkers);
