// How a model does on rows whose outcome is known by now. Log loss alone cannot be held against a fixed bound: it moves
// with how hard the rows are. The scores themselves say how much loss to expect were they true, row by row, and how far
// chance alone can move it; what is judged is the loss beyond that, in standard errors. No second data set is needed.

import { areaUnderRoc, rowLogLoss, type Scores } from "../define/define.ts";

/** When performance counts as dropped, and what to compare with. */
export interface PerformanceOptions {
  /** Standard errors of log loss above what calibrated scores would give that count as dropped. */
  readonly sigmas: number;
  /** Fewest labelled rows to judge by. */
  readonly leastRows: number;
  /** The block of each row, such as its day, shape (rows): allows for rows of a block that go wrong together. */
  readonly blocks?: Int32Array | readonly number[];
  /** An AUC to compare with, from training say, and its standard error where that is known (default 0). */
  readonly reference?: { readonly auc: number; readonly standardError?: number };
}

/** A fall of the AUC from a reference. */
export interface AucDrop {
  readonly reference: number;
  /** Reference less observed: above zero is worse now. */
  readonly drop: number;
  /** Of the drop: the observed AUC's own and the reference's together. */
  readonly standardError: number;
}

/** A model's performance on labelled rows; without rows every figure is null. */
export interface Performance {
  /**
   * "dropped" when `z` is above `sigmas`, "tooFewRows" when there are fewer than `leastRows`, else "ok".
   * The AUC's drop is for people to read and decides nothing: a harder mix of rows lowers it too.
   */
  readonly verdict: "ok" | "dropped" | "tooFewRows";
  readonly rowCount: number;
  /** Mean, in nats. */
  readonly logLoss: number | null;
  /** Null also where there is one class only. */
  readonly auc: number | null;
  /** Share of positive labels. */
  readonly labelRate: number | null;
  readonly meanScore: number | null;
  /** The mean log loss, in nats, that these scores would have on average were they calibrated. */
  readonly expectedLogLoss: number | null;
  /** Of `logLoss` were the scores calibrated, in nats. */
  readonly standardError: number | null;
  /** (logLoss − expectedLogLoss) / standardError: above zero is worse than the scores promised. */
  readonly z: number | null;
  /** Null without a reference or without an AUC. */
  readonly aucDrop: AucDrop | null;
}

// Scores that are all one half lose ln 2 whatever happens; a least spread keeps rounding from being judged there.
const LEAST_ROW_ERROR = 1e-9;

/**
 * A model's performance, and whether its loss is beyond what its own scores promise.
 *
 * `labels` and `scores` have shape (rows). Were score p true, a row's loss would have mean −p ln p − (1−p) ln(1−p) and
 * variance p(1−p) · ln²(p/(1−p)); `z` sums both over the rows. This is Spiegelhalter's test of calibration (1986,
 * "Probabilistic prediction in patient management and clinical trials", Statistics in Medicine 5) with the logarithmic
 * score for his quadratic one; Seillier-Moiseiwitsch and Dawid 1993, "On testing the validity of sequential probability
 * forecasts", give the general form. It is one-sided: a model that is too timid, or useless but calibrated, passes.
 * Without `blocks` rows are independent given their scores; with them the standard error is the larger of the above and
 * the cluster-robust one (Liang and Zeger 1986, "Longitudinal data analysis using generalized
 * linear models", times B/(B−1)). Throws a RangeError if the lengths differ or a
 * score is not a probability.
 */
export function performanceOf(labels: Uint8Array, scores: Scores, options: PerformanceOptions): Performance {
  const rowCount = labels.length;
  const auc = numberOrNull(areaUnderRoc(labels, scores));
  if (rowCount === 0) return withoutRows;
  let loss = 0;
  let expected = 0;
  let variance = 0;
  let positives = 0;
  let scoreSum = 0;
  const excess = new Float64Array(rowCount);
  for (let row = 0; row < rowCount; row += 1) {
    const score = scores[row]!;
    if (!(score >= 0 && score <= 1)) throw new RangeError(`Score ${score} of row ${row} is not a probability.`);
    const ifTrue = rowLogLoss(1, score);
    const ifFalse = rowLogLoss(0, score);
    const chance = Math.exp(-ifTrue);
    const observed = labels[row] === 0 ? ifFalse : ifTrue;
    const promised = chance * ifTrue + (1 - chance) * ifFalse;
    loss += observed;
    expected += promised;
    variance += chance * (1 - chance) * (ifFalse - ifTrue) ** 2;
    positives += labels[row] === 0 ? 0 : 1;
    scoreSum += score;
    excess[row] = observed - promised;
  }
  const between = options.blocks ? varianceBetween(options.blocks, excess) : 0;
  const spread = Math.max(Math.sqrt(Math.max(variance, between)), LEAST_ROW_ERROR * rowCount);
  const z = (loss - expected) / spread;
  return {
    verdict: rowCount < options.leastRows ? "tooFewRows" : z > options.sigmas ? "dropped" : "ok",
    rowCount,
    logLoss: loss / rowCount,
    auc,
    labelRate: positives / rowCount,
    meanScore: scoreSum / rowCount,
    expectedLogLoss: expected / rowCount,
    standardError: spread / rowCount,
    z,
    aucDrop: auc === null ? null : aucDropOf(auc, positives, rowCount - positives, options.reference),
  };
}

const withoutRows: Performance = Object.freeze({
  verdict: "tooFewRows",
  rowCount: 0,
  logLoss: null,
  auc: null,
  labelRate: null,
  meanScore: null,
  expectedLogLoss: null,
  standardError: null,
  z: null,
  aucDrop: null,
});

function numberOrNull(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

// The variance of the summed excess when only blocks are independent; about the mean, so that a steady drop does not hide itself.
function varianceBetween(blocks: Int32Array | readonly number[], excess: Float64Array): number {
  if (blocks.length !== excess.length) throw new RangeError(`${excess.length} rows, but ${blocks.length} block ids.`);
  const mean = excess.reduce((sum, each) => sum + each, 0) / excess.length;
  const sums = new Map<number, number>();
  excess.forEach((each, row) => {
    const block = blocks[row]!;
    sums.set(block, (sums.get(block) ?? 0) + each - mean);
  });
  if (sums.size < 2) return 0;
  const squares = [...sums.values()].reduce((total, sum) => total + sum * sum, 0);
  return (squares * sums.size) / (sums.size - 1);
}

function aucDropOf(
  auc: number,
  positives: number,
  negatives: number,
  reference: PerformanceOptions["reference"],
): AucDrop | null {
  if (!reference) return null;
  const own = aucStandardError(auc, positives, negatives);
  return {
    reference: reference.auc,
    drop: reference.auc - auc,
    standardError: Math.hypot(own, reference.standardError ?? 0),
  };
}

/**
 * The standard error of an AUC from its value and the number of rows of each class.
 *
 * Hanley and McNeil 1982, "The meaning and use of the area under a ROC curve", Radiology 143, equation 1 with the
 * exponential approximation of Q₁ and Q₂ (equation 2); up to 40 % too wide where the classes' spreads differ.
 * NaN if a count is 0.
 */
export function aucStandardError(auc: number, positives: number, negatives: number): number {
  const square = auc * auc;
  const twoPositives = auc / (2 - auc) - square;
  const twoNegatives = (2 * square) / (1 + auc) - square;
  const variance = auc * (1 - auc) + (positives - 1) * twoPositives + (negatives - 1) * twoNegatives;
  return Math.sqrt(variance / (positives * negatives));
}
