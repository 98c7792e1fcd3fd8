// One look of a monitor: the window's predictions against the profile stored with the version, and against the labels that have come
// in. What it finds is recorded; a problem becomes an alert, one for each monitor and kind, until somebody has dealt with it.

import { columnOf, concatTables, days, floorTo, type Instant, isValid, type Table } from "../core/core.ts";
import { type ModelSpec, type MonitorSpec, taskText } from "../define/define.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import {
  aliasOf,
  clearAlerts,
  getVersion,
  inOneTransaction,
  type RecordedAlert,
  type RegistryContext,
  recordAlert,
  recordMonitorRun,
} from "../registry/registry.ts";
import { type DriftReport, driftReport } from "./drift.ts";
import { type Performance, performanceOf } from "./performance.ts";
import type { ModelProfile } from "./profile.ts";

/** What a look needs: the window's logged predictions as SQL, and how labels are found. */
export interface LookSources {
  readonly offline: OfflineEngine;
  readonly registry: RegistryContext;
  /** Predictions of a time range: columns `#id`, `#at`, `#version`, `#score` and the inputs; undefined when there are none. */
  readonly predictions: (from: Instant, to: Instant) => Promise<string | undefined>;
  /** Labels of outcomes from an instant on: columns `id`, `label`, `known` (microseconds). */
  readonly labels: (since: Instant) => string;
}

/** What a look found. */
export interface Look {
  readonly monitor: string;
  readonly model: string;
  readonly version: number | undefined;
  readonly from: Instant;
  readonly to: Instant;
  readonly predictions: number;
  readonly drift: DriftReport | undefined;
  /** Against the labels that have come in; undefined where there was no look at them. */
  readonly performance: Performance | undefined;
  /** What this look could not watch, in words. */
  readonly notWatched: string | undefined;
  /** The kinds of alert this look opened. */
  readonly opened: readonly ("drift" | "performance")[];
  readonly status: "ok" | "alert" | "no champion" | "too few predictions" | "window not full";
}

/** Looks once, at `now`, and records what it saw. */
export async function look(sources: LookSources, monitor: MonitorSpec, model: ModelSpec, now: Instant): Promise<Look> {
  const from = now - monitor.window;
  const version = await aliasOf(sources.registry, model.name, "champion");
  const isBinary = model.task.kind === "binary";
  const nothing = {
    monitor: monitor.name,
    model: model.name,
    version,
    from,
    to: now,
    drift: undefined,
    performance: undefined,
    // Whether a loss is beyond what the scores promise is known of probabilities of one outcome alone.
    notWatched: isBinary
      ? undefined
      : `performance: a ${taskText(model.task)} model is watched for drift of its inputs, not for its errors`,
    opened: [],
  };
  if (version === undefined) return { ...nothing, predictions: 0, status: "no champion" };
  const predictions = await sources.predictions(from, now);
  const table =
    predictions === undefined ? { rowCount: 0, columns: [] } : await readWindow(sources, model, predictions, from, now);
  if (predictions === undefined || table.rowCount < monitor.leastRows)
    return recorded(sources, { ...nothing, predictions: table.rowCount, status: "too few predictions" }, now);
  // A window that is only begun misses weekdays and hours, and would differ from the profile by that alone.
  if (earliest(table) > from + monitor.every)
    return recorded(sources, { ...nothing, predictions: table.rowCount, status: "window not full" }, now);
  const { profile } = await getVersion(sources.registry, model.name, version);
  const drift = driftReport(profile as ModelProfile, table, {
    driftAbove: monitor.driftAbove,
    driftShare: monitor.driftShare,
  });
  const performance = isBinary ? labelledPerformance(monitor, table) : undefined;
  const kinds = [
    ...(drift.verdict === "drifted" ? (["drift"] as const) : []),
    ...(performance?.verdict === "dropped" ? (["performance"] as const) : []),
  ];
  const about = { monitor: monitor.name, model: model.name, version, windowFrom: from, windowTo: now };
  // Alerts, misses and the look in one: a look that is made again since it was cut off counts once.
  return inOneTransaction(sources.registry, async (registry) => {
    const found: RecordedAlert[] = [];
    for (const kind of kinds) {
      const severity = kind === "performance" ? "critical" : "warning";
      const evidence = kind === "drift" ? summary(drift) : { ...performance };
      found.push(await recordAlert(registry, { ...about, kind, severity, evidence }, monitor.alerts));
    }
    const lookedFor = ["drift", ...(performance?.verdict === "ok" ? ["performance"] : [])];
    const ids = found.map(({ id }) => id);
    await clearAlerts(registry, { ...about, kinds: lookedFor, found: ids }, monitor.alerts ?? {});
    const opened = kinds.filter((_, place) => found[place]?.change === "opened" || found[place]?.change === "reopened");
    const status = kinds.length > 0 ? "alert" : "ok";
    return recorded({ registry }, { ...nothing, predictions: table.rowCount, drift, performance, opened, status }, now);
  });
}

