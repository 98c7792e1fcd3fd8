// What others can be told of. A delivery is written in the transaction that does the thing, one for each webhook that wants it, so that
// neither is there without the other; sending is somebody else's work (tracking/webhook-deliveries.ts).

import { formatInstant, newId } from "../core/core.ts";
import { instantToSql, type RecordsTransaction, toJson } from "../records/records.ts";
import type { RegistryContext } from "./context.ts";

/** Everything that webhooks are told of, as `entity.action`. */
export const WEBHOOK_EVENTS = [
  "registered_model.created",
  "model_version.created",
  "model_version_tag.set",
  "model_version_tag.deleted",
  "model_version_alias.created",
  "model_version_alias.deleted",
] as const;

/** Something that happened, as `entity.action`. */
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** Writes the deliveries of an event inside the transaction that does the thing. */
export async function noteEvent(
  tx: RecordsTransaction,
  { clock, random }: RegistryContext,
  event: WebhookEvent,
  data: Readonly<Record<string, unknown>>,
): Promise<void> {
  const wanting = await tx
    .selectFrom("webhook_events as e")
    .innerJoin("webhooks as w", "w.id", "e.webhook_id")
    .select("w.id")
    .where("e.event", "=", event)
    .where("w.status", "=", "active")
    .execute();
  if (wanting.length === 0) return;
  const now = clock.now();
  const [entity, action] = event.split(".");
  const body = toJson({ entity, action, timestamp: formatInstant(now), data });
  const at = instantToSql(now);
  for (const { id } of wanting)
    await tx
      .insertInto("webhook_deliveries")
      .values({
        id: newId(now, random),
        webhook_id: id,
        event,
        body,
        status: "waiting",
        attempts: 0,
        next_at: at,
        at,
        problem: null,
      })
      .execute();
}
