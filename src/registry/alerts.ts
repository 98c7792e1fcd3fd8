// An alert is a question put to whoever is in charge, a person or a retraining rule. It stays open until one of them has answered.

import { type Instant, newId, SlipwayError } from "../core/core.ts";
import {
  type AlertStatus,
  fromJson,
  instantFromSql,
  instantToSql,
  type RecordsTransaction,
  type Schema,
  toJson,
} from "../records/records.ts";
import { writeAudit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";

/** Something a monitor found that somebody should look at. */
export interface Alert {
  readonly id: string;
  readonly monitor: string;
  readonly model: string;
  readonly version: number | null;
  readonly at: Instant;
  /** The time that was looked at begins here, inclusive. */
  readonly windowFrom: Instant;
  /** And ends here, exclusive. */
  readonly windowTo: Instant;
  /** What it is about, e.g. `drift` or `performance`. */
  readonly kind: string;
  readonly severity: string;
  readonly details: unknown;
  readonly status: AlertStatus;
  /** Who or which decision took care of it. */
  readonly handledBy: string | null;
}

/** An alert to record. */
export type NewAlert = Omit<Alert, "id" | "at" | "status" | "handledBy">;

/** Which alerts to list; what is left out does not matter. */
export interface AlertFilter {
  readonly monitor?: string;
  readonly model?: string;
  readonly status?: AlertStatus;
  /** Default 100. */
  readonly limit?: number;
}

/** Records an open alert, raised now. */
export async function recordAlert({ records, clock, random }: RegistryContext, alert: NewAlert): Promise<Alert> {
  const now = clock.now();
  const row = {
    id: newId(now, random),
    monitor: alert.monitor,
    model: alert.model,
    version: alert.version,
    at: instantToSql(now),
    window_from: instantToSql(alert.windowFrom),
    window_to: instantToSql(alert.windowTo),
    kind: alert.kind,
    severity: alert.severity,
    details: toJson(alert.details),
    status: "open" as const,
    handled_by: null,
  };
  await records.db.insertInto("alerts").values(row).execute();
  return alertOf(row);
}

/** The newest alerts, newest first. */
export async function listAlerts(
  { records }: RegistryContext,
  { monitor, model, status, limit = 100 }: AlertFilter = {},
): Promise<readonly Alert[]> {
  let query = records.db.selectFrom("alerts").selectAll().orderBy("at", "desc").orderBy("id", "desc").limit(limit);
  if (monitor !== undefined) query = query.where("monitor", "=", monitor);
  if (model !== undefined) query = query.where("model", "=", model);
  if (status !== undefined) query = query.where("status", "=", status);
  return (await query.execute()).map(alertOf);
}

/** Marks open alerts as taken care of; `handledBy` defaults to the actor. */
export async function acknowledgeAlerts(
  context: RegistryContext,
  ids: readonly string[],
  handledBy: string = context.actor,
): Promise<void> {
  await context.records.transact((tx) => acknowledgeIn(tx, context, ids, handledBy));
}

/** Does the same inside a transaction. */
export async function acknowledgeIn(
  tx: RecordsTransaction,
  context: RegistryContext,
  ids: readonly string[],
  handledBy: string,
): Promise<void> {
  for (const id of ids) {
    const alert = await tx.selectFrom("alerts").select("status").where("id", "=", id).executeTakeFirst();
    if (!alert) throw new SlipwayError("INPUT_INVALID", `There is no alert ${id}.`);
    if (alert.status !== "open") continue;
    await tx
      .updateTable("alerts")
      .set({ status: "acknowledged", handled_by: handledBy })
      .where("id", "=", id)
      .execute();
    await writeAudit(tx, context, { action: "alert.acknowledged", subject: id, details: { handledBy } });
  }
}

function alertOf(row: Schema["alerts"]): Alert {
  return {
    id: row.id,
    monitor: row.monitor,
    model: row.model,
    version: row.version,
    at: instantFromSql(row.at),
    windowFrom: instantFromSql(row.window_from),
    windowTo: instantFromSql(row.window_to),
    kind: row.kind,
    severity: row.severity,
    details: fromJson(row.details),
    status: row.status,
    handledBy: row.handled_by,
  };
}
