// A small world for tests of definitions and records: rides by drivers, a view with a window and a newest value, a model over it, and versions that
// are registered without being trained.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { days, hours, parseInstant } from "../core/core.ts";
import {
  alertFrom,
  auc,
  byTime,
  count,
  definitionHash,
  described,
  entity,
  type FeatureView,
  featureView,
  findDefinition,
  latest,
  mean,
  model,
  monitor,
  parquet,
  project,
  retrain,
  t,
  xgboost,
} from "../define/define.ts";
import { local } from "../presets/presets.ts";
import { testDatabase } from "../records/database.fixture.ts";
import { recordDataset, registerVersion, startRun } from "../registry/registry.ts";
import { servingContract } from "../serving/serving.ts";
import { moveAlias, type OpenOptions, openPlatform, type Platform } from "./platform.ts";

/** A folder and the platforms opened on it. */
export interface RidesWorld {
  readonly folder: string;
  /** Opens the project with these definitions; all are closed together. */
  open(
    definitions: Readonly<Record<string, unknown>>,
    start?: Pick<OpenOptions, "startAt" | "onLaterStart">,
  ): Promise<Platform>;
  remove(): Promise<void>;
}

/** Where the clock stands. */
export const ridesNow = parseInstant("2025-02-01");

/** A world in a new folder. */
export function ridesWorld(): RidesWorld {
  const folder = mkdtempSync(join(tmpdir(), "slipway-rides-"));
  const open: Platform[] = [];
  return {
    folder,
    async open(definitions, start = {}) {
      const records = await testDatabase(folder);
      const platform = await openPlatform({
        config: project({ name: "rides", definitions }),
        engines: local({ threads: 1, durable: false, records: () => records }),
        root: folder,
        stateDir: join(folder, "state"),
        cacheDir: join(folder, "cache"),
        env: {},
        actor: "tester",
        clock: ({ clocks }) => clocks.replay(ridesNow),
        ...start,
      });
      open.push(platform);
      return platform;
    },
    async remove() {
      for (const platform of open) await platform.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** The rows: one per ride, some of them known late. */
export const rides = parquet("rides", {
  path: "rides.parquet",
  columns: {
    ride: t.string(),
    driver: t.string(),
    fare: t.float64().optional(),
    km: t.float64(),
    at: t.timestamp(),
    known: t.timestamp().optional(),
  },
  id: "ride",
  eventTime: "at",
  createdAt: "known",
  owner: "data",
});

/** Writes the rows. */
export async function writeRides(platform: Platform, folder: string): Promise<void> {
  await platform.engines.offline.writeParquet(
    `SELECT 'r' || i AS ride, ['ann', 'bob', 'cyd'][1 + i % 3] AS driver, CASE WHEN i % 5 > 0 THEN (i * 1.5)::DOUBLE END AS fare, (i % 7)::DOUBLE AS km,
       TIMESTAMP '2025-01-25' + INTERVAL (i * 4) HOUR AS at,
       CASE WHEN i % 4 = 0 THEN TIMESTAMP '2025-01-25' + INTERVAL (i * 4 + 9) HOUR END AS known
     FROM range(30) r(i)`,
    join(folder, "rides.parquet"),
  );
}

export const driver = entity("driver", { driver: t.string() }, { description: "Somebody who drives" });

/** What may differ between two states of the view. */
export interface FaresOptions {
  readonly window?: number;
  readonly version?: number;
  readonly owner?: string;
  readonly more?: boolean;
}

/** The view; `window` in days. */
export function fares({ window = 1, version = 1, owner = "pricing", more = false }: FaresOptions = {}) {
  return featureView("driver_fares", {
    entity: driver,
    source: rides,
    features: {
      mean_fare: described(mean(rides.fare).over(days(window)), {
        description: "What a ride pays",
        tags: { pii: "no" },
      }),
      last_fare: latest(rides.fare),
      ...(more ? { rides_1d: count().over(days(1)) } : {}),
    },
    version,
    owner,
    tags: { domain: "money" },
  });
}

/** A model over a state of the view; it reads `mean_fare` as an input and, in a derived value, `last_fare`. */
export function richRide(
  view: FeatureView<{ driver: ReturnType<typeof t.string> }, { mean_fare: "float64"; last_fare: "float64" }>,
) {
  return model("rich_ride", {
    rows: rides,
    features: [view.features.mean_fare],
    derived: { is_high: () => view.features.last_fare.gt(20) },
    label: rides.fare.gt(30),
    trainer: xgboost({ objective: "binary:logistic" }),
    split: byTime({ validate: days(1), test: days(1) }),
    metrics: [auc()],
  });
}

/** All definitions over a state of the view. */
export function ridesDefinitions(view = fares()): Readonly<Record<string, unknown>> {
  const rich = richRide(view as never);
  const health = monitor("rich_health", { model: rich, every: hours(24) });
  const again = retrain("rich_retrain", { model: rich, when: [alertFrom(health)], promote: { better: "auc" } });
  return { driver, view, rich, health, again };
}

/** Registers a version of the model as defined now, with a run and a dataset, and lets `aliases` name it. */
export async function registered(platform: Platform, aliases: readonly string[] = ["champion"]): Promise<number> {
  const { registry, project: own } = platform;
  const spec = findDefinition(own, "model", "rich_ride");
  const definitionsHash = definitionHash(spec);
  const dataset = await recordDataset(registry, {
    id: definitionsHash.slice(0, 40),
    model: spec.name,
    definitionsHash,
    rowCount: 30,
    columns: [],
    blob: "none",
    timeFrom: null,
    timeTo: null,
    labelStats: {},
    findings: [],
    sources: {},
  });
  const run = await startRun(registry, {
    experiment: spec.name,
    kind: "train",
    model: spec.name,
    datasetId: dataset.id,
  });
  const { number } = await registerVersion(registry, {
    model: spec.name,
    runId: run.id,
    datasetId: dataset.id,
    definitionsHash,
    artifact: new TextEncoder().encode(`artifact ${run.id}`),
    format: "xgboost-ubj",
    bestRound: 1,
    inputs: [{ name: "mean_fare", kind: "number" }],
    features: servingContract(spec),
    metrics: {},
    profile: [],
    environment: {},
  });
  for (const alias of aliases) await moveAlias(registry, { model: spec.name, alias, version: number, reason: "test" });
  return number;
}
