// A version as what every method here asks: rows in, one number out of each.

import { encoderOf, SlipwayError, type VersionInput } from "../core/core.ts";
import type { LoadedVersion } from "../scoring/scoring.ts";
import { type ExplainedRows, tableOf } from "./rows.ts";

/** What is explained. */
export interface ExplainedModel {
  /** How it is called in messages: `flight_delay@3`. */
  readonly name: string;
  readonly inputs: readonly VersionInput[];
  readonly predictor: LoadedVersion;
  /** What a model of several classes tells apart, in the order of its answers. */
  readonly classes: readonly string[] | undefined;
  /** Computes anew, in rows whose values somebody changed, what is made of other inputs; absent where nothing is. */
  readonly settled?: (rows: ExplainedRows) => ExplainedRows;
  /** The inputs that are: they follow, and are not changed by themselves. */
  readonly computed?: ReadonlySet<string>;
}

/** One answer of a model: the only one, or the probability of a class. */
export interface AskedOutput {
  readonly place: number;
  readonly class: string | undefined;
}

/** Rows that are scored at once: enough to keep the model busy, few enough to keep its matrix small. */
const ROWS_AT_ONCE = 8192;

/** The matrix of rows. */
export function matrixOf({ inputs }: Pick<ExplainedModel, "inputs">, rows: ExplainedRows): Float32Array {
  return encoderOf(inputs)(tableOf(rows));
}

/** All answers to rows, of shape (rows, outputs). */
export async function scoresOf(model: ExplainedModel, rows: ExplainedRows): Promise<Float32Array> {
  const matrix = matrixOf(model, rows);
  const width = matrix.length / Math.max(1, rows.count);
  const parts: Float32Array[] = [];
  for (let from = 0; from < rows.count; from += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, rows.count - from);
    parts.push(await model.predictor.predict(matrix.subarray(from * width, (from + count) * width), count));
  }
  const [only] = parts;
  if (parts.length === 1 && only) return only;
  const whole = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

/** One answer to each row, of shape (rows). */
export async function answersOf(
  model: ExplainedModel,
  rows: ExplainedRows,
  { place }: AskedOutput,
): Promise<Float64Array> {
  const scores = await scoresOf(model, rows);
  const outputs = scores.length / Math.max(1, rows.count);
  return Float64Array.from({ length: rows.count }, (_, row) => scores[row * outputs + place] ?? Number.NaN);
}

/** The answer that is meant: of several classes the one named, or `standard`. Throws INPUT_INVALID for a class that there is not. */
export function outputOf(
  { name, classes }: ExplainedModel,
  asked: string | undefined,
  standard: () => number = () => 0,
): AskedOutput {
  if (classes === undefined) {
    if (asked === undefined) return { place: 0, class: undefined };
    throw new SlipwayError("INPUT_INVALID", `${name} tells no classes apart, so there is no class "${asked}" of it.`);
  }
  const place = asked === undefined ? standard() : classes.indexOf(asked);
  if (place >= 0) return { place, class: classes[place] };
  throw new SlipwayError("INPUT_INVALID", `${name} has no class "${asked}"; it tells apart: ${classes.join(", ")}.`);
}
