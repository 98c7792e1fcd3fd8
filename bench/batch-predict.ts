// A million rows of thirty numbers from a Parquet file to a Parquet file with scores: `slipway predict` against a Python script with pyarrow and
// xgboost. Same rows, model, threads and native library; each side is a process of its own, and its start counts.

import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { applyDefinitions, getVersion, openPlatform, trainModel } from "slipway/platform";
import { batchOptions, TREES, WIDTH, writeBatch } from "./support/batch-project.ts";
import { runChild } from "./support/child.ts";
import { script } from "./support/load.ts";
import { THREADS, temporaryFolder } from "./support/project.ts";
import { type Bench, compared, newSamples, runIfMain } from "./support/report.ts";
import { python } from "./support/venv.ts";

const SAME = 1e-6;

/** Both sides, in turn. */
export const batchPrediction: Bench = async (quick) => {
  const folder = temporaryFolder();
  const count = quick ? 50_000 : 1_000_000;
  await writeBatch(folder, count);
  const platform = await openPlatform(batchOptions(folder));
  await applyDefinitions(platform);
  await trainModel(platform, { model: "late" });
  const version = await getVersion(platform.registry, "late", 1);
  const bytes = await platform.engines.blobs.get(version.artifactBlob);
  const modelFile = join(folder, "model.ubj");
  writeFileSync(modelFile, bytes ?? new Uint8Array());
  await platform.close();
  const interpreter = await python();
  const library = (
    await runChild([interpreter, "-c", "import xgboost.libpath as p; print(p.find_lib_path()[0])"])
  ).stdout.trim();
  const asked = join(folder, "asked.parquet");
  const outputs = { slipway: join(folder, "slipway.parquet"), python: join(folder, "python.parquet") };
  const sides = {
    slipway: [
      ...script(fileURLToPath(import.meta.resolve("./support/batch-slipway.ts"))),
      folder,
      asked,
      outputs.slipway,
    ],
    python: [
      interpreter,
      join(import.meta.dirname, "support", "batch_python.py"),
      asked,
      modelFile,
      outputs.python,
      String(THREADS),
      "65536",
    ],
  };
  const rounds = quick ? 1 : 5;
  const samples = newSamples();
  for (let round = 0; round < rounds; round += 1)
    for (const [name, command] of Object.entries(sides)) {
      for (const output of Object.values(outputs).filter((each) => each.includes(name)))
        for (const file of [output, `${output}.manifest.json`]) rmSync(file, { force: true });
      const run = await runChild(command, { env: { XGBOOST_LIB: library }, withPeak: true });
      samples.keep(`${name} rows`, count / run.wallSeconds);
      samples.keep(`${name} cpu`, run.cpuSeconds);
      samples.keep(`${name} peak`, (run.peakBytes ?? Number.NaN) / 2 ** 20);
    }
  await requireSame(outputs, count);
  const line = (what: string, unit: string, figure: string, target?: Parameters<typeof compared>[5]) =>
    compared(what, unit, samples.of(`slipway ${figure}`), "Python xgboost", samples.of(`python ${figure}`), target);
  return {
    name: "batch prediction",
    rounds,
    lines: [
      line("Parquet to scores in Parquet", "rows/s", "rows", (ratio) => ({ text: "≥ 1×", met: ratio >= 1 })),
      line("Parquet to scores in Parquet, processor", "s", "cpu"),
      line("Parquet to scores in Parquet, peak memory", "MiB", "peak"),
    ],
    notes: [
      `${count} rows of ${WIDTH} float32, ${TREES} trees, ${THREADS} threads, starting the process included. Slipway also checks that ids are unique and nothing is null, and writes a manifest with hashes; every score was compared.`,
    ],
    samples: samples.all,
  };
};

/** Throws when a row's two scores are not the same, or one is missing. */
async function requireSame({ slipway, python: peer }: Readonly<Record<"slipway" | "python", string>>, count: number) {
  const instance = await DuckDBInstance.create(":memory:");
  const connection = await instance.connect();
  const answer = await connection.runAndReadAll(
    `SELECT count(*)::BIGINT, max(abs(a.score - b.score)) FROM '${slipway}' a JOIN '${peer}' b USING (id)`,
  );
  const [rows, most] = answer.getRows()[0] ?? [];
  connection.closeSync();
  if (Number(rows) !== count || !(Number(most) <= SAME))
    throw new Error(`Of ${count} rows ${rows} have both scores, and they differ by up to ${most}.`);
}

await runIfMain(import.meta.url, batchPrediction);
