// What became of the predictions that one version was asked for, and how long scoring them took: counts alone, kept from its loading on.
// Times go into buckets that each reach a quarter further than the one before, so that a percentile is known to a quarter.

/** What a version has answered. */
export interface VersionTally {
  answered: number;
  failed: number;
  /** How many took how long: bucket `b` reaches up to FIRST_MS × GROWTH^b milliseconds. */
  readonly times: number[];
}

const FIRST_MS = 0.05;
const GROWTH = 1.25;
const MOST = 64;

/** A tally of nothing. */
export function newTally(): VersionTally {
  return { answered: 0, failed: 0, times: new Array<number>(MOST).fill(0) };
}

/** Notes `rows` predictions that were scored together in `milliseconds`. */
export function tallyAnswered(tally: VersionTally, rows: number, milliseconds: number): void {
  tally.answered += rows;
  const bucket = milliseconds <= FIRST_MS ? 0 : Math.ceil(Math.log(milliseconds / FIRST_MS) / Math.log(GROWTH));
  const place = Math.min(bucket, MOST - 1);
  tally.times[place] = (tally.times[place] ?? 0) + rows;
}

/** What is seen now and was not when `before` was noted; all of it where it began anew since. */
export function tallySince({ answered, failed, times }: VersionTally, before: VersionTally | undefined): VersionTally {
  if (!before || before.answered > answered || before.failed > failed) return { answered, failed, times: [...times] };
  return {
    answered: answered - before.answered,
    failed: failed - before.failed,
    times: times.map((count, place) => count - (before.times[place] ?? 0)),
  };
}

/** The milliseconds within which a share of the answers came, from above and to a quarter; NaN when there are none. */
export function tallyQuantile(times: readonly number[], share: number): number {
  const all = times.reduce((sum, count) => sum + count, 0);
  let seen = 0;
  for (const [place, count] of times.entries()) {
    seen += count;
    if (count > 0 && seen >= share * all) return FIRST_MS * GROWTH ** place;
  }
  return Number.NaN;
}
