// The project of as-of.ts and materialize.ts: three views of ten newest values each, and a model over them.

import {
  auc,
  byTime,
  days,
  entity,
  featureView,
  latest,
  model,
  type ProjectConfig,
  parquet,
  project,
  t,
  xgboost,
} from "slipway";
import type { Shape } from "./as-of-data.ts";

/** The definitions over a folder of {@link asOfData}. `isLate`: the sources say when rows became known. `asking`: how many rows ask. */
export function asOfProject(
  folder: string,
  shape: Shape,
  isLate: boolean,
  views: readonly number[] = [0, 1, 2],
  asking = 1_000_000,
): ProjectConfig {
  const things = entity("thing", { k: t.int64() });
  const all = views.map((view) => {
    const source = parquet(`s${view}`, {
      path: `${folder}/${shape}-${view}.parquet`,
      columns: {
        k: t.int64(),
        e: t.timestamp(),
        c: t.timestamp(),
        f0: t.float64(),
        f1: t.float64(),
        f2: t.float64(),
        f3: t.float64(),
        f4: t.float64(),
        f5: t.float64(),
        f6: t.float64(),
        f7: t.float64(),
        f8: t.float64(),
        f9: t.float64(),
      },
      eventTime: "e",
      ...(isLate ? { createdAt: "c" as const } : {}),
    });
    const { f0, f1, f2, f3, f4, f5, f6, f7, f8, f9 } = source;
    const values = [f0, f1, f2, f3, f4, f5, f6, f7, f8, f9].map(
      (value, f) => [`v${view}_f${f}`, latest(value)] as const,
    );
    return featureView(`v${view}`, { entity: things, source, features: Object.fromEntries(values) });
  });
  const rows = parquet("asking", {
    path: `${folder}/${shape}-asking-${asking}.parquet`,
    columns: { id: t.int64(), k: t.int64(), t: t.timestamp() },
    id: "id",
    eventTime: "t",
  });
  const labels = parquet("labels", {
    path: `${folder}/labels-${asking}.parquet`,
    columns: { id: t.int64(), known: t.timestamp(), y: t.bool() },
    id: "id",
    eventTime: "known",
  });
  const asked = model("asked", {
    rows,
    features: all,
    label: labels.y.eq(true),
    trainer: xgboost({ objective: "binary:logistic" }),
    split: byTime({ validate: days(10), test: days(10) }),
    metrics: [auc()],
  });
  return project({
    name: "as_of",
    definitions: { things, ...Object.fromEntries(all.map((view) => [view.name, view])), asked },
  });
}
