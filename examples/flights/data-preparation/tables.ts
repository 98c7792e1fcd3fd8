// The SQL that turns the published CSV files into the tables of the example, one SELECT per Parquet file.
// All instants are plain TIMESTAMP in UTC. They are built from scheduled instants and delays, never from dep_time or arr_time:
// those are local clock readings that may be 2400 and roll past midnight in both directions.

const csvColumns = {
  "flights.csv": {
    ...{ year: "INTEGER", month: "INTEGER", day: "INTEGER" },
    ...{ dep_time: "INTEGER", sched_dep_time: "INTEGER", dep_delay: "INTEGER" },
    ...{ arr_time: "INTEGER", sched_arr_time: "INTEGER", arr_delay: "INTEGER" },
    ...{ carrier: "VARCHAR", flight: "INTEGER", tailnum: "VARCHAR", origin: "VARCHAR", dest: "VARCHAR" },
    ...{ air_time: "INTEGER", distance: "INTEGER", hour: "INTEGER", minute: "INTEGER", time_hour: "TIMESTAMP" },
  },
  "weather.csv": {
    ...{ origin: "VARCHAR", year: "INTEGER", month: "INTEGER", day: "INTEGER", hour: "INTEGER" },
    ...{ temp: "DOUBLE", dewp: "DOUBLE", humid: "DOUBLE", wind_dir: "DOUBLE", wind_speed: "DOUBLE" },
    ...{ wind_gust: "DOUBLE", precip: "DOUBLE", pressure: "DOUBLE", visib: "DOUBLE", time_hour: "TIMESTAMP" },
  },
  "planes.csv": {
    ...{ tailnum: "VARCHAR", year: "INTEGER", type: "VARCHAR", manufacturer: "VARCHAR", model: "VARCHAR" },
    ...{ engines: "INTEGER", seats: "INTEGER", speed: "INTEGER", engine: "VARCHAR" },
  },
  "airports.csv": {
    ...{ faa: "VARCHAR", name: "VARCHAR", lat: "DOUBLE", lon: "DOUBLE", alt: "DOUBLE" },
    ...{ tz: "DOUBLE", dst: "VARCHAR", tzone: "VARCHAR" },
  },
} as const satisfies Record<string, Readonly<Record<string, string>>>;

/** A CSV file that the preparation reads. */
export type CsvName = keyof typeof csvColumns;

/** The CSV files that the preparation reads. */
export const csvNames = Object.keys(csvColumns) as readonly CsvName[];

/** A SQL string literal. */
export function quoted(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** Loads one CSV file into a table of the same name, with a `line` that keeps the file's order. */
export function loadCsv(name: CsvName, file: string): string {
  const types = Object.entries(csvColumns[name]).map(([column, type]) => `${quoted(column)}: ${quoted(type)}`);
  const options = `auto_detect = false, header = true, delim = ',', nullstr = 'NA', columns = {${types.join(", ")}}`;
  return `CREATE TABLE ${name.replace(".csv", "_csv")} AS
    SELECT row_number() OVER () AS line, * FROM read_csv(${quoted(file)}, ${options})`;
}

/** Builds `flight`: the lines of flights.csv with their keys and instants, in the file's order; with `until`, those it can need. */
export function buildFlights(until: string | undefined): string {
  // No flight lands a day before it is due to leave, so nothing later than a day after `until` can be known before it.
  const needed = until === undefined ? "true" : `time_hour < ${quoted(until)}::TIMESTAMP + INTERVAL 1 DAY`;
  return `
  CREATE TABLE flight AS
  WITH zone AS (
    SELECT faa, tzone FROM airports_csv
    UNION ALL VALUES ('BQN', 'America/Puerto_Rico'), ('PSE', 'America/Puerto_Rico'),
                     ('SJU', 'America/Puerto_Rico'), ('STT', 'America/St_Thomas')
  ),
  scheduled AS (
    SELECT flights_csv.*, tzone, make_date(year, month, day) AS local_date,
      time_hour + to_minutes(minute) AS sched_dep
    FROM flights_csv LEFT JOIN zone ON faa = dest
    WHERE ${needed}
  ),
  landing AS (
    SELECT *,
      timezone(tzone, timezone('UTC', sched_dep))::DATE
        + to_minutes(sched_arr_time // 100 * 60 + sched_arr_time % 100) AS same_day
    FROM scheduled
  ),
  arriving AS (
    SELECT *, timezone('UTC', timezone(tzone, same_day)) AS arrival_same_day FROM landing
  ),
  timed AS (
    SELECT *,
      CASE WHEN arrival_same_day > sched_dep THEN arrival_same_day
           ELSE timezone('UTC', timezone(tzone, same_day + INTERVAL 1 DAY)) END AS sched_arr
    FROM arriving
  )
  SELECT *,
    concat_ws('-', carrier, flight, origin, strftime(local_date, '%Y-%m-%d')) AS key,
    sched_dep - INTERVAL 1 HOUR AS t,
    sched_dep + to_minutes(dep_delay) AS departed_at,
    sched_arr + to_minutes(arr_delay) AS arrived_at
  FROM timed ORDER BY line`;
}

/** A Parquet file to write: its rows in order, and the column that says from when on a row is known. */
export interface OutputTable {
  readonly select: string;
  readonly from: string;
  readonly where?: string;
  readonly orderBy: string;
  /** The instant that `until` cuts by; absent where rows are always known. */
  readonly knownAt?: string;
}

/** The Parquet files of the example, by name. */
export const outputTables = {
  // One row per prediction to make: cancelled and diverted flights too, since they are asked for as well.
  scheduled_flights: {
    select: `key, t, carrier, origin, dest, tailnum, distance,
      date_diff('minute', sched_dep, sched_arr)::INTEGER AS sched_elapsed_min,
      hour AS hour_local, hour * 60 + minute AS minute_of_day_local, isodow(local_date)::INTEGER AS dow,
      year, sched_dep`,
    from: "flight",
    orderBy: "line",
    knownAt: "t",
  },
  departures: {
    select: "key, carrier, origin, dest, tailnum, dep_delay, departed_at",
    from: "flight",
    where: "dep_delay IS NOT NULL",
    orderBy: "departed_at, key",
    knownAt: "departed_at",
  },
  arrivals: {
    select: "key, carrier, origin, dest, tailnum, arr_delay, arrived_at",
    from: "flight",
    where: "arr_delay IS NOT NULL",
    orderBy: "arrived_at, key",
    knownAt: "arrived_at",
  },
  // time_hour is the hour cut off, and the row holds observations up to minute 51: it is known only when the hour is over.
  weather: {
    select: `origin, time_hour AS observed_at, time_hour + INTERVAL 1 HOUR AS known_at,
      temp, humid, wind_speed, wind_gust, precip, pressure, visib`,
    from: "weather_csv",
    orderBy: "line",
    knownAt: "known_at",
  },
  planes: { select: "tailnum, year, seats", from: "planes_csv", orderBy: "line" },
} as const satisfies Record<string, OutputTable>;

/** The name of one Parquet file, without its ending. */
export type OutputName = keyof typeof outputTables;

/** The SELECT that yields one Parquet file's rows, or those of them that were known before `until`. */
export function selectRows(table: OutputTable, until: string | undefined): string {
  const { select, from, where = "true", orderBy, knownAt } = table;
  const early = until === undefined || knownAt === undefined ? "true" : `${knownAt} < ${quoted(until)}::TIMESTAMP`;
  return `SELECT ${select} FROM ${from} WHERE ${where} AND ${early} ORDER BY ${orderBy}`;
}
