// What explanations cost beside Python's packages, on one model: SHAP values of many rows, and LIME of single ones. XGBoost makes the model in Python and
// both sides load its bytes; their SHAP values are compared first, and LIME's reasons of a row by the input that comes first.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runChild } from "./support/child.ts";
import { script } from "./support/load.ts";
import { temporaryFolder } from "./support/project.ts";
import { type Bench, compared, newSamples, runIfMain } from "./support/report.ts";
import { venvWith } from "./support/venv.ts";

interface Told {
  readonly shapSeconds: number;
  readonly limeSeconds: number;
  /** SHAP values of the first rows. */
  readonly shap: readonly number[];
  /** The heaviest input of each row that LIME explained. */
  readonly lime: readonly number[];
}

/** Both sides, in turn. */
export const explain: Bench = async (quick) => {
  const sizes = { rows: quick ? 1000 : 10_000, columns: 30, trees: quick ? 50 : 300, explained: quick ? 5 : 40 };
  const folder = temporaryFolder();
  const packages = ["shap==0.51.0", "lime==0.2.0.1", "xgboost==3.2.0", "scikit-learn"];
  const interpreter = process.env["BENCH_EXPLAIN_PYTHON"] || (await venvWith("explain", packages));
  const peerScript = join(import.meta.dirname, "support", "explain_python.py");
  await runChild([interpreter, peerScript, "make", folder, ...Object.values(sizes).map(String)]);
  const own = [...script(fileURLToPath(import.meta.resolve("./support/explain-slipway.ts"))), folder];
  const peer = [interpreter, peerScript, "explain", folder];
  const samples = newSamples();
  const rounds = quick ? 1 : 3;
  for (let round = 0; round < rounds; round += 1) {
    const told: Record<string, Told> = {};
    for (const [name, command] of Object.entries({ slipway: own, python: peer })) {
      const words = [...command, ...Object.values(sizes).map(String)];
      const found = JSON.parse((await runChild(words)).stdout.trim().split("\n").at(-1) ?? "") as Told;
      told[name] = found;
      samples.keep(`${name} shap`, sizes.rows / found.shapSeconds);
      samples.keep(`${name} lime`, sizes.explained / found.limeSeconds);
    }
    const { slipway, python } = told;
    const apart = Math.max(
      ...(slipway?.shap ?? []).map((value, place) => Math.abs(value - (python?.shap[place] ?? 9))),
    );
    if (!(apart < 1e-3)) throw new Error(`The SHAP values are ${apart} apart.`);
    const same = (slipway?.lime ?? []).filter((input, row) => input === python?.lime[row]).length;
    if (same < 0.7 * sizes.explained)
      throw new Error(`LIME's first inputs agree in ${same} of ${sizes.explained} rows.`);
  }
  const line = (what: string, name: string, kind: string) =>
    compared(what, "rows/s", samples.of(`slipway ${kind}`), name, samples.of(`python ${kind}`));
  return {
    name: "explain",
    rounds,
    lines: [
      line(
        `SHAP values of ${sizes.rows} rows × 30, ${sizes.trees} trees: rows a second of processor time`,
        "shap 0.51.0",
        "shap",
      ),
      line("LIME of a row, 5,000 samples: rows a second of processor time", "lime 0.2.0.1", "lime"),
    ],
    notes: ["One thread on both sides."],
    samples: samples.all,
  };
};

await runIfMain(import.meta.url, explain);
