// Learning online from a Parquet file: each row is answered, then learnt from. Slipway's trainer, which also reads the file and encodes it, beside river's
// logistic regression, whose time is the bare loop over rows that are dicts already. Same rows, same algorithm; the losses are compared first.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { runChild } from "./support/child.ts";
import { script } from "./support/load.ts";
import { temporaryFolder } from "./support/project.ts";
import { type Bench, compared, newSamples, runIfMain } from "./support/report.ts";
import { venvWith } from "./support/venv.ts";

interface Told {
  readonly loss: number;
  readonly cpuSeconds: number;
  readonly peakBytes?: number;
}

const COLUMNS = 10;

/** Both sides, in turn. */
export const onlineLearner: Bench = async (quick) => {
  const rows = quick ? 20_000 : 200_000;
  const parquet = join(temporaryFolder(), "rows.parquet");
  await writeRows(parquet, rows);
  const interpreter = process.env["BENCH_RIVER_PYTHON"] || (await venvWith("river", ["river==0.26.1", "pyarrow"]));
  const own = script(fileURLToPath(import.meta.resolve("./support/learn-online.ts")));
  const peer = [interpreter, join(import.meta.dirname, "support", "learn_river.py")];
  const rounds = quick ? 1 : 5;
  const samples = newSamples();
  const notes: string[] = [];
  for (const algorithm of ["ftrl", "adagrad"]) {
    const losses: Record<string, number> = {};
    for (let round = 0; round < rounds; round += 1)
      for (const [name, command] of Object.entries({ slipway: own, river: peer })) {
        const { stdout } = await runChild([...command, parquet, String(COLUMNS), algorithm]);
        const { loss, cpuSeconds } = JSON.parse(stdout) as Told;
        samples.keep(`${name} ${algorithm}`, rows / cpuSeconds);
        losses[name] = loss;
      }
    const { slipway = Number.NaN, river = Number.NaN } = losses;
    if (!(Math.abs(slipway - river) < 0.01))
      throw new Error(`The two have not learnt the same: log loss ${slipway} and ${river}.`);
    notes.push(`Progressive log loss with ${algorithm}: ${slipway.toFixed(5)} (Slipway), ${river.toFixed(5)} (river).`);
  }
  const line = (algorithm: string) =>
    compared(
      `${algorithm}: rows a second of processor time, answered and learnt from`,
      "rows/s",
      samples.of(`slipway ${algorithm}`),
      "river, the bare loop",
      samples.of(`river ${algorithm}`),
    );
  return {
    name: "online-learner",
    rounds,
    lines: [line("ftrl"), line("adagrad")],
    notes: [`${rows} rows of ${COLUMNS} numbers; Slipway's time has reading Parquet and encoding in it.`, ...notes],
    samples: samples.all,
  };
};

async function writeRows(file: string, rows: number): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  const chance = (salt: string): string => `(hash('${salt}' || range::VARCHAR) / 18446744073709551615.0)`;
  const cells = Array.from({ length: COLUMNS }, (_, place) => `(${chance(`x${place}`)} * 2 - 1)::FLOAT AS x${place}`);
  const sum = Array.from({ length: COLUMNS }, (_, place) => `${place % 3 === 0 ? 2 : -0.5} * x${place}`).join(" + ");
  await connection.run(`COPY (SELECT *, ${chance("label")} < 1 / (1 + exp(-(${sum}))) AS label
    FROM (SELECT range, ${cells.join(", ")} FROM range(${rows})) ORDER BY range) TO '${file}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
}

await runIfMain(import.meta.url, onlineLearner);
