// Sending what is due. Whoever takes a delivery moves its time on first, so that no other server takes it too; one that is killed in the
// middle of sending leaves it to be tried again once that time has come. So each is sent at least once, always under the same id, by which
// a receiver that got it twice can tell.

import { createHmac } from "node:crypto";
import {
  type Duration,
  days,
  formatInstant,
  hours,
  type Instant,
  minutes,
  SlipwayError,
  seconds,
} from "../../core/core.ts";
import type { Outbound } from "../../ports/ports.ts";
import { instantToSql, toJson } from "../../records/records.ts";
import type { RegistryContext } from "../context.ts";
import type { Secrets } from "../secrets.ts";
import { WEBHOOK_EVENTS, type WebhookEvent } from "../webhook-events.ts";
import type { TrackingContext } from "./context.ts";
import { openSecret } from "./webhook-secrets.ts";
import { requireOutbound, webhook } from "./webhooks.ts";

/** Waits after each failed attempt; after the last one the delivery has failed. */
const WAITS: readonly Duration[] = [seconds(5), seconds(30), minutes(5), minutes(30), hours(2), hours(6), hours(12)];
/** How long whoever took a delivery has to send it. */
const LEASE = minutes(1);
const MOST_AT_ONCE = 16;
/** How long those that arrived are kept. */
const KEPT = days(7);

interface Taken {
  readonly id: string;
  readonly body: string;
  readonly attempts: number;
  readonly url: string;
  readonly webhook: string;
  readonly secret: string | null;
  readonly sealed_secret: string | null;
}

/** Sends what is due, and gives how many arrived. */
export async function deliverDue(
  context: RegistryContext,
  outbound: Outbound,
  secrets: Secrets | undefined,
): Promise<number> {
  const taken = await take(context);
  const arrived = await Promise.all(
    taken.map(async (delivery) => {
      const problem = await problemOf(context, outbound, secrets, delivery);
      await settle(context, delivery, problem);
      return problem === undefined;
    }),
  );
  return arrived.filter(Boolean).length;
}

/** Sends an example of an event, now and once. */
export async function testWebhook(
  context: TrackingContext,
  id: string,
  event?: WebhookEvent,
): Promise<{ readonly status?: number; readonly problem?: string }> {
  const outbound = requireOutbound(context);
  const { events, url } = await webhook(context, id);
  const kept = await context.records.db
    .selectFrom("webhooks")
    .select(["id as webhook", "secret", "sealed_secret"])
    .where("id", "=", id)
    .executeTakeFirstOrThrow();
  const [entity, action] = (event ?? events[0] ?? WEBHOOK_EVENTS[0]).split(".");
  const data = EXAMPLES[event ?? events[0] ?? WEBHOOK_EVENTS[0]];
  const now = context.clock.now();
  const body = toJson({ entity, action, timestamp: formatInstant(now), data });
  try {
    const secret = await openSecret(context.secrets, kept);
    return await outbound.post(signed({ id: `test-${now}`, body, url }, secret, now));
  } catch (thrown) {
    if (thrown instanceof SlipwayError) return { problem: thrown.message };
    throw thrown;
  }
}

const VERSION = { name: "example_model", version: "1" };
const EXAMPLES: Readonly<Record<WebhookEvent, object>> = {
  "registered_model.created": {
    name: "example_model",
    tags: { example_key: "example_value" },
    description: "An example registered model",
  },
  "model_version.created": {
    ...VERSION,
    source: "models:/123",
    run_id: "abcd1234abcd5678",
    tags: { example_key: "example_value" },
    description: "An example model version",
  },
  "model_version_tag.set": { ...VERSION, key: "example_key", value: "example_value" },
  "model_version_tag.deleted": { ...VERSION, key: "example_key" },
  "model_version_alias.created": { ...VERSION, alias: "example_alias" },
  "model_version_alias.deleted": { name: "example_model", alias: "example_alias" },
};

async function take({ records, clock }: RegistryContext): Promise<readonly Taken[]> {
  const now = clock.now();
  const due = records.db
    .selectFrom("webhook_deliveries as d")
    .innerJoin("webhooks as w", "w.id", "d.webhook_id")
    .select(["d.id", "d.body", "d.attempts", "w.url", "w.id as webhook", "w.secret", "w.sealed_secret"])
    .where("d.status", "=", "waiting")
    .where("d.next_at", "<=", instantToSql(now))
    .where("w.status", "=", "active")
    .orderBy("d.next_at")
    .orderBy("d.id")
    .limit(MOST_AT_ONCE);
  // Most of the time there is nothing, and whoever only looks keeps nobody from writing.
  if ((await due.execute()).length === 0) return [];
  return records.transact(async (tx) => {
    const taken = await tx.executeQuery(due.compile()).then(({ rows }) => rows);
    for (const { id, attempts } of taken)
      await tx
        .updateTable("webhook_deliveries")
        .set({ attempts: attempts + 1, next_at: instantToSql(now + LEASE) })
        .where("id", "=", id)
        .execute();
    await tx
      .deleteFrom("webhook_deliveries")
      .where("status", "=", "delivered")
      .where("at", "<", instantToSql(now - KEPT))
      .execute();
    return taken.map((delivery) => ({ ...delivery, attempts: delivery.attempts + 1 }));
  });
}

async function problemOf(
  { clock }: RegistryContext,
  outbound: Outbound,
  secrets: Secrets | undefined,
  delivery: Taken,
): Promise<string | undefined> {
  try {
    // What cannot be signed is not sent: a receiver that takes unsigned deliveries would take anybody's.
    const secret = await openSecret(secrets, delivery);
    const { status } = await outbound.post(signed(delivery, secret, clock.now()));
    if (status >= 200 && status < 300) return undefined;
    return status >= 300 && status < 400 ? `answered ${status}: redirects are not followed` : `answered ${status}`;
  } catch (thrown) {
    return thrown instanceof Error ? thrown.message : String(thrown);
  }
}

async function settle(
  { records, clock }: RegistryContext,
  { id, attempts }: Taken,
  problem: string | undefined,
): Promise<void> {
  const wait = WAITS[attempts - 1];
  const result =
    problem === undefined
      ? { status: "delivered" as const, problem: null }
      : wait === undefined
        ? { status: "failed" as const, problem }
        : { next_at: instantToSql(clock.now() + wait), problem };
  // Whoever was slower than the lease finds that somebody else has it by now, and leaves it.
  await records.db
    .updateTable("webhook_deliveries")
    .set(result)
    .where("id", "=", id)
    .where("attempts", "=", attempts)
    .execute();
}

/** A delivery as it is sent: the signature covers id, time and body, so that none of them can be another's. */
function signed(
  { id, body, url }: Pick<Taken, "id" | "body" | "url">,
  secret: string | undefined,
  now: Instant,
): Parameters<Outbound["post"]>[0] {
  const timestamp = String(now / 1_000_000n);
  const signature = secret && createHmac("sha256", secret).update(`${id}.${timestamp}.${body}`).digest("base64");
  return {
    url,
    body,
    headers: {
      "content-type": "application/json",
      "user-agent": "slipway",
      "x-mlflow-delivery-id": id,
      "x-mlflow-timestamp": timestamp,
      ...(signature ? { "x-mlflow-signature": `v1,${signature}` } : {}),
    },
  };
}
