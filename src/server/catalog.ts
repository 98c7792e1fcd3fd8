// The catalogue over HTTP: which features there are, everything about one view, and what is made of what. Only definitions, records and offline
// data are read; nothing here predicts or changes anything.

import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { parseInstant, SlipwayError } from "../core/core.ts";
import type { Catalog } from "../platform/platform.ts";

const text = z.string().min(1).max(500);
const many = z.union([text, z.array(text).max(20)]).transform((value) => (typeof value === "string" ? [value] : value));
const listQuery = z.strictObject({
  q: text.optional(),
  limit: z.coerce.number().int().min(1).max(200).optional(),
  tag: many.optional(),
  owner: text.optional(),
  entity: text.optional(),
});
const showQuery = z.strictObject({ statistics: z.enum(["true", "false"]).optional() });
const lineageQuery = z.strictObject({ direction: z.enum(["up", "down", "both"]).optional() });

const instant = text.transform((value, context) => {
  try {
    return parseInstant(value);
  } catch (thrown) {
    context.addIssue({ code: "custom", message: thrown instanceof Error ? thrown.message : "not a time" });
    return z.NEVER;
  }
});
const asOfQuery = z.strictObject({ at: instant });
const historyQuery = z.strictObject({
  from: instant.optional(),
  to: instant.optional(),
  after: instant.optional(),
  limit: z.coerce.number().int().min(1).max(1000).optional(),
});

interface OneView {
  Params: { readonly view: string };
}

/** A key's fields stand in the query as `key.<name>`, so that none can be taken for another parameter. */
function keyIn(query: unknown): { readonly key: Readonly<Record<string, string>>; readonly rest: unknown } {
  const key: [string, string][] = [];
  const rest: [string, unknown][] = [];
  for (const [name, value] of Object.entries(query as Readonly<Record<string, unknown>>)) {
    if (!name.startsWith("key.")) rest.push([name, value]);
    else if (typeof value === "string") key.push([name.slice(4), value]);
    else throw new SlipwayError("INPUT_INVALID", "Each field of the key is given once.");
  }
  return { key: Object.fromEntries(key), rest: Object.fromEntries(rest) };
}

/** The routes of the catalogue, below /api/v1. */
export function catalogRoutes(catalog: Catalog): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.get("/features", async ({ query }) => {
      const { q, limit, tag = [], owner, entity } = parsed(listQuery, query);
      if (q !== undefined) {
        if (tag.length > 0 || owner !== undefined || entity !== undefined)
          throw new SlipwayError(
            "INPUT_INVALID",
            "q searches by words alone; leave tag, owner and entity out beside it.",
          );
        return { query: q, found: catalog.search(q, limit) };
      }
      const views = await catalog.list({
        tags: Object.fromEntries(tag.map(tagOf)),
        ...(owner === undefined ? {} : { owner }),
        ...(entity === undefined ? {} : { entity }),
      });
      return { views };
    });
    app.get<OneView>("/features/:view", async ({ params, query }) =>
      catalog.show(params.view, { withStatistics: parsed(showQuery, query).statistics === "true" }),
    );
    app.get<OneView>("/features/:view/as-of", async ({ params, query }) => {
      const { key, rest } = keyIn(query);
      return catalog.asOf(params.view, key, parsed(asOfQuery, rest).at);
    });
    app.get<OneView>("/features/:view/history", async ({ params, query }) => {
      const { key, rest } = keyIn(query);
      return catalog.history(params.view, key, parsed(historyQuery, rest));
    });
    app.get<{ Params: { readonly thing: string } }>("/lineage/:thing", async ({ params, query }) =>
      catalog.lineage(params.thing, parsed(lineageQuery, query).direction),
    );
  };
}

function tagOf(word: string): [string, string] {
  const split = word.indexOf("=");
  if (split < 1) throw new SlipwayError("INPUT_INVALID", "tag is written name=value, such as ?tag=domain=delays.");
  return [word.slice(0, split), word.slice(split + 1)];
}

function parsed<T>(schema: z.ZodType<T>, query: unknown): T {
  const result = schema.safeParse(query);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue?.path.join(".") ?? "";
  const known = schema instanceof z.ZodObject ? ` Known are ${Object.keys(schema.shape).join(", ")}.` : "";
  throw new SlipwayError(
    "INPUT_INVALID",
    `The query${where === "" ? "" : ` parameter "${where}"`} is not valid: ${issue?.message ?? ""}.${known}`,
  );
}
