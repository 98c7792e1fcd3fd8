// Versions and aliases over HTTP: what a version still lacks, approvals, moves and rollbacks, and who stands beside a champion. Each is by whoever signed in.

import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { formatInstant, SlipwayError } from "../core/core.ts";
import type { AliasChange, Approval, Promotions, ShownRoute } from "../platform/platform.ts";
import { checked } from "./checked.ts";

const reason = z.string().trim().min(1).max(2000);
const version = z.int().min(1);
const move = z.strictObject({
  version,
  reason,
  expect: version.nullable().optional(),
  force: z.boolean().optional(),
});
const canary = z.strictObject({ version, weight: z.number().min(0).max(100) });
const route = z.strictObject({
  canary: canary.nullable().optional(),
  shadow: version.nullable().optional(),
  reason,
  expect: z.int().min(0).optional(),
});
const why = z.strictObject({ reason });
const aliasQuery = z.strictObject({ alias: z.string().min(1).max(255).optional() });

interface OfAlias {
  Params: { readonly model: string; readonly alias: string };
}
interface OfVersion {
  Params: { readonly model: string; readonly version: string };
}

/** The routes of promotions, below /api/v1. */
export function promotionRoutes(promotions: Promotions): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.get<{ Params: { readonly model: string } }>("/models/:model/aliases", async ({ params }) => ({
      aliases: (await promotions.aliases(params.model)).map(({ movedAt, ...rest }) => ({
        ...rest,
        movedAt: formatInstant(movedAt),
      })),
    }));
    app.get<OfAlias>("/models/:model/aliases/:alias", async ({ params }) => ({
      history: (await promotions.history(params.model, params.alias)).map(changeDocument),
    }));
    app.post<OfAlias>("/models/:model/aliases/:alias", async (request) => {
      const { model, alias } = request.params;
      const asked = checked(move, request.body);
      const { from } = await promotions.move({ model, alias, ...asked }, byWhom(request));
      return { model, alias, version: asked.version, from };
    });
    app.post<OfAlias>("/models/:model/aliases/:alias/rollback", async (request) => {
      const { model, alias } = request.params;
      const { from, to, promoted } = await promotions.rollback(
        model,
        alias,
        checked(why, request.body).reason,
        byWhom(request),
      );
      return { model, alias, version: to, from, promoted: promoted === undefined ? null : changeDocument(promoted) };
    });
    app.get<{ Params: { readonly model: string } }>("/models/:model/route", async ({ params }) =>
      routeDocument(await promotions.route(params.model)),
    );
    app.post<{ Params: { readonly model: string } }>("/models/:model/route", async (request) => {
      const { model } = request.params;
      await promotions.moveRoute({ model, ...checked(route, request.body) }, byWhom(request));
      return routeDocument(await promotions.route(model));
    });
    app.get<OfVersion>("/models/:model/versions/:version/gates", async ({ params, query }) => {
      const { alias = "champion" } = checked(aliasQuery, query);
      const { approvals, ...rest } = await promotions.standing(params.model, numberOf(params.version), alias);
      return { alias, ...rest, approvals: { ...approvals, given: approvals.given.map(approvalDocument) } };
    });
    app.post<OfVersion>("/models/:model/versions/:version/approvals", async (request) => {
      const { person } = request;
      if (person === null)
        throw new SlipwayError(
          "SIGN_IN_NEEDED",
          "An approval is by someone who signs in, and nobody has to here yet. Add users: slipway users add NAME --role admin.",
        );
      const { model } = request.params;
      const given = await promotions.approve(
        {
          model,
          version: numberOf(request.params.version),
          role: person.role,
          reason: checked(why, request.body).reason,
        },
        byWhom(request),
      );
      return { approvals: given.map(approvalDocument) };
    });
    app.delete<OfVersion>("/models/:model/versions/:version/approvals", async (request) => {
      const { model } = request.params;
      const asked = { model, version: numberOf(request.params.version), reason: checked(why, request.body).reason };
      return { approvals: (await promotions.withdraw(asked, byWhom(request))).map(approvalDocument) };
    });
  };
}

function byWhom({ person }: FastifyRequest): { readonly actor: string } {
  return { actor: person?.name ?? "http" };
}

/** A move of an alias as JSON. */
function changeDocument({ at, ...rest }: AliasChange): Readonly<Record<string, unknown>> {
  return { at: formatInstant(at), ...rest };
}

/** A route as JSON. */
function routeDocument({ movedAt, moves, ...rest }: ShownRoute): Readonly<Record<string, unknown>> {
  return {
    ...rest,
    movedAt: movedAt === null ? null : formatInstant(movedAt),
    moves: moves.map(({ at, ...move }) => ({ at: formatInstant(at), ...move })),
  };
}

function approvalDocument({ at, ...rest }: Approval): Readonly<Record<string, unknown>> {
  return { at: formatInstant(at), ...rest };
}

function numberOf(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new SlipwayError("INPUT_INVALID", `"${text.slice(0, 50)}" is no version; give its number.`);
}
