// Feast's Python feature server, in its own shapes, for clients that cannot be changed: what is read and written is Slipway's. The routes stand
// at the root, where Feast has them.

import type { FastifyInstance } from "fastify";
import type { FeatureContext, ReadContext } from "../read-features.ts";
import { refusalOf, refuse } from "../refusal.ts";
import { onlineFeaturesRoute } from "./get-online-features.ts";
import { materializeRoutes } from "./materialize.ts";
import { pushRoutes } from "./push.ts";
import { bodyError, feastError, feastForm, feastRefusal } from "./refusal.ts";

/** What Feast has and Slipway does not. */
const absent: Readonly<Record<string, string>> = {
  "/retrieve-online-documents": "searches vectors, which Slipway does not store",
  "/search": "searches vectors, which Slipway does not store",
};

const unmaterialized: Readonly<Record<string, string>> = {
  "/materialize": "is not offered by this server",
  "/materialize-incremental": "is not offered by this server",
};

const unpushed: Readonly<Record<string, string>> = {
  "/push": "has nothing to push to: the project has no push source",
  "/write-to-online-store": "has nothing to write to: the project has no push source",
};

/** The routes of Feast's feature server. */
export function feastRoutes(context: FeatureContext): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    refuseAsFeast(app);
    onlineFeaturesRoute(app, context);
    const { push } = context;
    if (push) pushRoutes(app, context.reader.project, push, context.meters);
    if (context.materialize) materializeRoutes(app, context.reader.project, context.materialize);
    for (const [route, what] of Object.entries({
      ...absent,
      ...(context.materialize ? {} : unmaterialized),
      ...(push ? {} : unpushed),
    }))
      app.post(route, () => {
        throw feastError("FeastError", `${route} ${what}.`);
      });
  };
}

/** The route that reads online features alone. */
export function feastReadRoute(context: ReadContext): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    refuseAsFeast(app);
    onlineFeaturesRoute(app, context);
  };
}

function refuseAsFeast(app: FastifyInstance): void {
  app.setErrorHandler((thrown, request, reply) => {
    const code = (thrown as { readonly code?: string } | undefined)?.code ?? "";
    const shaped = UNREADABLE.has(code) ? unreadable(code) : thrown;
    return refuse(reply, feastRefusal(refusalOf(shaped, request)), feastForm);
  });
}

const UNREADABLE = new Set([
  "FST_ERR_CTP_INVALID_MEDIA_TYPE",
  "FST_ERR_CTP_EMPTY_JSON_BODY",
  "FST_ERR_CTP_INVALID_JSON_BODY",
]);

function unreadable(code: string): Error {
  if (code === "FST_ERR_CTP_INVALID_JSON_BODY")
    return bodyError({ type: "json_invalid", loc: ["body"], msg: "JSON decode error" });
  if (code === "FST_ERR_CTP_EMPTY_JSON_BODY")
    return bodyError({ type: "missing", loc: ["body"], msg: "Field required" });
  return bodyError({
    type: "model_attributes_type",
    loc: ["body"],
    msg: "Input should be a valid dictionary or object to extract fields from",
  });
}
