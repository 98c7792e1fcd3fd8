// Webhooks: who is told of which events. The secret goes in, sealed, and never comes out again: only the signing of a delivery opens it.

import { newId, SlipwayError } from "../../core/core.ts";
import { instantToSql, type RecordsTransaction, type Schema } from "../../records/records.ts";
import { writeAudit } from "../audit.ts";
import type { WebhookEvent } from "../webhook-events.ts";
import type { TrackingContext } from "./context.ts";
import { nowMicros, toMillis } from "./context.ts";
import { offsetOf, pageToken } from "./page-token.ts";
import type { Page } from "./run-search.ts";
import { sealedSecret } from "./webhook-secrets.ts";

/** A webhook without its secret; times in milliseconds. */
export interface Webhook {
  readonly id: string;
  readonly name: string;
  readonly url: string;
  readonly description: string | null;
  readonly status: "active" | "disabled";
  readonly events: readonly WebhookEvent[];
  readonly createdAt: number;
  readonly updatedAt: number;
}

/** What a webhook may be given; what is left out of a change stays. */
export interface WebhookChange {
  readonly name?: string | undefined;
  readonly url?: string | undefined;
  readonly description?: string | null | undefined;
  readonly status?: "active" | "disabled" | undefined;
  /** Empty for none. */
  readonly secret?: string | undefined;
  readonly events?: readonly WebhookEvent[] | undefined;
}

/** Makes a webhook. Throws ADDRESS_REFUSED where nothing would be sent to its address. */
export async function newWebhook(
  context: TrackingContext,
  given: WebhookChange & { readonly name: string; readonly url: string; readonly events: readonly WebhookEvent[] },
): Promise<Webhook> {
  await requireOutbound(context).check(given.url);
  const now = context.clock.now();
  const id = newId(now, context.random);
  const at = instantToSql(now);
  const sealed_secret = await sealedSecret(context, id, given.secret);
  await context.write(async (tx) => {
    await tx
      .insertInto("webhooks")
      .values({
        id,
        name: given.name,
        url: given.url,
        description: given.description ?? null,
        status: given.status ?? "active",
        secret: null,
        sealed_secret,
        created_at: at,
        updated_at: at,
      })
      .execute();
    await putEvents(tx, id, given.events);
    await writeAudit(tx, context, { action: "webhook.created", subject: id, details: shownOf(given) });
  });
  return webhook(context, id);
}

/** The webhook of that id; WEBHOOK_NOT_FOUND. */
export async function webhook(context: TrackingContext, id: string): Promise<Webhook> {
  const row = await context.records.db.selectFrom("webhooks").selectAll().where("id", "=", id).executeTakeFirst();
  const [found] = await withEvents(context, row ? [row] : []);
  if (!found) throw webhookNotFound(id);
  return found;
}

/** A page of webhooks, newest first. */
export async function listWebhooks(
  context: TrackingContext,
  { limit, pageToken: token }: { readonly limit: number; readonly pageToken?: string | undefined },
): Promise<Page<Webhook>> {
  const question = { webhooks: "all" };
  const offset = offsetOf(token, question);
  const rows = await context.records.db
    .selectFrom("webhooks")
    .selectAll()
    .orderBy("created_at", "desc")
    .orderBy("id")
    .limit(limit + 1)
    .offset(offset)
    .execute();
  return {
    items: await withEvents(context, rows.slice(0, limit)),
    next: rows.length > limit ? pageToken(question, [offset + limit]) : undefined,
  };
}

/** Changes a webhook. */
export async function changeWebhook(context: TrackingContext, id: string, change: WebhookChange): Promise<Webhook> {
  if (change.url !== undefined) await requireOutbound(context).check(change.url);
  const sealed_secret = await sealedSecret(context, id, change.secret);
  await context.write(async (tx) => {
    const { numUpdatedRows } = await tx
      .updateTable("webhooks")
      .set({
        updated_at: nowMicros(context),
        ...(change.name === undefined ? {} : { name: change.name }),
        ...(change.url === undefined ? {} : { url: change.url }),
        ...(change.description === undefined ? {} : { description: change.description }),
        ...(change.status === undefined ? {} : { status: change.status }),
        ...(change.secret === undefined ? {} : { secret: null, sealed_secret }),
      })
      .where("id", "=", id)
      .executeTakeFirst();
    if (numUpdatedRows === 0n) throw webhookNotFound(id);
    if (change.events !== undefined) {
      await tx.deleteFrom("webhook_events").where("webhook_id", "=", id).execute();
      await putEvents(tx, id, change.events);
    }
    await writeAudit(tx, context, { action: "webhook.changed", subject: id, details: shownOf(change) });
  });
  return webhook(context, id);
}

/** Removes a webhook, with what was still to be sent to it. */
export async function deleteWebhook(context: TrackingContext, id: string): Promise<void> {
  await context.write(async (tx) => {
    await tx.deleteFrom("webhook_deliveries").where("webhook_id", "=", id).execute();
    await tx.deleteFrom("webhook_events").where("webhook_id", "=", id).execute();
    const { numDeletedRows } = await tx.deleteFrom("webhooks").where("id", "=", id).executeTakeFirst();
    if (numDeletedRows === 0n) throw webhookNotFound(id);
    await writeAudit(tx, context, { action: "webhook.deleted", subject: id, details: {} });
  });
}

/** What goes out for users; INPUT_INVALID where this server sends nothing. */
export function requireOutbound({ outbound }: TrackingContext): NonNullable<TrackingContext["outbound"]> {
  if (outbound) return outbound;
  throw new SlipwayError(
    "INPUT_INVALID",
    "This server sends nothing, so it takes no webhooks: its engines have no `outbound`.",
  );
}

/** The error for an id that no webhook has. */
export function webhookNotFound(id: string): SlipwayError {
  return new SlipwayError("WEBHOOK_NOT_FOUND", `Webhook with ID ${id} not found.`, { details: { webhook: id } });
}

function shownOf({ secret, ...rest }: WebhookChange): object {
  return { ...rest, ...(secret === undefined ? {} : { secret: secret === "" ? "removed" : "set" }) };
}

async function putEvents(tx: RecordsTransaction, webhook_id: string, events: readonly WebhookEvent[]): Promise<void> {
  for (const event of new Set(events)) await tx.insertInto("webhook_events").values({ webhook_id, event }).execute();
}

async function withEvents(
  { records }: TrackingContext,
  rows: readonly Schema["webhooks"][],
): Promise<readonly Webhook[]> {
  if (rows.length === 0) return [];
  const ids = rows.map(({ id }) => id);
  const events = await records.db
    .selectFrom("webhook_events")
    .selectAll()
    .where("webhook_id", "in", ids)
    .orderBy("event")
    .execute();
  return rows.map((row) => ({
    id: row.id,
    name: row.name,
    url: row.url,
    description: row.description,
    status: row.status,
    events: events.filter(({ webhook_id }) => webhook_id === row.id).map(({ event }) => event as WebhookEvent),
    createdAt: toMillis(row.created_at),
    updatedAt: toMillis(row.updated_at),
  }));
}
