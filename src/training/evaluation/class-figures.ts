// Figures of a model of several classes under any weights: orders of scores and decisions are worked out once.

import { classAverages, classLogLoss, confusionMatrix, decidedClasses } from "../metrics/metrics.ts";
import { orderByScore } from "../metrics/threshold-curve.ts";
import type { TaskRows } from "./judged-rows.ts";
import type { Figures, MetricFacts } from "./metric-set.ts";

/** What is told of several classes. The micro average of one decision a row is the accuracy, whatever it is of. */
export const classMetrics: readonly MetricFacts[] = [
  { name: "logLoss", title: "log loss", better: "lower" },
  { name: "accuracy", title: "accuracy (micro F1)", better: "higher" },
  { name: "precisionMacro", title: "precision, macro", better: "higher" },
  { name: "recallMacro", title: "recall, macro", better: "higher" },
  { name: "f1Macro", title: "F1, macro", better: "higher" },
  { name: "precisionWeighted", title: "precision, weighted", better: "higher" },
  { name: "recallWeighted", title: "recall, weighted", better: "higher" },
  { name: "f1Weighted", title: "F1, weighted", better: "higher" },
  { name: "aucMacro", title: "AUC one against rest, macro", better: "higher" },
  { name: "aucWeighted", title: "AUC one against rest, weighted", better: "higher" },
];

/** Prepares rows whose scores have the shape (rows, classes). A resample is O(rows · classes). */
export function classFigures({ labels, scores }: TaskRows, classes: number): Figures {
  const rows = labels.length;
  const decided = decidedClasses(scores, classes);
  const columns = Array.from({ length: classes }, (_, own) => {
    const column = Float64Array.from({ length: rows }, (__, row) => scores[row * classes + own]!);
    const order = orderByScore(column);
    const endsTie = Uint8Array.from(order, (row, place) => Number(column[row] !== column[order[place + 1] ?? -1]));
    return { order, endsTie };
  });
  return (weights) => {
    const cells = confusionMatrix(labels, decided, classes, weights);
    const [macro, weighted] = [classAverages(cells, classes, "macro"), classAverages(cells, classes, "weighted")];
    const total = cells.reduce((sum, cell) => sum + cell, 0);
    let right = 0;
    for (let own = 0; own < classes; own += 1) right += cells[own * classes + own]!;
    const shares = Float64Array.from({ length: classes }, (_, own) =>
      cells.subarray(own * classes, (own + 1) * classes).reduce((sum, cell) => sum + cell, 0),
    );
    const areas = columns.map(({ order, endsTie }, own) => areaOf(own, labels, order, endsTie, weights));
    return [
      classLogLoss(labels, scores, classes, weights),
      right / total,
      macro.precision,
      macro.recall,
      macro.f1,
      weighted.precision,
      weighted.recall,
      weighted.f1,
      areas.reduce((sum, each) => sum + each, 0) / classes,
      areas.reduce((sum, each, own) => sum + each * shares[own]!, 0) / total,
    ];
  };
}

/** The area under the ROC curve of one class against the rest, of rows in the order of their scores; NaN where either never came. */
function areaOf(
  own: number,
  labels: Float64Array,
  order: Uint32Array,
  endsTie: Uint8Array,
  weights?: Float64Array,
): number {
  let [found, alarms, foundBefore, alarmsBefore, area] = [0, 0, 0, 0, 0];
  for (let place = 0; place < order.length; place += 1) {
    const row = order[place]!;
    const weight = weights === undefined ? 1 : weights[row]!;
    if (labels[row] === own) found += weight;
    else alarms += weight;
    if (endsTie[place] === 0) continue;
    area += (alarms - alarmsBefore) * (found + foundBefore);
    foundBefore = found;
    alarmsBefore = alarms;
  }
  return area / 2 / (found * alarms);
}

/** One class on its own. */
export interface ClassFigures {
  readonly name: string;
  /** Rows of the class, and rows that were called it. */
  readonly rows: number;
  readonly called: number;
  readonly precision: number | null;
  readonly recall: number | null;
  readonly f1: number | null;
}

/** Which class came and which was called. */
export interface ConfusionFigures {
  readonly classes: readonly ClassFigures[];
  /** Rows by class that came (row) and class that was called (column). */
  readonly cells: readonly (readonly number[])[];
}

/** The confusion matrix with every class on its own. */
export function confusionFigures({ labels, scores }: TaskRows, names: readonly string[]): ConfusionFigures {
  const classes = names.length;
  const cells = confusionMatrix(labels, decidedClasses(scores, classes), classes);
  const ratio = (above: number, below: number): number | null => (below > 0 ? above / below : null);
  return {
    classes: names.map((name, own) => {
      let [rows, called] = [0, 0];
      for (let other = 0; other < classes; other += 1) {
        rows += cells[own * classes + other]!;
        called += cells[other * classes + own]!;
      }
      const right = cells[own * classes + own]!;
      return {
        name,
        rows,
        called,
        precision: ratio(right, called),
        recall: ratio(right, rows),
        f1: ratio(2 * right, rows + called),
      };
    }),
    cells: names.map((_, own) => [...cells.subarray(own * classes, (own + 1) * classes)]),
  };
}
