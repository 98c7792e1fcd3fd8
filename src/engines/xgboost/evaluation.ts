// Reading XGBoost's line of metrics, and early stopping as Python's EarlyStopping callback decides it.

import type { TrainingStep } from "../../ports/trainer.ts";

/** `[3]\ttrain-logloss:0.5` as a step; rounds count from 1 here and from 0 in XGBoost. */
export function stepOf(line: string): TrainingStep {
  const [place = "", ...parts] = line.split("\t");
  const metrics = parts.map((part) => {
    const colon = part.lastIndexOf(":");
    return [part.slice(0, colon), numberOf(part.slice(colon + 1))] as const;
  });
  return { round: Number.parseInt(place.slice(1), 10) + 1, metrics: Object.fromEntries(metrics) };
}

function numberOf(text: string): number {
  const unsigned = text.trim().replace(/^[-+]/, "").toLowerCase();
  if (unsigned.startsWith("nan")) return Number.NaN;
  if (unsigned.startsWith("inf")) return text.trim().startsWith("-") ? -Infinity : Infinity;
  return Number(text);
}

const GROWING = /^(auc|aucpr|pre|map|ndcg)(@.*|-)?$|^interval-regression-accuracy$/;

/** Whether a metric gets better as it grows. */
export function isGrowing(metric: string): boolean {
  return GROWING.test(metric);
}

/** A metric that is not the library's: its name, and whether it gets better as it grows. */
export interface OwnMetric {
  readonly name: string;
  readonly isGrowing: boolean;
}

/** The library's line of metrics with one more, of the validation rows. */
export function lineWith(line: string, name: string, value: number): string {
  return `${line}\tvalidate-${name}:${Number.isNaN(value) ? "nan" : Math.abs(value) === Infinity ? `${value > 0 ? "" : "-"}inf` : value}`;
}

function grows(metric: string, own: OwnMetric | undefined): boolean {
  const name = metric.slice("validate-".length);
  return name === own?.name ? own.isGrowing : isGrowing(name);
}

/** The best round of a metric so far. */
export interface BestRound {
  readonly round: number;
  readonly score: number;
}

/** A step with its loss: the last validation metric, turned so that lower is better. */
export function judged(step: TrainingStep, own?: OwnMetric): TrainingStep {
  const last = lastValidation(step);
  const score = last === undefined ? undefined : step.metrics[last];
  if (last === undefined || score === undefined) return step;
  return { ...step, loss: grows(last, own) ? -score : score };
}

function lastValidation({ metrics }: TrainingStep): string | undefined {
  return Object.keys(metrics).findLast((name) => name.startsWith("validate-"));
}

/** The better of the best round so far and a new step, judged by the last validation metric; NaN never wins. */
export function betterRound(best: BestRound | undefined, step: TrainingStep, own?: OwnMetric): BestRound | undefined {
  const last = lastValidation(step);
  const score = last === undefined ? Number.NaN : (step.metrics[last] ?? Number.NaN);
  if (last === undefined || Number.isNaN(score)) return best;
  const wins = !best || (grows(last, own) ? score > best.score : score < best.score);
  return wins ? { round: step.round, score } : best;
}

/** A number as Python's `str` writes it, so that a saved attribute has the bytes Python would have saved. */
export function pythonNumber(value: number): string {
  const size = Math.abs(value);
  if (size === Infinity) return value > 0 ? "inf" : "-inf";
  if (size !== 0 && (size < 1e-4 || size >= 1e16)) return value.toExponential().replace(/e([-+])(\d)$/, "e$10$2");
  return Number.isInteger(value) ? `${value}.0` : String(value);
}