/** The drift figures worth keeping: the verdict and the inputs that moved most. */
function summary({ driftedShare, inputs, rowCount }: DriftReport): Readonly<Record<string, unknown>> {
  const moved = inputs.filter(({ drifted }) => drifted).sort((a, b) => b.psi - a.psi);
  return { rowCount, driftedShare, drifted: moved.slice(0, 10).map(({ name, psi, shift }) => ({ name, psi, shift })) };
}

async function recorded({ registry }: Pick<LookSources, "registry">, found: Look, now: Instant): Promise<Look> {
  await recordMonitorRun(registry, {
    monitor: found.monitor,
    model: found.model,
    version: found.version,
    at: now,
    windowFrom: found.from,
    windowTo: found.to,
    status: found.status,
    details: {
      predictions: found.predictions,
      ...(found.drift ? { drift: summary(found.drift) } : {}),
      ...(found.performance ? { performance: { ...found.performance } } : {}),
      ...(found.notWatched === undefined ? {} : { notWatched: found.notWatched }),
    },
  });
  return found;
}

/** The window's predictions with their inputs and whatever labels have come in by now: one query, because the log is read for it. */
async function readWindow(
  { offline, labels }: LookSources,
  model: ModelSpec,
  predictions: string,
  from: Instant,
  now: Instant,
): Promise<Table> {
  const tables: Table[] = [];
  const inputs = model.inputs.map(({ name }) => `p.${offline.dialect.identifier(name)}`);
  const label = model.task.kind === "binary" ? "o.label" : "NULL::BOOLEAN";
  const sql = `SELECT p."#at", p."#score"::DOUBLE AS "#score", ${label} AS "#label", ${inputs.join(", ")} FROM ${predictions} p LEFT JOIN (SELECT * FROM ${labels(from)} WHERE known <= ${now}) o ON o.id = p."#id"`;
  for await (const table of offline.stream(sql)) tables.push(table);
  return concatTables(tables);
}

function earliest(table: Table): Instant {
  const times = columnOf(table, "#at").values as BigInt64Array;
  return times.reduce((least, at) => (at < least ? at : least), times[0] ?? 0n);
}

function labelledPerformance(monitor: MonitorSpec, table: Table): Performance {
  const label = columnOf(table, "#label");
  const score = columnOf(table, "#score");
  const rows = Array.from({ length: table.rowCount }, (_, row) => row).filter(
    (row) => isValid(label, row) && isValid(score, row),
  );
  const day = days(1);
  const times = columnOf(table, "#at").values as BigInt64Array;
  return performanceOf(
    Uint8Array.from(rows, (row) => Number(label.values[row])),
    Float64Array.from(rows, (row) => Number(score.values[row])),
    {
      sigmas: monitor.performanceSigmas,
      leastRows: monitor.leastRows,
      blocks: Int32Array.from(rows, (row) => Number(floorTo(times[row] ?? 0n, day) / day)),
    },
  );
}
