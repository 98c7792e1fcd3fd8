-- The flights example's training set, written by hand for this one problem: running totals per key, looked up once for each distinct
-- moment that is asked for (a window is the difference of two), ASOF joins for the newest rows, and whole-number keys throughout.
WITH flights AS MATERIALIZED (SELECT row_number() OVER () AS i, *, epoch_us(t) AS u FROM '$DATA/scheduled_flights.parquet'),
carriers AS MATERIALIZED (SELECT row_number() OVER () AS id, * FROM (SELECT DISTINCT carrier FROM flights)),
origins AS MATERIALIZED (SELECT row_number() OVER () AS id, * FROM (SELECT DISTINCT origin FROM flights)),
routes AS MATERIALIZED (SELECT row_number() OVER () AS id, * FROM (SELECT DISTINCT origin, dest FROM flights)),
tails AS MATERIALIZED (SELECT row_number() OVER () AS id, * FROM (SELECT DISTINCT tailnum FROM flights)),
asking AS MATERIALIZED (
  SELECT f.i, f.u, c.id AS carrier_id, o.id AS origin_id, r.id AS route_id, a.id AS tail_id,
    (f.u - 10800000000) // 300000000 * 300000000 AS "from 3h",
    (f.u - 86400000000) // 3600000000 * 3600000000 AS "from 24h",
    (f.u - 604800000000) // 3600000000 * 3600000000 AS "from 7d"
  FROM flights f JOIN carriers c USING (carrier) JOIN origins o USING (origin) JOIN routes r USING (origin, dest)
    LEFT JOIN tails a ON f.tailnum = a.tailnum),
carrier_run AS MATERIALIZED (
  SELECT id, e, sum(n) OVER w AS n, sum(d) OVER w AS d, sum(l) OVER w AS l
  FROM (SELECT id, epoch_us(departed_at) AS e, count(*)::DOUBLE AS n, sum(dep_delay)::DOUBLE AS d, count(*) FILTER (dep_delay > 15)::DOUBLE AS l
        FROM '$DATA/departures.parquet' JOIN carriers USING (carrier) GROUP BY ALL)
  WINDOW w AS (PARTITION BY id ORDER BY e ROWS UNBOUNDED PRECEDING)),
carrier_at AS MATERIALIZED (
  SELECT b.id, b.m, r.n, r.d, r.l FROM (SELECT DISTINCT * FROM (SELECT carrier_id AS id, u AS m FROM asking UNION ALL SELECT carrier_id AS id, "from 3h" AS m FROM asking UNION ALL SELECT carrier_id AS id, "from 24h" AS m FROM asking UNION ALL SELECT carrier_id AS id, "from 7d" AS m FROM asking)) b ASOF JOIN carrier_run r ON b.id = r.id AND b.m > r.e),
carrier_windows AS (SELECT q.i, (coalesce(h.n, 0) - coalesce("3h".n, 0)) AS "n 3h", (coalesce(h.d, 0) - coalesce("3h".d, 0)) AS "d 3h", (coalesce(h.l, 0) - coalesce("3h".l, 0)) AS "l 3h", (coalesce(h.n, 0) - coalesce("24h".n, 0)) AS "n 24h", (coalesce(h.d, 0) - coalesce("24h".d, 0)) AS "d 24h", (coalesce(h.l, 0) - coalesce("24h".l, 0)) AS "l 24h", (coalesce(h.n, 0) - coalesce("7d".n, 0)) AS "n 7d", (coalesce(h.d, 0) - coalesce("7d".d, 0)) AS "d 7d", (coalesce(h.l, 0) - coalesce("7d".l, 0)) AS "l 7d" FROM asking q LEFT JOIN carrier_at "h" ON q.carrier_id = "h".id AND q.u = "h".m LEFT JOIN carrier_at "3h" ON q.carrier_id = "3h".id AND q."from 3h" = "3h".m LEFT JOIN carrier_at "24h" ON q.carrier_id = "24h".id AND q."from 24h" = "24h".m LEFT JOIN carrier_at "7d" ON q.carrier_id = "7d".id AND q."from 7d" = "7d".m),
origin_run AS MATERIALIZED (
  SELECT id, e, sum(n) OVER w AS n, sum(d) OVER w AS d, sum(l) OVER w AS l
  FROM (SELECT id, epoch_us(departed_at) AS e, count(*)::DOUBLE AS n, sum(dep_delay)::DOUBLE AS d, count(*) FILTER (dep_delay > 15)::DOUBLE AS l
        FROM '$DATA/departures.parquet' JOIN origins USING (origin) GROUP BY ALL)
  WINDOW w AS (PARTITION BY id ORDER BY e ROWS UNBOUNDED PRECEDING)),
