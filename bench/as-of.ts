// A training set of 1,000,000 rows from three views of ten features over three sources of 5,000,000 rows, each side in a process of its own:
// Slipway as `slipway features training-set` does it, DuckDB's ASOF join by hand, and Feast with its offline stores. Processor time of the
// whole process, its start included, and the most memory it had. A side that passes its limits is ended, and the line says which. Where no row
// is known late, Slipway's values are held to the ASOF join's. `--only NAME,…` runs some of the cases, `--once` one round.

import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { DuckDBInstance } from "@duckdb/node-api";
import { asOfData, type Shape, type Size } from "./support/as-of-data.ts";
import { type ChildLimits, runChild } from "./support/child.ts";
import { feastPython } from "./support/feast.ts";
import { script } from "./support/load.ts";
import { temporaryFolder } from "./support/project.ts";
import { type Bench, compared, type Line, newSamples, runIfMain } from "./support/report.ts";

/** What Slipway may use where its memory is bounded: the process then stays below 1.2 GiB. */
const MEMORY = "900MB";
const LIMITS: ChildLimits = { bytes: 6 * 2 ** 30, cpuSeconds: 240, wallSeconds: 1_800 };
/**
 * Feast's DuckDB store joins every asking row with every row of its key before it chooses, so that on dense keys it is asked for the first of
 * these numbers of rows that it can do within the limits.
 */
const DENSE_ROWS = [20_000, 10_000, 5_000] as const;
/** Feast's default store reads with Dask and pandas. */
const DEFAULT_ROWS = [100_000, 20_000] as const;

/** The median cost of one side of a case; `ended` names the limit it passed. */
interface Side {
  readonly name: string;
  readonly cpu: readonly number[];
  readonly mebibytes: readonly number[];
  readonly rows: number;
  readonly ended: string | undefined;
}

interface Setting {
  readonly size: Size;
  readonly rounds: number;
  /** Runs a command as one side; one that must give every row throws when it does not. */
  readonly run: (name: string, command: readonly string[], rows?: number) => Promise<Side>;
  readonly out: string;
}

const slipway = ({ out }: Setting, folder: string, shape: Shape, rows: number, late = "", memory = "") => [
  ...script(fileURLToPath(import.meta.resolve("./support/as-of-slipway.ts"))),
  ...[folder, shape, out, String(rows), late, memory],
];
const byHand = ({ out }: Setting, folder: string, shape: Shape, rows: number) => [
  ...script(fileURLToPath(import.meta.resolve("./support/as-of-raw.ts"))),
  ...[folder, shape, out, String(rows)],
];

/** Slipway beside the ASOF join by hand. */
async function besideAsof(setting: Setting, shape: Shape): Promise<readonly Line[]> {
  const { size, run, rounds } = setting;
  const folder = await asOfData(shape, size);
  const rows = size.asking;
  await holdTogether(slipway(setting, folder, shape, rows), byHand(setting, folder, shape, rows), setting.out);
  const sides = new Map<string, Side[]>();
  for (let round = 0; round < rounds; round += 1)
    for (const [name, command] of [
      ["slipway", slipway(setting, folder, shape, rows)],
      ["by hand", byHand(setting, folder, shape, rows)],
      ["late", slipway(setting, folder, shape, rows, "late")],
      ["bounded", slipway(setting, folder, shape, rows, "", MEMORY)],
    ] as const)
      sides.set(name, [...(sides.get(name) ?? []), await run(`${shape} ${name}`, command, rows)]);
  const of = (name: string): Side => together(sides.get(name) ?? []);
  const [plain, hand, late, bounded] = [of("slipway"), of("by hand"), of("late"), of("bounded")];
  const isSmall = (side: Side) => () => ({ text: "< 1.2 GiB", met: Math.max(...side.mebibytes) < 1.2 * 1024 });
  const what = `${shape}, ${rows.toLocaleString("en-US")} rows`;
  return [
    processor(what, plain, { ...hand, name: "ASOF by hand" }, 1.3),
    processor(`${what}, some known late`, late, { ...hand, name: "ASOF by hand, none late" }, 1.8),
    processor(`${what}, within ${MEMORY}`, bounded, { ...hand, name: "ASOF by hand, unbounded" }),
    memory(what, plain, { ...hand, name: "ASOF by hand" }, isSmall(plain)),
    memory(`${what}, some known late`, late, { ...hand, name: "ASOF by hand, none late" }),
    memory(`${what}, within ${MEMORY}`, bounded, { ...hand, name: "ASOF by hand, unbounded" }, isSmall(bounded)),
  ];
}

