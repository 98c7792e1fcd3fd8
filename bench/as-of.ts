// A training set of 1,000,000 rows from three views of ten features over three sources of 5,000,000 rows, each side in a process of its own:
// Slipway as `slipway features training-set` does it, DuckDB's ASOF join by hand, and Feast with its DuckDB offline store. Processor time of
// the whole process, its start included, and the most memory it had. Where no row is known late, Slipway's values are held to the ASOF join's.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { asOfData, type Shape, type Size } from "./support/as-of-data.ts";
import { type ChildRun, runChild } from "./support/child.ts";
import { feastPython } from "./support/feast.ts";
import { script } from "./support/load.ts";
import { temporaryFolder } from "./support/project.ts";
import { type Bench, compared, type Line, newSamples, runIfMain } from "./support/report.ts";

/** What Slipway may use here: the process then stays below 1.2 GiB. */
const MEMORY = "900MB";
/** Feast joins every asking row with every row of its key before it chooses: where keys are dense, more rows than this take tens of GiB. */
const DENSE_ROWS = 10_000;

/** All sides, in turn. */
export const asOf: Bench = async (quick) => {
  const size: Size = quick ? { source: 500_000, asking: 100_000 } : { source: 5_000_000, asking: 1_000_000 };
  const dense: Size = { ...size, asking: Math.min(size.asking, DENSE_ROWS) };
  const out = join(temporaryFolder(), "out.parquet");
  const samples = newSamples();
  const rounds = quick || process.argv.includes("--once") ? 1 : 3;
  const side = async (name: string, command: readonly string[], rows: number): Promise<void> => {
    rmSync(out, { force: true });
    const run: ChildRun = await runChild(command, { withPeak: true, cwd: temporaryFolder() });
    if (Number(run.stdout.trim().split("\n").at(-1)) !== rows) throw new Error(`${name} gave other than ${rows} rows.`);
    samples.keep(`${name} cpu`, run.cpuSeconds);
    samples.keep(`${name} wall`, run.wallSeconds);
    samples.keep(`${name} MiB`, (run.peakBytes ?? Number.NaN) / 2 ** 20);
  };
  const python = await feastPython();
  const feast = join(import.meta.dirname, "support", "as_of_feast.py");
  const ours = (folder: string, shape: Shape, rows: number, late: string, memory: string): readonly string[] => [
    ...script(fileURLToPath(import.meta.resolve("./support/as-of-slipway.ts"))),
    ...[folder, shape, out, String(rows), late, memory],
  ];
  const raw = (folder: string, shape: Shape, rows: number): readonly string[] => [
    ...script(fileURLToPath(import.meta.resolve("./support/as-of-raw.ts"))),
    ...[folder, shape, out, String(rows), "", ""],
  ];
  for (const shape of ["sparse", "dense"] as const) {
    const folder = await asOfData(shape, size);
    await holdTogether(ours(folder, shape, size.asking, "", ""), raw(folder, shape, size.asking), out);
    for (let round = 0; round < rounds; round += 1) {
      await side(`slipway ${shape}`, ours(folder, shape, size.asking, "", ""), size.asking);
      await side(`raw ${shape}`, raw(folder, shape, size.asking), size.asking);
      await side(`slipway ${shape} late`, ours(folder, shape, size.asking, "late", ""), size.asking);
      await side(`slipway ${shape} bounded`, ours(folder, shape, size.asking, "", MEMORY), size.asking);
    }
  }
  const sparseFolder = await asOfData("sparse", size);
  await side("feast sparse", [python, feast, sparseFolder, "sparse", out, String(size.asking)], size.asking);
  const denseFolder = await asOfData("dense", dense);
  await side("slipway dense few", ours(denseFolder, "dense", dense.asking, "", ""), dense.asking);
  await side("feast dense few", [python, feast, denseFolder, "dense", out, String(dense.asking)], dense.asking);
  return { name: "as-of", rounds, lines: lines(samples.of, size, dense), notes: notes(), samples: samples.all };
};

