// Which web pages of other origins may read answers (Fetch standard, "CORS protocol"). Credentials that a browser sends by itself are never
// allowed: a page signs in with a key of its own. Fixed lists, so that nothing a page sends is sent back.

import type { FastifyInstance } from "fastify";

const METHODS = "GET, POST, PUT, PATCH, DELETE";
const ASKED = [
  "authorization",
  "content-type",
  "content-encoding",
  "inference-header-content-length",
  "traceparent",
  "tracestate",
  "x-request-id",
  "x-request-timeout",
  "x-slipway-sticky",
  "x-slipway-version",
].join(", ");
const SHOWN = "inference-header-content-length, retry-after, x-request-id";
/** How long a browser may remember what it was allowed, in seconds. */
const REMEMBERED = "600";

/** Lets pages of `origins` ask, each written as browsers send it (`https://app.example`), or `*` for all. */
export function allowOrigins(app: FastifyInstance, origins: readonly string[]): void {
  const allowed = new Set(origins);
  const isOpen = allowed.has("*");
  app.addHook("onRequest", (request, reply, done) => {
    const { origin, "access-control-request-method": wanted } = request.headers;
    if (!isOpen) reply.header("vary", "Origin");
    if (origin === undefined || !(isOpen || allowed.has(origin))) return done();
    reply.header("access-control-allow-origin", isOpen ? "*" : origin).header("access-control-expose-headers", SHOWN);
    if (request.method !== "OPTIONS" || wanted === undefined) return done();
    reply
      .code(204)
      .header("access-control-allow-methods", METHODS)
      .header("access-control-allow-headers", ASKED)
      .header("access-control-max-age", REMEMBERED)
      .send();
  });
}
