// What a refused call is told: the same words as over HTTP, with gRPC's status of the code. What goes wrong inside stays in the log.

import { Metadata, type StatusObject, status } from "@grpc/grpc-js";
import type { FastifyBaseLogger } from "fastify";
import { asSlipwayError, errorTable, SlipwayError } from "../../core/core.ts";
import { retryAfterSeconds } from "../refusal.ts";

/** Any thrown value as the status of a call; what must not be told is logged. */
export function statusOf(thrown: unknown, method: string, log: FastifyBaseLogger): StatusObject {
  const error = asSlipwayError(thrown);
  const { grpc, http } = errorTable[error.code];
  const metadata = new Metadata();
  metadata.set("slipway-code", error.code);
  const seconds = retryAfterSeconds(error);
  // Clients that retry wait so long (gRPC proposal A6).
  if (seconds !== undefined) metadata.set("grpc-retry-pushback-ms", String(seconds * 1000));
  // An error that wraps another one repeats its text.
  const isTold = http < 500 || (error.code !== "INTERNAL" && error.cause === undefined);
  if (isTold && thrown instanceof SlipwayError) return { code: grpc, details: error.message, metadata };
  log.error({ err: thrown, method }, "call failed");
  return { code: grpc, details: `The server failed (${error.code}); its log says why.`, metadata };
}

/** The name of a status, for metrics: few, and none made by a caller. */
export function statusName(code: number): string {
  return status[code] ?? "UNKNOWN";
}
