// All binary metrics of one resample in one pass. Rows stay as they are and only weights change, so what a row's loss is, where
// ties end and which rows are acted on is worked out once. A test holds this to the metrics themselves.

import { rowLogLoss } from "../../define/define.ts";
import {
  accuracy,
  balancedAccuracy,
  type Confusion,
  f1,
  matthewsCorrelation,
  precision,
  recall,
} from "../metrics/decision.ts";
import { binOf, CALIBRATION_BINS } from "../metrics/probability.ts";

/** Figures of weighted rows in the order of the binary metric set. */
export type ResampleFigures = (weights: Float64Array) => readonly number[];

const BEST_SHARE = 0.1;

/** Prepares rows whose scores descend; shapes (rows). The returned function is O(rows) and keeps nothing between calls. */
export function binaryResamples(labels: Float64Array, scores: Float64Array, threshold: number): ResampleFigures {
  const rows = labels.length;
  const isPositive = Uint8Array.from(labels, (label) => (label === 0 ? 0 : 1));
  const endsTie = Uint8Array.from(scores, (score, row) => (score === scores[row + 1] ? 0 : 1));
  const loss = Float64Array.from(scores, (score, row) => rowLogLoss(labels[row]!, score));
  const bins = Uint8Array.from(scores, (score) => binOf(score, CALIBRATION_BINS));
  let actedOn = 0;
  while (actedOn < rows && scores[actedOn]! >= threshold) actedOn += 1;
  const inBin = { score: new Float64Array(CALIBRATION_BINS), label: new Float64Array(CALIBRATION_BINS) };
  return (weights) => {
    const [positives, total] = totals(isPositive, weights);
    const negatives = total - positives;
    for (const sums of Object.values(inBin)) sums.fill(0);
    let [found, alarms, foundBefore, alarmsBefore] = [0, 0, 0, 0];
    let [rocArea, recallArea, furthest, losses, squares] = [0, 0, 0, 0, 0];
    let [calledTrue, calledFalse, best] = [0, 0, Number.NaN];
    const wanted = BEST_SHARE * total;
    for (let row = 0; row < rows; row += 1) {
      const weight = weights[row]!;
      const score = scores[row]!;
      const label = isPositive[row]!;
      const bin = bins[row]!;
      if (label === 1) found += weight;
      else alarms += weight;
      losses += weight * loss[row]!;
      squares += weight * (score - label) * (score - label);
      inBin.score[bin]! += weight * score;
      inBin.label[bin]! += weight * label;
      if (row + 1 === actedOn) [calledTrue, calledFalse] = [found, alarms];
      if (endsTie[row] === 0) continue;
      const [more, others] = [found - foundBefore, alarms - alarmsBefore];
      if (more + others === 0) continue;
      rocArea += others * (found + foundBefore);
      if (more > 0) recallArea += (more * found) / (found + alarms);
      furthest = Math.max(furthest, Math.abs(found / positives - alarms / negatives));
      if (Number.isNaN(best) && found + alarms >= wanted)
        best = foundBefore + (more * (wanted - foundBefore - alarmsBefore)) / (more + others);
      foundBefore = found;
      alarmsBefore = alarms;
    }
    const confusion: Confusion = {
      truePositive: calledTrue,
      falsePositive: calledFalse,
      falseNegative: positives - calledTrue,
      trueNegative: negatives - calledFalse,
    };
    const isOneClass = !(positives > 0 && negatives > 0);
    return [
      rocArea / 2 / (positives * negatives),
      positives > 0 ? recallArea / positives : Number.NaN,
      losses / total,
      squares / total,
      apartOf(inBin) / total,
      isOneClass ? Number.NaN : furthest,
      best / positives / BEST_SHARE,
      accuracy(confusion),
      balancedAccuracy(confusion),
      precision(confusion),
      recall(confusion),
      f1(confusion),
      matthewsCorrelation(confusion),
    ];
  };
}

function totals(isPositive: Uint8Array, weights: Float64Array): readonly [positives: number, total: number] {
  let positives = 0;
  let total = 0;
  for (let row = 0; row < weights.length; row += 1) {
    total += weights[row]!;
    if (isPositive[row] === 1) positives += weights[row]!;
  }
  return [positives, total];
}

function apartOf({ score, label }: { readonly score: Float64Array; readonly label: Float64Array }): number {
  return score.reduce((sum, each, bin) => sum + Math.abs(each - label[bin]!), 0);
}
