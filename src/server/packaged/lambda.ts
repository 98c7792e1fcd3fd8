// The road of AWS Lambda: events of a function URL or of API Gateway's HTTP API (payload format 2.0) become requests, and whatever else a
// function is invoked with is taken for the body of a predict request. Source: "AWS Lambda function URLs", request and response payloads.

import type { IncomingHttpHeaders } from "node:http";
import { SlipwayError } from "../../core/core.ts";
import type { Answering, LoneReply } from "./request.ts";

/** An event of payload format 2.0, as far as it is looked at. */
interface HttpEvent {
  readonly rawPath?: string;
  readonly rawQueryString?: string | null;
  readonly headers?: Readonly<Record<string, string | undefined>> | null;
  readonly body?: string | null;
  readonly isBase64Encoded?: boolean | null;
  readonly requestContext: {
    readonly stage?: string;
    readonly requestId?: string;
    readonly http: { readonly method: string; readonly path: string };
  };
}

/** What payload format 2.0 is answered with. */
export interface HttpEventReply {
  readonly statusCode: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** Answers an event; rejects only for one that is no HTTP request and that the model refuses. */
export type LambdaHandler = (event: unknown, context?: { readonly awsRequestId?: string }) => Promise<unknown>;

/** A handler for Lambda over `answer`; `model` is asked by events that are no HTTP requests. */
export function lambdaHandler(answer: Answering, model: string): LambdaHandler {
  return async (event, { awsRequestId = "" } = {}) => {
    if (isHttp(event)) return httpReply(await answer(requestOf(event, awsRequestId)));
    const path = `/api/v1/models/${model}/predict`;
    const body = Buffer.from(JSON.stringify(event ?? null));
    // Only whom IAM lets invoke the function comes by this road, and an event has no place for a key.
    const asked = { id: awsRequestId, method: "POST", path, query: "", headers: {}, body, isLetIn: true };
    const { status, body: said } = await answer(asked);
    const document: unknown = JSON.parse(String(said));
    if (status === 200) return document;
    const { error } = document as { readonly error: { readonly code: string; readonly message: string } };
    // Who invokes a function reads an error's name and message, and nothing else.
    throw Object.assign(new Error(error.message), { name: error.code });
  };
}

function isHttp(event: unknown): event is HttpEvent {
  if (typeof event !== "object" || event === null || !("requestContext" in event)) return false;
  const { requestContext: context } = event;
  if (typeof context !== "object" || context === null) return false;
  if ("http" in context) return true;
  throw new SlipwayError(
    "INPUT_INVALID",
    "The event is of API Gateway's payload format 1.0. Set the integration's payload format to 2.0, or use a function URL.",
  );
}

function requestOf(event: HttpEvent, id: string): Parameters<Answering>[0] {
  const { rawPath = "/", rawQueryString, headers, body, isBase64Encoded, requestContext } = event;
  const { stage, http, requestId = id } = requestContext;
  // A stage that has a name stands before the path.
  const isStaged = stage !== undefined && stage !== "$default" && rawPath.startsWith(`/${stage}/`);
  return {
    id: requestId,
    method: http.method,
    path: isStaged ? rawPath.slice(stage.length + 1) : rawPath,
    query: rawQueryString ?? "",
    headers: lowerCased(headers ?? {}),
    body: Buffer.from(body ?? "", isBase64Encoded ? "base64" : "utf8"),
  };
}

function lowerCased(headers: Readonly<Record<string, string | undefined>>): IncomingHttpHeaders {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function httpReply({ status, headers, body }: LoneReply): HttpEventReply {
  const isText = headers["content-type"]?.startsWith("application/json") === true;
  return {
    statusCode: status,
    headers,
    body: isText ? String(body) : Buffer.from(body).toString("base64"),
    isBase64Encoded: !isText,
  };
}
