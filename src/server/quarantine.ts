// The quarantine over HTTP: which batches of rows were set aside, and one with its rows and their reasons.

import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Quarantine } from "../platform/platform.ts";
import { checked } from "./checked.ts";

const limit = z.coerce.number().int().min(1).max(1000).optional();
const listQuery = z.strictObject({
  source: z.string().min(1).max(200).optional(),
  status: z.enum(["held", "released", "dropped", "replaced", "all"]).optional(),
  limit,
});
const showQuery = z.strictObject({ limit });

/** The routes of the quarantine, below /api/v1. */
export function quarantineRoutes(quarantine: Quarantine): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.get("/quarantine", async ({ query }) => ({ batches: await quarantine.list(checked(listQuery, query)) }));
    app.get<{ Params: { readonly batch: string } }>("/quarantine/:batch", async ({ params, query }) =>
      quarantine.show(params.batch, checked(showQuery, query).limit),
    );
  };
}
