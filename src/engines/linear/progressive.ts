// Progressive validation: each row is answered before it is learnt from, and judged by that answer. Beside it stand what needs no learning at all: the mean of
// the labels so far, and the label before; on data that hangs together in time the second is hard to beat.

import type { LinearModel } from "./artifact.ts";

/** Losses over the rows so far, and what they are compared with. */
export interface Progress {
  add(answer: number, label: number): void;
  readonly rows: number;
  /** By name: `progressive-logloss` or `progressive-rmse`, and so on. */
  metrics(): Readonly<Record<string, number>>;
}

const LEAST = 1e-15;

/** Counts from nothing. */
export function progress(link: LinearModel["link"]): Progress {
  return link === "logistic" ? ofProbabilities() : ofNumbers();
}

function ofProbabilities(): Progress {
  let rows = 0;
  let loss = 0;
  let ofMean = 0;
  let right = 0;
  let asBefore = 0;
  let positives = 0;
  let before = Number.NaN;
  const logLoss = (answer: number, label: number): number => {
    const probability = Math.min(Math.max(answer, LEAST), 1 - LEAST);
    return -Math.log(label === 1 ? probability : 1 - probability);
  };
  return {
    add: (answer, label) => {
      loss += logLoss(answer, label);
      // Laplace's rule of succession: no label yet is a half.
      ofMean += logLoss((positives + 1) / (rows + 2), label);
      right += Number(answer > 0.5 === (label === 1));
      asBefore += Number(label === before);
      positives += label;
      before = label;
      rows += 1;
    },
    get rows() {
      return rows;
    },
    metrics: () => ({
      "progressive-logloss": loss / rows,
      "progressive-accuracy": right / rows,
      "mean-logloss": ofMean / rows,
      "last-accuracy": asBefore / rows,
    }),
  };
}

function ofNumbers(): Progress {
  let rows = 0;
  let squares = 0;
  let ofMean = 0;
  let asBefore = 0;
  let sum = 0;
  let before = 0;
  return {
    add: (answer, label) => {
      squares += (answer - label) ** 2;
      ofMean += ((rows === 0 ? 0 : sum / rows) - label) ** 2;
      asBefore += (before - label) ** 2;
      sum += label;
      before = label;
      rows += 1;
    },
    get rows() {
      return rows;
    },
    metrics: () => ({
      "progressive-rmse": Math.sqrt(squares / rows),
      "mean-rmse": Math.sqrt(ofMean / rows),
      "last-rmse": Math.sqrt(asBefore / rows),
    }),
  };
}
