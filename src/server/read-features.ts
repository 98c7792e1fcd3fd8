import type { FastifyInstance } from "fastify";
import type { FeatureReader } from "../platform/platform.ts";
import { readAskedFeatures } from "./asked-features.ts";
import type { Materialize } from "./feast/materialize.ts";
import type { FeastPush } from "./feast/push.ts";
import { featuresBytes } from "./features-bytes.ts";
import type { Meters } from "./metrics/meters.ts";
import type { RequestMeters } from "./metrics/request-meters.ts";
import { JSON_TYPE } from "./refusal.ts";

/** What reading features works with. */
export interface ReadContext {
  readonly reader: FeatureReader;
  /** The most keys of one request. */
  readonly keyLimit: number;
  readonly meters: RequestMeters;
}

/** What feature routes work with. */
export interface FeatureContext extends ReadContext {
  readonly meters: Meters;
  /** Brings views online, where that may be asked for. */
  readonly materialize?: Materialize;
  /** Takes in events, where there are push sources. */
  readonly push?: FeastPush;
}

/** `POST /features/read`, below /api/v1: features of many keys from many views, from one snapshot. */
export function featureRoutes({ reader, keyLimit, meters }: ReadContext): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.post("/features/read", async (request, reply) => {
      const { features, keys } = readAskedFeatures(request.body, keyLimit);
      const reads = await reader.read(reader.select(features), keys, { isJson: true, asNumbers: true });
      meters.read(reads);
      return reply.type(JSON_TYPE).send(featuresBytes(reads, keys.length));
    });
  };
}
