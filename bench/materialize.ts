// A first materialisation: a million keys of ten newest values (numbers and texts) out of three million rows, beside Feast with its SQLite online
// store over the same Parquet file; and ten windows over the same rows, alone. Each side is a process of its own, opening included.

import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type ChildRun, runChild } from "./support/child.ts";
import { feastPython } from "./support/feast.ts";
import { script } from "./support/load.ts";
import { type MaterializeSize, materializeData } from "./support/materialize-project.ts";
import { repository, temporaryFolder } from "./support/project.ts";
import { type Bench, compared, newSamples, runIfMain } from "./support/report.ts";

const WHOLE: MaterializeSize = { keys: 1_000_000, rows: 3_000_000, asking: 1000 };
const QUICK: MaterializeSize = { keys: 20_000, rows: 60_000, asking: 1000 };
/** Keys whose values are compared. */
const SAMPLE = 1000;
/** What Feast may use: more and it fails, so that it cannot harm the machine. */
const FEAST_KIB = 16 * 2 ** 20;

/** `--keys N` takes fewer keys, three rows each. */
export const materialize: Bench = async (quick) => {
  const asked = Number(process.argv[process.argv.indexOf("--keys") + 1]);
  const size = quick ? QUICK : asked > 0 ? { ...WHOLE, keys: asked, rows: 3 * asked } : WHOLE;
  const rounds = quick || process.argv.includes("--once") ? 1 : 3;
  const folder = join(repository, "node_modules", ".cache", `slipway-bench-materialize-${size.keys}-${size.rows}`);
  await materializeData(folder, size);
  const samples = newSamples();
  const keep = (name: string, run: ChildRun): void => {
    samples.keep(`${name} cpu`, run.cpuSeconds);
    samples.keep(`${name} wall`, run.wallSeconds);
    samples.keep(`${name} MiB`, (run.peakBytes ?? Number.NaN) / 2 ** 20);
  };
  const own = (work: string, state: string, rest = ""): Promise<ChildRun> =>
    runChild(
      [
        ...script(fileURLToPath(import.meta.resolve("./support/materialize-slipway.ts"))),
        ...[work, folder, state, "", rest],
      ],
      { withPeak: true },
    );
  const python = await feastPython();
  const feast = (work: string, state: string): Promise<ChildRun> =>
    runChild(
      [
        ...["bash", "-c", `ulimit -v ${FEAST_KIB}; exec "$0" "$@"`, python],
        ...[join(import.meta.dirname, "support", "materialize_feast.py"), work, folder, state, String(SAMPLE)],
      ],
      { withPeak: true },
    );
  let ours = "";
  for (let round = 0; round < rounds; round += 1)
    for (const view of ["newest", "windows"]) {
      const state = temporaryFolder();
      await own("apply", state);
      keep(view, await own(view, state));
      if (view === "newest") ours = (await own("read", state, String(SAMPLE))).stdout;
      rmSync(state, { recursive: true, force: true });
    }
  const state = temporaryFolder();
  await feast("apply", state);
  keep("feast", await feast("materialize", state));
  holdTogether(ours, (await feast("read", state)).stdout);
  rmSync(state, { recursive: true, force: true });
  const keys = size.keys.toLocaleString("en-US");
  const against = (what: string, figure: string, unit: string, most?: number) =>
    compared(
      what,
      unit,
      samples.of(`newest ${figure}`),
      "Feast, SQLite",
      samples.of(`feast ${figure}`),
      most === undefined ? undefined : (ratio) => ({ text: `≤ 1/${most}`, met: ratio <= 1 / most }),
    );
  const alone = (what: string, figure: string, unit: string) => ({
    what,
    unit,
    slipway: samples.of(`windows ${figure}`).toSorted((a, b) => a - b)[rounds >> 1] ?? Number.NaN,
  });
  return {
    name: "materialize",
    rounds,
    lines: [
      against(`${keys} keys × 10 newest values, processor`, "cpu", "s", 20),
      against(`${keys} keys × 10 newest values, time`, "wall", "s"),
      against(`${keys} keys × 10 newest values, peak memory`, "MiB", "MiB"),
      alone(`${keys} keys × 10 windows, processor`, "cpu", "s"),
      alone(`${keys} keys × 10 windows, time`, "wall", "s"),
      alone(`${keys} keys × 10 windows, peak memory`, "MiB", "MiB"),
    ],
    notes: [`Feast was run once; all values of ${SAMPLE} keys are the same on both sides.`],
    samples: samples.all,
  };
};

function holdTogether(ours: string, theirs: string): void {
  const [own, other] = [ours, theirs].map(
    (text) => JSON.parse(text.trim().split("\n").at(-1) ?? "") as readonly Readonly<Record<string, unknown>>[],
  );
  let compared = 0;
  own?.forEach((row, key) => {
    for (const [name, value] of Object.entries(row)) {
      const expected = other?.[key]?.[name] ?? null;
      if (value !== expected) throw new Error(`${name} of key ${key}: ${value} here, ${expected} with Feast.`);
      compared += 1;
    }
  });
  if (compared !== SAMPLE * 10) throw new Error(`${compared} values were compared.`);
}

await runIfMain(import.meta.url, materialize);
