// Preprocessing from a Parquet file to the matrix: what Slipway's training does between a training set and its trainer, against scikit-learn's
// ColumnTransformer with pandas. The same steps over the same rows; sums over every column of the two matrices are compared. Each side is a process of its own and
// tells what reading, fitting and applying took, without its start.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runChild } from "./support/child.ts";
import { script } from "./support/load.ts";
import { temporaryFolder } from "./support/project.ts";
import { type Bench, compared, newSamples, runIfMain } from "./support/report.ts";
import { venvWith } from "./support/venv.ts";

interface Told {
  readonly rows: number;
  readonly sums: readonly number[];
  readonly engine: string;
  readonly seconds: number;
  readonly cpuSeconds: number;
}

/** Both sides, in turn. */
export const preprocessing: Bench = async (quick) => {
  const folder = temporaryFolder();
  const parquet = join(folder, "rows.parquet");
  const rows = quick ? 50_000 : 1_000_000;
  const interpreter =
    process.env["BENCH_SKLEARN_PYTHON"] || (await venvWith("sklearn", ["scikit-learn==1.9.1", "pandas", "pyarrow"]));
  const own = script(fileURLToPath(import.meta.resolve("./support/preprocess-slipway.ts")));
  await runChild([...own, "make", parquet, String(rows), folder]);
  const sides = {
    slipway: [...own, "fit", parquet, String(rows), folder],
    sklearn: [interpreter, join(import.meta.dirname, "support", "preprocess_sklearn.py"), parquet],
  };
  const rounds = quick ? 1 : 3;
  const samples = newSamples();
  const told: Record<string, Told> = {};
  for (let round = 0; round < rounds; round += 1)
    for (const [name, command] of Object.entries(sides)) {
      const said = JSON.parse((await runChild(command)).stdout) as Told;
      samples.keep(`${name} wall`, said.seconds);
      samples.keep(`${name} cpu`, said.cpuSeconds);
      told[name] = said;
    }
  const { slipway, sklearn } = told;
  if (!slipway || !sklearn || slipway.sums.length !== sklearn.sums.length)
    throw new Error(`The two matrices have ${slipway?.sums.length} and ${sklearn?.sums.length} columns.`);
  // The last column is encoded out of fold, and the two deal their folds otherwise.
  const allowed = (column: number): number => (column === slipway.sums.length - 1 ? 2e-3 : 1e-4);
  for (const [column, sum] of slipway.sums.entries())
    if (
      !(Math.abs(sum - (sklearn.sums[column] ?? Number.NaN)) <= allowed(column) * Math.max(rows / 100, Math.abs(sum)))
    )
      throw new Error(`Column ${column} adds up to ${sum} and to ${sklearn.sums[column]}.`);
  const line = (what: string, unit: string, figure: string) =>
    compared(what, unit, samples.of(`slipway ${figure}`), "scikit-learn", samples.of(`sklearn ${figure}`));
  return {
    name: "preprocessing",
    rounds,
    lines: [line("Parquet to matrix, time", "s", "wall"), line("Parquet to matrix, processor", "s", "cpu")],
    notes: [
      `${rows} rows; 4 numbers standardised, 3 imputed by the median and scaled robustly, 1 in ten buckets, 2 categories of 5 and 60 one-hot, 1 of 2,000 target encoded in 5 folds; ${slipway.sums.length} columns of float32; scikit-learn ${sklearn.engine}.`,
    ],
    samples: samples.all,
  };
};

await runIfMain(import.meta.url, preprocessing);
