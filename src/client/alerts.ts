/** Something a monitor found, as the server tells it; times in ISO 8601. */
export interface ClientAlert {
  readonly id: string;
  /** What happened to the model at that time, of which this may be one part of several. */
  readonly incident: string;
  readonly monitor: string;
  readonly model: string;
  readonly version: number | null;
  readonly at: string;
  readonly windowFrom: string;
  readonly windowTo: string;
  readonly kind: string;
  /** What of the kind it is about, such as a column; empty for the whole. */
  readonly subject: string;
  readonly severity: "info" | "warning" | "critical";
  readonly evidence: unknown;
  readonly status: "open" | "acknowledged" | "resolved";
  readonly handledBy: string | null;
  readonly statusAt: string;
  readonly seenAt: string;
  /** In how many looks it was found. */
  readonly timesSeen: number;
}

/** An alert with its story, and the incident it belongs to. */
export interface ClientShownAlert extends Omit<ClientAlert, "incident"> {
  readonly steps: readonly {
    readonly at: string;
    readonly actor: string;
    readonly change: string;
    readonly note: string | null;
  }[];
  readonly incident: {
    readonly id: string;
    readonly severity: ClientAlert["severity"];
    readonly openedAt: string;
    readonly resolvedAt: string | null;
    readonly alerts: readonly string[];
  };
}

/** Which alerts to list; without a status those that are open. */
export interface ClientAlertFilter {
  readonly status?: ClientAlert["status"] | "all";
  readonly model?: string;
  readonly monitor?: string;
  readonly incident?: string;
  /** The least severity. */
  readonly from?: ClientAlert["severity"];
  readonly limit?: number;
}

/** What is said to an alert: that somebody is at it, that it is over, or anything else in words. */
export type ClientAlertAnswer =
  | { readonly acknowledge: true; readonly note?: string }
  | { readonly resolve: true; readonly note?: string }
  | { readonly comment: string };

/** The path of alerts that fit. */
export function alertsPath(filter: ClientAlertFilter): string {
  const given = Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)]);
  const query = new URLSearchParams(given).toString();
  return `/api/v1/alerts${query === "" ? "" : `?${query}`}`;
}

/** The path of one alert, or of what is said to it. */
export function alertPath(id: string, answer?: ClientAlertAnswer): string {
  const path = `/api/v1/alerts/${encodeURIComponent(id)}`;
  if (answer === undefined) return path;
  if ("comment" in answer) return `${path}/comments`;
  return `${path}/${"resolve" in answer ? "resolve" : "acknowledge"}`;
}
