// Every look of a monitor is kept, also when it saw nothing: when it looked last says when it is due, and what it saw makes a chart.

import { type Instant, newId } from "../core/core.ts";
import { fromJson, instantFromSql, instantToSql, toJson } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";

/** One look of a monitor, whatever it saw. */
export interface MonitorRun {
  readonly id: string;
  readonly monitor: string;
  readonly model: string;
  readonly version: number | null;
  readonly at: Instant;
  /** The time that was looked at begins here, inclusive. */
  readonly windowFrom: Instant;
  /** And ends here, exclusive. */
  readonly windowTo: Instant;
  readonly status: string;
  readonly details: unknown;
}

/** A look to record; `version` may be left out when there was no version to look at. */
export type NewMonitorRun = Omit<MonitorRun, "id" | "version"> & { readonly version?: number | null | undefined };

/** Records that a monitor has looked. */
export async function recordMonitorRun({ records, random }: RegistryContext, run: NewMonitorRun): Promise<void> {
  const row = {
    id: newId(run.at, random),
    monitor: run.monitor,
    model: run.model,
    version: run.version ?? null,
    at: instantToSql(run.at),
    window_from: instantToSql(run.windowFrom),
    window_to: instantToSql(run.windowTo),
    status: run.status,
    details: toJson(run.details),
  };
  await records.transact((tx) => tx.insertInto("monitor_runs").values(row).execute());
}

/** When a monitor last looked, or undefined. */
export async function lastMonitorRun(context: RegistryContext, monitor: string): Promise<Instant | undefined> {
  const [last] = await listMonitorRuns(context, { monitor, limit: 1 });
  return last?.at;
}

/** The newest looks, newest first. */
export async function listMonitorRuns(
  { records }: RegistryContext,
  { monitor, model, limit = 100 }: { readonly monitor?: string; readonly model?: string; readonly limit?: number } = {},
): Promise<readonly MonitorRun[]> {
  let query = records.db
    .selectFrom("monitor_runs")
    .selectAll()
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(limit);
  if (monitor !== undefined) query = query.where("monitor", "=", monitor);
  if (model !== undefined) query = query.where("model", "=", model);
  return (await query.execute()).map((row) => ({
    id: row.id,
    monitor: row.monitor,
    model: row.model,
    version: row.version,
    at: instantFromSql(row.at),
    windowFrom: instantFromSql(row.window_from),
    windowTo: instantFromSql(row.window_to),
    status: row.status,
    details: fromJson(row.details),
  }));
}
