// Refusals in MLflow's form. Its clients look at the code and the status, and some at the words, so both follow what they expect.

import type { FastifyReply, FastifyRequest } from "fastify";
import type { ErrorCode } from "../../core/core.ts";
import { JSON_TYPE, type Refusal, refusalOf, routeNotFound, safetyHeaders } from "../refusal.ts";

const CODES: Partial<Record<ErrorCode, readonly [status: number, code: string]>> = {
  INPUT_INVALID: [400, "INVALID_PARAMETER_VALUE"],
  ALREADY_EXISTS: [400, "RESOURCE_ALREADY_EXISTS"],
  MODEL_NOT_FOUND: [404, "RESOURCE_DOES_NOT_EXIST"],
  VERSION_NOT_FOUND: [404, "RESOURCE_DOES_NOT_EXIST"],
  RUN_NOT_FOUND: [404, "RESOURCE_DOES_NOT_EXIST"],
  EXPERIMENT_NOT_FOUND: [404, "RESOURCE_DOES_NOT_EXIST"],
  ARTIFACT_NOT_FOUND: [404, "RESOURCE_DOES_NOT_EXIST"],
  WEBHOOK_NOT_FOUND: [404, "RESOURCE_DOES_NOT_EXIST"],
  ADDRESS_REFUSED: [400, "INVALID_PARAMETER_VALUE"],
  USER_NOT_FOUND: [404, "RESOURCE_DOES_NOT_EXIST"],
  TAG_NOT_FOUND: [404, "RESOURCE_DOES_NOT_EXIST"],
  ROUTE_NOT_FOUND: [404, "ENDPOINT_NOT_FOUND"],
  GATE_FAILED: [409, "RESOURCE_CONFLICT"],
  SIGN_IN_NEEDED: [401, "UNAUTHENTICATED"],
  FORBIDDEN: [403, "PERMISSION_DENIED"],
  STATE_LOCKED: [503, "TEMPORARILY_UNAVAILABLE"],
  RECORDS_UNAVAILABLE: [503, "TEMPORARILY_UNAVAILABLE"],
  NOT_READY: [503, "TEMPORARILY_UNAVAILABLE"],
  STORAGE_FULL: [507, "RESOURCE_EXHAUSTED"],
  ARTIFACT_CORRUPT: [500, "DATA_LOSS"],
};

/** Whether a request is for a route of this dialect. */
export function isMlflow(url: string): boolean {
  return /^\/(?:ajax-)?api\/[23]\.0(?:\/|mlflow\/)/.test(url);
}

/** What MLflow's newer clients may ask for and nothing here keeps, by the word that its paths begin with. */
const NOT_KEPT: ReadonlyMap<string, string> = new Map([
  ["traces", "traces"],
  ["unified-traces", "traces"],
  ["assessments", "assessments"],
  ["datasets", "evaluation datasets"],
  ["scorers", "scorers"],
  ["gateway", "gateway"],
  ["prompt-optimization", "prompts"],
  ["issues", "issues"],
  ["label-schemas", "label schemas"],
  ["review-queues", "review queues"],
  ["workspaces", "workspaces"],
]);

/** The refusal of a path that is not there. One of what Slipway does not keep says so, and that the rest is not touched by it. */
export function mlflowRouteNotFound(request: FastifyRequest): Refusal {
  const refusal = routeNotFound(request);
  const [, word = ""] = /^\/(?:ajax-)?api\/[23]\.0\/mlflow\/([a-z-]+)/.exec(request.url) ?? [];
  const what = NOT_KEPT.get(word);
  if (what === undefined) return refusal;
  const message = `Slipway has no ${what}: it keeps experiments, runs, artifacts and models, which go on as they are.`;
  return { ...refusal, message };
}

/** Answers with a refusal in MLflow's form. */
export function refuseMlflow(reply: FastifyReply, { status, code, message, details }: Refusal): FastifyReply {
  const [http, errorCode] = CODES[code] ?? [status, status < 500 ? "BAD_REQUEST" : "INTERNAL_ERROR"];
  const run = code === "RUN_NOT_FOUND" && typeof details["run"] === "string" ? details["run"] : undefined;
  return reply
    .code(http)
    .headers(safetyHeaders)
    .type(JSON_TYPE)
    .send(
      JSON.stringify({ error_code: errorCode, message: run === undefined ? message : `Run with id=${run} not found` }),
    );
}

/** Answers with whatever was thrown. */
export function refuseThrown(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  return refuseMlflow(reply, refusalOf(thrown, request));
}

/** An answer that something is not offered here, in the words on which clients fall back. */
export function notImplemented(reply: FastifyReply, message: string): FastifyReply {
  return reply
    .code(501)
    .type(JSON_TYPE)
    .send(JSON.stringify({ error_code: "NOT_IMPLEMENTED", message }));
}
