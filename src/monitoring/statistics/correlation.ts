// Whether two numbers still go together as they did: Spearman's correlation of the ranks that the reference's cells give.

import { beyondFloor, type Finding, neededBeyond } from "./finding.ts";

/** How two columns go together in some rows. */
export interface PairCorrelation {
  /** Rows that have both. */
  readonly rows: number;
  readonly r: number;
  /** The variance of r times the rows, by its influence function: right also where ranks depend otherwise than a normal pair's. */
  readonly variance: number;
}

/**
 * The correlation of two columns of scores of shape (rows), each of about mean 0 and variance 1, NaN where missing.
 *
 * Its variance is the mean square of its influence, uv − r(u² + v²)/2 (Devlin, Gnanadesikan and Kettenring 1975).
 */
export function pairCorrelation(a: Float32Array, b: Float32Array): PairCorrelation {
  let [rows, u1, v1, uu, vv, uv, u3v, uv3, u2v2, u4, v4] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  for (let row = 0; row < a.length; row += 1) {
    const u = a[row]!;
    const v = b[row]!;
    const product = u * v;
    if (Number.isNaN(product)) continue;
    const u2 = u * u;
    const v2 = v * v;
    rows += 1;
    u1 += u;
    v1 += v;
    uu += u2;
    vv += v2;
    uv += product;
    u3v += u2 * product;
    uv3 += v2 * product;
    u2v2 += u2 * v2;
    u4 += u2 * u2;
    v4 += v2 * v2;
  }
  const [su, sv] = [uu / rows - (u1 / rows) ** 2, vv / rows - (v1 / rows) ** 2];
  if (!(su > 1e-9 && sv > 1e-9)) return { rows, r: Number.NaN, variance: Number.NaN };
  const r = (uv / rows - (u1 / rows) * (v1 / rows)) / Math.sqrt(su * sv);
  const mean = (sum: number, us: number, vs: number): number => sum / rows / (su ** (us / 2) * sv ** (vs / 2));
  const variance =
    mean(u2v2, 2, 2) -
    r * (mean(u3v, 3, 1) + mean(uv3, 1, 3)) +
    (r * r * (mean(u4, 4, 0) + 2 * mean(u2v2, 2, 2) + mean(v4, 0, 4))) / 4;
  return { rows, r, variance };
}

const LEAST_ROWS = 20;
const STRONGEST = 0.999_999;

/** Whether a pair's correlation is the reference's: Fisher's z (1915) with variances of the pairs' own; none where it cannot be told. */
export function correlationFinding(then: PairCorrelation, now: PairCorrelation, floor = 0): Finding | undefined {
  if (then.rows < LEAST_ROWS || now.rows < LEAST_ROWS || !Number.isFinite(then.r) || !Number.isFinite(now.r))
    return undefined;
  const clipped = (r: number): number => Math.max(-STRONGEST, Math.min(STRONGEST, r));
  const [from, to] = [clipped(then.r), clipped(now.r)];
  const middle = clipped((from * then.rows + to * now.rows) / (then.rows + now.rows));
  // Never below half of what ranks of a normal pair have (Bonett and Wright 2000), or a pair of few values could have none at all.
  const slope = 1 - middle * middle;
  const usual = (1 + (middle * middle) / 2) * slope ** 2;
  const variance = Math.max(then.variance, now.variance, usual / 2) / slope ** 2;
  const error = Math.sqrt(variance / (then.rows - 3) + variance / (now.rows - 3));
  const apart = Math.atanh(to) - Math.atanh(from);
  return {
    statistic: "correlation",
    value: to - from,
    pValue: beyondFloor(apart, error, floor / slope),
    needed: (pValue) => slope * neededBeyond(error, floor / slope)(pValue),
    from: then.r,
    to: now.r,
  };
}
