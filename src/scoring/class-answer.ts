import type { Explanation } from "../core/core.ts";

/** What a model says of one row: a number, or for several classes their probabilities. */
export type Answer = number | readonly number[];

/** What a predictor's scores, (rows, outputs) row-major, say of each of `rows` rows. */
export function answersIn(scores: Float32Array, rows: number): readonly Answer[] {
  const outputs = scores.length / rows;
  if (outputs === 1) return Array.from(scores);
  return Array.from({ length: rows }, (_, row) => Array.from(scores.subarray(row * outputs, (row + 1) * outputs)));
}

/** What a multi-class model says of one row. */
export interface ClassAnswer {
  readonly likeliest: string;
  /** By class, in the classes' order. */
  readonly probabilities: Readonly<Record<string, number>>;
}

/** What a model says of one row: one number, and of several classes all there is to say. */
export interface RowAnswer {
  readonly score: number;
  readonly classes?: ClassAnswer;
  /** Why, where that was asked. */
  readonly explanation?: Explanation;
}

/** A predictor's answers by the names of the classes; of several equally likely ones the first is the likeliest. */
export function answersOf(answers: readonly Answer[], classes: readonly string[] | undefined): readonly RowAnswer[] {
  return answers.map((answer) => {
    if (typeof answer === "number") return { score: answer };
    const score = Math.max(...answer);
    const names = classes ?? answer.map((_, place) => String(place));
    const probabilities = Object.fromEntries(names.map((name, place) => [name, answer[place] ?? Number.NaN]));
    return { score, classes: { likeliest: names[answer.indexOf(score)] ?? "", probabilities } };
  });
}
