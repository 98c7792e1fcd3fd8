// Compares a training set that Slipway wrote with the oracle's lines, value by value, joined on `key`.
// Usage: npx tsx examples/flights/oracle/compare.ts TRAINING_SET.parquet ORACLE.jsonl [--complete]
// Means and shares may differ by 1e-12 of their size; everything else must be equal. Exits 1 on any difference.
// Rows on one side only are counted; they are differences only with --complete.

import { type DuckDBConnection, DuckDBInstance } from "@duckdb/node-api";

const groups = ["carrier_dep", "origin_dep", "route_arr"];
const windows = ["3h", "24h", "7d"];
const windowed = (what: string): readonly string[] =>
  groups.flatMap((group) => windows.map((w) => `${group}_${what}_${w}`));

const means = [...windowed("delay_mean"), ...windowed("late_share")];
const doubles = ["temp", "humid", "wind_speed", "wind_gust", "precip", "pressure", "visib"].map((name) => `wx_${name}`);
const texts = ["carrier", "origin", "dest"];
const integers = [
  "t",
  ...windowed("count"),
  ...["tail_last_dep_delay", "tail_last_dep_age_min", "tail_last_arr_delay", "tail_last_arr_age_min"],
  ...["wx_age_min", "plane_age_years", "plane_seats", "distance", "sched_elapsed_min"],
  ...["hour_local", "minute_of_day_local", "dow"],
];
const types = new Map<string, string>([
  ...means.map((name) => [name, "DOUBLE"] as const),
  ...doubles.map((name) => [name, "DOUBLE"] as const),
  ...texts.map((name) => [name, "VARCHAR"] as const),
  ...integers.map((name) => [name, "BIGINT"] as const),
  ["label", "BOOLEAN"],
]);

type Row = readonly unknown[];

const text = (value: string): string => `'${value.replaceAll("'", "''")}'`;

async function rows(connection: DuckDBConnection, sql: string): Promise<readonly Row[]> {
  return (await connection.runAndReadAll(sql)).getRowsJson();
}

async function number(connection: DuckDBConnection, sql: string): Promise<number> {
  return Number((await rows(connection, sql))[0]?.[0]);
}

async function load(connection: DuckDBConnection, dataset: string, oracle: string): Promise<readonly string[]> {
  const described = await rows(connection, `DESCRIBE FROM read_parquet(${text(dataset)})`);
  const found = new Map(described.map(([name, type]) => [String(name), String(type)]));
  const missing = ["key", ...types.keys()].filter((name) => !found.has(name));
  const present = [...types.keys()].filter((name) => found.has(name));
  const columns = present.map((name) => {
    const value = found.get(name)?.startsWith("TIMESTAMP") ? `epoch_us("${name}")` : `"${name}"`;
    // A float whose integer part alone agrees must not pass as an integer.
    return types.get(name) === "BIGINT" ? `${value}::DOUBLE AS "${name}"` : `${value}::${types.get(name)} AS "${name}"`;
  });
  if (!found.has("key")) throw new Error(`${dataset} has no column "key": there is nothing to join on.`);
  await connection.run(`CREATE TABLE theirs AS SELECT key, ${columns.join(", ")} FROM read_parquet(${text(dataset)})`);
  const declared = ["key VARCHAR", ...[...types].map(([name, type]) => `"${name}" ${type}`)]
    .map((column) => column.replace(/^"?(\w+)"? (\w+)$/, "$1: '$2'"))
    .join(", ");
  const json = `read_json(${text(oracle)}, format = 'newline_delimited', columns = {${declared}})`;
  await connection.run(`CREATE TABLE expected AS FROM ${json}`);
  return missing;
}

function difference(name: string): string {
  const [ours, theirs] = [`e."${name}"`, `d."${name}"`];
  if (!means.includes(name)) return `${theirs} IS DISTINCT FROM ${ours}`;
  // NaN and infinity satisfy any such inequality in DuckDB, hence isfinite.
  const near = `isfinite(${theirs}) AND abs(${theirs} - ${ours}) <= 1e-12 * greatest(abs(${theirs}), abs(${ours}))`;
  return `((${theirs} IS NULL) <> (${ours} IS NULL) OR NOT coalesce(${near}, true))`;
}

async function compare(dataset: string, oracle: string, complete: boolean): Promise<boolean> {
  const connection = await (await DuckDBInstance.create(":memory:")).connect();
  const missing = await load(connection, dataset, oracle);
  for (const name of missing) console.log(`${name}: no such column in the training set`);
  let wrong = missing.length;

  const repeated = await number(connection, "SELECT count(*) - count(DISTINCT key) FROM theirs");
  const shared = await number(connection, "SELECT count(*) FROM theirs d JOIN expected e USING (key)");
  const onlyTheirs = await number(connection, "SELECT count(*) FROM theirs d ANTI JOIN expected e USING (key)");
  const onlyOracle = await number(connection, "SELECT count(*) FROM expected e ANTI JOIN theirs d USING (key)");
  console.log(`${shared} rows compared; only in the training set: ${onlyTheirs}; only in the oracle: ${onlyOracle}`);
  if (repeated > 0) console.log(`key: ${repeated} rows repeat the key of another, or have none`);
  if (shared === 0 || repeated > 0 || (complete && onlyTheirs + onlyOracle > 0)) wrong += 1;

  for (const name of types.keys()) {
    if (missing.includes(name)) continue;
    const joined = `FROM expected e JOIN theirs d USING (key) WHERE ${difference(name)}`;
    const count = await number(connection, `SELECT count(*) ${joined}`);
    if (count === 0) continue;
    wrong += 1;
    console.log(`${name}: ${count} of ${shared} rows differ`);
    const examples = await rows(connection, `SELECT key, e."${name}", d."${name}" ${joined} ORDER BY key LIMIT 3`);
    for (const [key, expected, found] of examples) console.log(`  ${key}: expected ${expected}, found ${found}`);
  }
  console.log(wrong === 0 ? `All ${types.size} columns agree.` : `${wrong} checks of ${types.size} columns failed.`);
  return wrong === 0;
}

const [dataset, oracle, ...flags] = process.argv.slice(2);
if (dataset === undefined || oracle === undefined) {
  console.error("Usage: compare.ts TRAINING_SET.parquet ORACLE.jsonl [--complete]");
  process.exit(64);
}
process.exit((await compare(dataset, oracle, flags.includes("--complete"))) ? 0 : 1);
