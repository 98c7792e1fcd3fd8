// An alert as people read it.

import type { Alert } from "../platform/platform.ts";
import { instantText, momentText } from "./words.ts";

/** An alert as JSON. */
export function alertDocument({ at, windowFrom, windowTo, statusAt, seenAt, ...rest }: Alert) {
  return {
    ...rest,
    at: instantText(at),
    windowFrom: instantText(windowFrom),
    windowTo: instantText(windowTo),
    statusAt: instantText(statusAt),
    seenAt: instantText(seenAt),
  };
}

/** What it is about, in a word or two. */
export function aboutText({ kind, subject }: Pick<Alert, "kind" | "subject">): string {
  return subject === "" ? kind : `${kind} of ${subject}`;
}

/** Where it stands, with who said so. */
export function standingText({ status, handledBy }: Pick<Alert, "status" | "handledBy">): string {
  return handledBy === null ? status : `${status} by ${handledBy}`;
}

/** Alerts as rows. */
export function alertTable(alerts: readonly Alert[]) {
  return {
    columns: ["opened", "alert", "severity", "model", "about", "monitor", "seen", "stands"],
    rows: alerts.map((alert) => [
      momentText(alert.at),
      alert.id.slice(-12),
      alert.severity,
      alert.version === null ? alert.model : `${alert.model}@${alert.version}`,
      aboutText(alert),
      alert.monitor,
      alert.timesSeen,
      standingText(alert),
    ]),
  };
}
