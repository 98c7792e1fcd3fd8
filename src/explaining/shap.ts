// What a version's inputs add to its answers over many rows: how much on average, which way, with which value, and which two together.

import { explanationsOf, foldColumns, SlipwayError, type VersionInput } from "../core/core.ts";
import { type ExplainablePredictor, isExplainable, isInteracting } from "../ports/ports.ts";
import { type ExplainedModel, matrixOf } from "./model.ts";
import { type Cell, cellAt, type ExplainedRows, takeRows } from "./rows.ts";

/** SHAP values of rows by input. */
export interface ShapValues {
  readonly outputs: number;
  /** Of shape (rows, outputs, inputs + 1), the base value last. */
  readonly values: Float64Array;
}

/** What an input adds to one sum, over rows. */
export interface InputEffect {
  readonly input: string;
  /** The mean of what it adds, its sign left away: what inputs are ordered by. */
  readonly meanAbsolute: number;
  readonly mean: number;
  readonly least: number;
  readonly greatest: number;
}

/** The effects on one sum. */
export interface OutputEffects {
  readonly class?: string;
  readonly base: number;
  /** Greatest first. */
  readonly effects: readonly InputEffect[];
}

/** Two inputs, and what they add together beyond what each adds alone: the mean of it, its sign left away. */
export interface PairEffect {
  readonly inputs: readonly [string, string];
  readonly meanAbsolute: number;
}

/** The SHAP values of rows, or undefined for a version that gives none. */
export async function shapValues(model: ExplainedModel, rows: ExplainedRows): Promise<ShapValues | undefined> {
  const { predictor, inputs } = model;
  if (!isExplainable(predictor) || rows.count === 0) return undefined;
  const { values, margins } = await predictor.contributions(matrixOf(model, rows), rows.count);
  return { outputs: margins.length / rows.count, values: foldColumns(inputs, values) };
}

/** The reasons of one row, as serving gives them. Throws NOT_EXPLAINABLE. */
export async function explainRow(
  model: ExplainedModel,
  row: ExplainedRows,
): Promise<ReturnType<typeof explanationsOf>[number]> {
  const { predictor, inputs, classes } = model;
  const { calibration } = predictor;
  if (!isExplainable(predictor)) throw notExplainable(model);
  const said = await (predictor as ExplainablePredictor).contributions(matrixOf(model, row), 1);
  const [explanation] = explanationsOf({ inputs, classes, link: predictor.link, calibration }, said, 1);
  if (explanation) return explanation;
  throw notExplainable(model);
}

function notExplainable({ name }: ExplainedModel): SlipwayError {
  return new SlipwayError("NOT_EXPLAINABLE", `${name} is of a kind that gives no SHAP values.`);
}

