// The alerts' part of the description.

import { severities } from "../../core/core.ts";
import type { Json } from "./schemas.ts";

const content = (schema: Json): Json => ({ "application/json": { schema } });
const text: Json = { type: "string" };
const maybe: Json = { type: ["string", "null"] };
const time: Json = { type: "string", format: "date-time" };
const whole: Json = { type: "integer" };
const severity: Json = { enum: severities };
const statuses = ["open", "acknowledged", "resolved"];
const object = (properties: Json): Json => ({ type: "object", properties, required: Object.keys(properties) });
const refused = (description: string): Json => ({
  description,
  content: content({ $ref: "#/components/schemas/Error" }),
});

const alert = {
  id: text,
  incident: { ...text, description: "What happened to the model at that time; several alerts may be one incident." },
  monitor: text,
  model: text,
  version: { type: ["integer", "null"] },
  at: time,
  windowFrom: time,
  windowTo: time,
  kind: text,
  subject: { ...text, description: "What of the kind it is about, such as a column; empty for the whole." },
  severity,
  evidence: { description: "What found it last." },
  status: { enum: statuses },
  handledBy: maybe,
  statusAt: time,
  seenAt: time,
  timesSeen: { ...whole, description: "In how many looks it was found." },
};
const step = object({ at: time, actor: text, change: text, note: maybe });
const incident = object({
  id: text,
  severity,
  openedAt: time,
  resolvedAt: { type: ["string", "null"], format: "date-time" },
  alerts: { type: "array", items: text },
});
const delivery = object({
  id: { ...text, description: "The same at every attempt: receivers tell repeats by it." },
  alert: text,
  incident: text,
  channel: text,
  change: text,
  status: { enum: ["waiting", "delivered", "dead"] },
  attempts: whole,
  nextAt: { type: ["string", "null"], format: "date-time" },
  at: time,
  problem: { ...(maybe as object), description: "Why the last attempt failed." },
});
const note: Json = { type: "string", minLength: 1, maxLength: 4000 };

interface Operation {
  readonly id: string;
  readonly summary: string;
  readonly parameters: readonly Json[];
  readonly answer: Json;
  readonly body?: { readonly schema: Json; readonly required: boolean };
}

function operation({ id, summary, parameters, answer, body }: Operation): Json {
  return {
    operationId: id,
    tags: ["alerts"],
    summary,
    parameters,
    ...(body === undefined ? {} : { requestBody: { required: body.required, content: content(body.schema) } }),
    responses: {
      200: { description: "Done.", content: content(answer) },
      400: refused("The request is not valid; the message names what is wrong."),
      403: refused("Whoever signed in may not do this."),
      404: refused("There is no such alert."),
    },
  };
}

const inQuery = (name: string, description: string, schema: Json = text): Json => ({
  name,
  in: "query",
  required: false,
  description,
  schema,
});
const ofAlert: readonly Json[] = [
  { name: "id", in: "path", required: true, description: "Its id, or the start or the end of it.", schema: text },
];
const answering = (id: string, summary: string, isNoteNeeded = false): Json => ({
  post: operation({
    id,
    summary,
    parameters: ofAlert,
    body: {
      required: isNoteNeeded,
      schema: { type: "object", properties: { note }, ...(isNoteNeeded ? { required: ["note"] } : {}) },
    },
    answer: object(alert),
  }),
});

/** Paths of alerts. */
export const alertPaths: Json = {
  "/api/v1/alerts": {
    get: operation({
      id: "listAlerts",
      summary: "Alerts, newest first; those that are open unless told otherwise.",
      parameters: [
        inQuery("status", "How they stand; default open.", { enum: [...statuses, "all"] }),
        inQuery("model", "Only this model's."),
        inQuery("monitor", "Only this monitor's."),
        inQuery("incident", "Only those of this incident."),
        inQuery("from", "The least severity.", severity),
        inQuery("limit", "The most that are listed; default 100.", { type: "integer", minimum: 1, maximum: 1000 }),
      ],
      answer: object({ alerts: { type: "array", items: object(alert) } }),
    }),
  },
  "/api/v1/alerts/{id}": {
    get: operation({
      id: "showAlert",
      summary: "One alert, what became of it, and the incident it belongs to.",
      parameters: ofAlert,
      answer: object({ ...alert, incident, steps: { type: "array", items: step } }),
    }),
  },
  "/api/v1/alert-deliveries": {
    get: operation({
      id: "listAlertDeliveries",
      summary: "What channels were told, are still to be told, and could not be told; newest first.",
      parameters: [
        inQuery("status", "How they stand; default all.", { enum: ["waiting", "delivered", "dead", "all"] }),
        inQuery("channel", "Only this channel's."),
        inQuery("limit", "The most that are listed; default 100.", { type: "integer", minimum: 1, maximum: 1000 }),
      ],
      answer: object({ deliveries: { type: "array", items: delivery } }),
    }),
  },
  "/api/v1/alert-deliveries/{id}/retry": {
    post: operation({
      id: "retryAlertDelivery",
      summary: "Has a delivery tried again from the start; `dead` for every one that is dead.",
      parameters: ofAlert,
      answer: object({ retried: whole }),
    }),
  },
  "/api/v1/alerts/{id}/acknowledge": answering("acknowledgeAlert", "Says that somebody is at it."),
  "/api/v1/alerts/{id}/resolve": answering("resolveAlert", "Says that it is over."),
  "/api/v1/alerts/{id}/comments": answering("commentAlert", "Says something about it.", true),
};
