// Whoever changes an alert writes down, in the same transaction, what its channels are to be told: neither is there without the other, and telling
// is somebody else's work (deliver.ts).

import { formatInstant, isAsSevere, newId, type Severity } from "../../core/core.ts";
import type { Notice } from "../../ports/ports.ts";
import {
  type AlertChange,
  fromJson,
  instantFromSql,
  instantToSql,
  type RecordsTransaction,
  toJson,
} from "../../records/records.ts";
import type { RegistryContext } from "../context.ts";
import type { AlertRow } from "./alert.ts";

/** A notice as it is written down: its id and the project are added when it is told. */
export type WrittenNotice = Omit<Notice, "id" | "project">;

/** Writes down a change, and what each channel is to be told of it. */
export async function writeStep(
  tx: RecordsTransaction,
  { clock, random, actor }: RegistryContext,
  row: AlertRow,
  change: AlertChange,
  note: string | null,
): Promise<void> {
  const now = clock.now();
  const at = instantToSql(now);
  await tx.insertInto("alert_changes").values({ alert_id: row.id, at, actor, change, note }).execute();
  const incident = await incidentOf(tx, row.incident_id);
  const channels = fromJson<readonly { readonly channel: string; readonly from: Severity }[]>(row.channels);
  const told = channels.filter(({ from }) => isAsSevere(row.severity, from)).map(({ channel }) => channel);
  const ended = change === "resolved" ? await toldBefore(tx, row, incident.unresolved === 0) : [];
  const notice: WrittenNotice = {
    change,
    at: formatInstant(now),
    by: actor,
    note,
    alert: shown(row),
    incident,
  };
  const body = toJson(notice);
  for (const channel of new Set([...told, ...ended]))
    await tx
      .insertInto("alert_deliveries")
      .values({
        id: newId(now, random),
        alert_id: row.id,
        incident_id: row.incident_id,
        channel,
        change,
        body,
        status: "waiting",
        attempts: 0,
        next_at: at,
        at,
        problem: null,
      })
      .execute();
}

/** Whoever was told of an alert is told that it is over, and of an incident with the last of its alerts. */
async function toldBefore(tx: RecordsTransaction, row: AlertRow, isOver: boolean): Promise<readonly string[]> {
  const rows = await tx
    .selectFrom("alert_deliveries")
    .select("channel")
    .distinct()
    .where(isOver ? "incident_id" : "alert_id", "=", isOver ? row.incident_id : row.id)
    .execute();
  return rows.map(({ channel }) => channel);
}

function shown(row: AlertRow): Notice["alert"] {
  const { id, monitor, model, version, kind, subject, severity, status } = row;
  return {
    ...{ id, monitor, model, version, kind, subject, severity, status },
    openedAt: formatInstant(instantFromSql(row.at)),
    windowFrom: formatInstant(instantFromSql(row.window_from)),
    windowTo: formatInstant(instantFromSql(row.window_to)),
    timesSeen: row.times_seen,
    evidence: fromJson(row.evidence),
  };
}

async function incidentOf(tx: RecordsTransaction, id: string): Promise<Notice["incident"]> {
  const { severity, opened_at } = await tx
    .selectFrom("incidents")
    .select(["severity", "opened_at"])
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  const left = await tx
    .selectFrom("alerts")
    .select("id")
    .where("incident_id", "=", id)
    .where("status", "<>", "resolved")
    .execute();
  return { id, severity, openedAt: formatInstant(instantFromSql(opened_at)), unresolved: left.length };
}
