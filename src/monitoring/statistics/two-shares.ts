import { beyondFloor, type Finding, neededBeyond, type Statistic } from "./finding.ts";
import { hypergeometricBeyond } from "./tails.ts";

/** Marked rows of all rows. */
export interface Share {
  readonly hits: number;
  readonly rows: number;
}

/** How far two shares are apart, in radians: h of Cohen 1988, whose error hardly depends on the shares. */
export const cohensH = (from: number, to: number): number =>
  2 * Math.asin(Math.sqrt(to)) - 2 * Math.asin(Math.sqrt(from));

const FEW = 200;

/** Whether a window's share is the reference's: the hypergeometric distribution where few are expected, else the normal one. */
export function shareFinding(statistic: Statistic, reference: Share, window: Share, floor = 0): Finding | undefined {
  const { hits: before, rows: m } = reference;
  const { hits: after, rows: n } = window;
  if (m === 0 || n === 0 || before + after === 0) return undefined;
  const all = n + m;
  const hits = before + after;
  const [from, to] = [before / m, after / n];
  const value = cohensH(from, to);
  const error = Math.sqrt(1 / n + 1 / m);
  // The rarer answer decides how far the normal curve can be trusted.
  const expected = (Math.min(hits, all - hits) * Math.min(n, m)) / all;
  const pooled = hits / all;
  const exact =
    expected < FEW
      ? hypergeometricBeyond(after, hits, n, all)
      : beyondFloor(to - from, Math.sqrt(pooled * (1 - pooled)) * error, 0);
  const pValue = floor > 0 ? Math.max(exact, beyondFloor(value, error, floor)) : exact;
  return { statistic, value, pValue, needed: neededBeyond(error, floor), from, to };
}
