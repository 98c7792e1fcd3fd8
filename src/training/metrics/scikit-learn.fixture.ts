// Rows and what scikit-learn says of them, as scikit-learn.fixture.py writes them; `heldToOracle` compares ours.

import { expect } from "vitest";
import * as ours from "./metrics.ts";
import type { Weights } from "./weighted-rows.ts";

interface Rows {
  readonly labels: readonly number[];
  readonly scores: readonly number[];
  readonly weights: readonly number[] | null;
}
type Case<Expected, Extra = unknown> = Rows & Extra & { readonly expected: Expected };

/** What the generator writes. */
export interface OracleCases {
  readonly binary: readonly Case<Readonly<Record<string, number | null | readonly number[]>>>[];
  readonly regression: readonly Case<Readonly<Record<string, number>>>[];
  readonly ranking: readonly Case<Readonly<Record<string, number>>, { readonly starts: readonly number[] }>[];
  readonly multiclass: readonly Case<
    { readonly [name: string]: number | Readonly<Record<string, number>> },
    { readonly classes: number }
  >[];
}

/** Holds every family to the oracle, to 1e-9. */
export function heldToOracle(cases: OracleCases): void {
  for (const each of cases.binary) compare(each.expected, binary(each));
  for (const each of cases.regression) compare(each.expected, regression(each));
  for (const each of cases.ranking) compare(each.expected, ranking(each));
  for (const each of cases.multiclass) compare(each.expected, multiclass(each));
}

const weightsOf = ({ weights }: Rows): Weights => weights ?? undefined;

function binary(rows: Rows): Readonly<Record<string, unknown>> {
  const { labels, scores } = rows;
  const weights = weightsOf(rows);
  const confusion = ours.confusionAt(0.5, labels, scores, weights);
  return {
    auc: ours.rocAuc(labels, scores, weights),
    averagePrecision: ours.averagePrecision(labels, scores, weights),
    ks: ours.kolmogorovSmirnov(labels, scores, weights),
    logLoss: ours.binaryLogLoss(labels, scores, weights),
    brier: ours.brierScore(labels, scores, weights),
    ece: ours.expectedCalibrationError(labels, scores, weights),
    accuracy: ours.accuracy(confusion),
    balancedAccuracy: ours.balancedAccuracy(confusion),
    precision: ours.precision(confusion),
    recall: ours.recall(confusion),
    f1: ours.f1(confusion),
    mcc: ours.matthewsCorrelation(confusion),
  };
}

function regression(rows: Rows): Readonly<Record<string, unknown>> {
  const { labels, scores } = rows;
  const weights = weightsOf(rows);
  return {
    mae: ours.meanAbsoluteError(labels, scores, weights),
    rmse: ours.rootMeanSquaredError(labels, scores, weights),
    mape: ours.meanAbsolutePercentageError(labels, scores, weights),
    pinball: ours.pinballLoss(0.9, labels, scores, weights),
    r2: ours.rSquared(labels, scores, weights),
    poisson: ours.poissonDeviance(labels, scores, weights),
    gamma: ours.gammaDeviance(labels, scores, weights),
    tweedie: ours.tweedieDeviance(1.5, labels, scores, weights),
    tweedieBelow: ours.tweedieDeviance(-1, labels, scores, weights),
    squared: ours.tweedieDeviance(0, labels, scores, weights),
  };
}

function ranking({ starts, labels, scores }: OracleCases["ranking"][number]): Readonly<Record<string, unknown>> {
  const all = Number.POSITIVE_INFINITY;
  return {
    ndcg3: ours.ndcgAt(3, starts, labels, scores, "linear"),
    ndcgAll: ours.ndcgAt(all, starts, labels, scores, "linear"),
    ndcgExponential5: ours.ndcgAt(5, starts, labels, scores),
    mapAll: ours.meanAveragePrecisionAt(all, starts, labels, scores),
  };
}

function multiclass(rows: OracleCases["multiclass"][number]): Readonly<Record<string, unknown>> {
  const { labels, scores, classes } = rows;
  const weights = weightsOf(rows);
  const decided = ours.decidedClasses(scores, classes);
  const cells = ours.confusionMatrix(labels, decided, classes, weights);
  return {
    accuracy: ours.classAccuracy(labels, decided, weights),
    logLoss: ours.classLogLoss(labels, scores, classes, weights),
    macro: ours.classAverages(cells, classes, "macro"),
    micro: ours.classAverages(cells, classes, "micro"),
    weighted: ours.classAverages(cells, classes, "weighted"),
    macroAuc: ours.oneVersusRestAuc(labels, scores, classes, "macro", weights),
    weightedAuc: ours.oneVersusRestAuc(labels, scores, classes, "weighted", weights),
  };
}

function compare(expected: Readonly<Record<string, unknown>>, actual: Readonly<Record<string, unknown>>): void {
  for (const [name, value] of Object.entries(expected)) {
    const own = actual[name];
    if (own === undefined) continue;
    if (typeof value === "number") {
      const apart = Math.abs((own as number) - value);
      expect(apart, `${name}: ${String(own)}, not ${value}`).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(value)));
    } else if (value === null) expect(own, name).toBeNaN();
    else compare(value as Record<string, unknown>, own as Record<string, unknown>);
  }
}
