// What is done to a model's probabilities after it, so that of all rows said to have 0.3, three in ten come true. Fitted on rows that the model did not
// learn from, and part of the version: plain numbers, and what they do to a score is all here. A model of two classes has one step, of several classes one
// for each, and then what they give is made to add up to 1.

/** A logistic curve over the log-odds of a score: p = 1 / (1 + exp(−(slope · log-odds + intercept))). */
export interface LogisticStep {
  readonly slope: number;
  readonly intercept: number;
}

/** A rising curve of straight lines between points; level beyond the first and the last. Both of shape (points), scores ascending. */
export interface MonotoneStep {
  readonly scores: readonly number[];
  readonly probabilities: readonly number[];
}

/** A fitted calibration. */
export type Calibration = {
  /** How many rows it was fitted on. */
  readonly rows: number;
} & (
  | { readonly kind: "platt"; readonly steps: readonly LogisticStep[] }
  | { readonly kind: "isotonic"; readonly steps: readonly MonotoneStep[] }
);

/** Beyond this a float32 probability is 0 or 1 to all that follows. */
const MOST_LOG_ODDS = 17;

/** The log-odds of a probability, within ±17: what lies beyond cannot be told from certainty in float32. NaN stays NaN. */
export function logOdds(probability: number): number {
  return Math.min(Math.max(Math.log(probability / (1 - probability)), -MOST_LOG_ODDS), MOST_LOG_ODDS);
}

/** Calibrated probabilities, of the shape of `scores`: (rows), or (rows, classes) row-major for several steps. */
export function calibrateScores(calibration: Calibration, scores: Float32Array): Float32Array {
  const { steps } = calibration;
  const answered = Float64Array.from(scores, (score, place) => stepped(calibration, place % steps.length, score));
  if (steps.length > 1)
    for (let from = 0; from < answered.length; from += steps.length) {
      const row = answered.subarray(from, from + steps.length);
      const sum = row.reduce((total, each) => total + each, 0);
      for (let place = 0; place < row.length; place += 1) row[place] = sum > 0 ? row[place]! / sum : 1 / row.length;
    }
  return Float32Array.from(answered);
}

function stepped(calibration: Calibration, place: number, score: number): number {
  if (calibration.kind === "platt") {
    const { slope, intercept } = calibration.steps[place]!;
    return 1 / (1 + Math.exp(-(slope * logOdds(score) + intercept)));
  }
  return interpolated(calibration.steps[place]!, score);
}

/** A point of a monotone curve. NaN stays NaN. */
export function interpolated({ scores, probabilities }: MonotoneStep, score: number): number {
  if (Number.isNaN(score)) return score;
  const last = scores.length - 1;
  if (score <= scores[0]!) return probabilities[0]!;
  if (score >= scores[last]!) return probabilities[last]!;
  let [low, high] = [0, last];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (scores[middle]! <= score) low = middle;
    else high = middle;
  }
  const [x0, x1, y0, y1] = [scores[low]!, scores[high]!, probabilities[low]!, probabilities[high]!];
  return y0 + ((y1 - y0) * (score - x0)) / (x1 - x0);
}

/** A calibration from what somebody wrote down; undefined when it is none: a number that is none, a curve that falls, another number of steps. */
export function calibrationFrom(value: unknown, outputs: number): Calibration | undefined {
  const { kind, rows, steps } = (value ?? {}) as { readonly [K in "kind" | "rows" | "steps"]?: unknown };
  if (!Number.isSafeInteger(rows) || !Array.isArray(steps) || steps.length !== outputs) return undefined;
  const isRight = kind === "platt" ? isLogistic : kind === "isotonic" ? isMonotone : undefined;
  if (isRight === undefined || !steps.every((step) => typeof step === "object" && step !== null && isRight(step)))
    return undefined;
  return { kind, rows, steps } as Calibration;
}

function isLogistic({ slope, intercept }: Partial<LogisticStep>): boolean {
  return Number.isFinite(slope) && Number.isFinite(intercept);
}

function isMonotone({ scores, probabilities }: Partial<MonotoneStep>): boolean {
  if (!Array.isArray(scores) || !Array.isArray(probabilities) || scores.length === 0) return false;
  const rises = (values: readonly unknown[], isNext: (one: number, next: number) => boolean): boolean =>
    values.every(
      (each, place) => Number.isFinite(each) && (place === 0 || isNext(values[place - 1] as number, each as number)),
    );
  return (
    scores.length === probabilities.length &&
    rises(scores, (one, next) => one < next) &&
    rises(probabilities, (one, next) => one <= next) &&
    probabilities[0] >= 0 &&
    probabilities[probabilities.length - 1] <= 1
  );
}
