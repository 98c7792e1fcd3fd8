import type { Trial } from "./trial.ts";

/**
 * What a pruned trial would have come to, by its rank among the complete ones where it was stopped: their value of the same rank. So reports may be of another
 * measure than values, as a loss is of an area. Undefined where no complete trial reported that far.
 */
export function prunedValue({ curve }: Trial, trials: readonly Trial[]): number | undefined {
  const [last, own] = [curve.steps.at(-1), curve.bests.at(-1)];
  if (last === undefined || own === undefined) return undefined;
  const peers = trials.filter(
    ({ state, violation, curve: { steps } }) => state === "complete" && violation === 0 && (steps.at(-1) ?? -1) >= last,
  );
  if (peers.length === 0) return undefined;
  const better = peers.filter(({ curve: { steps, bests } }) => {
    const after = steps.findIndex((step) => step > last);
    return (bests.at(after < 0 ? -1 : after - 1) ?? Number.POSITIVE_INFINITY) < own;
  }).length;
  const values = peers.map(({ value }) => value).sort((left, right) => left - right);
  return values[Math.min(better, values.length - 1)];
}
