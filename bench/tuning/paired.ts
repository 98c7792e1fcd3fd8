// Regret, and whether one side has less of it than another: the same tasks and seeds on both, so the difference is what is resampled.

/** Values so far best, true ones, per trial: one curve per seed. */
export type Curves = Readonly<Record<string, readonly (readonly number[])[]>>;

/** What makes a task's values comparable with another's. */
export interface Scale {
  readonly optimum: number;
  /** The median best of ten random trials. */
  readonly ten: number;
}

/** Normalised regret after so many trials, per task and seed: 0 is the optimum, 1 is ten random trials; at most 2. */
export function regrets(
  curves: Curves,
  scales: Readonly<Record<string, Scale>>,
  trials: number,
): readonly (readonly number[])[] {
  return Object.entries(curves).map(([name, seeds]) => {
    const { optimum, ten } = scales[name]!;
    return seeds.map((curve) => Math.min(2, Math.max(0, (curve[trials - 1]! - optimum) / (ten - optimum))));
  });
}

/** The mean of the tasks' means. */
export function meanOf(rows: readonly (readonly number[])[]): number {
  return mean(rows.map(mean));
}

/** The mean difference of two sides and its bootstrap 95 % interval: tasks are drawn, then seeds of each. */
export function difference(
  left: readonly (readonly number[])[],
  right: readonly (readonly number[])[],
  next: () => number,
  resamples = 4000,
): { readonly mean: number; readonly low: number; readonly high: number } {
  const pairs = left.map((seeds, task) =>
    seeds.slice(0, right[task]!.length).map((value, seed) => value - right[task]![seed]!),
  );
  const draw = <T>(list: readonly T[]): T => list[Math.floor(next() * list.length)]!;
  const means = Array.from({ length: resamples }, () =>
    mean(
      pairs.map(() => {
        const seeds = draw(pairs);
        return mean(seeds.map(() => draw(seeds)));
      }),
    ),
  ).sort((one, two) => one - two);
  return {
    mean: meanOf(pairs),
    low: means[Math.floor(resamples / 40) - 1]!,
    high: means[Math.floor(resamples * 0.975) - 1]!,
  };
}

function mean(list: readonly number[]): number {
  return list.reduce((sum, value) => sum + value, 0) / list.length;
}
