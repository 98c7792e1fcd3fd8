// The project of the online-http bench: five views of ten whole numbers each, over Parquet files that Feast reads too.

import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { entity, featureView, latest, type ProjectConfig, parquet, project, t } from "slipway";
import { applyDefinitions, type OpenOptions, openPlatform, type Platform } from "slipway/platform";
import { local } from "slipway/presets";
import { THREADS } from "./project.ts";

/** Views, features of each, and keys, as in Feast's own benchmarks. */
export const VIEWS = 5;
/** Features of one view. */
export const FEATURES = 10;
/** Keys of every view. */
export const KEYS = 10_000;
/** Up to when rows are known. */
export const END = "2025-06-01T00:00:00Z";

const viewNames = Array.from({ length: VIEWS }, (_, view) => `view_${view}`);
const featureNames = (view: number): readonly string[] =>
  Array.from({ length: FEATURES }, (_, feature) => `f_${view}_${feature}`);
/** Every feature as Feast writes it. */
export const references: readonly string[] = viewNames.flatMap((name, view) =>
  featureNames(view).map((feature) => `${name}:${feature}`),
);

const user = entity("user", { user_id: t.int64() });
const definitions = Object.fromEntries(
  viewNames.map((name, view) => {
    const features = featureNames(view);
    const source = parquet(`${name}_rows`, {
      path: `${name}.parquet`,
      columns: {
        user_id: t.int64(),
        event_timestamp: t.timestamp(),
        ...Object.fromEntries(features.map((feature) => [feature, t.int64()])),
      },
      eventTime: "event_timestamp",
    });
    const columns = source as unknown as Record<string, ReturnType<typeof latest>>;
    const declared = Object.fromEntries(features.map((feature) => [feature, latest(columns[feature] as never)]));
    return [name, featureView(name, { entity: user, source, features: declared })];
  }),
);

/** Writes the rows of every view into a folder. */
export async function writeOnlineRows(root: string): Promise<void> {
  const instance = await DuckDBInstance.create(":memory:", { threads: "1" });
  const connection = await instance.connect();
  for (const [view, name] of viewNames.entries()) {
    const columns = featureNames(view).map((feature) => `(hash('${feature}', range) % 1000000)::BIGINT AS ${feature}`);
    await connection.run(
      `COPY (SELECT range::BIGINT AS user_id, TIMESTAMP '2025-05-31' + to_seconds(range) AS event_timestamp, ${columns.join(", ")}
        FROM range(${KEYS})) TO '${join(root, `${name}.parquet`)}' (FORMAT parquet)`,
    );
  }
  connection.closeSync();
  instance.closeSync();
}

/** The project as a config file has it. */
export const config: ProjectConfig = project({ name: "online", definitions });

/** Opens the project on a folder. */
export async function openOnline(root: string): Promise<Platform> {
  const options: OpenOptions = {
    config,
    engines: local({ threads: THREADS }),
    root,
    stateDir: join(root, ".slipway"),
    cacheDir: join(root, "cache"),
    env: process.env,
    actor: "bench",
  };
  const platform = await openPlatform(options);
  await applyDefinitions(platform);
  return platform;
}

/** The same as a Feast repository's definitions. */
export const feastDefinitions: string = `
from datetime import timedelta
from feast import Entity, FeatureView, Field, FileSource, ValueType
from feast.types import Int64
user = Entity(name="user", join_keys=["user_id"], value_type=ValueType.INT64)
views = [FeatureView(name=f"view_{v}", entities=[user], ttl=timedelta(0), schema=[Field(name=f"f_{v}_{f}", dtype=Int64) for f in range(${FEATURES})],
    source=FileSource(name=f"rows_{v}", path=f"../view_{v}.parquet", timestamp_field="event_timestamp")) for v in range(${VIEWS})]
`;
