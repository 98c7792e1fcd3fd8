// How cost grows with the number of source rows, a million to a hundred million, within 4 GiB: materialising newest values and windows for the
// first time, and a training set of both. Keys and asking rows grow with the source rows, a hundredth each. Every step is a process of its
// own whose memory is watched. `--rows N` takes one size; the largest needs about 12 GB of disk and, with --quick, is left out. `--spread` measures a
// training set of variances, deviations and medians instead, and `--memory 400MB` gives DuckDB another limit.

import { rmSync, statfsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ChildRun, runChild } from "./support/child.ts";
import { script } from "./support/load.ts";
import { materializeData } from "./support/materialize-project.ts";
import { repository } from "./support/project.ts";
import { type Bench, type Line, newSamples, runIfMain } from "./support/report.ts";

const WHOLE = [1_000_000, 10_000_000, 100_000_000];
const QUICK = [100_000, 1_000_000];
/** What DuckDB may use by default; with everything else the process is to stay below {@link LIMIT_MIB}. */
const MEMORY = "2GB";
const LIMIT_MIB = 4096;
/** Of source file, spilled rows and online store together. */
const BYTES_PER_ROW = 200;

const STEPS = [
  ["newest", "newest values online"],
  ["windows", "windows online"],
  ["training-set", "training set"],
] as const;
const SPREAD = [["spread-set", "training set of variances, deviations and medians"]] as const;

const argumentOf = (name: string): string => process.argv[process.argv.indexOf(name) + 1] ?? "";

export const scale: Bench = async (quick) => {
  const asked = Number(argumentOf("--rows"));
  const isSpread = process.argv.includes("--spread");
  const memory = process.argv.includes("--memory") ? argumentOf("--memory") : MEMORY;
  const sizes = quick ? QUICK : asked > 0 ? [asked] : WHOLE;
  const samples = newSamples();
  const lines: Line[] = [];
  const folder = join(repository, "node_modules", ".cache", "slipway-bench-scale");
  for (const rows of sizes) {
    rmSync(folder, { recursive: true, force: true });
    const size = { keys: rows / 100, rows, asking: rows / 100, isNarrow: true };
    await materializeData(folder, size);
    const { bavail, bsize } = statfsSync(folder);
    if (bavail * bsize < rows * BYTES_PER_ROW)
      throw new Error(`${rows} rows need ${rows * BYTES_PER_ROW} bytes of disk.`);
    const state = join(folder, "state");
    const own = (work: string): Promise<ChildRun> =>
      runChild(
        [
          ...script(fileURLToPath(import.meta.resolve("./support/materialize-slipway.ts"))),
          ...[work, folder, state, memory, join(folder, "set.parquet"), "narrow"],
        ],
        { withPeak: true },
      );
    await own("apply");
    for (const [work, what] of isSpread ? SPREAD : STEPS) {
      const run = await own(work);
      const named = `${rows.toLocaleString("en-US")} rows, ${what}`;
      const peak = (run.peakBytes ?? Number.NaN) / 2 ** 20;
      samples.keep(`${named} cpu`, run.cpuSeconds);
      samples.keep(`${named} wall`, run.wallSeconds);
      samples.keep(`${named} MiB`, peak);
      process.stderr.write(`${named}: ${run.cpuSeconds.toFixed(1)} s, ${peak.toFixed(0)} MiB\n`);
      lines.push({ what: `${named}, processor`, unit: "s", slipway: run.cpuSeconds });
      const target = { text: "< 4 GiB", met: peak < LIMIT_MIB };
      lines.push({ what: `${named}, peak memory`, unit: "MiB", slipway: peak, target });
    }
  }
  rmSync(folder, { recursive: true, force: true });
  const notes = [`DuckDB may use ${memory}; the peak is that of the whole process, looked at every 20 ms.`];
  return { name: "scale", rounds: 1, lines, notes, samples: samples.all };
};

await runIfMain(import.meta.url, scale);
