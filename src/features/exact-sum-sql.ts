// Sums of float64 that come out the same in whatever order threads add them: each number is a whole number of a power of two, and whole
// numbers of the same 32 powers are added up exactly (the idea of Kulisch's long accumulator, as a row per part that is not empty). The parts
// are rounded and added from the greatest down, so the sum is nearer the true one than adding one by one would bring it.

/** The item of a float64 that is not null: which 32 powers of two it is a multiple of, or one of its own for what is not finite. */
export function sumPartSql(value: string): string {
  return `(CASE WHEN isnan(${value}) THEN ${NAN_PART} WHEN isinf(${value}) THEN CASE WHEN ${value} > 0 THEN ${INFINITY_PART} ELSE ${MINUS_INFINITY_PART} END ELSE ${exponentSql(value)} // 32 END)::INTEGER`;
}

/** How many of the part's least power of two a float64 is. */
export function sumWeightSql(value: string): string {
  const bits = `((${value})::BIT)::BIGINT`;
  const whole = `((${bits} & 4503599627370495) + CASE WHEN abs(${value}) < '2.2250738585072014e-308'::DOUBLE THEN 0 ELSE 4503599627370496 END)::HUGEINT`;
  return `(CASE WHEN isfinite(${value}) THEN ${whole} * (1::BIGINT << (${exponentSql(value)} % 32)::INTEGER)::HUGEINT * CASE WHEN ${value} < 0 THEN -1 ELSE 1 END ELSE 0 END)::HUGEINT`;
}

/** A SELECT of idx and `a0`, the sum, from `contents`: idx, item, n. */
export function exactSumSql(contents: string): string {
  // Two factors, because the least power of two is no float64 by itself.
  const part = "n::DOUBLE * pow(2::DOUBLE, 16 * item - 537) * pow(2::DOUBLE, 16 * item - 538)";
  const has = (item: number): string => `bool_or(item = ${item})`;
  const special = `WHEN ${has(NAN_PART)} OR (${has(INFINITY_PART)} AND ${has(MINUS_INFINITY_PART)}) THEN 'NaN'::DOUBLE WHEN ${has(INFINITY_PART)} THEN 'Infinity'::DOUBLE WHEN ${has(MINUS_INFINITY_PART)} THEN '-Infinity'::DOUBLE`;
  return `SELECT idx, CASE ${special} ELSE sum(${part} ORDER BY item DESC) FILTER (WHERE item < ${NAN_PART}) END AS a0 FROM ${contents} GROUP BY idx`;
}

/** The part of NaN. */
export const NAN_PART = 64;
/** The part of Infinity. */
export const INFINITY_PART = 65;
/** The part of -Infinity. */
export const MINUS_INFINITY_PART = 66;

/** The biased exponent; that of a number below the least normal one is the least. */
const exponentSql = (value: string): string => `greatest((((${value})::BIT)::BIGINT >> 52) & 2047, 1)`;