/** Slipway beside a store of Feast, both asked for the first number of rows that Feast can do; `limit` is on Slipway's processor time over Feast's. */
async function besideFeast(
  setting: Setting,
  shape: Shape,
  store: "duckdb" | "file",
  counts: readonly number[],
  limit: number,
): Promise<readonly Line[]> {
  const name = store === "duckdb" ? "Feast, DuckDB store" : "Feast, default store";
  const lines: Line[] = [];
  for (const asking of counts) {
    const folder = await asOfData(shape, { ...setting.size, asking });
    const python = [await feastPython(), join(import.meta.dirname, "support", "as_of_feast.py")];
    const feast = await setting.run(`${shape} ${store} ${asking}`, [
      ...python,
      ...[folder, shape, setting.out, String(asking), store],
    ]);
    const ours = await setting.run(
      `${shape} slipway ${asking}`,
      slipway(setting, folder, shape, asking, "", MEMORY),
      asking,
    );
    const lost = feast.ended === undefined ? 1 - feast.rows / asking : 0;
    const other = { ...feast, name: lost > 0 ? `${name}, which lost ${(100 * lost).toFixed(1)} % of the rows` : name };
    const what = `${shape}, ${asking.toLocaleString("en-US")} rows, within ${MEMORY}`;
    lines.push(processor(what, ours, other, limit), memory(what, ours, other));
    if (feast.ended === undefined) break;
  }
  return lines;
}

function together(sides: readonly Side[]): Side {
  const [first] = sides;
  if (first === undefined) throw new RangeError("A side was not run.");
  return { ...first, cpu: sides.flatMap(({ cpu }) => cpu), mebibytes: sides.flatMap(({ mebibytes }) => mebibytes) };
}

const nameOf = ({ name, ended }: Side): string =>
  ended === undefined ? name : `${name}, ended by its limit of ${ended}`;

function processor(what: string, ours: Side, other: Side, limit?: number): Line {
  const target = (ratio: number) => ({ text: `≤ ${limit}×`, met: ratio <= (limit ?? 0) });
  return compared(
    `${what}, processor`,
    "s",
    ours.cpu,
    nameOf(other),
    other.cpu,
    limit === undefined ? undefined : target,
  );
}

function memory(what: string, ours: Side, other: Side, target?: Parameters<typeof compared>[5]): Line {
  return compared(`${what}, peak memory`, "MiB", ours.mebibytes, nameOf(other), other.mebibytes, target);
}

const cases: Readonly<Record<string, (setting: Setting) => Promise<readonly Line[]>>> = {
  sparse: (setting) => besideAsof(setting, "sparse"),
  dense: (setting) => besideAsof(setting, "dense"),
  "feast-sparse": (setting) => besideFeast(setting, "sparse", "duckdb", [setting.size.asking], 0.5),
  "feast-dense": (setting) => besideFeast(setting, "dense", "duckdb", DENSE_ROWS, 0.125),
  "feast-default": (setting) => besideFeast(setting, "sparse", "file", DEFAULT_ROWS, 0.5),
};

/** All cases, or those named. */
export const asOf: Bench = async (quick) => {
  const size: Size = quick ? { source: 500_000, asking: 100_000 } : { source: 5_000_000, asking: 1_000_000 };
  const folder = temporaryFolder();
  const out = join(folder, "out.parquet");
  const samples = newSamples();
  const run: Setting["run"] = async (name, command, rows) => {
    rmSync(out, { force: true });
    const { stdout, cpuSeconds, peakBytes, exceeded } = await runChild(command, { limits: LIMITS, cwd: folder });
    const given = Number(stdout.trim().split("\n").at(-1));
    if (rows !== undefined && exceeded === undefined && given !== rows)
      throw new Error(`${name} gave ${given} rows, not ${rows}.`);
    const mebibytes = (peakBytes ?? Number.NaN) / 2 ** 20;
    samples.keep(`${name} cpu`, cpuSeconds);
    samples.keep(`${name} MiB`, mebibytes);
    process.stderr.write(`${name}: ${cpuSeconds.toFixed(1)} s, ${mebibytes.toFixed(0)} MiB ${exceeded ?? ""}\n`);
    return { name, cpu: [cpuSeconds], mebibytes: [mebibytes], rows: given, ended: exceeded };
  };
  const rounds = quick || process.argv.includes("--once") ? 1 : 3;
  const at = process.argv.indexOf("--only");
  const only = at < 0 ? Object.keys(cases) : (process.argv[at + 1] ?? "").split(",");
  const lines: Line[] = [];
  for (const name of only) {
    const one = cases[name];
    if (one === undefined) throw new Error(`There is no case "${name}"; there are ${Object.keys(cases).join(", ")}.`);
    lines.push(...(await one({ size, rounds, run, out })));
  }
  return { name: "as-of", rounds, lines, notes: notes(), samples: samples.all };
};

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