origin_at AS MATERIALIZED (
  SELECT b.id, b.m, r.n, r.d, r.l FROM (SELECT DISTINCT * FROM (SELECT origin_id AS id, u AS m FROM asking UNION ALL SELECT origin_id AS id, "from 3h" AS m FROM asking UNION ALL SELECT origin_id AS id, "from 24h" AS m FROM asking UNION ALL SELECT origin_id AS id, "from 7d" AS m FROM asking)) b ASOF JOIN origin_run r ON b.id = r.id AND b.m > r.e),
origin_windows AS (SELECT q.i, (coalesce(h.n, 0) - coalesce("3h".n, 0)) AS "n 3h", (coalesce(h.d, 0) - coalesce("3h".d, 0)) AS "d 3h", (coalesce(h.l, 0) - coalesce("3h".l, 0)) AS "l 3h", (coalesce(h.n, 0) - coalesce("24h".n, 0)) AS "n 24h", (coalesce(h.d, 0) - coalesce("24h".d, 0)) AS "d 24h", (coalesce(h.l, 0) - coalesce("24h".l, 0)) AS "l 24h", (coalesce(h.n, 0) - coalesce("7d".n, 0)) AS "n 7d", (coalesce(h.d, 0) - coalesce("7d".d, 0)) AS "d 7d", (coalesce(h.l, 0) - coalesce("7d".l, 0)) AS "l 7d" FROM asking q LEFT JOIN origin_at "h" ON q.origin_id = "h".id AND q.u = "h".m LEFT JOIN origin_at "3h" ON q.origin_id = "3h".id AND q."from 3h" = "3h".m LEFT JOIN origin_at "24h" ON q.origin_id = "24h".id AND q."from 24h" = "24h".m LEFT JOIN origin_at "7d" ON q.origin_id = "7d".id AND q."from 7d" = "7d".m),
route_run AS MATERIALIZED (
  SELECT id, e, sum(n) OVER w AS n, sum(d) OVER w AS d, sum(l) OVER w AS l
  FROM (SELECT id, epoch_us(arrived_at) AS e, count(*)::DOUBLE AS n, sum(arr_delay)::DOUBLE AS d, count(*) FILTER (arr_delay > 15)::DOUBLE AS l
        FROM '$DATA/arrivals.parquet' JOIN routes USING (origin, dest) GROUP BY ALL)
  WINDOW w AS (PARTITION BY id ORDER BY e ROWS UNBOUNDED PRECEDING)),
route_at AS MATERIALIZED (
  SELECT b.id, b.m, r.n, r.d, r.l FROM (SELECT DISTINCT * FROM (SELECT route_id AS id, u AS m FROM asking UNION ALL SELECT route_id AS id, "from 3h" AS m FROM asking UNION ALL SELECT route_id AS id, "from 24h" AS m FROM asking UNION ALL SELECT route_id AS id, "from 7d" AS m FROM asking)) b ASOF JOIN route_run r ON b.id = r.id AND b.m > r.e),
route_windows AS (SELECT q.i, (coalesce(h.n, 0) - coalesce("3h".n, 0)) AS "n 3h", (coalesce(h.d, 0) - coalesce("3h".d, 0)) AS "d 3h", (coalesce(h.l, 0) - coalesce("3h".l, 0)) AS "l 3h", (coalesce(h.n, 0) - coalesce("24h".n, 0)) AS "n 24h", (coalesce(h.d, 0) - coalesce("24h".d, 0)) AS "d 24h", (coalesce(h.l, 0) - coalesce("24h".l, 0)) AS "l 24h", (coalesce(h.n, 0) - coalesce("7d".n, 0)) AS "n 7d", (coalesce(h.d, 0) - coalesce("7d".d, 0)) AS "d 7d", (coalesce(h.l, 0) - coalesce("7d".l, 0)) AS "l 7d" FROM asking q LEFT JOIN route_at "h" ON q.route_id = "h".id AND q.u = "h".m LEFT JOIN route_at "3h" ON q.route_id = "3h".id AND q."from 3h" = "3h".m LEFT JOIN route_at "24h" ON q.route_id = "24h".id AND q."from 24h" = "24h".m LEFT JOIN route_at "7d" ON q.route_id = "7d".id AND q."from 7d" = "7d".m),
tail_dep AS (
  SELECT q.i, s.d, (q.u - s.e) // 60000000 AS age
  FROM asking q ASOF JOIN (SELECT id, epoch_us(departed_at) AS e, arg_max(dep_delay, key) AS d FROM '$DATA/departures.parquet' JOIN tails USING (tailnum) GROUP BY ALL) s
    ON q.tail_id = s.id AND q.u >= s.e
  WHERE s.e >= q.u - 86400000000),
