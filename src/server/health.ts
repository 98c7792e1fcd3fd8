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

/** /healthz and /readyz, and /health as clients of MLflow and Feast ask for it. */
export function healthRoutes(app: FastifyInstance, readiness: Readiness): void {
  app.get("/healthz", async () => ({ status: "up" }));
  app.get("/health", async (_, reply) => reply.type("text/plain").send("OK"));
  app.get("/readyz", async () => {
    const reasons = readiness();
    if (reasons.length === 0) return { ready: true };
    throw new SlipwayError("NOT_READY", `Not ready: ${reasons.map(({ message }) => message).join(" ")}`, {
      details: { reasons },
    });
  });
}
