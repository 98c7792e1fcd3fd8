// Fits what corrects a model's probabilities, on rows that it did not learn from. Each class is a question of its own: did it come, given what the model
// said of it?

import { type Calibration, type LogisticStep, logOdds, SlipwayError } from "../../core/core.ts";
import type { CalibrateSpec, Labels } from "../../define/define.ts";
import { heldInside, isotonicStep } from "./isotonic.ts";
import { plattStep } from "./platt.ts";

/** Labelled rows with what the model said of them: `labels` of shape (rows), `scores` (rows) or (rows, classes). */
export interface CalibrationRows {
  readonly labels: Labels;
  readonly scores: Float32Array;
}

/** Fits a calibration. Throws LABEL_SINGLE_CLASS when a class never came among the rows, or nothing else did. */
export function fitCalibration(
  { kind }: CalibrateSpec,
  { labels, scores }: CalibrationRows,
  classes: readonly string[] | undefined,
  model: string,
): Calibration {
  const rows = labels.length;
  const outputs = classes?.length ?? 1;
  requireClasses(labels, classes, model);
  const columns = Array.from({ length: outputs }, (_, own) => {
    const came = Uint8Array.from({ length: rows }, (__, row) =>
      Number(classes === undefined ? labels[row] !== 0 : labels[row] === own),
    );
    return { came, said: Float64Array.from({ length: rows }, (__, row) => scores[row * outputs + own]!) };
  });
  if (kind === "platt") {
    const steps = columns.map(({ came, said }): LogisticStep => plattStep(came, said.map(logOdds)));
    return { kind, rows, steps };
  }
  return { kind, rows, steps: columns.map(({ came, said }) => heldInside(isotonicStep(came, said), said)) };
}

/** Throws LABEL_SINGLE_CLASS when a class never came among the rows, or nothing else did: `labels` are all that it takes to know. */
export function requireClasses(labels: Labels, classes: readonly string[] | undefined, model: string): void {
  const rows = labels.length;
  for (let own = 0; own < (classes?.length ?? 1); own += 1) {
    let total = 0;
    for (const label of labels) total += Number(classes === undefined ? label !== 0 : label === own);
    if (total === 0 || total === rows)
      throw new SlipwayError(
        "LABEL_SINGLE_CLASS",
        `Model "${model}": calibrate needs rows of every class and of others, and ${total} of the ${rows} validation rows are ${classes === undefined ? "true" : JSON.stringify(classes[own])}. Widen the split's validation, or leave calibrate out.`,
      );
  }
}
