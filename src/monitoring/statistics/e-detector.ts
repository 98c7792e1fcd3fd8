// Evidence that adds up over an ordered run of windows, so that a small lasting change is found and a long run of none is not punished.
// Each component bets on being above and on being below, at several stakes; what the bets would have won, begun at every window so far,
// is their evidence. When nothing has changed no bet gains on average, whatever the components have to do with each other.

/** One component's bets in one window: the logarithm of what each multiplies its stake by. */
export type Bets = readonly number[];

/** What the bets of a component have won: one figure per bet, 0 before the first window. */
export type Winnings = readonly number[];

const STAKES = [0.25, 0.5, 1, 2, 3.5];
const ODDS = [1.2, 1.5, 2, 4, 12];

/** Bets that win and lose nothing: those of a window that a component cannot be asked about. */
export const noBets: Bets = [...STAKES, ...STAKES].map(() => 0);

/** How a score of rows is distributed in a reference: the masses (any total) and the score of each cell, of mean 0 and variance 1 under them. */
export interface ScoreMasses {
  readonly masses: ArrayLike<number>;
  readonly scores: readonly number[];
  /** Rows that the masses were counted in. */
  readonly rows: number;
}

/** What a window's mean score may be when nothing has changed. */
export interface Allowance {
  readonly centre: number;
  /** How far from the centre it may lie, to either side. */
  readonly slack: number;
  /** Variance from window to window beyond that of chance. */
  readonly between: number;
  /** By how many of its standard errors the reference may be wrong. */
  readonly margin: number;
}

/**
 * Bets on a window's mean score lying farther from `centre` than `slack`: s·z less the cumulant that the reference's own masses give a
 * sum of so many rows, so that skewed scores of few rows win nothing on average either (Cramér's exponential martingale). The masses are
 * tilted to the mean that is allowed, and bounded from above by what their own counts leave open (Wilson's limits 1927, of a bounded mean).
 */
export function scoreBets(
  { masses, scores, rows: counted }: ScoreMasses,
  now: { readonly value: number; readonly rows: number },
  { centre, slack, between, margin }: Allowance,
): Bets {
  const error = Math.sqrt(1 / now.rows + between);
  return [1, -1].flatMap((side) => {
    const own = scores.map((score) => side * score);
    const weights = tiltedTo(masses, own, side * centre + slack);
    return STAKES.map((stake) => {
      const step = stake / (now.rows * error);
      const won = step * now.rows * side * now.value;
      return won - now.rows * cumulantBound(weights, own, step, margin, counted) - ((stake / error) ** 2 * between) / 2;
    });
  });
}

/** The masses, as shares, exponentially tilted until the scores' mean is as asked, or as near as it can be. */
function tiltedTo(masses: ArrayLike<number>, scores: readonly number[], mean: number): readonly number[] {
  const at = (tilt: number): readonly number[] => {
    const top = scores.reduce(
      (most, score, cell) => (masses[cell]! > 0 ? Math.max(most, tilt * score) : most),
      -Infinity,
    );
    const raw = scores.map((score, cell) => (masses[cell]! > 0 ? masses[cell]! * Math.exp(tilt * score - top) : 0));
    const total = raw.reduce((sum, weight) => sum + weight, 0);
    return raw.map((weight) => weight / total);
  };
  if (mean === 0) return at(0);
  let [low, high] = mean > 0 ? [0, 50] : [-50, 0];
  for (let pass = 0; pass < 40; pass += 1) {
    const middle = (low + high) / 2;
    const reached = at(middle).reduce((sum, weight, cell) => sum + weight * scores[cell]!, 0);
    if (reached < mean) low = middle;
    else high = middle;
  }
  return at(high);
}

/** The logarithm of the most that the mean of e^(step·score) may be, where these shares are an estimate from so many rows. */
function cumulantBound(
  weights: readonly number[],
  scores: readonly number[],
  step: number,
  margin: number,
  counted: number,
): number {
  // Relative to the greatest, so that nothing overflows; that one may lie in a cell which the reference left empty.
  const top = step * scores.reduce((most, score) => Math.max(most, score), -Infinity);
  let [mean, square] = [0, 0];
  for (let cell = 0; cell < scores.length; cell += 1) {
    const power = Math.exp(step * scores[cell]! - top);
    mean += weights[cell]! * power;
    square += weights[cell]! * power * power;
  }
  const half = (margin * margin) / (2 * Math.max(1, counted));
  const variance = Math.max(0, square - mean * mean) / Math.max(1, counted);
  return top + Math.log(Math.min(1, mean + half + margin * Math.sqrt(variance + (half / margin || 0) ** 2)));
}

/** Bets on a share being above `high` or below `low`: likelihood ratios of odds so many times as large, exact for few rows too. */
export function shareBets(hits: number, rows: number, low: number, high: number): Bets {
  const ratio = (of: number, misses: number, from: number, factor: number): number => {
    if (from <= 0 || from >= 1) return from <= 0 && of > 0 && factor > 1 ? Number.MAX_VALUE : 0;
    const scale = 1 - from + factor * from;
    return of * Math.log(factor / scale) - misses * Math.log(scale);
  };
  const misses = rows - hits;
  return [
    ...ODDS.map((odds) => ratio(hits, misses, high, odds)),
    ...ODDS.map((odds) => ratio(misses, hits, 1 - low, odds)),
  ];
}

// Beyond this nothing is added; a figure that overflowed could not be kept as JSON.
const MOST = 1e100;

/**
 * The winnings after one more window: (R + 1)·e for each bet.
 *
 * The Shiryaev–Roberts e-detector (Shin, Ramdas and Rinaldo 2022, arXiv 2203.03532): R less the number of windows is a supermartingale, so
 * the mean run until an average of such figures reaches 1/p is at least 1/p, and its chance within k windows at most k·p.
 */
export function afterWindow(before: Winnings, bets: Bets): Winnings {
  return bets.map((bet, place) => Math.min(MOST, ((before[place] ?? 0) + 1) * Math.exp(Math.min(bet, 230))));
}

/** The evidence of some components' winnings: their average. */
export function evidenceOf(winnings: readonly Winnings[]): number {
  let [sum, count] = [0, 0];
  for (const component of winnings)
    for (const won of component) {
      sum += won;
      count += 1;
    }
  return count === 0 ? 0 : sum / count;
}