function lines(of: (name: string) => readonly number[], size: Size, dense: Size): readonly Line[] {
  const most = (limit: number) => (ratio: number) => ({ text: `≤ ${limit}×`, met: ratio <= limit });
  const rows = size.asking.toLocaleString("en-US");
  const shapes = (["sparse", "dense"] as const).flatMap((shape): readonly Line[] => [
    compared(
      `${shape}, ${rows} rows, processor`,
      "s",
      of(`slipway ${shape} cpu`),
      "ASOF by hand",
      of(`raw ${shape} cpu`),
      most(1.3),
    ),
    compared(
      `${shape}, some rows known late, processor`,
      "s",
      of(`slipway ${shape} late cpu`),
      "ASOF by hand, none late",
      of(`raw ${shape} cpu`),
      most(1.8),
    ),
    compared(
      `${shape}, within ${MEMORY}, processor`,
      "s",
      of(`slipway ${shape} bounded cpu`),
      "ASOF by hand, unbounded",
      of(`raw ${shape} cpu`),
    ),
    {
      ...compared(
        `${shape}, within ${MEMORY}, peak memory`,
        "MiB",
        of(`slipway ${shape} bounded MiB`),
        "ASOF by hand, unbounded",
        of(`raw ${shape} MiB`),
      ),
      target: { text: "< 1.2 GiB", met: Math.max(...of(`slipway ${shape} bounded MiB`)) < 1.2 * 1024 },
    },
  ]);
  return [
    ...shapes,
    compared(
      `sparse, ${rows} rows, processor`,
      "s",
      of("slipway sparse cpu"),
      "Feast, DuckDB store",
      of("feast sparse cpu"),
      most(0.5),
    ),
    compared(
      `sparse, peak memory`,
      "MiB",
      of("slipway sparse bounded MiB"),
      "Feast, DuckDB store",
      of("feast sparse MiB"),
    ),
    compared(
      `dense, ${dense.asking.toLocaleString("en-US")} rows, processor`,
      "s",
      of("slipway dense few cpu"),
      "Feast, DuckDB store",
      of("feast dense few cpu"),
      most(0.125),
    ),
    compared(
      `dense, peak memory`,
      "MiB",
      of("slipway dense few MiB"),
      "Feast, DuckDB store",
      of("feast dense few MiB"),
    ),
  ];
}

const notes = (): readonly string[] => [
  "Slipway's side checks the sources, orders ties, joins the label and puts rows in the asking order; the join by hand does the last two.",
  "Feast was run once, with no label.",
];

/** Throws unless both sides give the same values wherever a key's rows happen at different times. */
async function holdTogether(ours: readonly string[], raw: readonly string[], out: string): Promise<void> {
  const kept = `${out}.ours`;
  await runChild(ours);
  const instance = await DuckDBInstance.create(":memory:", { threads: "2", memory_limit: "2GB" });
  const connection = await instance.connect();
  await connection.run(`COPY (SELECT * FROM read_parquet('${out}')) TO '${kept}' (FORMAT parquet)`);
  await runChild(raw);
  const result = await connection.runAndReadAll(
    `SELECT count(*), count(*) FILTER (WHERE (a.v0_f0, a.v1_f1, a.v2_f9) IS DISTINCT FROM (b.v0_f0, b.v1_f1, b.v2_f9)) FROM read_parquet('${kept}') a JOIN read_parquet('${out}') b USING (key)`,
  );
  const [rows, different] = (result.getRows()[0] ?? []).map(Number);
  connection.closeSync();
  instance.closeSync();
  if (existsSync(kept)) rmSync(kept);
  // Rows that happen in the same second for the same key are few; there the join by hand takes any of them.
  if (rows === undefined || different === undefined || rows === 0 || different > rows / 200)
    throw new Error(`The two sides differ in ${different} of ${rows} rows.`);
}

await runIfMain(import.meta.url, asOf);
