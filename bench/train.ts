// Training from a Parquet file to a model's file: Slipway's child process fed by DuckDB, against Python's xgboost with pandas. Same rows,
// parameters, fixed rounds and threads, and the same native library: Slipway is pointed at the one in Python's package. Each side is a
// process of its own; memory is that of its whole process tree.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { writeTrainingSet } from "slipway/platform";
import { runChild } from "./support/child.ts";
import { script } from "./support/load.ts";
import { flightsYear, openFlights, THREADS, temporaryFolder } from "./support/project.ts";
import { type Bench, compared, newSamples, runIfMain } from "./support/report.ts";
import { python } from "./support/venv.ts";

interface Told {
  readonly logLoss: number;
  readonly engine: string;
}

/** Both sides, in turn. */
export const train: Bench = async (quick) => {
  await flightsYear();
  const folder = temporaryFolder();
  const parquet = join(folder, "training-set.parquet");
  const platform = await openFlights(folder);
  await writeTrainingSet(platform, "flight_delay", parquet);
  await platform.close();
  const interpreter = await python();
  const library = (
    await runChild([interpreter, "-c", "import xgboost.libpath as p; print(p.find_lib_path()[0])"])
  ).stdout.trim();
  const own = join(import.meta.dirname, "support");
  const treeRounds = quick ? 20 : 200;
  const slipwayCommand = [
    ...script(fileURLToPath(import.meta.resolve("./support/fit-slipway.ts"))),
    parquet,
    join(folder, "a.ubj"),
    folder,
    String(treeRounds),
  ];
  const env = { XGBOOST_LIB: library };
  const first = JSON.parse((await runChild(slipwayCommand, { env })).stdout) as Told & { readonly parameters: object };
  const pythonCommand = [
    interpreter,
    join(own, "fit_python.py"),
    parquet,
    join(folder, "b.ubj"),
    String(treeRounds),
    String(THREADS),
    JSON.stringify(first.parameters),
  ];
  const sides = { slipway: slipwayCommand, python: pythonCommand };
  const rounds = quick ? 1 : 5;
  const samples = newSamples();
  const told: Record<string, Told> = { slipway: first };
  for (let round = 0; round < rounds; round += 1)
    for (const [name, command] of Object.entries(sides)) {
      const run = await runChild(command, { env, withPeak: true });
      samples.keep(`${name} wall`, run.wallSeconds);
      samples.keep(`${name} cpu`, run.cpuSeconds);
      samples.keep(`${name} peak`, (run.peakBytes ?? Number.NaN) / 2 ** 20);
      told[name] = JSON.parse(run.stdout) as Told;
    }
  const { slipway, python: peer } = told;
  if (!slipway || !peer || !(Math.abs(slipway.logLoss - peer.logLoss) <= 0.002))
    throw new Error(`The two models are not alike: log loss ${slipway?.logLoss} and ${peer?.logLoss}.`);
  const line = (what: string, unit: string, figure: string) =>
    compared(what, unit, samples.of(`slipway ${figure}`), "Python xgboost", samples.of(`python ${figure}`));
  return {
    name: "train",
    rounds,
    lines: [
      line("Parquet to model file, time", "s", "wall"),
      line("Parquet to model file, processor", "s", "cpu"),
      line("Parquet to model file, peak memory", "MiB", "peak"),
    ],
    notes: [
      `217,559 rows, 49 inputs, ${treeRounds} trees, ${THREADS} threads, starting the process included; xgboost ${slipway.engine} on both sides (Python ${peer.engine}).`,
      `Validation log loss ${slipway.logLoss} (Slipway), ${peer.logLoss} (Python). Memory is resident, parent and trainer together; pages shared by both count twice.`,
    ],
    samples: samples.all,
  };
};

await runIfMain(import.meta.url, train);
