// Runs and model versions over HTTP: which there are, one with what it was made with, and the values of a metric.

import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import type { RecordsReader } from "../platform/platform.ts";
import { onlookerOf } from "./access/onlooker.ts";
import { checked } from "./checked.ts";

const listQuery = z.strictObject({
  model: z.string().min(1).max(200).optional(),
  experiment: z.string().min(1).max(500).optional(),
  status: z.enum(["running", "finished", "failed", "cancelled"]).optional(),
  filter: z.string().max(10_000).optional(),
  orderBy: z.union([z.string(), z.array(z.string()).max(10)]).optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
  pageToken: z.string().max(10_000).optional(),
});

const reportQuery = z.strictObject({ as: z.enum(["json", "html"]).default("json") });

interface OfVersion {
  readonly Params: { readonly model: string; readonly version: string };
}

/** The routes of runs and versions, below /api/v1. */
export function runRoutes(all: RecordsReader): (app: FastifyInstance) => Promise<void> {
  const seen = ({ person }: Pick<FastifyRequest, "person">): RecordsReader => all.seenBy(onlookerOf(person));
  return async (app) => {
    app.get("/runs", async (request) => {
      const { orderBy, ...filter } = checked(listQuery, request.query);
      const { runs, next } = await seen(request).list({
        ...filter,
        ...(orderBy === undefined ? {} : { orderBy: typeof orderBy === "string" ? [orderBy] : orderBy }),
      });
      return { runs, nextPageToken: next ?? null };
    });
    app.get<{ Params: { readonly id: string } }>("/runs/:id", async (request) => seen(request).show(request.params.id));
    app.get<{ Params: { readonly id: string; readonly name: string } }>(
      "/runs/:id/metrics/:name",
      async ({ params, person }) => ({
        run: params.id,
        metric: params.name,
        values: (await seen({ person }).metric(params.id, params.name)).map(({ value, ...rest }) => ({
          ...rest,
          // JSON has no word for what is no number.
          value: Number.isFinite(value) ? value : String(value),
        })),
      }),
    );
    app.get<{ Params: { readonly model: string } }>("/models/:model/versions", async ({ params, person }) => ({
      model: params.model,
      versions: await seen({ person }).versions(params.model),
    }));
    app.get<{ Params: { readonly model: string; readonly version: string } }>(
      "/models/:model/versions/:version",
      async ({ params, person }) => seen({ person }).version(`${params.model}@${params.version}`),
    );
    app.get<OfVersion>(
      "/models/:model/versions/:version/evaluations",
      async ({ params: { model, version }, person }) => ({
        model,
        version,
        evaluations: await seen({ person }).evaluations(`${model}@${version}`),
      }),
    );
    app.get<{ Params: OfVersion["Params"] & { readonly rows: string } }>(
      "/models/:model/versions/:version/evaluations/:rows",
      async ({ params: { model, version, rows }, query, person }, reply) => {
        const { as } = checked(reportQuery, query);
        const bytes = await seen({ person }).evaluation(`${model}@${version}`, { rows, as });
        // A run's artifacts are written by whoever may log to it: a page among them gets no script, no origin and nothing from elsewhere.
        return reply
          .header("content-security-policy", "default-src 'none'; style-src 'unsafe-inline'; sandbox")
          .header("x-content-type-options", "nosniff")
          .type(as === "html" ? "text/html; charset=utf-8" : "application/json; charset=utf-8")
          .send(Buffer.from(bytes));
      },
    );
  };
}
