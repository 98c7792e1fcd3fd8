import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Labels } from "../platform/platform.ts";
import { ID_LIMIT } from "./asked-body.ts";
import { checked } from "./checked.ts";

/** The most labels of one request. */
export const LABEL_LIMIT = 10_000;

const body = z.strictObject({
  labels: z
    .array(
      z.strictObject({
        model: z.string().min(1),
        id: z.string().min(1).max(ID_LIMIT),
        label: z.union([z.boolean(), z.number(), z.string().max(1024)]),
        at: z.string().max(64).exactOptional(),
      }),
    )
    .min(1)
    .max(LABEL_LIMIT),
});

/** `POST /labels`, below /api/v1: what became of predictions, answered when it is safe. */
export function labelRoutes(labels: Labels): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.post("/labels", async (request) => labels.push(checked(body, request.body).labels));
  };
}
