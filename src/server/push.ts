import type { FastifyInstance } from "fastify";
import { SlipwayError } from "../core/core.ts";
import type { Intake, PushOutcome } from "../platform/platform.ts";
import { PUSH_BODY_LIMIT, readPush } from "./asked-push.ts";
import type { Meters } from "./metrics/meters.ts";

/** What the push route works with. */
export interface PushContext {
  readonly intake: Intake;
  readonly meters: Meters;
}

/** `POST /push`, below /api/v1: events for push sources, answered when they are safe. */
export function pushRoutes({ intake, meters }: PushContext): (app: FastifyInstance) => Promise<void> {
  return async (app) => {
    app.post("/push", { bodyLimit: PUSH_BODY_LIMIT }, async (request) => {
      const { requests, isBatch } = readPush(request.body);
      const outcomes = await intake.push(requests);
      for (const outcome of outcomes) meters.pushed(outcome);
      refuseIfAllRefused(outcomes);
      return isBatch ? { batches: outcomes } : outcomes[0];
    });
  };
}

/** One bad event must not cost the others, but a push of which nothing is taken is no success. */
function refuseIfAllRefused(outcomes: readonly PushOutcome[]): void {
  const refused = outcomes.flatMap(({ rejected }) => rejected);
  const [first] = refused;
  if (!first || outcomes.some(({ accepted, duplicates }) => accepted + duplicates > 0)) return;
  const worst = refused.find(({ code }) => code === "EVENT_CONFLICT") ?? first;
  const others = refused.length === 1 ? "" : ` None of the ${refused.length} events was taken; the details name each.`;
  throw new SlipwayError(worst.code, `${worst.message}${others}`, { details: { batches: outcomes } });
}
