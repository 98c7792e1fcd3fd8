// What a refused request is told. Errors thrown on purpose speak for themselves; whatever else went wrong stays in the log, because its
// text can hold paths and values of this machine. The native API and the dialects put the same refusal into their own form.

import type { FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { asSlipwayError, type ErrorCode, errorTable, SlipwayError } from "../core/core.ts";
import { traceFields } from "./request-names.ts";

/** A refusal, before it takes the form of a dialect. */
export interface Refusal {
  readonly status: number;
  readonly code: ErrorCode;
  readonly message: string;
  readonly details: Readonly<Record<string, unknown>>;
}

/** Writes a refusal as a dialect's answer. */
export type RefusalForm = (refusal: Refusal) => string;

/** The content type of every JSON answer. */
export const JSON_TYPE = "application/json; charset=utf-8";

/** What every answer carries: nothing here is a page, so nothing in it may run, be framed or be guessed at. */
export const safetyHeaders: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
};

const advice: Readonly<Record<string, string>> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "The body must be JSON. Send the header Content-Type: application/json.",
  FST_ERR_CTP_EMPTY_JSON_BODY: "The body is empty. Send a JSON object.",
  FST_ERR_CTP_INVALID_JSON_BODY:
    'The body is not JSON, which has no NaN and no Infinity, or has a field called "__proto__" or "constructor".',
  FST_ERR_CTP_BODY_TOO_LARGE: "The body is too large. Send fewer rows at a time.",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "The body is not as long as its Content-Length says.",
  FST_ERR_BAD_URL: "The path is not validly encoded.",
  FST_ERR_MAX_PARAM_LENGTH: "The path has a part that is too long.",
};

/** Any thrown value as a refusal; what must not be told is logged. */
export function refusalOf(thrown: unknown, request: FastifyRequest): Refusal {
  if (!(thrown instanceof SlipwayError)) {
    const { statusCode = 500, code } = (thrown ?? {}) as Partial<FastifyError>;
    if (statusCode >= 400 && statusCode < 500)
      return plainRefusal(
        new SlipwayError("INPUT_INVALID", advice[code ?? ""] ?? "The request could not be read; check its form."),
      );
  }
  return refusalFor(thrown, request.id, () =>
    request.log.error({ err: thrown, ...traceFields(request) }, "request failed"),
  );
}

/** What is thrown as a refusal of the request `id`; `report` is called for what must not be told. */
export function refusalFor(thrown: unknown, id: string, report: () => void): Refusal {
  const error = asSlipwayError(thrown);
  const { http } = errorTable[error.code];
  // An error that wraps another one repeats its text.
  if (http < 500 || (error.code !== "INTERNAL" && error.cause === undefined)) return plainRefusal(error);
  report();
  const message = `The server failed (${error.code}); its log says why, under request ${id}.`;
  return { status: http, code: error.code, message, details: { request: id } };
}

/** A refusal that says all that its error says. */
export function plainRefusal({ code, message, details }: SlipwayError): Refusal {
  return { status: errorTable[code].http, code, message, details };
}

/** When to ask again, where a refusal says it. */
export function retryAfterSeconds({ details }: Pick<Refusal, "details">): number | undefined {
  const seconds = details["retry_after_seconds"];
  return typeof seconds === "number" ? seconds : undefined;
}

/** Answers with a refusal. */
export function refuse(reply: FastifyReply, refusal: Refusal, form: RefusalForm): FastifyReply {
  const seconds = retryAfterSeconds(refusal);
  if (seconds !== undefined) reply.header("retry-after", String(seconds));
  return reply.code(refusal.status).headers(safetyHeaders).type(JSON_TYPE).send(form(refusal));
}

/** Slipway's own form: `{ "error": { "code", "message", "details" } }`. */
export const nativeForm: RefusalForm = ({ code, message, details }) =>
  JSON.stringify({ error: { code, message, details } }, (_, value) =>
    typeof value === "bigint" ? String(value) : value,
  );

/** The form of the Open Inference Protocol: clients read nothing else. */
export const inferenceForm: RefusalForm = ({ message }) => JSON.stringify({ error: message });

/** Refuses an unknown route. */
export function routeNotFound(request: FastifyRequest): Refusal {
  const message = `There is no ${request.method} on this path. See /openapi.json for those there are.`;
  return plainRefusal(new SlipwayError("ROUTE_NOT_FOUND", message));
}
