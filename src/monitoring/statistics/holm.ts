/**
 * Which of some p-values are rejected when the chance of any false rejection is to be at most `rate`, whatever their dependence:
 * Holm 1979, "A simple sequentially rejective multiple test procedure". One answer per p-value, in their order.
 */
export function holm(pValues: readonly number[], rate: number): readonly boolean[] {
  const order = pValues.map((_, place) => place).sort((a, b) => pValues[a]! - pValues[b]! || a - b);
  const rejected = new Array<boolean>(pValues.length).fill(false);
  for (const [step, place] of order.entries()) {
    if (pValues[place]! > rate / (pValues.length - step)) break;
    rejected[place] = true;
  }
  return rejected;
}
