// A drift report of two Parquet files beside Evidently's default one: numbers, skewed numbers, counts, categories and booleans, nothing
// changed. Both sides are processes of their own and tell what it took from the files on, imports left out. `--rows N --columns K` takes
// another size, of Slipway alone when `--alone` is said.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { localQueries } from "slipway/presets";
import { runChild } from "./support/child.ts";
import { script } from "./support/load.ts";
import { temporaryFolder } from "./support/project.ts";
import { type Bench, compared, type Line, median, newSamples, runIfMain } from "./support/report.ts";
import { venvWith } from "./support/venv.ts";

interface Told {
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly peakBytes: number;
  readonly columns: number;
}

const given = (name: string): number | undefined => {
  const at = process.argv.indexOf(name);
  return at < 0 ? undefined : Number(process.argv[at + 1]);
};

/** SQL of rows of mixed columns; another seed gives other rows of the same kind. */
export function mixedRows(rows: number, columns: number, seed: number): string {
  const u = (column: number, salt: number): string =>
    `((hash(i * 1000003 + ${seed * 104_729 + column * 31 + salt}) % 16777216)::DOUBLE / 16777216)`;
  const normal = (column: number): string => `(sqrt(-2 * ln(1 - ${u(column, 1)})) * cos(2 * pi() * ${u(column, 2)}))`;
  const kinds: readonly ((column: number) => string)[] = [
    ...Array.from({ length: 5 }, () => normal),
    (column) => `exp(${normal(column)})`,
    (column) => `floor(-3 * ln(1 - ${u(column, 1)}))::INTEGER`,
    (column) => `'v' || floor(20 * ${u(column, 1)})::INTEGER`,
    (column) => `'city' || floor(300 * ${u(column, 1)} * ${u(column, 2)})::INTEGER`,
    (column) => `${u(column, 1)} < 0.3`,
  ];
  const list = Array.from(
    { length: columns },
    (_, column) => `${kinds[column % kinds.length]?.(column)} AS c${column}`,
  );
  return `SELECT ${list.join(", ")} FROM range(${rows}) r(i)`;
}

/** Both sides, in turn. */
export const drift: Bench = async (quick) => {
  const folder = temporaryFolder();
  const isAlone = process.argv.includes("--alone");
  const sizes =
    given("--rows") === undefined
      ? [
          { rows: quick ? 10_000 : 100_000, columns: 20, least: 12 },
          ...(quick ? [] : [{ rows: 100_000, columns: 100, least: 20 }]),
        ]
      : [{ rows: given("--rows") ?? 0, columns: given("--columns") ?? 20, least: 12 }];
  const interpreter = isAlone
    ? ""
    : process.env["BENCH_EVIDENTLY_PYTHON"] ||
      (await venvWith("evidently", ["evidently==0.7.23", "pandas<3", "pyarrow"]));
  const own = script(fileURLToPath(import.meta.resolve("./support/drift-slipway.ts")));
  const rounds = quick ? 1 : (given("--rounds") ?? 3);
  const samples = newSamples();
  const lines: Line[] = [];
  for (const { rows, columns, least } of sizes) {
    const file = (seed: number): string => join(folder, `${rows}-${columns}-${seed}.parquet`);
    const engine = await localQueries({ temporaryFolder: folder, memoryLimit: "1GB" });
    for (const seed of [1, 2]) await engine.writeParquet(mixedRows(rows, columns, seed), file(seed));
    await engine.close();
    const name = `${rows} × ${columns}`;
    const sides: Readonly<Record<string, readonly string[]>> = {
      files: [...own, file(1), file(2)],
      stored: [...own, file(1), file(2), "stored"],
      ...(isAlone
        ? {}
        : { evidently: [interpreter, join(import.meta.dirname, "support", "drift_evidently.py"), file(1), file(2)] }),
    };
    for (let round = 0; round < rounds; round += 1)
      for (const [side, command] of Object.entries(sides)) {
        const told = JSON.parse((await runChild(command)).stdout) as Told;
        if (told.columns !== columns) throw new Error(`${side} has judged ${told.columns} of ${columns} columns.`);
        samples.keep(`${name} ${side} wall`, told.seconds);
        samples.keep(`${name} ${side} cpu`, told.cpuSeconds);
        samples.keep(`${name} ${side} MiB`, told.peakBytes / 2 ** 20);
      }
    const of = (side: string, figure: string): readonly number[] => samples.of(`${name} ${side} ${figure}`);
    const line = (what: string, unit: string, side: string, figure: string, times?: number): Line =>
      isAlone
        ? { what: `${name}, ${what}`, unit, slipway: median(of(side, figure)) }
        : compared(
            `${name}, ${what}`,
            unit,
            of(side, figure),
            "Evidently",
            of("evidently", figure),
            times === undefined ? undefined : (ratio) => ({ text: `≥ ${times} times`, met: ratio <= 1 / times }),
          );
    lines.push(
      line("two files, time", "s", "files", "wall", least),
      line("two files, processor", "s", "files", "cpu"),
      line("a window against a reference that is known, time", "s", "stored", "wall", 40),
      line("a window against a reference that is known, processor", "s", "stored", "cpu"),
      line("two files, peak memory of the process", "MiB", "files", "MiB"),
    );
  }
  return {
    name: "drift",
    rounds,
    lines,
    notes: ["Evidently's processor time is that of its one process; Slipway's includes the threads of its queries."],
    samples: samples.all,
  };
};

await runIfMain(import.meta.url, drift);
