// Values as a process can believe them: what is good keeps its distances, what is bad is drawn together, the order stays.

/**
 * Values above the median, by rank, to where a normal distribution as wide as the good half would have them; then mean 0 and deviation 1. Half-rank
 * warping is Vizier's (Song et al. 2024, arXiv 2408.11527); its logarithm on top lost here (docs/tuning.md).
 *
 * @param values - to be minimised, all finite
 */
export function halfRank(values: Float64Array): Float64Array {
  const sorted = values.slice().sort();
  const middle = medianOf(sorted);
  const good = sorted.filter((value) => value <= middle);
  const width = Math.sqrt(good.reduce((sum, value) => sum + ((value - middle) / good.length) * (value - middle), 0));
  const order = ranks(values, sorted);
  const quantile = (index: number): number => normalQuantile((order[index]! + 0.5) / values.length);
  // A good half that is all the same, or so wide that squares overflow, leaves only the order.
  if (!(width > 0 && width < 1e150)) return standard(values.map((_, index) => quantile(index)));
  return standard(
    values.map((value, index) => (value <= middle ? (value - middle) / width : Math.max(0, quantile(index)))),
  );
}

function medianOf(sorted: Float64Array): number {
  const last = sorted.length - 1;
  return sorted[Math.floor(last / 2)]! / 2 + sorted[Math.ceil(last / 2)]! / 2;
}

/** Ranks from 0; equal values share the middle of theirs. */
function ranks(values: Float64Array, sorted: Float64Array): Float64Array {
  const [first, last] = [new Map<number, number>(), new Map<number, number>()];
  sorted.forEach((value, index) => {
    if (!first.has(value)) first.set(value, index);
    last.set(value, index);
  });
  return values.map((value) => (first.get(value)! + last.get(value)!) / 2);
}

function standard(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value / values.length, 0);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2 / values.length, 0));
  return values.map((value) => (deviation > 0 ? (value - mean) / deviation : 0));
}

/** The standard normal quantile by Winitzki's inverse error function (2008): relative error below 0.4 %, which no rank can tell. */
function normalQuantile(p: number): number {
  const x = 2 * p - 1;
  const log = Math.log(1 - x * x);
  const part = 2 / (Math.PI * 0.147) + log / 2;
  return Math.sign(x) * Math.SQRT2 * Math.sqrt(Math.sqrt(part * part - log / 0.147) - part);
}
