// SHAP values against their definition, computed the slow way: the value of a set of columns is what the trees answer when a split on a column outside the
// set goes both ways, weighted by cover, and a column's share is its average gain over all orders (Lundberg et al. 2020, Algorithm 1; Shapley 1953).

import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { expect, it } from "vitest";
import { isInteracting } from "../../ports/contributions.ts";
import type { DecisionTree } from "../../ports/formula.ts";
import { contractBatches, contractInputs, contractRows } from "../../ports/trainer.contract.ts";
import type { TrainedModel, TrainingJob } from "../../ports/trainer.ts";
import { formulaOf } from "./formula.ts";
import { type Numbers, readUbjson, type Ubjson } from "./ubjson.ts";
import { xgboostRuntime, xgboostTrainer } from "./xgboost.ts";

const options = {
  env: process.env,
  cacheDir: fileURLToPath(new URL("../../../node_modules/.cache/slipway", import.meta.url)),
};
const SLOW = { timeout: 120_000 };
const WIDTH = contractInputs.length;

function trained(changes: Partial<TrainingJob> = {}): Promise<TrainedModel> {
  return xgboostTrainer(options).fit({
    inputs: contractInputs,
    label: "label",
    train: contractBatches(contractRows(300, 1), 100),
    parameters: { objective: "binary:logistic", max_depth: 3, eta: 0.5, max_cat_to_onehot: 1 },
    rounds: 8,
    seed: 1,
    threads: 1,
    ...changes,
  });
}

/** The covers of each tree's nodes: what the formula leaves out. */
function coversOf(artifact: Uint8Array): readonly (readonly number[])[] {
  const at = (value: Ubjson | undefined, ...path: readonly string[]): Ubjson | undefined =>
    path.reduce<Ubjson | undefined>((found, name) => (found as ReadonlyMap<string, Ubjson>).get(name), value);
  const trees = at(readUbjson(artifact), "learner", "gradient_booster", "model", "trees") as readonly Ubjson[];
  return trees.map((tree) => {
    const covers = at(tree, "sum_hessian") as Numbers;
    return Array.from({ length: covers.length }, (_, node) => covers.at(node));
  });
}

function goesLeft(tree: DecisionTree, node: number, value: number): boolean {
  if (Number.isNaN(value)) return tree.missingLeft[node] === 1;
  const codes = tree.categories.get(node);
  return codes ? !codes.includes(value) : value < (tree.thresholds[node] ?? 0);
}

/** What a tree answers when only the columns in `known`, as bits, are. */
function expected(tree: DecisionTree, covers: readonly number[], row: Float32Array, known: number, node = 0): number {
  const [left, right] = [tree.left[node] ?? -1, tree.right[node] ?? -1];
  if (left === -1) return tree.leaves[node] ?? 0;
  const column = tree.columns[node] ?? 0;
  const below = (child: number): number => expected(tree, covers, row, known, child);
  if (known & (1 << column)) return below(goesLeft(tree, node, row[column] ?? Number.NaN) ? left : right);
  const all = covers[node] ?? 1;
  return ((covers[left] ?? 0) * below(left) + (covers[right] ?? 0) * below(right)) / all;
}

const factorial = (number: number): number => (number <= 1 ? 1 : number * factorial(number - 1));
const sizeOf = (set: number): number => (set === 0 ? 0 : (set & 1) + sizeOf(set >> 1));

/** Shapley values of a game of few players, by the formula over all sets. */
function shapley(players: number, worth: (set: number) => number): readonly number[] {
  return Array.from({ length: players }, (_, player) => {
    let share = 0;
    for (let set = 0; set < 1 << players; set += 1) {
      if (set & (1 << player)) continue;
      const size = sizeOf(set);
      const weight = (factorial(size) * factorial(players - size - 1)) / factorial(players);
      share += weight * (worth(set | (1 << player)) - worth(set));
    }
    return share;
  });
}

const cell = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: -8, max: 8 }).map((value) => value / 8) },
  { weight: 1, arbitrary: fc.constant(Number.NaN) },
);
const rowOf = fc.tuple(cell, fc.constantFrom(0, 1, 2, Number.NaN), cell).map((cells) => Float32Array.from(cells));

