// Datasets over HTTP: which there are, and one with its manifest.

import type { FastifyInstance } from "fastify";
import { z } from "zod";
import type { Datasets } from "../platform/platform.ts";
import { checked } from "./checked.ts";

const listQuery = z.strictObject({
  model: z.string().min(1).max(200).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});

/** The routes of datasets, below /api/v1. */
export function datasetRoutes(datasets: Datasets): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.get("/datasets", async ({ query }) => ({ datasets: await datasets.list(checked(listQuery, query)) }));
    app.get<{ Params: { readonly id: string } }>("/datasets/:id", async ({ params }) => datasets.show(params.id));
  };
}
