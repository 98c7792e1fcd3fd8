// sketches.ts in SQL: the same codes, buckets and estimates to the last bit.

import { type DataType, isFloat } from "../core/core.ts";
import {
  ALPHA,
  BUCKET_SHIFT,
  BUCKETS_PER_OCTAVE,
  INFINITY_BUCKET,
  LEAST_NORMAL,
  NAN_BUCKET,
  SIGMA_STEPS,
} from "./sketches.ts";
import { wideFloatSql } from "./window-terms-sql.ts";

/** A float64's 64 bits as a whole number. */
const bitsSql = (value: string): string => `((${value})::DOUBLE::BIT)::BIGINT`;

/** What is hashed of a value: as bytes they are, a time or date as its number, anything else as text. */
function hashedSql(value: string, type: DataType): string {
  if (isFloat(type)) return `CASE WHEN isnan(${value}) THEN 'NaN' ELSE ${bitsSql(`${value} + 0`)}::VARCHAR END`;
  switch (type) {
    case "bytes":
      return value;
    case "timestamp":
      return `epoch_us(${value})::VARCHAR`;
    case "date":
      return `(${value} - DATE '1970-01-01')::VARCHAR`;
    default:
      return `(${value})::VARCHAR`;
  }
}

/** The HyperLogLog code of a value that is not null. */
export function registerCodeSql(value: string, type: DataType): string {
  const text = hashedSql(value, type);
  const number = `md5_number_lower(${text})`;
  const low = `(${number} & 4503599627370495)`;
  return `((${number} >> 52)::INTEGER * 64 + CASE WHEN ${low} = 0 THEN 53 ELSE 53 - length(bin(${low})) END)::INTEGER`;
}

/** The estimate of distinct values from the sum of 2^(53 - rank) over registers that are not empty, and how many those are. */
export function estimateDistinctSql(sum: string, filled: string): string {
  const part = `((4096 - ${filled}) / 4096::DOUBLE)`;
  const sigma = `list_reduce(list_transform(range(${SIGMA_STEPS + 1}), lambda i: {x: ${part}, y: 1::DOUBLE, z: ${part}}), lambda s, i: {x: s.x * s.x, y: s.y + s.y, z: s.z + s.x * s.x * s.y}).z`;
  return `floor('${ALPHA}'::DOUBLE / (${wideFloatSql(sum)} / 9007199254740992::DOUBLE + 4096 * ${sigma}) + 0.5)::BIGINT`;
}

/** The bucket of a float64 that is not null. */
export function bucketSql(value: string): string {
  const bucket = `(${bitsSql(`abs(${value})`)} >> ${BUCKET_SHIFT})`;
  return `(CASE WHEN isnan(${value}) THEN ${NAN_BUCKET} WHEN abs(${value}) < '${LEAST_NORMAL}'::DOUBLE THEN 0 WHEN ${value} < 0 THEN -${bucket} ELSE ${bucket} END)::INTEGER`;
}

/** The number that stands for all in a bucket; rounded when all of them are whole. */
export function bucketValueSql(bucket: string, isWhole: boolean): string {
  const size = `abs(${bucket})`;
  const from = `(1 + (${size} % ${BUCKETS_PER_OCTAVE}) / ${BUCKETS_PER_OCTAVE}::DOUBLE)`;
  const to = `(${from} + 1 / ${BUCKETS_PER_OCTAVE}::DOUBLE)`;
  const octave = `(((${size}::BIGINT // ${BUCKETS_PER_OCTAVE}) << 52)::BIT)::DOUBLE`;
  const value = `(CASE WHEN ${size} = ${INFINITY_BUCKET} THEN 'Infinity'::DOUBLE ELSE ${octave} * (2 * ${from} * ${to} / (${from} + ${to})) END)`;
  const signed = `(CASE WHEN ${bucket} = ${NAN_BUCKET} THEN 'NaN'::DOUBLE WHEN ${bucket} = 0 THEN 0::DOUBLE WHEN ${bucket} < 0 THEN -${value} ELSE ${value} END)`;
  return isWhole ? `floor(${signed} + 0.5::DOUBLE)` : signed;
}
