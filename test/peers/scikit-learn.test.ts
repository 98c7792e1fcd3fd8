// Metrics beside scikit-learn on random rows: the generator of the committed table, with other seeds. Skipped where neither
// SLIPWAY_MLFLOW_PYTHON nor python3 can import scikit-learn.

import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { heldToOracle, type OracleCases } from "../../src/training/metrics/scikit-learn.fixture.ts";

const python = process.env["SLIPWAY_MLFLOW_PYTHON"] ?? "python3";
const program = fileURLToPath(new URL("../../src/training/metrics/scikit-learn.fixture.py", import.meta.url));

function hasScikitLearn(): boolean {
  try {
    execFileSync(python, ["-c", "import sklearn"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

it.skipIf(!hasScikitLearn())("every metric agrees with scikit-learn on random rows", { timeout: 120_000 }, () => {
  for (const [seed, rows] of [
    [1, 14],
    [2, 60],
    [3, 900],
  ] as const) {
    const text = execFileSync(python, [program, String(seed), "6", String(rows)], { maxBuffer: 1 << 28 });
    const cases = JSON.parse(text.toString()) as OracleCases;
    expect(cases.binary).toHaveLength(6);
    heldToOracle(cases);
  }
});
