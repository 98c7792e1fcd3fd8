// How quarantined batches look to people and in JSON documents.

import type { QuarantineBatch } from "../platform/platform.ts";
import { instantText } from "./words.ts";

/** A batch's reasons with their counts: `between("dep_delay", -120, 2000): 3`. */
export function reasonsText({ reasons }: QuarantineBatch): string {
  return Object.entries(reasons)
    .map(([expectation, count]) => `${expectation}: ${count}`)
    .join("; ");
}

/** A batch as JSON. */
export function batchDocument({
  knownFrom,
  knownTo,
  at,
  closedAt,
  ...batch
}: QuarantineBatch): Record<string, unknown> {
  return {
    ...batch,
    knownFrom: instantText(knownFrom) ?? null,
    knownTo: instantText(knownTo) ?? null,
    at: instantText(at),
    closedAt: instantText(closedAt) ?? null,
  };
}
