// Tree-structured Parzen estimator (Bergstra et al. 2011), multivariate, with pending trials counted as bad ("constant liar"): what is proposed is
// likely among the good trials and unlikely among the rest.

import { isAmong, type Point } from "./encoding.ts";
import { parzen } from "./parzen.ts";
import { randomPoint } from "./plain-samplers.ts";
import { type Question, ranked, type Trial } from "./trial.ts";

/** Trials that are drawn evenly before the densities mean anything. */
const STARTUP = 10;
const CANDIDATES = 24;
/** As many newest trials weigh in full; older ones less and less. */
const FRESH = 25;

/** The tree-structured Parzen estimator. */
export function tpeSampler(question: Question): Point {
  const { encoding, trials, random } = question;
  const finished = ranked(trials);
  if (finished.length < STARTUP) return randomPoint(encoding, random);
  const { good, bad } = densities(question, finished);
  const taken = trials.map((trial) => trial.point);
  let best: Point | undefined;
  let most = Number.NEGATIVE_INFINITY;
  for (let drawn = 0; drawn < CANDIDATES; drawn += 1) {
    const point = good.draw(random);
    const promise = good.logDensity(point) - bad.logDensity(point);
    if (best !== undefined && promise <= most) continue;
    const gain = isAmong(taken, point) ? promise - 1e6 : promise;
    if (best === undefined || gain > most) [best, most] = [point, gain];
  }
  return best!;
}

function densities({ encoding, trials }: Question, finished: readonly Trial[]) {
  const count = Math.min(Math.ceil(0.1 * finished.length), 25);
  const byAge = (left: Trial, right: Trial): number => left.id - right.id;
  const good = finished.slice(0, count).sort(byAge);
  const pending = trials.filter(({ state }) => state === "running");
  const bad = [...finished.slice(count), ...pending].sort(byAge);
  const density = (some: readonly Trial[]) =>
    parzen(
      encoding,
      some.map(({ point }) => point),
      weights(some.length),
    );
  return { good: density(good), bad: density(bad) };
}

/** 1 for each of a few; else a ramp from 1/n to 1 over the old ones. */
function weights(count: number): readonly number[] {
  const old = Math.max(0, count - FRESH);
  return Array.from({ length: count }, (_, index) =>
    index < old ? 1 / count + (1 - 1 / count) * (old > 1 ? index / (old - 1) : 0) : 1,
  );
}
