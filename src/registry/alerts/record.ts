// What a look found becomes an alert, once for each monitor, model, kind and subject. While it stands, finding it again only counts; the cool-down
// says when somebody hears of it again: an open one is reminded of, an acknowledged one is open again, and one that was resolved is reopened
// when it is back within it, and a new one afterwards. What happens to one model within the cool-down is one incident.

import { sql } from "kysely";
import { type Duration, days, isAsSevere, newId, type Severity } from "../../core/core.ts";
import { type AlertChange, instantToSql, type RecordsTransaction, toJson } from "../../records/records.ts";
import { writeAudit } from "../audit.ts";
import type { RegistryContext } from "../context.ts";
import { type Alert, type AlertRow, alertOf, settleIncident } from "./alert.ts";
import { writeStep } from "./outbox.ts";

/** An alert to record. */
export interface NewAlert
  extends Pick<Alert, "monitor" | "model" | "version" | "windowFrom" | "windowTo" | "kind" | "evidence"> {
  readonly subject?: string;
  readonly severity: Severity;
}

/** How a monitor's alerts are told. */
export interface AlertPolicy {
  /** How long an alert that was told, acknowledged or resolved is not told again; default a day. */
  readonly cooldown?: Duration;
  /** Who is told, from which severity on. */
  readonly to?: readonly { readonly channel: string; readonly from: Severity }[];
  /** After so many looks that do not find it, an alert is resolved; default never. */
  readonly resolveAfter?: number;
}

/** An alert with what this finding did to it; `seen`: nothing but a count. */
export interface RecordedAlert extends Alert {
  readonly change: Extract<AlertChange, "opened" | "reopened" | "escalated" | "reminded"> | "seen";
}

const COOLDOWN: Duration = days(1);

/** Records what was found now. */
export async function recordAlert(
  context: RegistryContext,
  alert: NewAlert,
  policy: AlertPolicy = {},
): Promise<RecordedAlert> {
  return context.records.transact(async (tx) => {
    const { monitor, model, kind, subject = "" } = alert;
    const last = await tx
      .selectFrom("alerts")
      .selectAll()
      .where("monitor", "=", monitor)
      .where("model", "=", model)
      .where("kind", "=", kind)
      .where("subject", "=", subject)
      // One that stands comes first: by a clock that went back it may be older than one that is over.
      .orderBy(sql`case when status = 'resolved' then 1 else 0 end`)
      .orderBy("at", "desc")
      .orderBy("id", "desc")
      .executeTakeFirst();
    const now = instantToSql(context.clock.now());
    const cooldown = Number(policy.cooldown ?? COOLDOWN);
    const change = changeOf(last, alert, now, cooldown);
    const isOld = last !== undefined && change !== "opened";
    const row = isOld
      ? again(last, alert, change, now, policy)
      : await fresh(tx, context, alert, now, cooldown, policy);
    if (isOld) await tx.updateTable("alerts").set(row).where("id", "=", row.id).execute();
    await worsen(tx, row);
    if (change !== "seen") {
      await writeStep(tx, { ...context, actor: `monitor ${monitor}` }, row, change, null);
      if (change !== "reminded")
        await writeAudit(tx, context, {
          action: `alert.${change}`,
          subject: row.id,
          details: { monitor, model, kind },
        });
    }
    return { ...alertOf(row), change };
  });
}

function changeOf(
  last: AlertRow | undefined,
  { severity, version }: NewAlert,
  now: number,
  cooldown: number,
): RecordedAlert["change"] {
  if (last === undefined) return "opened";
  const isSoon = now < last.status_at + cooldown;
  // Another version is another model: what is wrong with it is news.
  if (last.status === "resolved") return isSoon && last.version === version ? "reopened" : "opened";
  if (!isAsSevere(last.severity, severity)) return "escalated";
  if (last.status === "acknowledged") return isSoon ? "seen" : "reopened";
  return now < last.told_at + cooldown ? "seen" : "reminded";
}

/** An alert that is there, found once more. */
function again(
  last: AlertRow,
  alert: NewAlert,
  change: RecordedAlert["change"],
  now: number,
  { to }: AlertPolicy,
): AlertRow {
  const isOpenAnew = change === "reopened" || (change === "escalated" && last.status !== "open");
  return {
    ...last,
    version: alert.version,
    window_from: instantToSql(alert.windowFrom),
    window_to: instantToSql(alert.windowTo),
    evidence: toJson(alert.evidence),
    // It stays as bad as it was, so that whoever heard that it began hears how it ends.
    severity: isAsSevere(last.severity, alert.severity) ? last.severity : alert.severity,
    // A clock that went back takes nothing back.
    seen_at: Math.max(last.seen_at, now),
    times_seen: last.times_seen + 1,
    times_missed: 0,
    channels: toJson(to ?? []),
    ...(change === "seen" ? {} : { told_at: now }),
    ...(isOpenAnew ? { status: "open", status_at: now, handled_by: null } : {}),
  };
}

