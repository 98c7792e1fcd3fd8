// The body of a push: events of one source, or of several. Hand-written because it runs on every request; the intake checks the events
// themselves, this checks what stands where and how much of it.

import { SlipwayError } from "../core/core.ts";
import type { PushRequest } from "../platform/platform.ts";

/** The most events of one request. */
export const EVENT_LIMIT = 10_000;
/** The most bytes of one request. */
export const PUSH_BODY_LIMIT = 16 * 1024 * 1024;

type Members = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** What a body asks for, and whether it was for several sources. Throws INPUT_INVALID that names the field. */
export function readPush(body: unknown): { readonly requests: readonly PushRequest[]; readonly isBatch: boolean } {
  if (!isObject(body)) throw invalid("The body is not a JSON object");
  const isBatch = Object.hasOwn(body, "batches");
  const requests = isBatch ? batchesIn(body) : [requestIn(body, "The body")];
  const count = requests.reduce((sum, { events }) => sum + events.length, 0);
  if (count === 0) throw invalid("There is no event in it");
  if (count > EVENT_LIMIT)
    throw new SlipwayError(
      "INPUT_INVALID",
      `The push has ${count} events; send up to ${EVENT_LIMIT} at a time. Nothing of it was taken.`,
      { details: { events: count, limit: EVENT_LIMIT } },
    );
  return { requests, isBatch };
}

function batchesIn(body: Members): readonly PushRequest[] {
  const { batches, ...rest } = body;
  const [beside] = Object.keys(rest);
  if (beside !== undefined) throw invalid(`The body has "${beside.slice(0, 64)}" beside "batches"`);
  if (!Array.isArray(batches)) throw invalid('"batches" is not a list');
  return batches.map((batch: unknown, index) => requestIn(batch, `batches[${index}]`));
}

function requestIn(value: unknown, place: string): PushRequest {
  if (!isObject(value)) throw invalid(`${place} is not an object`);
  for (const name in value)
    if (name !== "source" && name !== "events")
      throw invalid(`${place} has unknown field "${name.slice(0, 64)}"; known are source, events`);
  const { source, events } = value;
  if (typeof source !== "string") throw invalid(`${place} has no "source", the name of a push source`);
  if (!Array.isArray(events)) throw invalid(`${place} has no list of "events"`);
  return { source, events };
}

function invalid(problem: string): SlipwayError {
  return new SlipwayError(
    "INPUT_INVALID",
    `${problem}. Send { "source": name, "events": [...] }, or { "batches": [...] } of such.`,
  );
}
