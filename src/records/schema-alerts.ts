// What monitors found, in three layers: an alert is one problem, an incident is what happened to a model at one time and may hold several, and a
// delivery is something that one channel is still to be told. What became of an alert is a list that only grows.

import type { Generated } from "kysely";
import type { Severity } from "../core/core.ts";

/** Where an alert stands. */
export type AlertStatus = "open" | "acknowledged" | "resolved";

/** What can become of an alert; `reminded`: it was found once more after the cool-down, and nobody had said a word. */
export type AlertChange = "opened" | "reopened" | "escalated" | "reminded" | "acknowledged" | "resolved" | "commented";

/** Where a delivery stands; `dead`: it is not tried any more until somebody says so. */
export type AlertDeliveryStatus = "waiting" | "delivered" | "dead";

/** Tables about alerts, and who is told of them. */
export interface AlertTables {
  readonly incidents: {
    readonly id: string;
    readonly model: string;
    /** The worst of its alerts so far. */
    readonly severity: Severity;
    readonly opened_at: number;
    /** When the last of its alerts was resolved; null while one is not. */
    readonly resolved_at: number | null;
  };
  readonly alerts: AlertRow;
  readonly alert_changes: {
    readonly seq: Generated<number>;
    readonly alert_id: string;
    readonly at: number;
    readonly actor: string;
    readonly change: AlertChange;
    readonly note: string | null;
  };
  readonly alert_deliveries: {
    /** Those of one incident and channel go out in this order. */
    readonly seq: Generated<number>;
    /** The same at every attempt: receivers tell repeats by it. */
    readonly id: string;
    readonly alert_id: string;
    readonly incident_id: string;
    readonly channel: string;
    readonly change: AlertChange;
    /** JSON: what is told, as it was when it happened. */
    readonly body: string;
    readonly status: AlertDeliveryStatus;
    readonly attempts: number;
    /** Not to be tried before this. */
    readonly next_at: number;
    readonly at: number;
    /** Why the last attempt failed. */
    readonly problem: string | null;
  };
  /** What a channel made of an incident, such as an issue, by its name there. */
  readonly incident_threads: {
    readonly incident_id: string;
    readonly channel: string;
    readonly reference: string;
    readonly at: number;
  };
}

interface AlertRow {
  readonly id: string;
  readonly incident_id: string;
  readonly monitor: string;
  readonly model: string;
  readonly version: number | null;
  /** When it was opened. */
  readonly at: number;
  readonly window_from: number;
  readonly window_to: number;
  readonly kind: string;
  /** What of the kind it is about, such as a column; empty for the whole. */
  readonly subject: string;
  readonly severity: Severity;
  /** JSON: what found it last. */
  readonly evidence: string;
  readonly status: AlertStatus;
  /** Who or which decision acknowledged or resolved it. */
  readonly handled_by: string | null;
  readonly status_at: number;
  /** When it was found last. */
  readonly seen_at: number;
  /** In how many looks it was found. */
  readonly times_seen: number;
  /** How many looks since have not found it. */
  readonly times_missed: number;
  /** When anybody was told last, or would have been. */
  readonly told_at: number;
  /** JSON: the channels that are told of it. */
  readonly channels: string;
}