it("gives each column its Shapley value, categories and missing values included", SLOW, async () => {
  const { artifact } = await trained();
  const { base, trees } = formulaOf(artifact) as Extract<ReturnType<typeof formulaOf>, { kind: "trees" }>;
  const covers = coversOf(artifact);
  const predictor = await xgboostRuntime(options).load(artifact);
  if (!isInteracting(predictor)) throw new Error("no interactions");
  expect(predictor.link).toBe("logistic");
  await fc.assert(
    fc.asyncProperty(rowOf, async (row) => {
      const worth = (set: number): number =>
        trees.reduce((sum, tree, place) => sum + expected(tree, covers[place] ?? [], row, set), base[0] ?? 0);
      const { values, margins } = await predictor.contributions(row, 1);
      const wanted = shapley(WIDTH, worth);
      for (const [column, value] of wanted.entries()) expect(values[column]).toBeCloseTo(value, 5);
      expect(values[WIDTH]).toBeCloseTo(worth(0), 5);
      expect(margins[0]).toBeCloseTo(worth((1 << WIDTH) - 1), 5);

      const pairs = await predictor.interactions(row, 1);
      for (let column = 0; column < WIDTH; column += 1) {
        const line = pairs.slice(column * (WIDTH + 1), (column + 1) * (WIDTH + 1));
        expect(line.reduce((sum, each) => sum + each, 0)).toBeCloseTo(values[column] ?? 0, 5);
      }
    }),
    { numRuns: 40 },
  );
  predictor.close();
});

it("gives every class its own values", SLOW, async () => {
  const rows = contractRows(300, 1).map((row, place) => ({ ...row, label: Number(row["label"]) + (place % 2) }));
  const { artifact } = await trained({
    train: contractBatches(rows, 100),
    parameters: { objective: "multi:softprob", num_class: 3, max_depth: 3, max_cat_to_onehot: 1 },
  });
  const predictor = await xgboostRuntime(options).load(artifact);
  if (!isInteracting(predictor)) throw new Error("no interactions");
  expect(predictor.link).toBe("softmax");
  const row = Float32Array.from([0.2, 1, -0.4]);
  const { values, margins } = await predictor.contributions(row, 1);
  const scores = await predictor.predict(row, 1);
  expect(margins).toHaveLength(3);
  const sums = [0, 1, 2].map((output) =>
    values.slice(output * (WIDTH + 1), (output + 1) * (WIDTH + 1)).reduce((sum, each) => sum + each, 0),
  );
  for (const [output, sum] of sums.entries()) expect(sum).toBeCloseTo(margins[output] ?? 0, 5);
  const total = sums.reduce((all, sum) => all + Math.exp(sum), 0);
  for (const [output, sum] of sums.entries()) expect(Math.exp(sum) / total).toBeCloseTo(scores[output] ?? 0, 5);
  predictor.close();
});

it("explains the first rounds alone where these answer alone", SLOW, async () => {
  const { artifact } = await trained();
  const row = Float32Array.from([0.2, 1, -0.4]);
  const two = await xgboostRuntime(options).load(artifact, { rounds: 2 });
  const all = await xgboostRuntime(options).load(artifact);
  if (!isInteracting(two) || !isInteracting(all)) throw new Error("no interactions");
  const few = await two.contributions(row, 1);
  expect(few.margins[0]).not.toBe((await all.contributions(row, 1)).margins[0]);
  const score = (await two.predict(row, 1))[0] ?? 0;
  expect(few.values.reduce((sum, each) => sum + each, 0)).toBeCloseTo(Math.log(score / (1 - score)), 4);
  two.close();
  all.close();
});

it("says that a base margin's input adds the margin", SLOW, async () => {
  const { artifact } = await trained({ baseMargin: "noise" });
  const predictor = await xgboostRuntime(options).load(artifact);
  if (!isInteracting(predictor)) throw new Error("no interactions");
  const rows = Float32Array.from([0.75, 1, -0.4, -2, 1, -0.4]);
  const { values, margins } = await predictor.contributions(rows, 2);
  expect([values[0], values[4]]).toEqual([0.75, -2]);
  expect(values[3]).toBeCloseTo(values[7] ?? 0, 5);
  for (const row of [0, 1])
    expect(values.slice(row * 4, row * 4 + 4).reduce((sum, each) => sum + each, 0)).toBeCloseTo(margins[row] ?? 0, 5);
  predictor.close();
});
