// Why a model answers what it does: what each input adds to the sum behind the answer. Models see columns, people see inputs, so what the columns of a
// prepared input add is added up: SHAP values are additive (Lundberg and Lee 2017), and the base value with all inputs is still the sum.

import type { Calibration } from "./calibration.ts";
import type { VersionInput } from "./prepared/prepared-input.ts";

/** How an answer comes from the sum. */
export type AnswerLink = "identity" | "logistic" | "softmax" | "exponential";

/** What the inputs add to one sum: base + Σ contributions = margin, within float32's precision. */
export interface OutputExplanation {
  /** The class that the sum is of, for a model of several classes. */
  readonly class?: string;
  /** What the sum is on average, where nothing is known. */
  readonly base: number;
  /** The sum, before the link. */
  readonly margin: number;
  /** By input, in the inputs' order: its SHAP value. */
  readonly contributions: Readonly<Record<string, number>>;
}

/** One row's answer, explained. */
export interface Explanation {
  readonly link: AnswerLink;
  /** What is done to the answer after the link; undefined where nothing is. */
  readonly calibration: Calibration["kind"] | undefined;
  /** One for each sum: of several classes one each, else a single one. */
  readonly outputs: readonly OutputExplanation[];
}

/** The values of columns added up by input: of shape (lines, inputs + 1) from (lines, columns + 1), row-major float64, the base value last. */
export function foldColumns(inputs: readonly VersionInput[], values: ArrayLike<number>): Float64Array {
  const owners = inputs.flatMap((input, place) =>
    input.kind === "prepared" ? input.columns.map(() => place) : [place],
  );
  owners.push(inputs.length);
  const [from, to] = [owners.length, inputs.length + 1];
  const folded = new Float64Array((values.length / from) * to);
  for (let cell = 0; cell < values.length; cell += 1) {
    const target = Math.floor(cell / from) * to + (owners[cell % from] ?? 0);
    folded[target] = (folded[target] ?? 0) + (values[cell] ?? 0);
  }
  return folded;
}

/** What a predictor says of its rows, by input and class: one explanation a row. */
export function explanationsOf(
  version: {
    readonly inputs: readonly VersionInput[];
    readonly classes?: readonly string[] | undefined;
    readonly link: AnswerLink;
    readonly calibration?: Calibration["kind"] | undefined;
  },
  { values, margins }: { readonly values: Float32Array; readonly margins: Float32Array },
  rows: number,
): readonly Explanation[] {
  const { inputs, classes, link, calibration } = version;
  const folded = foldColumns(inputs, values);
  const line = inputs.length + 1;
  const outputs = margins.length / rows;
  return Array.from({ length: rows }, (_, row) => ({
    link,
    calibration,
    outputs: Array.from({ length: outputs }, (__, output) => {
      const sum = row * outputs + output;
      return {
        ...(outputs === 1 ? {} : { class: classes?.[output] ?? String(output) }),
        base: folded[sum * line + inputs.length] ?? 0,
        margin: margins[sum] ?? Number.NaN,
        contributions: Object.fromEntries(inputs.map(({ name }, place) => [name, folded[sum * line + place] ?? 0])),
      };
    }),
  }));
}

/** An explanation as JSON says it: one sum as it is, several under `classes`. */
export function explanationJson({ link, calibration, outputs }: Explanation): Readonly<Record<string, unknown>> {
  const told = { link, calibration: calibration ?? null };
  const [only] = outputs;
  if (outputs.length === 1 && only?.class === undefined) return { ...told, ...only };
  return { ...told, classes: Object.fromEntries(outputs.map(({ class: name = "", ...rest }) => [name, rest])) };
}
