// Alerts over HTTP: which there are, one with its story, and what is said to it by whoever signed in.

import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { formatInstant, severities } from "../core/core.ts";
import type { Access, Alert, AlertAnswer, AlertDelivery, Alerts } from "../platform/platform.ts";
import { refuseUnlessGiven } from "./access/gate.ts";
import { onlookerOf } from "./access/onlooker.ts";
import { checked } from "./checked.ts";

const name = z.string().min(1).max(200);
const listQuery = z.strictObject({
  status: z.enum(["open", "acknowledged", "resolved", "all"]).optional(),
  model: name.optional(),
  monitor: name.optional(),
  incident: name.optional(),
  from: z.enum(severities).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});
const deliveryQuery = z.strictObject({
  status: z.enum(["waiting", "delivered", "dead", "all"]).optional(),
  channel: name.optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});
const words = z.string().trim().min(1).max(4000);
const answerBody = z.strictObject({ note: words.optional() });
const commentBody = z.strictObject({ note: words });

interface OfAlert {
  Params: { readonly id: string };
}

/** The routes of alerts, below /api/v1. To answer one takes what it takes to change its model. */
export function alertRoutes(all: Alerts, access?: Access): (app: FastifyInstance) => Promise<void> {
  const seen = ({ person }: Pick<FastifyRequest, "person">): Alerts => all.seenBy(onlookerOf(person));
  return async (app) => {
    app.get("/alerts", async ({ query, person }) => {
      const { status = "open", ...rest } = checked(listQuery, query);
      const filter = { ...defined(rest), ...(status === "all" ? {} : { status }) };
      return { alerts: (await seen({ person }).list(filter)).map(alertDocument) };
    });
    app.get<OfAlert>("/alerts/:id", async ({ params, person }) => {
      const { alert, steps, incident } = await seen({ person }).show(params.id);
      return {
        ...alertDocument(alert),
        steps: steps.map(({ at, ...step }) => ({ at: formatInstant(at), ...step })),
        incident: {
          id: incident.id,
          severity: incident.severity,
          openedAt: formatInstant(incident.openedAt),
          resolvedAt: incident.resolvedAt === null ? null : formatInstant(incident.resolvedAt),
          alerts: incident.alerts.map(({ id }) => id),
        },
      };
    });
    app.get("/alert-deliveries", async ({ query, person }) => {
      const { status = "all", ...rest } = checked(deliveryQuery, query);
      const filter = { ...defined(rest), ...(status === "all" ? {} : { status }) };
      return { deliveries: (await seen({ person }).deliveries(filter)).map(deliveryDocument) };
    });
    app.post<OfAlert>("/alert-deliveries/:id/retry", async ({ params, person }) => ({
      retried: await seen({ person }).retry(params.id, { actor: person?.name ?? "http" }),
    }));
    const answers = { acknowledge: "acknowledged", resolve: "resolved", comments: "commented" } as const;
    for (const [path, change] of Object.entries(answers))
      app.post<OfAlert>(`/alerts/:id/${path}`, async ({ params, body, person }) => {
        const { note } = change === "commented" ? checked(commentBody, body) : checked(answerBody, body ?? {});
        const answer: AlertAnswer = { change, ...(note === undefined ? {} : { note }) };
        const alerts = seen({ person });
        if (access && person !== null && person.role !== "admin") {
          const { model } = (await alerts.show(params.id)).alert;
          await refuseUnlessGiven(access, person, { thing: { kind: "model", id: model }, permission: "edit" });
        }
        return alertDocument(await alerts.answer(params.id, answer, { actor: person?.name ?? "http" }));
      });
  };
}

/** An alert as JSON. */
function alertDocument({ at, windowFrom, windowTo, statusAt, seenAt, ...rest }: Alert) {
  return {
    ...rest,
    at: formatInstant(at),
    windowFrom: formatInstant(windowFrom),
    windowTo: formatInstant(windowTo),
    statusAt: formatInstant(statusAt),
    seenAt: formatInstant(seenAt),
  };
}

function deliveryDocument({ at, nextAt, ...rest }: AlertDelivery) {
  return { ...rest, at: formatInstant(at), nextAt: nextAt === null ? null : formatInstant(nextAt) };
}

function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as never;
}
