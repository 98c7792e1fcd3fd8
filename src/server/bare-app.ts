// A Fastify instance before it has routes: how it takes requests, what it says of those it cannot read, and who is let in. The server and its
// workers are both made of it, so a refusal reads the same whichever process gives it.

import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest, LogController } from "fastify";
import { type Instant, SlipwayError } from "../core/core.ts";
import type { Access } from "../platform/platform.ts";
import { guardRoutes } from "./access/gate.ts";
import { allowOrigins } from "./cors.ts";
import { type LogOptions, serverLog } from "./log.ts";
import { JSON_TYPE, nativeForm, refusalOf, refuse, safetyHeaders } from "./refusal.ts";
import { REQUEST_ID, requestId, traceFields } from "./request-names.ts";
import { type TlsMaterial, tlsOptions } from "./tls.ts";

/** What every instance is told. */
export interface BareOptions {
  /** Where log lines get their time. */
  readonly now: () => Instant;
  /** How it logs. */
  readonly logger?: LogOptions;
  /** Who may do what; without it everybody may do everything. */
  readonly access?: Access;
  /** Origins of web pages that may read answers, or `*`; none unless said. */
  readonly cors?: readonly string[];
  /** How long clients may take; tests have less patience. */
  readonly patience?: Patience;
}

/** How long clients may take, in milliseconds. */
export interface Patience {
  /** For a request's head, or for TLS to be agreed on. */
  readonly headMs: number;
  /** For a whole request. */
  readonly requestMs: number;
  /** How often it is looked who takes longer. */
  readonly everyMs: number;
}

/** How an instance differs from another. */
export interface BareForm {
  /** Whether artifacts of many gigabytes may come, which take their time. */
  readonly takesArtifacts: boolean;
  /** Answers over TLS alone. */
  readonly tls?: TlsMaterial | undefined;
  /** Answers what no route can be looked up for. */
  readonly onUnreadable: (thrown: Error, request: FastifyRequest, reply: FastifyReply) => void;
  /** Sees each request before anybody else; true when it takes it over. */
  readonly takeOver?: (request: FastifyRequest, reply: FastifyReply) => boolean;
}

const BODY_LIMIT = 4 * 1024 * 1024;

/** Makes one. */
export function bareApp(
  { now, logger = {}, access, cors = [], patience }: BareOptions,
  form: BareForm,
): FastifyInstance {
  // A client that trickles its request in holds a connection no longer than this.
  const { headMs, requestMs, everyMs } = patience ?? {
    headMs: 15_000,
    requestMs: form.takesArtifacts ? 3_600_000 : 60_000,
    everyMs: 5_000,
  };
  const limits = { headersTimeout: headMs, requestTimeout: requestMs, connectionsCheckingInterval: everyMs };
  const app = Fastify({
    loggerInstance: serverLog(logger, now),
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "http.request.id" }),
    genReqId: requestId,
    bodyLimit: BODY_LIMIT,
    requestTimeout: requestMs,
    ...(form.tls ? { https: { ...limits, ...tlsOptions(form.tls), handshakeTimeout: headMs } } : { http: limits }),
    // What still arrives on an open connection while closing is answered as ever.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    frameworkErrors: form.onUnreadable,
    clientErrorHandler: ({ code }, socket) => {
      // Where TLS was not agreed on nothing can be said, and what is said would wait for it for good.
      if (socket.writable && !/^ERR_(?:TLS|SSL)/.test(code)) socket.end(malformed);
      else socket.destroy();
    },
  }) as unknown as FastifyInstance;
  if (cors.length > 0) allowOrigins(app, cors);
  const { takeOver } = form;
  if (takeOver)
    app.addHook("onRequest", (request, reply, done) => {
      if (!takeOver(request, reply)) done();
    });
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(safetyHeaders).header(REQUEST_ID, request.id);
    const encoding = request.headers["content-encoding"];
    if (encoding === undefined || encoding === "identity" || isInference(request)) done();
    else done(new SlipwayError("INPUT_INVALID", "A compressed body is not taken here; send it as it is."));
  });
  if (access) guardRoutes(app, access, now);
  else app.decorateRequest("person", null);
  if (app.log.level === "debug" || app.log.level === "trace")
    app.addHook("onResponse", (request, reply, done) => {
      const { method, routeOptions, raw } = request;
      request.log.debug(
        {
          "http.request.method": method,
          "http.route": routeOptions.url,
          "http.response.status_code": reply.statusCode,
          // In nanoseconds, as the schema has it.
          "event.duration": Math.round(reply.elapsedTime * 1e6),
          ...traceFields(raw),
        },
        "answered",
      );
      done();
    });
  app.setErrorHandler((thrown, request, reply) => refuse(reply, refusalOf(thrown, request), nativeForm));
  return app;
}

/** Whether a request speaks the Open Inference Protocol. */
export function isInference({ url }: FastifyRequest): boolean {
  return /^\/v2(?:[/?]|$)/.test(url);
}

const malformedBody = nativeForm({
  status: 400,
  code: "INPUT_INVALID",
  message: "The request is not valid HTTP, or took too long to arrive.",
  details: {},
});
const malformed = [
  "HTTP/1.1 400 Bad Request",
  `Content-Type: ${JSON_TYPE}`,
  `Content-Length: ${Buffer.byteLength(malformedBody)}`,
  ...Object.entries(safetyHeaders).map(([name, value]) => `${name}: ${value}`),
  "Connection: close",
  "",
  malformedBody,
].join("\r\n");
