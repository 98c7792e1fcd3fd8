// Datasets over HTTP: which there are, and one with its manifest.

import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { SlipwayError } from "../core/core.ts";
import type { Datasets } from "../platform/platform.ts";

const listQuery = z.strictObject({
  model: z.string().min(1).max(200).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});

/** The routes of datasets, below /api/v1. */
export function datasetRoutes(datasets: Datasets): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.get("/datasets", async ({ query }) => {
      const result = listQuery.safeParse(query);
      if (!result.success) {
        const [issue] = result.error.issues;
        throw new SlipwayError(
          "INPUT_INVALID",
          `${issue?.path.join(".") || "query"}: ${issue?.message ?? "not valid"}.`,
        );
      }
      const { model, limit } = result.data;
      return {
        datasets: await datasets.list({
          ...(model === undefined ? {} : { model }),
          ...(limit === undefined ? {} : { limit }),
        }),
      };
    });
    app.get<{ Params: { readonly id: string } }>("/datasets/:id", async ({ params }) => datasets.show(params.id));
  };
}
