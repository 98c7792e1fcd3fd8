// Training on more rows than is comfortable in memory: 11,000,000 × 28 (the shape of HIGGS) from Parquet to a model's file, with rows in files instead of in memory,
// in a process tree that is ended beyond 6 GiB. There is no peer in it: the limit is what is asked for. Memory is resident, all processes together; the
// binned rows are read through mapped files, whose pages the system takes back when it needs them and which count here all the same.

import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runChild } from "./support/child.ts";
import { script } from "./support/load.ts";
import { repository, temporaryFolder } from "./support/project.ts";
import { type Bench, newSamples, runIfMain } from "./support/report.ts";

const LIMIT = 6 * 2 ** 30;
const ROWS = 11_000_000;

/** One run without external memory and one with it. */
export const trainLarge: Bench = async (quick) => {
  const rows = quick ? 100_000 : ROWS;
  const cache = join(repository, "node_modules", ".cache", "slipway-bench-large");
  mkdirSync(cache, { recursive: true });
  const parquet = join(cache, `${rows}.parquet`);
  const file = script(fileURLToPath(import.meta.resolve("./support/fit-large.ts")));
  if (!existsSync(parquet)) await runChild([...file, "make", parquet, String(rows)]);
  const samples = newSamples();
  const rounds = 20;
  const losses: number[] = [];
  for (const way of ["files", "memory"]) {
    const run = await runChild([...file, "fit", parquet, temporaryFolder(), String(rounds), way], {
      withPeak: true,
      limits: { bytes: LIMIT, cpuSeconds: 3600, wallSeconds: 3600 },
    });
    samples.keep(`${way} peak`, (run.peakBytes ?? Number.NaN) / 2 ** 20);
    samples.keep(`${way} cpu`, run.cpuSeconds);
    samples.keep(`${way} wall`, run.wallSeconds);
    if (run.exceeded === undefined) losses.push((JSON.parse(run.stdout) as { readonly loss: number }).loss);
    else if (way === "files") throw new Error(`It went over 6 GiB (${run.exceeded}).`);
  }
  const [files = Number.NaN, memory] = losses;
  if (memory !== undefined && files !== memory) throw new Error(`The models differ: log loss ${files} and ${memory}.`);
  const line = (what: string, unit: string, figure: string) => {
    const [ours = Number.NaN] = samples.of(`files ${figure}`);
    const [theirs = Number.NaN] = samples.of(`memory ${figure}`);
    return { what, unit, slipway: ours, other: { name: "rows in memory", value: theirs }, ratio: ours / theirs };
  };
  const [peak = Number.NaN] = samples.of("files peak");
  return {
    name: "train-large",
    rounds: 1,
    lines: [
      { ...line("peak memory", "MiB", "peak"), target: { text: "< 6 GiB", met: peak * 2 ** 20 < LIMIT } },
      line("processor", "s", "cpu"),
      line("time", "s", "wall"),
    ],
    notes: [
      `${rows} rows × 28, ${rounds} rounds, depth 6. Validation log loss ${files} and ${memory ?? "none: over 6 GiB"}.`,
    ],
    samples: samples.all,
  };
};

await runIfMain(import.meta.url, trainLarge);