tail_arr AS (
  SELECT q.i, s.d, (q.u - s.e) // 60000000 AS age
  FROM asking q ASOF JOIN (SELECT id, epoch_us(arrived_at) AS e, arg_max(arr_delay, key) AS d FROM '$DATA/arrivals.parquet' JOIN tails USING (tailnum) GROUP BY ALL) s
    ON q.tail_id = s.id AND q.u >= s.e
  WHERE s.e >= q.u - 86400000000),
wx AS (
  SELECT q.i, s.temp, s.humid, s.wind_speed, s.wind_gust, s.precip, s.pressure, s.visib, (q.u - s.e) // 60000000 AS age
  FROM asking q ASOF JOIN (SELECT id, epoch_us(known_at) AS known, epoch_us(observed_at) AS e, * FROM '$DATA/weather.parquet' JOIN origins USING (origin)) s
    ON q.origin_id = s.id AND q.u >= s.known
  WHERE s.e >= q.u - 10800000000)
SELECT q.key, q.t,
  carrier."n 3h"::BIGINT AS carrier_dep_count_3h,
  carrier."d 3h" / nullif(carrier."n 3h", 0) AS carrier_dep_delay_mean_3h,
  carrier."l 3h" / nullif(carrier."n 3h", 0) AS carrier_dep_late_share_3h,
  carrier."n 24h"::BIGINT AS carrier_dep_count_24h,
  carrier."d 24h" / nullif(carrier."n 24h", 0) AS carrier_dep_delay_mean_24h,
  carrier."l 24h" / nullif(carrier."n 24h", 0) AS carrier_dep_late_share_24h,
  carrier."n 7d"::BIGINT AS carrier_dep_count_7d,
  carrier."d 7d" / nullif(carrier."n 7d", 0) AS carrier_dep_delay_mean_7d,
  carrier."l 7d" / nullif(carrier."n 7d", 0) AS carrier_dep_late_share_7d,
  origin."n 3h"::BIGINT AS origin_dep_count_3h,
  origin."d 3h" / nullif(origin."n 3h", 0) AS origin_dep_delay_mean_3h,
  origin."l 3h" / nullif(origin."n 3h", 0) AS origin_dep_late_share_3h,
  origin."n 24h"::BIGINT AS origin_dep_count_24h,
  origin."d 24h" / nullif(origin."n 24h", 0) AS origin_dep_delay_mean_24h,
  origin."l 24h" / nullif(origin."n 24h", 0) AS origin_dep_late_share_24h,
  origin."n 7d"::BIGINT AS origin_dep_count_7d,
  origin."d 7d" / nullif(origin."n 7d", 0) AS origin_dep_delay_mean_7d,
  origin."l 7d" / nullif(origin."n 7d", 0) AS origin_dep_late_share_7d,
  route."n 3h"::BIGINT AS route_arr_count_3h,
  route."d 3h" / nullif(route."n 3h", 0) AS route_arr_delay_mean_3h,
  route."l 3h" / nullif(route."n 3h", 0) AS route_arr_late_share_3h,
  route."n 24h"::BIGINT AS route_arr_count_24h,
  route."d 24h" / nullif(route."n 24h", 0) AS route_arr_delay_mean_24h,
  route."l 24h" / nullif(route."n 24h", 0) AS route_arr_late_share_24h,
  route."n 7d"::BIGINT AS route_arr_count_7d,
  route."d 7d" / nullif(route."n 7d", 0) AS route_arr_delay_mean_7d,
  route."l 7d" / nullif(route."n 7d", 0) AS route_arr_late_share_7d,
  dep.d AS tail_last_dep_delay,
  dep.age AS tail_last_dep_age_min,
  arr.d AS tail_last_arr_delay,
  arr.age AS tail_last_arr_age_min,
  wx.temp AS wx_temp,
  wx.humid AS wx_humid,
  wx.wind_speed AS wx_wind_speed,
  wx.wind_gust AS wx_wind_gust,
  wx.precip AS wx_precip,
  wx.pressure AS wx_pressure,
  wx.visib AS wx_visib,
  wx.age AS wx_age_min,
  p.seats AS plane_seats,
  q.carrier,
  q.origin,
  q.dest,
  q.distance,
  q.sched_elapsed_min,
  q.hour_local,
  q.minute_of_day_local,
  q.dow,
  (q.year - p.year)::BIGINT AS plane_age_years,
  landed.arr_delay > 15 AS label,
  landed.arrived_at AS label_known_at
FROM flights q
JOIN carrier_windows carrier ON carrier.i = q.i
JOIN origin_windows origin ON origin.i = q.i
JOIN route_windows route ON route.i = q.i
LEFT JOIN tail_dep dep ON dep.i = q.i
LEFT JOIN tail_arr arr ON arr.i = q.i
LEFT JOIN wx ON wx.i = q.i
LEFT JOIN '$DATA/planes.parquet' p ON q.tailnum = p.tailnum
LEFT JOIN '$DATA/arrivals.parquet' landed ON q.key = landed.key
ORDER BY q.i
