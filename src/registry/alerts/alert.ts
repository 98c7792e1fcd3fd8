// An alert is a question put to whoever is in charge, a person or a retraining rule. It stays until one of them has answered.

import { type Instant, type Severity, SlipwayError } from "../../core/core.ts";
import {
  type AlertChange,
  type AlertStatus,
  fromJson,
  instantFromSql,
  instantToSql,
  type RecordsTransaction,
  type Schema,
} from "../../records/records.ts";

/** Something a monitor found that somebody should look at. */
export interface Alert {
  readonly id: string;
  /** What happened to the model at that time, of which this may be one part of several. */
  readonly incident: string;
  readonly monitor: string;
  readonly model: string;
  readonly version: number | null;
  /** When it was opened. */
  readonly at: Instant;
  /** The time that was looked at begins here, inclusive. */
  readonly windowFrom: Instant;
  /** And ends here, exclusive. */
  readonly windowTo: Instant;
  /** What it is about, e.g. `drift` or `performance`. */
  readonly kind: string;
  /** What of it, such as a column; empty for the whole. */
  readonly subject: string;
  readonly severity: Severity;
  /** What found it last. */
  readonly evidence: unknown;
  readonly status: AlertStatus;
  /** Who or which decision acknowledged or resolved it. */
  readonly handledBy: string | null;
  /** Since when it stands as it does. */
  readonly statusAt: Instant;
  readonly seenAt: Instant;
  /** In how many looks it was found. */
  readonly timesSeen: number;
}

/** Something that became of an alert. */
export interface AlertStep {
  readonly at: Instant;
  readonly actor: string;
  readonly change: AlertChange;
  readonly note: string | null;
}

/** An alert as the records have it. */
export type AlertRow = Schema["alerts"];

/** An alert from its row. */
export function alertOf(row: AlertRow): Alert {
  return {
    id: row.id,
    incident: row.incident_id,
    monitor: row.monitor,
    model: row.model,
    version: row.version,
    at: instantFromSql(row.at),
    windowFrom: instantFromSql(row.window_from),
    windowTo: instantFromSql(row.window_to),
    kind: row.kind,
    subject: row.subject,
    severity: row.severity,
    evidence: fromJson(row.evidence),
    status: row.status,
    handledBy: row.handled_by,
    statusAt: instantFromSql(row.status_at),
    seenAt: instantFromSql(row.seen_at),
    timesSeen: row.times_seen,
  };
}

/** The row of that id inside a transaction. Throws ALERT_NOT_FOUND. */
export async function alertRow(tx: RecordsTransaction, id: string): Promise<AlertRow> {
  const row = await tx.selectFrom("alerts").selectAll().where("id", "=", id).executeTakeFirst();
  if (row) return row;
  throw alertNotFound(id);
}

/** The error for what names no alert. */
export function alertNotFound(reference: string): SlipwayError {
  return new SlipwayError(
    "ALERT_NOT_FOUND",
    `There is no alert ${JSON.stringify(reference.slice(0, 100))}. To see those there are: slipway alerts list --status all`,
    { details: { alert: reference.slice(0, 100) } },
  );
}

/** Marks an alert's incident as over when nothing of it is left, and as going on when something is. */
export async function settleIncident(tx: RecordsTransaction, incident: string, now: Instant): Promise<void> {
  const left = await tx
    .selectFrom("alerts")
    .select("id")
    .where("incident_id", "=", incident)
    .where("status", "<>", "resolved")
    .executeTakeFirst();
  await tx
    .updateTable("incidents")
    .set({ resolved_at: left ? null : instantToSql(now) })
    .where("id", "=", incident)
    .execute();
}
