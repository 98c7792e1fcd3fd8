// An alert in words, for every channel alike. Names and notes are whatever users wrote: control characters go, so that nothing breaks a line or a
// header, and each channel escapes what is left in its own way.

import type { Notice } from "../../ports/notifier.ts";

/** Text on one line without control characters, bidirectional overrides and line separators, and no longer than `most`. */
export function plain(text: string, most = 500): string {
  const line = text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/g, "")
    .trim();
  return cut(line, most);
}

/** A text no longer than `most`, counted as JavaScript and the services do, which ends in an ellipsis where something is missing. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  // Half a letter is none.
  return `${text.slice(0, most - 1).replace(/[\ud800-\udbff]$/, "")}…`;
}

const WORDS: Readonly<Record<Notice["change"], string>> = {
  opened: "opened",
  reopened: "open again",
  escalated: "worse",
  reminded: "still open",
  acknowledged: "acknowledged",
  resolved: "resolved",
  commented: "comment",
  test: "test",
};

/** What happened, in one line. */
export function titleOf({ change, alert }: Notice): string {
  const { severity, kind, subject, model, version } = alert;
  const about = subject === "" ? kind : `${kind} of ${subject}`;
  const where = version === null ? model : `${model}@${version}`;
  return plain(`[${severity}] ${about} in ${where}: ${WORDS[change]}`, 140);
}

/** The rest of it, as names and values. */
export function factsOf({ by, note, project, alert, incident }: Notice): readonly (readonly [string, string])[] {
  return [
    ...(note === null ? [] : [["Note", plain(note, 1000)] as const]),
    ["By", plain(by)],
    ["Project", plain(project)],
    ["Monitor", plain(alert.monitor)],
    ["Window", `${alert.windowFrom} to ${alert.windowTo}`],
    ["Found", alert.timesSeen === 1 ? "once" : `${alert.timesSeen} times`],
    ["Evidence", plain(JSON.stringify(alert.evidence) ?? "", 1000)],
    ["Incident", `${incident.id}, ${incident.unresolved === 0 ? "over" : `${incident.unresolved} unresolved`}`],
    ["Alert", alert.id],
  ];
}
