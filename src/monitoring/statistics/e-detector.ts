// Evidence that adds up over an ordered run of windows, so that a small lasting change is found and a long run of none is not punished.
// Each component bets on being above and on being below, at several stakes; what the bets would have won, begun at every window so far,
// is their evidence. When nothing has changed no bet gains on average, whatever the components have to do with each other.

/** One component's bets in one window: the logarithm of what each multiplies its stake by. */
export type Bets = readonly number[];

/** What the bets of a component have won: one figure per bet, 0 before the first window. */
export type Winnings = readonly number[];

const STAKES = [0.25, 0.5, 1, 2, 3.5];
const ODDS = [1.2, 1.5, 2, 4, 12];

/** Bets on a figure being farther from 0 than `slack`, in standard errors of one window: of a normal variable's likelihood ratio. */
export function normalBets(z: number, slack: number): Bets {
  return [1, -1].flatMap((side) => STAKES.map((stake) => stake * (side * z - slack) - (stake * stake) / 2));
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
