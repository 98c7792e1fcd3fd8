// An engine must: give a Kysely dialect whose values round-trip (Uint8Array for blobs, integers exact to 2^53), enforce foreign
// keys, commit durably, wait for a busy writer for at least five seconds, and start every transaction as a writer, so that
// a read followed by a write in one transaction never sees another process's write in between.

import type { Dialect } from "kysely";

/** A SQL database for records. */
export interface Database {
  readonly kind: "sqlite" | "postgres";
  /** A new dialect for one Kysely instance; Kysely's destroy() closes it. */
  dialect(): Dialect;
}
