// How quarantined batches look to people.

import type { QuarantineBatch } from "../platform/platform.ts";

/** A batch's reasons with their counts: `between("dep_delay", -120, 2000): 3`. */
export function reasonsText({ reasons }: Pick<QuarantineBatch, "reasons">): string {
  return Object.entries(reasons)
    .map(([expectation, count]) => `${expectation}: ${count}`)
    .join("; ");
}
