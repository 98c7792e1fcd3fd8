// Whether the process is up, and whether it can answer: what orchestrators and load balancers ask.

import type { FastifyInstance } from "fastify";
import { SlipwayError } from "../core/core.ts";
import type { Serving } from "../platform/platform.ts";

/** Why something is not ready. */
export interface Unready {
  readonly model?: string;
  readonly code: string;
  readonly message: string;
}

/** Everything that keeps the server from answering; empty when it is ready. */
export type Readiness = () => readonly Unready[];

/** Ready when every model has a version that answers, and `also` has nothing against it. */
export function readinessOf(serving: Serving, also: () => readonly string[] = () => []): Readiness {
  return () => [
    ...serving.models().flatMap(({ model, version, problem }): readonly Unready[] => {
      if (version !== undefined) return [];
      const message = problem?.message ?? `Model "${model.name}" has no champion yet.`;
      return [{ model: model.name, code: problem?.code ?? "NOT_READY", message }];
    }),
    ...also().map((message) => ({ code: "NOT_READY", message })),
  ];
}

/** /healthz, and /health as clients of MLflow and Feast ask for it: whether this process is up. */
export function livenessRoutes(app: FastifyInstance): void {
  app.get("/healthz", async () => ({ status: "up" }));
  app.get("/health", async (_, reply) => reply.type("text/plain").send("OK"));
}

/** What {@link livenessRoutes} has, and /readyz. */
export function healthRoutes(app: FastifyInstance, readiness: Readiness): void {
  livenessRoutes(app);
  app.get("/readyz", async () => {
    const reasons = readiness();
    if (reasons.length === 0) return { ready: true };
    throw new SlipwayError("NOT_READY", `Not ready: ${reasons.map(({ message }) => message).join(" ")}`, {
      details: { reasons },
    });
  });
}
