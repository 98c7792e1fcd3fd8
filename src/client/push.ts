// Pushing events: what travels, and what comes back.

import type { ErrorCode } from "../core/core.ts";

/** What may accompany one push. */
export interface PushEventsOptions {
  readonly signal?: AbortSignal;
}

/** An event that was refused. */
export interface ClientRejection {
  /** Its place in what was pushed. */
  readonly index: number;
  /** Its id, where it had one that could be read. */
  readonly id: string | null;
  readonly code: ErrorCode;
  readonly message: string;
}

/** What became of a push. */
export interface ClientPush {
  readonly source: string;
  /** Events that are new, and safe on the server's disk. */
  readonly accepted: number;
  /** Events that were there already. */
  readonly duplicates: number;
  readonly rejected: readonly ClientRejection[];
}

const spec = Symbol.for("slipway.spec");

/** The name of a source, given by its definition or as it is. */
export function sourceName(source: unknown): string {
  return typeof source === "string" ? source : (source as { readonly [spec]: { readonly name: string } })[spec].name;
}
