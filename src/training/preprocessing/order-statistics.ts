// Quantiles without sorting: what stands at a few places if all values were in order, by Hoare's FIND (C. A. R. Hoare, Algorithm 65, CACM 4(7), 1961) with the
// median of three as pivot. Expected O(values) for each place, and less for the next ones, which are looked for to the right of those before.

/**
 * The values below which shares of all values lie, straight between their neighbours (R. J. Hyndman, Y. Fan 1996, definition 7).
 *
 * `values` has shape (rows), without NaN, and is put into another order; `shares` ascend within 0 to 1. NaN without values.
 */
export function quantilesOf(values: Float64Array, shares: readonly number[]): readonly number[] {
  let settled = 0;
  const at = (place: number): number => {
    select(values, settled, values.length - 1, place);
    settled = Math.max(settled, place);
    // The sign of a zero is not part of a value.
    return (values[place] ?? Number.NaN) + 0;
  };
  return shares.map((share) => {
    const place = share * (values.length - 1);
    const below = Math.floor(place);
    if (place === below) return at(below);
    const low = at(below);
    return low + (at(below + 1) - low) * (place - below);
  });
}

/** Puts what belongs at a place between `first` and `last` there, what is less before it and what is more behind it. */
function select(values: Float64Array, first: number, last: number, place: number): void {
  let [low, high] = [first, last];
  while (low < high) {
    const pivot = medianOfThree(values[low]!, values[(low + high) >>> 1]!, values[high]!);
    let [left, right] = [low, high];
    while (left <= right) {
      while (values[left]! < pivot) left += 1;
      while (values[right]! > pivot) right -= 1;
      if (left > right) break;
      const value = values[left]!;
      values[left] = values[right]!;
      values[right] = value;
      left += 1;
      right -= 1;
    }
    if (place <= right) high = right;
    else if (place >= left) low = left;
    else return;
  }
}

function medianOfThree(a: number, b: number, c: number): number {
  return Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));
}
