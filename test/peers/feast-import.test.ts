// `slipway import feast` on what `feast init` writes, with Feast itself: the definitions apply, and the values as of any time are those of
// get_historical_features. Skipped where python3 cannot import feast.

import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseInstant, rowAt, type Value } from "../../src/core/core.ts";
import { definitionsOf } from "../../src/define/define.ts";
import { keyColumn, pointInTimePlan } from "../../src/features/features.ts";
import { importFeast } from "../../src/importing/importing.ts";
import { applyDefinitions, openPlatform, type Platform, type ProjectConfig } from "../../src/platform/platform.ts";
import { local, parquetColumns } from "../../src/presets/presets.ts";
import { feastVersion, python } from "./feast.fixture.ts";

const historical = `
import json
from datetime import timedelta
import pandas as pd
from feast import FeatureStore
import feature_definitions as d
store = FeatureStore(".")
store.apply([d.driver, d.driver_stats_fv])
stats = pd.read_parquet("data/driver_stats.parquet")
times = sorted(stats["event_timestamp"].unique())
asked = []
for place, driver in enumerate([1001, 1002, 1003, 1004, 1005, 4711]):
    # At a row's time, just before it, exactly a day after, just after that, between rows, and before all of them.
    at = times[place * 3 + 30]
    for offset in ["0s", "-1us", "1d", "1d1us", "37min"]:
        asked.append((driver, at + pd.Timedelta(offset)))
    asked.append((driver, times[0] - pd.Timedelta("1s")))
    asked.append((driver, times[-1] + pd.Timedelta("1d")))
    asked.append((driver, times[-1] + pd.Timedelta("1d1us")))
frame = pd.DataFrame(asked, columns=["driver_id", "event_timestamp"])
names = ["conv_rate", "acc_rate", "avg_daily_trips"]
got = store.get_historical_features(entity_df=frame, features=[f"driver_hourly_stats:{name}" for name in names]).to_df()
rows = []
for _, row in got.iterrows():
    values = {name: None if pd.isna(row[name]) else float(row[name]) for name in names}
    rows.append({"driver_id": int(row["driver_id"]), "at": row["event_timestamp"].isoformat(), **values})
print(json.dumps(rows))
`;

interface Row {
  readonly driver_id: number;
  readonly at: string;
  readonly conv_rate: number | null;
  readonly acc_rate: number | null;
  readonly avg_daily_trips: number | null;
}

describe.skipIf(feastVersion() === undefined)(
  "a repository of `feast init` (skipped where python3 cannot import feast)",
  () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-feast-init-"));
    const repo = join(folder, "demo/feature_repo");
    let platform: Platform;
    beforeAll(async () => {
      await promisify(execFile)(
        "python3",
        ["-c", "from feast.cli.cli import cli; cli()", "init", "-t", "local", "demo"],
        { cwd: folder },
      );
      const out = join(folder, "out");
      const { files, carried } = await importFeast(repo, { out: folder, columnsOf: parquetColumns });
      expect(carried).toMatchObject({
        entities: ["driver"],
        views: ["driver_hourly_stats", "driver_hourly_stats_fresh"],
        onDemand: ["transformed_conv_rate", "transformed_conv_rate_fresh"],
        services: ["driver_activity_v1", "driver_activity_v2", "driver_activity_v3"],
      });
      for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
      const { default: config } = (await import(join(folder, "slipway.config.ts"))) as {
        readonly default: ProjectConfig;
      };
      platform = await openPlatform({
        config,
        engines: local({ threads: 1, memoryLimit: "1GB", durable: false }),
        root: folder,
        stateDir: join(out, ".slipway"),
        cacheDir: join(out, "cache"),
        env: {},
        actor: "tester",
      });
      await applyDefinitions(platform);
    }, 300_000);
    afterAll(async () => {
      await platform?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    it("gives the values that Feast gives, at every boundary", { timeout: 300_000 }, async () => {
      const rows = JSON.parse(await python(historical, repo)) as readonly Row[];
      // Feast's default store answers fewer rows than it was asked for; those it answers are held to.
      expect(rows.length).toBeGreaterThan(30);
      expect(rows.filter(({ conv_rate }) => conv_rate !== null).length).toBeGreaterThan(20);
      const { offline } = platform.engines;
      const { dialect } = offline;
      const views = definitionsOf(platform.project, "featureView").filter(({ name }) => name === "driver_hourly_stats");
      const asked = rows.map(
        ({ driver_id, at }, index) => `(${index}, ${driver_id}::BIGINT, ${parseInstant(at)}::BIGINT)`,
      );
      const selected = `SELECT n, t, d AS ${keyColumn(dialect, "driver_id")} FROM (VALUES ${asked.join(", ")}) v(n, d, t)`;
      const plan = pointInTimePlan(dialect, { rows: selected, views });
      const names = ["conv_rate", "acc_rate", "avg_daily_trips"] as const;
      const columns = names.map((name) => `${plan.feature("driver_hourly_stats", name)} AS ${name}`);
      const own: Readonly<Record<string, Value>>[] = [];
      for await (const table of offline.stream(
        `${plan.with} SELECT ${columns.join(", ")} ${plan.from} ${plan.orderBy}`,
      ))
        for (let row = 0; row < table.rowCount; row += 1) own.push(rowAt(table, row));
      const number = (value: Value | undefined): number | null =>
        value === null || value === undefined ? null : Number(value);
      expect(
        rows.map((row, index) => [row.driver_id, row.at, ...names.map((name) => number(own[index]?.[name]))]),
      ).toEqual(rows.map((row) => [row.driver_id, row.at, ...names.map((name) => row[name])]));
    });
  },
);
