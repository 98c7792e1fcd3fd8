// The plain numbers of a model, walked here, give what XGBoost gives.

import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isExplicitRuntime, type ModelFormula } from "../../ports/formula.ts";
import { xgboostRuntime } from "./xgboost.ts";

const options = {
  env: process.env,
  cacheDir: fileURLToPath(new URL("../../../node_modules/.cache/slipway", import.meta.url)),
};

function answer(formula: ModelFormula, row: Float32Array): readonly number[] {
  if (formula.kind !== "trees") throw new TypeError("no trees");
  const sums = [...formula.base];
  for (const { output, left, right, columns, thresholds, missingLeft, leaves, categories } of formula.trees) {
    let node = 0;
    while (left[node] !== -1) {
      const value = row[columns[node] ?? 0] ?? Number.NaN;
      const codes = categories.get(node);
      const isLess = codes === undefined ? value < (thresholds[node] ?? 0) : !codes.includes(value);
      node = ((Number.isNaN(value) ? missingLeft[node] === 1 : isLess) ? left[node] : right[node]) ?? 0;
    }
    sums[output] = (sums[output] ?? 0) + (leaves[node] ?? 0);
  }
  if (formula.link === "logistic") return sums.map((sum) => 1 / (1 + Math.exp(-sum)));
  if (formula.link === "exponential") return sums.map(Math.exp);
  if (formula.link === "identity") return sums;
  const total = sums.reduce((all, sum) => all + Math.exp(sum), 0);
  return sums.map((sum) => Math.exp(sum) / total);
}

test.each(["xgboost_categorical", "xgboost_multiclass"])(
  "of %s, and of its first rounds",
  { timeout: 60_000 },
  async (name) => {
    const artifact = await readFile(new URL(`../../../test/models/${name}/model.ubj`, import.meta.url));
    const runtime = xgboostRuntime(options);
    if (!isExplicitRuntime(runtime)) throw new TypeError("not explicit");
    for (const rounds of [undefined, 2]) {
      const chosen = rounds === undefined ? {} : { rounds };
      const formula = runtime.formulaOf(artifact, chosen);
      const predictor = await runtime.load(artifact, chosen);
      const width = predictor.inputCount;
      const cell = fc.oneof(
        fc.integer({ min: 0, max: 5 }),
        fc.float({ noNaN: true, noDefaultInfinity: true, min: -3, max: 3 }),
        fc.constant(Number.NaN),
      );
      await fc.assert(
        fc.asyncProperty(fc.array(cell, { minLength: width, maxLength: width }), async (cells) => {
          // Codes are whole numbers.
          const row = Float32Array.from(cells, (value) =>
            name.endsWith("categorical") && !Number.isNaN(value) ? Math.abs(Math.round(value)) : value,
          );
          const scores = await predictor.predict(row, 1);
          const own = answer(formula, row);
          expect(own).toHaveLength(scores.length);
          for (const [place, score] of scores.entries()) expect(Math.abs((own[place] ?? 0) - score)).toBeLessThan(1e-5);
        }),
        { numRuns: 60 },
      );
      predictor.close();
    }
  },
);
