// A metric of one's own between rounds, held to the library's metric of the same meaning.

import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { type SlipwayError, type Table, tableFrom } from "../../core/core.ts";
import { type MetricRows, metric } from "../../define/define.ts";
import type { TrainingJob, TrainingStep } from "../../ports/trainer.ts";
import { xgboostTrainer } from "./xgboost.ts";

const SLOW = { timeout: 120_000 };
const trainer = xgboostTrainer({
  env: process.env,
  cacheDir: fileURLToPath(new URL("../../../node_modules/.cache/slipway", import.meta.url)),
});

const schema = ["x", "y", "label", "kind", "weight"].map(
  (name) => ({ name, type: "float64", optional: false }) as const,
);

/** Rows of which nothing much can be learnt after a few rounds. */
async function* rows(count: number, from: number): AsyncGenerator<Table> {
  for (let start = 0; start < count; start += 100)
    yield tableFrom(
      schema,
      Array.from({ length: Math.min(100, count - start) }, (_, at) => {
        const place = from + start + at;
        const [x, y, noise] = [(place * 7919) % 53, (place * 104_729) % 37, (place * 1_299_709) % 89];
        return { x, y, label: Number(x + noise > 70), kind: (x + noise) % 3, weight: 1 + (place % 4) };
      }) as never,
    );
}

const job = (changes: Partial<TrainingJob> = {}): TrainingJob => ({
  inputs: [
    { name: "x", kind: "number" },
    { name: "y", kind: "number" },
  ],
  label: "label",
  weight: "weight",
  task: { kind: "binary" },
  train: rows(1500, 0),
  validate: rows(500, 1500),
  parameters: { max_depth: 4, eta: 0.3 },
  rounds: 60,
  earlyStoppingRounds: 5,
  seed: 1,
  threads: 1,
  ...changes,
});

const weightedLoss = ({ labels, scores, weights }: MetricRows): number => {
  let [sum, whole] = [0, 0];
  for (const [row, weight] of weights.entries()) {
    sum -= weight * Math.log(labels[row] === 1 ? scores[row]! : 1 - scores[row]!);
    whole += weight;
  }
  return sum / whole;
};
const lastOf = ({ metrics }: TrainingStep, name: string): number => metrics[`validate-${name}`] ?? Number.NaN;

it("stops where the library's metric of the same meaning would, over the same rows and weights", SLOW, async () => {
  const theirs = await trainer.fit(job());
  const ours = await trainer.fit(job({ stopBy: metric.custom("loss", { better: "lower" }, weightedLoss) }));
  expect(theirs.steps.length).toBeLessThan(60);
  expect(ours.steps.length).toBe(theirs.steps.length);
  expect(ours.bestRound).toBe(theirs.bestRound);
  for (const step of ours.steps) {
    expect(lastOf(step, "loss")).toBeCloseTo(lastOf(step, "logloss"), 5);
    expect(step.loss).toBe(lastOf(step, "loss"));
  }
});

it("goes for the most where more is better", SLOW, async () => {
  const rising = metric.custom("rising", { better: "higher" }, ({ scores }) => Math.max(...scores));
  const { steps, bestRound } = await trainer.fit(job({ stopBy: rising, rounds: 10 }));
  const values = steps.map((step) => lastOf(step, "rising"));
  expect(bestRound).toBe(values.indexOf(Math.max(...values)) + 1);
  expect(steps[0]?.loss).toBe(-(values[0] ?? Number.NaN));
});

it("gets every class's probability of a multi-class model", SLOW, async () => {
  const brier = metric.custom("spread", { better: "lower" }, ({ labels, scores }) => {
    let sum = 0;
    for (const [row, label] of labels.entries())
      for (let place = 0; place < 3; place += 1) sum += (scores[row * 3 + place]! - Number(place === label)) ** 2;
    return scores.length === 3 * labels.length ? sum / labels.length : Number.NaN;
  });
  const { steps } = await trainer.fit(
    job({
      task: { kind: "multiclass", mostClasses: 5 },
      label: "kind",
      classes: ["0", "1", "2"],
      stopBy: brier,
      rounds: 5,
    }),
  );
  expect(steps.map((step) => lastOf(step, "spread")).every((value) => value > 0 && value < 1)).toBe(true);
});

it("ends the training where the function fails, and is refused with what it cannot go with", SLOW, async () => {
  const refusal = (changes: Partial<TrainingJob>): Promise<SlipwayError> =>
    trainer.fit(job(changes)).then(
      () => Promise.reject(new Error("it was not refused")),
      (error: SlipwayError) => error,
    );
  const broken = metric.custom("broken", { better: "lower" }, () => {
    throw new Error("division by cucumber");
  });
  expect(await refusal({ stopBy: broken })).toMatchObject({
    code: "DEFINITION_INVALID",
    message: expect.stringContaining("division by cucumber") as string,
  });
  const loss = metric.custom("loss", { better: "lower" }, weightedLoss);
  expect(await refusal({ stopBy: loss, workers: 2 })).toMatchObject({ code: "INPUT_INVALID" });
});
