// What was logged must come back as it was, whether it is read as lines or as columns.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { days, parseInstant, rowAt, type Value } from "../core/core.ts";
import { auc, byTime, entity, featureView, latest, model, parquet, specOf, t, xgboost } from "../define/define.ts";
import { duckdb } from "../engines/duckdb/duckdb.ts";
import { fileAppendLog } from "../engines/files/files.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import { type LogSource, loggedInputs, logSql } from "./log-query.ts";
import { logLine, logPlace } from "./prediction-log.ts";

const source = parquet("seen", {
  path: "none.parquet",
  columns: {
    shop: t.string(),
    whole: t.int64(),
    part: t.float64(),
    flag: t.bool(),
    moment: t.timestamp(),
    at: t.timestamp(),
  },
  eventTime: "at",
});
const view = featureView("seen_shop", {
  entity: entity("shop", { shop: t.string() }),
  source,
  features: {
    whole: latest(source.whole),
    part: latest(source.part),
    flag: latest(source.flag),
    moment: latest(source.moment),
  },
});
const rows = parquet("rows", {
  path: "none.parquet",
  columns: { id: t.string(), at: t.timestamp(), shop: t.string(), price: t.float64() },
  id: "id",
  eventTime: "at",
});
const outcomes = parquet("outcomes", {
  path: "none.parquet",
  columns: { id: t.string(), at: t.timestamp(), good: t.bool() },
  id: "id",
  eventTime: "at",
});
const spec = specOf(
  model("deal", {
    rows,
    features: [view],
    request: { price: t.float64() },
    derived: { dear: ({ request }) => request.price.gt(10) },
    label: outcomes.good,
    trainer: xgboost({ objective: "binary:logistic" }),
    split: byTime({ validate: days(1), test: days(1) }),
    metrics: [auc()],
  }),
);

let folder: string;
let offline: OfflineEngine;
let logged: LogSource;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "slipway-log-"));
  offline = await duckdb({ root: folder, temporaryFolder: folder, threads: 1 });
  logged = {
    offline,
    log: fileAppendLog(join(folder, "log"), { fsync: false }),
    columnsFolder: join(folder, "columns"),
  };
});
afterEach(async () => {
  await logged.log.close();
  await offline.close();
  await rm(folder, { recursive: true });
});

const awkward: readonly Readonly<Record<string, Value>>[] = [
  { whole: 2n ** 63n - 1n, part: Number.NaN, flag: true, moment: 253402300799999999n },
  { whole: -(2n ** 53n) - 1n, part: Number.NEGATIVE_INFINITY, flag: false, moment: -1n },
  { whole: null, part: null, flag: null, moment: null },
  { whole: 0n, part: 5e-324, flag: true, moment: 0n },
];

async function write(day: string, route: "canary" | "shadow" = "canary"): Promise<void> {
  const at = parseInstant(`${day}T12:00:00.000001Z`);
  const lines = awkward.map((values, index) =>
    logLine({
      id: `${day} "${index}" 😀`,
      at,
      version: 3,
      route,
      score: 0.1 * index,
      row: { shop: "a\nb", price: index * 10 },
      reads: [{ view: "seen_shop", values, status: "present", age: null, through: index === 0 ? null : at }],
    }),
  );
  const { stream, part } = logPlace("deal", at);
  await logged.log.append(stream, part, lines);
}

async function read(range: Parameters<typeof logSql>[2] = {}): Promise<readonly Record<string, Value>[]> {
  const sql = await logSql(logged, spec, range);
  const found: Record<string, Value>[] = [];
  if (sql === undefined) return found;
  const inputs = `SELECT * FROM ${loggedInputs(offline.dialect, spec, sql)} ORDER BY "#at", "#id"`;
  for await (const table of offline.stream(inputs))
    for (let row = 0; row < table.rowCount; row += 1) found.push(rowAt(table, row));
  return found;
}

describe("the prediction log", () => {
  it("gives back every value as it was: int64, NaN, infinities, times, nulls, any text", async () => {
    await write("2013-07-01");
    const found = await read();
    expect(found.map(({ whole, part, flag, moment }) => ({ whole, part, flag, moment }))).toEqual(awkward);
    expect(found.map((row) => row["dear"])).toEqual([false, false, true, true]);
    expect(found[1]?.["#id"]).toBe('2013-07-01 "1" 😀');
    expect(found[1]?.["#score"]).toBe(0.1);
  });

  it("reads days that are over as columns with the same values, and sees lines added to them later", async () => {
    await write("2013-07-01");
    const asLines = await read();
    await write("2013-07-02");
    const both = await read();
    expect(both.slice(0, 4)).toEqual(asLines);
    expect(both).toHaveLength(8);
    await write("2013-07-01");
    expect(await read()).toHaveLength(12);
  });

  it("leaves out what shadows said, in lines and in columns, unless they are asked for", async () => {
    for (const day of ["2013-07-01", "2013-07-02"]) {
      await write(day);
      await write(day, "shadow");
    }
    expect(await read()).toHaveLength(8);
    expect(await read({ shadows: true })).toHaveLength(16);
  });

  it("keeps to the range, and says when there is nothing", async () => {
    await write("2013-07-01");
    await write("2013-07-03");
    const from = parseInstant("2013-07-02");
    expect(await read({ from })).toHaveLength(4);
    expect(await read({ to: from })).toHaveLength(4);
    expect(await read({ from, to: parseInstant("2013-07-03") })).toHaveLength(0);
    expect(await logSql(logged, { ...spec, name: "other" })).toBeUndefined();
  });
});
