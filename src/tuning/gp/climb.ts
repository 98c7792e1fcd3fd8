/** A function's value and its gradient, which is written into `gradient`. */
export type Slope = (x: Float64Array, gradient: Float64Array) => number;

/**
 * The best point that signs of the gradient lead to, within bounds: resilient propagation (Riedmiller and Braun 1993; the variant iRprop- of Igel and
 * Hüsken 2000). It needs no scale and no line search, so a fixed number of looks is enough.
 *
 * @returns the highest value that was met, its place, and how many looks it took
 */
export function climb(
  slope: Slope,
  start: Float64Array,
  {
    low,
    high,
    step,
    looks,
  }: { readonly low: number; readonly high: number; readonly step: number; readonly looks: number },
): { readonly value: number; readonly at: Float64Array } {
  const x = Float64Array.from(start);
  const gradient = new Float64Array(x.length);
  const before = new Float64Array(x.length);
  const steps = new Float64Array(x.length).fill(step);
  let best = { value: Number.NEGATIVE_INFINITY, at: Float64Array.from(start) };
  for (let look = 0; look < looks; look += 1) {
    const value = slope(x, gradient);
    if (value > best.value) best = { value, at: Float64Array.from(x) };
    let moved = 0;
    for (let index = 0; index < x.length; index += 1) {
      const turn = gradient[index]! * before[index]!;
      if (turn > 0) steps[index] = Math.min(steps[index]! * 1.3, (high - low) / 4);
      else if (turn < 0) steps[index]! *= 0.5;
      before[index] = turn < 0 ? 0 : gradient[index]!;
      if (before[index] === 0) continue;
      const next = Math.min(high, Math.max(low, x[index]! + Math.sign(gradient[index]!) * steps[index]!));
      moved = Math.max(moved, Math.abs(next - x[index]!));
      x[index] = next;
    }
    if (moved < step * 1e-4 && look > 2) break;
  }
  return best;
}
