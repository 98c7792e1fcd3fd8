// The normal distribution where a plain formula fails: far in its tails.

const ROOT_HALF = Math.SQRT1_2;
const LOG_ROOT_TAU = 0.5 * Math.log(2 * Math.PI);

/** exp(x²)·erfc(x)·(2 + x)/2 for x ≥ 0 as a Chebyshev series in 4/(2 + x) - 1, fitted by least squares. */
const SERIES = [
  0.5770337386164697, 0.3554369212704985, 0.0650951588287867, 0.0036711423958365975, -0.001112844743352529,
  -0.00016075829915381237, 3.278031574193304e-5, 5.442441645475033e-6, -1.5154665551724649e-6, -1.429760818431807e-7,
  8.234608835169653e-8, -1.296284879446791e-9, -4.154721509863055e-9, 6.347058435273392e-10, 1.4320847840448e-10,
];

/** exp(x²)·erfc(x) for x ≥ 0, to a relative error of 2.2e-10; the series is summed by Clenshaw's recurrence (1955). */
export function scaledErfc(x: number): number {
  const t = 2 / (2 + x);
  const argument = 2 * t - 1;
  const twice = 2 * argument;
  let next = 0;
  let afterNext = 0;
  for (let order = SERIES.length - 1; order > 0; order -= 1) {
    const here = twice * next - afterNext + SERIES[order]!;
    afterNext = next;
    next = here;
  }
  return t * (argument * next - afterNext + SERIES[0]!);
}

/** The standard normal distribution function; absolute error below 1e-9. */
export function normalCdf(z: number): number {
  // Where the tail is lost in the rounding of 1, most of the work is too.
  if (z > 8.5) return 1;
  const x = Math.abs(z) * ROOT_HALF;
  const tail = 0.5 * scaledErfc(x) * Math.exp(-x * x);
  return z < 0 ? tail : 1 - tail;
}

/**
 * The logarithm of z·Φ(z) + φ(z), which expected improvement is made of, and its derivative by z; right also where z is far below 0 (Ament et al.
 * 2023, arXiv 2310.20708).
 */
export function logImprovement(z: number): { readonly log: number; readonly slope: number } {
  const logPhi = -0.5 * z * z - LOG_ROOT_TAU;
  if (z > -1) {
    const [density, below] = [Math.exp(logPhi), normalCdf(z)];
    const value = density + z * below;
    return { log: Math.log(value), slope: below / value };
  }
  // Mills' ratio Φ(z)/φ(z), scaled so that nothing underflows; past -30 its expansion, or 1 + z·mills would lose its digits.
  const square = z * z;
  const mills = z < -30 ? (1 / square - 1) / z : Math.sqrt(Math.PI / 2) * scaledErfc(-z * ROOT_HALF);
  const left = z < -30 ? (1 - 3 / square) / square : 1 + z * mills;
  return { log: logPhi + Math.log(left), slope: mills / left };
}
