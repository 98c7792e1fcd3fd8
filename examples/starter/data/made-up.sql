-- Makes the starter's rows: 6,000 orders over 60 days and how late each delivery was. Nothing here is real. A courier's bad week
-- makes the next deliveries late as well, so that features over windows have something to say; distance and hour matter too,
-- and from 10 April, when the roadworks begin, distance costs more time.
-- Run with DuckDB, in this folder.

CREATE MACRO chance(number, salt) AS hash(salt || number::VARCHAR) / 18446744073709551615.0;

CREATE TABLE made AS
WITH drawn AS (
  SELECT
    range AS number,
    TIMESTAMP '2025-03-01' + to_seconds((range * 864 + chance(range, 'second') * 800)::BIGINT) AS ordered_at,
    floor(chance(range, 'courier') * 20)::INTEGER AS courier,
    round(0.5 + 12 * pow(chance(range, 'distance'), 1.7), 1) AS distance_km,
    1 + floor(chance(range, 'items') * 5)::INTEGER AS items
  FROM range(6000)
),
moody AS (
  SELECT *,
    chance(courier, 'skill') * 8
      + chance(courier * 100 + date_diff('day', DATE '2025-03-01', ordered_at::DATE) // 5, 'mood') * 34 AS mood
  FROM drawn
)
SELECT *,
  'order-' || lpad(number::VARCHAR, 5, '0') AS order_id,
  'courier-' || lpad(courier::VARCHAR, 2, '0') AS courier_name,
  (mood + CASE WHEN ordered_at < TIMESTAMP '2025-04-10' THEN 1.6 ELSE 2.4 END * distance_km + 6 * (hour(ordered_at) BETWEEN 17 AND 20)::INTEGER
    + 22 * (chance(number, 'luck') + chance(number, 'road') - 1) - 26)::INTEGER AS minutes_late
FROM moody;

COPY (SELECT order_id, ordered_at, courier_name AS courier, distance_km, items FROM made ORDER BY number)
TO 'orders.parquet' (FORMAT parquet, COMPRESSION zstd);

COPY (
  SELECT order_id, courier_name AS courier, minutes_late, ordered_at + to_minutes(60 + minutes_late) AS delivered_at
  FROM made WHERE chance(number, 'cancelled') > 0.02 ORDER BY delivered_at, order_id
) TO 'deliveries.parquet' (FORMAT parquet, COMPRESSION zstd);
