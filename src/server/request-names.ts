// What a request is called, here and by whoever sent it: an id for logs and refusals, and its place in a trace (W3C Trace Context, level 1,
// section 3.2). Both are taken from headers only in the form that they should have, as they go into log lines and answers.

import { randomUUID } from "node:crypto";
import type { IncomingMessage } from "node:http";

/** The header of a request's id, asked and answered. */
export const REQUEST_ID = "x-request-id";

/** The id that a request came with, or a new one. */
export function requestId({ headers }: Pick<IncomingMessage, "headers">): string {
  const given = headers[REQUEST_ID];
  return typeof given === "string" && /^[\w.:/+=-]{1,128}$/.test(given) ? given : randomUUID();
}

/** What a log line says of the trace that a request belongs to. */
export function traceFields(request: Pick<IncomingMessage, "headers">): Readonly<Record<string, string>> {
  const trace = traceContext(request);
  return trace ? { "trace.id": trace.traceId, "span.parent.id": trace.parentId } : {};
}

/** Where a request stands in a trace. */
interface TraceContext {
  readonly traceId: string;
  /** The span of whoever sent it. */
  readonly parentId: string;
}

const TRACEPARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(-.*)?$/;

/** The trace that a request belongs to; undefined without a valid `traceparent`. */
function traceContext({ headers }: Pick<IncomingMessage, "headers">): TraceContext | undefined {
  const { traceparent } = headers;
  if (typeof traceparent !== "string") return undefined;
  const [, version, traceId = "", parentId = "", more] = TRACEPARENT.exec(traceparent) ?? [];
  // Version 00 has nothing more; later ones may, and are read as far as they are known.
  if (version === undefined || version === "ff" || (version === "00" && more !== undefined)) return undefined;
  if (/^0+$/.test(traceId) || /^0+$/.test(parentId)) return undefined;
  return { traceId, parentId };
}