/** The effects of every input on every sum. */
export function effectsOf(
  { inputs, classes }: Pick<ExplainedModel, "inputs" | "classes">,
  { values, outputs }: ShapValues,
): readonly OutputEffects[] {
  const line = inputs.length + 1;
  const rows = values.length / (outputs * line);
  return Array.from({ length: outputs }, (_, output) => {
    const at = (row: number, place: number): number => values[(row * outputs + output) * line + place] ?? 0;
    const effects = inputs.map(({ name }, place): InputEffect => {
      let [sum, size, least, greatest] = [0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
      for (let row = 0; row < rows; row += 1) {
        const value = at(row, place);
        sum += value;
        size += Math.abs(value);
        least = Math.min(least, value);
        greatest = Math.max(greatest, value);
      }
      return { input: name, meanAbsolute: size / rows, mean: sum / rows, least, greatest };
    });
    return {
      ...(outputs === 1 ? {} : { class: classes?.[output] ?? String(output) }),
      base: at(0, inputs.length),
      effects: effects.sort((one, other) => other.meanAbsolute - one.meanAbsolute),
    };
  });
}

/** Beyond so many columns pairs are not looked at: they are this many squared, for each row. */
const MOST_COLUMNS = 160;

/** The pairs of inputs that add most together, greatest first, over the first rows; undefined for a version that does not tell. */
export async function pairEffects(
  model: ExplainedModel,
  rows: ExplainedRows,
  most: number,
): Promise<readonly PairEffect[] | undefined> {
  const { predictor, inputs } = model;
  if (!isInteracting(predictor) || predictor.inputCount > MOST_COLUMNS || rows.count === 0) return undefined;
  const some = takeRows(
    rows,
    Array.from({ length: Math.min(most, rows.count) }, (_, row) => row),
  );
  const pairs = await predictor.interactions(matrixOf(model, some), some.count);
  const owners = ownersOf(inputs);
  const size = owners.length;
  const count = inputs.length;
  const sums = new Float64Array(count * count);
  const folded = new Float64Array(count * count);
  for (let start = 0; start < pairs.length; start += size * size) {
    folded.fill(0);
    for (let one = 0; one < size - 1; one += 1)
      for (let other = 0; other < size - 1; other += 1) {
        const cell = (owners[one] ?? 0) * count + (owners[other] ?? 0);
        folded[cell] = (folded[cell] ?? 0) + (pairs[start + one * size + other] ?? 0);
      }
    for (let cell = 0; cell < sums.length; cell += 1) sums[cell] = (sums[cell] ?? 0) + Math.abs(folded[cell] ?? 0);
  }
  const lines = pairs.length / (size * size);
  const found: PairEffect[] = [];
  for (const [one, { name }] of inputs.entries())
    for (const [other, { name: second }] of inputs.entries())
      if (one < other)
        found.push({
          inputs: [name, second],
          meanAbsolute: ((sums[one * count + other] ?? 0) + (sums[other * count + one] ?? 0)) / lines,
        });
  return found.filter(({ meanAbsolute }) => meanAbsolute > 0).sort((a, b) => b.meanAbsolute - a.meanAbsolute);
}

function ownersOf(inputs: readonly VersionInput[]): readonly number[] {
  return [
    ...inputs.flatMap((input, place) => (input.kind === "prepared" ? input.columns.map(() => place) : [place])),
    inputs.length,
  ];
}

/** What an input adds in each of some rows, beside its own value there. */
export interface EffectPoints {
  readonly input: string;
  readonly isNumber: boolean;
  /** The value, which is null where it is missing or the input is made of several columns; what it adds; and where the value stands among all, 0 to 1. */
  readonly points: readonly { readonly value: Cell; readonly effect: number; readonly rank: number | null }[];
}

/** The points of some inputs on one sum, of the first rows only. */
export function effectPoints(
  { inputs }: Pick<ExplainedModel, "inputs">,
  rows: ExplainedRows,
  { values, outputs }: ShapValues,
  output: number,
  named: readonly string[],
  most: number,
): readonly EffectPoints[] {
  const line = inputs.length + 1;
  return named.map((name) => {
    const place = inputs.findIndex((input) => input.name === name);
    const input = inputs[place];
    const raw = input?.kind === "prepared" ? (input.of.length === 1 ? input.of[0]?.name : undefined) : name;
    const column = rows.columns.find((each) => each.name === raw);
    const ranks = column?.kind === "number" ? ranksOf(column.values) : undefined;
    return {
      input: name,
      isNumber: column?.kind === "number",
      points: Array.from({ length: Math.min(most, rows.count) }, (_, row) => ({
        value: column === undefined || column.kind === "other" ? null : cellAt(column, row),
        effect: values[(row * outputs + output) * line + place] ?? 0,
        rank: ranks?.[row] ?? null,
      })),
    };
  });
}

/** Where each number stands among all, from 0 to 1, ties in their middle; null for a missing one. */
function ranksOf(values: Float64Array): readonly (number | null)[] {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort();
  const span = Math.max(1, sorted.length - 1);
  return Array.from(values, (value) => {
    if (Number.isNaN(value)) return null;
    return (firstAt(sorted, value, false) + firstAt(sorted, value, true) - 1) / 2 / span;
  });
}

/** How many are below a value, or not above it. */
function firstAt(sorted: Float64Array, value: number, orEqual: boolean): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const each = sorted[middle] ?? 0;
    if (each < value || (orEqual && each === value)) low = middle + 1;
    else high = middle;
  }
  return low;
}
