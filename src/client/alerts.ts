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

/** Something that a channel was told, is to be told, or could not be told; times in ISO 8601. */
export interface ClientAlertDelivery {
  readonly id: string;
  readonly alert: string;
  readonly incident: string;
  readonly channel: string;
  readonly change: string;
  readonly status: "waiting" | "delivered" | "dead";
  readonly attempts: number;
  readonly nextAt: string | null;
  readonly at: string;
  /** Why the last attempt failed. */
  readonly problem: string | null;
}

/** Which deliveries to list; what is left out does not matter. */
export interface ClientDeliveryFilter {
  readonly status?: ClientAlertDelivery["status"];
  readonly channel?: string;
  readonly limit?: number;
}

/** The path of deliveries that fit. */
export const deliveriesPath = (filter: ClientDeliveryFilter): string => `/api/v1/alert-deliveries${queryOf(filter)}`;

/** The path of alerts that fit. */
export const alertsPath = (filter: ClientAlertFilter): string => `/api/v1/alerts${queryOf(filter)}`;

function queryOf(filter: object): string {
  const given = Object.entries(filter).map(([name, value]): [string, string] => [name, String(value)]);
  const query = new URLSearchParams(given).toString();
  return query === "" ? "" : `?${query}`;
}

/** The path of one alert, or of what is said to it. */
export function alertPath(id: string, answer?: ClientAlertAnswer): string {
  const path = `/api/v1/alerts/${encodeURIComponent(id)}`;
  if (answer === undefined) return path;
  if ("comment" in answer) return `${path}/comments`;
  return `${path}/${"resolve" in answer ? "resolve" : "acknowledge"}`;
}
