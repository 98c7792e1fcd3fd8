// How a route of this dialect is told: a method, a path below `/api/2.0`, and what answers. Every one is there twice, for clients and for pages.

import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { tracking } from "../../platform/platform.ts";
import { onlookerOf } from "../access/onlooker.ts";
import { JSON_TYPE } from "../refusal.ts";

/** What a handler gets: the body of a POST, PATCH or DELETE, else the query, with the words of the path beside it. */
export interface Asked {
  readonly body: unknown;
  readonly path: Readonly<Record<string, string>>;
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
}

/** Answers a request; what it returns is sent as JSON. */
export type Handler = (context: tracking.TrackingContext, asked: Asked) => Promise<unknown>;

/** A route. */
export type Route = readonly [method: "GET" | "POST" | "PATCH" | "DELETE" | "PUT", path: string, handler: Handler];

/** Where the routes are. */
export const PREFIXES: readonly string[] = ["/api/2.0", "/ajax-api/2.0"];

/** Serves routes under a prefix. */
export function serveRoutes(
  app: FastifyInstance,
  context: tracking.TrackingContext,
  prefix: string,
  routes: readonly Route[],
): void {
  for (const [method, path, handler] of routes)
    app.route({
      method,
      url: `${prefix}${path}`,
      handler: async (request, reply) => {
        const given = method === "GET" ? request.query : request.body;
        const answer = await handler(askedBy(context, request), {
          body: given,
          path: (request.params ?? {}) as Record<string, string>,
          request,
          reply,
        });
        if (reply.sent || answer === reply) return reply;
        return reply.type(JSON_TYPE).send(JSON.stringify(answer ?? {}));
      },
    });
}

/** The context for one request: what it makes belongs to who signed in. */
export function askedBy(context: tracking.TrackingContext, { person }: FastifyRequest): tracking.TrackingContext {
  if (person === null) return context;
  const onlooker = onlookerOf(person);
  return { ...context, actor: person.name, user: person.name, ...(onlooker === undefined ? {} : { onlooker }) };
}
