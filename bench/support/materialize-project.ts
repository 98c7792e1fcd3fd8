// The rows and the project of materialize.ts and scale.ts: a view of ten newest values (numbers and texts) and one of ten windows over the same
// source, and a model that asks for both; a view of six windows of spread and quantiles, and a model that asks for that. Nothing is random: every value is a hash of its row's number.

import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import {
  auc,
  byTime,
  count,
  days,
  entity,
  featureView,
  latest,
  max,
  mean,
  min,
  model,
  type ProjectConfig,
  parquet,
  project,
  quantile,
  stddev,
  sum,
  t,
  variance,
  xgboost,
} from "slipway";

/** How many keys and rows are made, of how many days, and how many rows ask. */
export interface MaterializeSize {
  readonly keys: number;
  readonly rows: number;
  readonly asking: number;
  /** Three columns of values rather than ten: what the largest of them needs of the disk. */
  readonly isNarrow?: boolean;
}

const START = 1_704_067_200;
/** The days that the rows are spread over. */
const DAYS = 30;

/** Makes the rows in a folder, where they are missing, with little memory. */
export async function materializeData(
  folder: string,
  { keys, rows, asking, isNarrow = false }: MaterializeSize,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const instance = await DuckDBInstance.create(":memory:", { threads: "2", memory_limit: "1GB" });
  const connection = await instance.connect();
  await connection.run("SET preserve_insertion_order = false");
  const make = async (name: string, sql: string): Promise<void> => {
    const file = join(folder, name);
    if (existsSync(file)) return;
    rmSync(`${file}.tmp`, { force: true });
    await connection.run(`COPY (${sql}) TO '${file}.tmp' (FORMAT parquet, COMPRESSION snappy)`);
    renameSync(`${file}.tmp`, file);
  };
  const at = (seconds: string): string => `make_timestamp((${START} + ${seconds})::BIGINT * 1000000)`;
  const some = (f: number): string => `hash(i * 10 + ${f}) % 1000000`;
  const values = namesOf(isNarrow).map((name, f) => {
    if (name.startsWith("f")) return `(${some(f)}) / 1000.0 AS ${name}`;
    return name.startsWith("n") ? `(${some(f)})::BIGINT AS ${name}` : `'s' || (${some(f)}) % 1000 AS ${name}`;
  });
  await make(
    "rows.parquet",
    `SELECT (hash(i) % ${keys})::BIGINT AS k, ${at(`(i * ${DAYS * 86_400} // ${rows})`)} AS e, ${values.join(", ")} FROM range(${rows}) r(i)`,
  );
  await make(
    "asking.parquet",
    `SELECT i::BIGINT AS id, (hash(i + 5555) % ${keys})::BIGINT AS k, ${at(`${5 * 86_400} + (hash(i * 31) % ${(DAYS - 5) * 86_400})`)} AS t FROM range(${asking}) r(i)`,
  );
  await make(
    "labels.parquet",
    `SELECT i::BIGINT AS id, ${at(`${DAYS * 86_400} + i % 1000`)} AS known, hash(i) % 2 = 0 AS y FROM range(${asking}) r(i)`,
  );
  connection.closeSync();
  instance.closeSync();
}

const namesOf = (isNarrow: boolean): readonly string[] =>
  isNarrow ? ["f0", "f1", "n0"] : ["f0", "f1", "f2", "f3", "n0", "n1", "n2", "s0", "s1", "s2"];

/** The definitions over a folder of {@link materializeData}. */
export function materializeProject(folder: string, isNarrow = false): ProjectConfig {
  const thing = entity("thing", { k: t.int64() });
  const columns = { f0: t.float64(), f1: t.float64(), n0: t.int64() };
  const more = isNarrow
    ? {}
    : {
        f2: t.float64(),
        f3: t.float64(),
        n1: t.int64(),
        n2: t.int64(),
        s0: t.string(),
        s1: t.string(),
        s2: t.string(),
      };
  const source = parquet("rows", {
    path: join(folder, "rows.parquet"),
    columns: { k: t.int64(), e: t.timestamp(), ...columns, ...more },
    eventTime: "e",
  });
  const { f0, f1, n0 } = source;
  const newest = featureView("newest", {
    entity: thing,
    source,
    features: Object.fromEntries(
      namesOf(isNarrow).map((name) => [name, latest(source[name as keyof typeof columns])]),
    ) as never,
  });
  const over = { _1d: days(1), _7d: days(7) };
  const named = (name: string, features: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(Object.entries(features).map(([suffix, feature]) => [`${name}${suffix}`, feature]));
  const windows = featureView("windows", {
    entity: thing,
    source,
    features: {
      ...named("count", count().over(over)),
      ...named("sum_f0", sum(f0).over(over)),
      ...named("mean_f1", mean(f1).over(over)),
      ...named("min_n0", min(n0).over(over)),
      ...named("max_f1", max(f1).over(over)),
    } as never,
  });
  const spread = featureView("spread", {
    entity: thing,
    source,
    features: {
      ...named("variance_f0", variance(f0).over(over)),
      ...named("deviation_f1", stddev(f1).over(over)),
      ...named("median_f0", quantile(f0, 0.5).over(over)),
    } as never,
  });
  const rows = parquet("asking", {
    path: join(folder, "asking.parquet"),
    columns: { id: t.int64(), k: t.int64(), t: t.timestamp() },
    id: "id",
    eventTime: "t",
  });
  const labels = parquet("labels", {
    path: join(folder, "labels.parquet"),
    columns: { id: t.int64(), known: t.timestamp(), y: t.bool() },
    id: "id",
    eventTime: "known",
  });
  const about = {
    rows,
    label: labels.y.eq(true),
    trainer: xgboost({ objective: "binary:logistic" }),
    split: byTime({ validate: days(5), test: days(5) }),
    metrics: [auc()],
  };
  const asked = model("asked", { ...about, features: [newest, windows] });
  const askedSpread = model("asked_spread", { ...about, features: [spread] });
  return project({ name: "materialize", definitions: { thing, newest, windows, spread, asked, askedSpread } });
}
