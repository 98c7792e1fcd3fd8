// How much worse a model answers when an input tells it nothing: its column is shuffled among the rows, and the metric is taken again (Breiman 2001,
// "Random forests", section 10; Fisher, Rudin and Dominici 2019). Any model, any metric. An input that another repeats loses nothing here.

import { randomOf } from "../core/core.ts";
import { type ExplainedModel, scoresOf } from "./model.ts";
import { type ExplainedRows, takenFrom, withColumn } from "./rows.ts";

/** A figure of rows' answers, which may be taken under weights of shape (rows) again and again. */
export interface AnswerMetric {
  readonly name: string;
  readonly better: "higher" | "lower";
  /** Prepares answers of shape (rows, outputs). */
  readonly of: (scores: Float64Array) => (weights?: Float64Array) => number;
}

/** How much an input matters to a metric. */
export interface PermutationEffect {
  readonly input: string;
  /** How much worse the metric becomes; below 0 it became better, which is chance. */
  readonly drop: number;
  /** A 95 % interval: what other rows and other shuffles would have said. */
  readonly low: number;
  readonly high: number;
}

/** The effects, greatest first, with the metric as it is. */
export interface PermutationImportance {
  readonly metric: string;
  readonly value: number;
  readonly repeats: number;
  readonly effects: readonly PermutationEffect[];
}

/** Two-sided 95 % of a normal distribution. */
const QUANTILE = 1.96;

/**
 * Shuffles each column `repeats` times. Each time the loss is taken under the weights of a bootstrap resample of its own, both before and after, so that
 * the spread of the losses holds what the rows and the shuffles are to blame for.
 */
export async function permutationImportance(
  model: ExplainedModel,
  rows: ExplainedRows,
  metric: AnswerMetric,
  { repeats, seed }: { readonly repeats: number; readonly seed: number },
): Promise<PermutationImportance> {
  const sign = metric.better === "higher" ? 1 : -1;
  const whole = metric.of(Float64Array.from(await scoresOf(model, rows)));
  const value = whole();
  const effects: PermutationEffect[] = [];
  for (const [place, column] of rows.columns.entries()) {
    const drops: number[] = [];
    const plain: number[] = [];
    for (let repeat = 0; repeat < repeats; repeat += 1) {
      // Every column is shuffled alike, so that inputs are compared and not shuffles.
      const random = randomOf(seed, repeat);
      const order = shuffled(rows.count, random.below);
      const changed = metric.of(
        Float64Array.from(await scoresOf(model, withColumn(rows, place, takenFrom(column, order)))),
      );
      plain.push(sign * (value - changed()));
      const weights = new Float64Array(rows.count);
      for (let draw = 0; draw < rows.count; draw += 1) {
        const row = random.below(rows.count);
        weights[row] = (weights[row] ?? 0) + 1;
      }
      drops.push(sign * (whole(weights) - changed(weights)));
    }
    const finite = drops.filter(Number.isFinite);
    const drop = meanOf(plain);
    const center = meanOf(finite);
    const spread = Math.sqrt(
      finite.reduce((sum, each) => sum + (each - center) ** 2, 0) / Math.max(1, finite.length - 1),
    );
    effects.push({ input: column.name, drop, low: drop - QUANTILE * spread, high: drop + QUANTILE * spread });
  }
  return { metric: metric.name, value, repeats, effects: effects.sort((one, other) => other.drop - one.drop) };
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length;
}

/** The places 0 to count − 1 in some order: Fisher and Yates, as Durstenfeld (1964) does it. */
function shuffled(count: number, below: (count: number) => number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, place) => place);
  for (let place = count - 1; place > 0; place -= 1) {
    const other = below(place + 1);
    const held = order[place] ?? 0;
    order[place] = order[other] ?? 0;
    order[other] = held;
  }
  return order;
}
