// When a request may begin, and how long it may take: what its headers and its connection say, for every HTTP route that asks a model.

import type { IncomingHttpHeaders } from "node:http";
import type { FastifyReply, FastifyRequest } from "fastify";
import { SlipwayError } from "../core/core.ts";
import type { Admission, AskedTurn, Turn } from "../platform/platform.ts";

const TIMEOUT = "x-request-timeout";
/** The longest time that can be asked for, in milliseconds. */
const LONGEST_MS = 3_600_000;
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000 };

/** Milliseconds of a duration such as `250ms`, `1.5s` or `2m`; undefined when it is none, or over an hour. */
export function requestTimeout(text: string): number | undefined {
  const [, figure = "", unit = ""] = /^(\d{1,7}(?:\.\d{1,3})?)(ms|s|m)$/.exec(text) ?? [];
  const ms = Number(figure) * (UNITS[unit] ?? Number.NaN);
  return ms <= LONGEST_MS ? ms : undefined;
}

/** Reads `x-request-timeout`, in milliseconds. Throws INPUT_INVALID that names the header. */
export function readRequestTimeout(headers: IncomingHttpHeaders): number | undefined {
  const given = headers[TIMEOUT];
  const timeoutMs = given === undefined ? undefined : requestTimeout(String(given));
  if (given !== undefined && timeoutMs === undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `The header ${TIMEOUT} is ${JSON.stringify(String(given).slice(0, 50))}; give a duration of at most an hour: 250ms, 1.5s, 2m.`,
      { details: { header: TIMEOUT } },
    );
  return timeoutMs;
}

function askedTurn(request: FastifyRequest, reply: FastifyReply, saidMs: number | undefined): AskedTurn {
  const timeoutMs = readRequestTimeout(request.headers);
  const { socket } = request.raw;
  return { timeoutMs: least(timeoutMs, saidMs), sinceMs: reply.elapsedTime, isGone: () => socket.destroyed };
}

function least(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return Math.min(one, other);
}

/**
 * Does the work of a request to a model when it is its turn; `saidMs` is the time that its body says it may take. Throws OVERLOADED,
 * DEADLINE_EXCEEDED, and what `work` throws.
 */
export async function admitted<T>(
  admission: Admission,
  model: string,
  request: FastifyRequest,
  reply: FastifyReply,
  work: (turn: Turn) => Promise<T>,
  saidMs?: number,
): Promise<T> {
  return admission.run(model, askedTurn(request, reply, saidMs), work);
}
