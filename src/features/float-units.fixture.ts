/** A float64 as a whole number of 2^-1074. */
export function unitsOf(value: number): bigint {
  const bits = new DataView(new ArrayBuffer(8));
  bits.setFloat64(0, value);
  const exponent = bits.getUint16(0) >> 4;
  const biased = BigInt(exponent & 2047);
  const fraction = bits.getBigUint64(0) & (2n ** 52n - 1n);
  const size = biased === 0n ? fraction : (fraction + 2n ** 52n) << (biased - 1n);
  return exponent & 2048 ? -size : size;
}