async function fresh(
  tx: RecordsTransaction,
  context: RegistryContext,
  alert: NewAlert,
  now: number,
  cooldown: number,
  { to }: AlertPolicy,
): Promise<AlertRow> {
  const row: AlertRow = {
    id: newId(context.clock.now(), context.random),
    incident_id: await incidentFor(tx, context, alert, now, cooldown),
    monitor: alert.monitor,
    model: alert.model,
    version: alert.version,
    at: now,
    window_from: instantToSql(alert.windowFrom),
    window_to: instantToSql(alert.windowTo),
    kind: alert.kind,
    subject: alert.subject ?? "",
    severity: alert.severity,
    evidence: toJson(alert.evidence),
    status: "open",
    handled_by: null,
    status_at: now,
    seen_at: now,
    times_seen: 1,
    times_missed: 0,
    told_at: now,
    channels: toJson(to ?? []),
  };
  await tx.insertInto("alerts").values(row).execute();
  return row;
}

/** The incident of the model in which anything was found within the cool-down, else a new one. */
async function incidentFor(
  tx: RecordsTransaction,
  { clock, random }: RegistryContext,
  { model, severity }: NewAlert,
  now: number,
  cooldown: number,
): Promise<string> {
  const going = await tx
    .selectFrom("incidents as i")
    .innerJoin("alerts as a", "a.incident_id", "i.id")
    .select("i.id")
    .where("i.model", "=", model)
    .where("i.resolved_at", "is", null)
    .where("a.status", "<>", "resolved")
    .where("a.seen_at", ">=", now - cooldown)
    .orderBy("a.seen_at", "desc")
    .orderBy("i.id", "desc")
    .executeTakeFirst();
  if (going) return going.id;
  const id = newId(clock.now(), random);
  await tx.insertInto("incidents").values({ id, model, severity, opened_at: now, resolved_at: null }).execute();
  return id;
}

async function worsen(tx: RecordsTransaction, { incident_id, severity }: AlertRow): Promise<void> {
  const incident = await tx.selectFrom("incidents").selectAll().where("id", "=", incident_id).executeTakeFirstOrThrow();
  const worst = isAsSevere(incident.severity, severity) ? incident.severity : severity;
  if (worst === incident.severity && incident.resolved_at === null) return;
  await tx.updateTable("incidents").set({ severity: worst, resolved_at: null }).where("id", "=", incident_id).execute();
}

/** Counts the looks that did not find a monitor's alerts, of the kinds that were looked for, and resolves those that are gone for long enough. */
export async function clearAlerts(
  context: RegistryContext,
  { monitor, model, kinds, found }: LookedFor,
  { resolveAfter, to }: AlertPolicy,
): Promise<readonly string[]> {
  if (resolveAfter === undefined || kinds.length === 0) return [];
  return context.records.transact(async (tx) => {
    const rows = await tx
      .selectFrom("alerts")
      .selectAll()
      .where("monitor", "=", monitor)
      .where("model", "=", model)
      .where("kind", "in", kinds)
      .where("status", "<>", "resolved")
      .execute();
    const resolved: string[] = [];
    for (const row of rows.filter(({ id }) => !found.includes(id))) {
      const missed = row.times_missed + 1;
      const isGone = missed >= resolveAfter;
      const now = context.clock.now();
      const by = `monitor ${monitor}`;
      const changed: AlertRow = {
        ...row,
        times_missed: missed,
        channels: toJson(to ?? []),
        ...(isGone ? { status: "resolved", status_at: instantToSql(now), handled_by: by } : {}),
      };
      await tx.updateTable("alerts").set(changed).where("id", "=", row.id).execute();
      if (!isGone) continue;
      await settleIncident(tx, row.incident_id, now);
      await writeStep(tx, { ...context, actor: by }, changed, "resolved", `Not found in ${missed} looks.`);
      await writeAudit(tx, context, { action: "alert.resolved", subject: row.id, details: { handledBy: by } });
      resolved.push(row.id);
    }
    return resolved;
  });
}

/** What a look looked for, and which alerts it found. */
export interface LookedFor {
  readonly monitor: string;
  readonly model: string;
  readonly kinds: readonly string[];
  /** Ids of alerts. */
  readonly found: readonly string[];
}
