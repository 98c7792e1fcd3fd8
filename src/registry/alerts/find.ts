// Finding alerts: by where they stand, by whom they are from, and by the start or end of an id, as people copy them.

import { sql } from "kysely";
import { type Instant, isAsSevere, type Severity, SlipwayError, severities } from "../../core/core.ts";
import { type AlertChange, type AlertStatus, instantFromSql } from "../../records/records.ts";
import type { RegistryContext } from "../context.ts";
import { every, seenModels, sightOf } from "../sight.ts";
import { type Alert, type AlertStep, alertNotFound, alertOf } from "./alert.ts";

/** Which alerts to list; what is left out does not matter. */
export interface AlertFilter {
  readonly monitor?: string;
  readonly model?: string;
  readonly status?: AlertStatus;
  readonly incident?: string;
  /** The least severity. */
  readonly from?: Severity;
  /** Default 100. */
  readonly limit?: number;
}

/** The newest alerts, newest first. */
export async function listAlerts(
  context: RegistryContext,
  { monitor, model, status, incident, from, limit = 100 }: AlertFilter = {},
): Promise<readonly Alert[]> {
  const seen = every(seenModels(await sightOf(context), sql`alerts.model`));
  let query = context.records.db
    .selectFrom("alerts")
    .where(seen)
    .selectAll()
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(limit);
  if (monitor !== undefined) query = query.where("monitor", "=", monitor);
  if (model !== undefined) query = query.where("model", "=", model);
  if (status !== undefined) query = query.where("status", "=", status);
  if (incident !== undefined) query = query.where("incident_id", "=", incident);
  if (from !== undefined)
    query = query.where(
      "severity",
      "in",
      severities.filter((each) => isAsSevere(each, from)),
    );
  return (await query.execute()).map(alertOf);
}

/** When alerts of a model were opened or opened again, newest first. */
export async function alertTimes(
  { records }: RegistryContext,
  model: string,
  changes: readonly AlertChange[],
): Promise<readonly Instant[]> {
  const rows = await records.db
    .selectFrom("alert_changes as c")
    .innerJoin("alerts as a", "a.id", "c.alert_id")
    .select("c.at")
    .where("a.model", "=", model)
    .where("c.change", "in", changes)
    .orderBy("c.seq", "desc")
    .execute();
  return rows.map(({ at }) => instantFromSql(at));
}

/** An alert with its story, and what else happened to the model then. */
export interface ShownAlert {
  readonly alert: Alert;
  /** Oldest first. */
  readonly steps: readonly AlertStep[];
  readonly incident: {
    readonly id: string;
    readonly severity: Severity;
    readonly openedAt: Instant;
    readonly resolvedAt: Instant | null;
    /** All its alerts, this one too, newest first. */
    readonly alerts: readonly Alert[];
  };
}

/** One alert by its id, or the start or the end of it (four characters or more). Throws ALERT_NOT_FOUND, and INPUT_INVALID for what several share. */
export async function showAlert(context: RegistryContext, reference: string): Promise<ShownAlert> {
  const { db } = context.records;
  const id = await alertId(context, reference);
  const row = await db.selectFrom("alerts").selectAll().where("id", "=", id).executeTakeFirstOrThrow();
  const steps = await db.selectFrom("alert_changes").selectAll().where("alert_id", "=", id).orderBy("seq").execute();
  const incident = await db
    .selectFrom("incidents")
    .selectAll()
    .where("id", "=", row.incident_id)
    .executeTakeFirstOrThrow();
  return {
    alert: alertOf(row),
    steps: steps.map(({ at, actor, change, note }) => ({ at: instantFromSql(at), actor, change, note })),
    incident: {
      id: incident.id,
      severity: incident.severity,
      openedAt: instantFromSql(incident.opened_at),
      resolvedAt: incident.resolved_at === null ? null : instantFromSql(incident.resolved_at),
      alerts: await listAlerts(context, { incident: incident.id, limit: 1000 }),
    },
  };
}

/** The id that a reference means. */
export async function alertId(context: RegistryContext, reference: string): Promise<string> {
  const part = reference.toLowerCase();
  if (!/^[0-9a-f-]{4,64}$/.test(part)) throw alertNotFound(reference);
  const rows = await context.records.db
    .selectFrom("alerts")
    .select("id")
    .where(every(seenModels(await sightOf(context), sql`alerts.model`)))
    .where((where) => where.or([where("id", "like", `${part}%`), where("id", "like", `%${part}`)]))
    .orderBy("at", "desc")
    .limit(6)
    .execute();
  const exact = rows.find(({ id }) => id === part);
  const [found, other] = exact ? [exact] : rows;
  if (!found) throw alertNotFound(reference);
  if (!other) return found.id;
  throw new SlipwayError(
    "INPUT_INVALID",
    `Several alerts are meant by "${reference}": ${rows.map(({ id }) => id).join(", ")}. Give the end of an id, or the whole.`,
  );
}
