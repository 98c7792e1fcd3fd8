// Routes about webhooks. Events are protocol enumerations in capitals here and words joined by a dot in the records. A secret is taken and
// never given back; of a test's answer the status alone, since its body may come from anywhere.

import { z } from "zod";
import { SlipwayError } from "../../core/core.ts";
import { tracking } from "../../platform/platform.ts";
import { field, listOf, read } from "./fields.ts";
import { checkedPageSize } from "./limits.ts";
import type { Handler, Route } from "./routes.ts";
import { compact } from "./shapes.ts";

const event = z.object({ entity: field.name, action: field.name });
const status = z
  .enum(["ACTIVE", "DISABLED"])
  .nullish()
  .transform((given) => (given === "ACTIVE" ? "active" : given === "DISABLED" ? "disabled" : undefined));

const create: Handler = async (context, { body }) => {
  const asked = read(
    z.object({
      name: field.name,
      url: field.name,
      events: listOf(event),
      description: field.textOr,
      secret: field.textOr,
      status,
    }),
    body,
  );
  checkName(asked.name);
  checkText(asked);
  const events = asked.events.map(eventOf);
  if (events.length === 0)
    throw new SlipwayError("INPUT_INVALID", "Webhook events must be a non-empty list of events.");
  return { webhook: webhookJson(await tracking.newWebhook(context, { ...asked, events })) };
};

const list: Handler = async (context, { body }) => {
  const asked = read(z.object({ max_results: field.wholeOr, page_token: field.textOr }), body);
  const { items, next } = await tracking.listWebhooks(context, {
    limit: checkedPageSize(asked.max_results || undefined, 100, 1000),
    pageToken: asked.page_token,
  });
  return compact({ webhooks: items.map(webhookJson), next_page_token: next });
};

const get: Handler = async (context, { path }) => ({
  webhook: webhookJson(await tracking.webhook(context, idOf(path))),
});

const update: Handler = async (context, { body, path }) => {
  const asked = read(
    z.object({
      name: field.textOr,
      url: field.textOr,
      events: listOf(event),
      description: field.textOr,
      secret: field.textOr,
      status,
    }),
    body,
  );
  if (asked.name) checkName(asked.name);
  checkText(asked);
  const change = {
    ...asked,
    name: asked.name || undefined,
    url: asked.url || undefined,
    events: asked.events.length === 0 ? undefined : asked.events.map(eventOf),
  };
  return { webhook: webhookJson(await tracking.changeWebhook(context, idOf(path), change)) };
};

const remove: Handler = (context, { path }) => tracking.deleteWebhook(context, idOf(path));

const test: Handler = async (context, { body, path }) => {
  const asked = read(z.object({ event: event.nullish() }), body);
  const { status, problem } = await tracking.testWebhook(
    context,
    idOf(path),
    asked.event ? eventOf(asked.event) : undefined,
  );
  return {
    result: compact({
      success: status !== undefined && status >= 200 && status < 300,
      response_status: status,
      error_message: problem,
    }),
  };
};

function idOf(path: Readonly<Record<string, string>>): string {
  return path["webhook_id"] ?? "";
}

const NAME = /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/i;

function checkName(name: string): void {
  if (NAME.test(name)) return;
  throw new SlipwayError(
    "INPUT_INVALID",
    `Webhook name ${JSON.stringify(name.slice(0, 100))} is invalid. It must start and end with a letter or digit, be less than 63 characters long, and contain only letters, digits, dots (.), underscores (_), and hyphens (-).`,
  );
}

function checkText(asked: {
  readonly url?: string | undefined;
  readonly description?: string | undefined;
  readonly secret?: string | undefined;
}): void {
  for (const [name, most] of [
    ["url", 500],
    ["description", 1000],
    ["secret", 1000],
  ] as const) {
    const length = asked[name]?.length ?? 0;
    if (length > most)
      throw new SlipwayError(
        "INPUT_INVALID",
        `'${name}' exceeds the maximum length of ${most} characters (${length}).`,
      );
  }
}

function eventOf({ entity, action }: z.output<typeof event>): tracking.WebhookEvent {
  const wanted = `${entity}.${action}`.toLowerCase();
  const known = tracking.WEBHOOK_EVENTS.find((each) => each === wanted);
  if (known) return known;
  throw new SlipwayError(
    "INPUT_INVALID",
    `This server tells of no event '${wanted.slice(0, 100)}'. There are: ${tracking.WEBHOOK_EVENTS.join(", ")}.`,
  );
}

function webhookJson(webhook: tracking.Webhook): object {
  return compact({
    webhook_id: webhook.id,
    name: webhook.name,
    url: webhook.url,
    events: webhook.events.map((each) => {
      const [entity, action] = each.toUpperCase().split(".");
      return { entity, action };
    }),
    description: webhook.description,
    status: webhook.status.toUpperCase(),
    creation_timestamp: webhook.createdAt,
    last_updated_timestamp: webhook.updatedAt,
  });
}

/** Routes about webhooks. */
export const webhookRoutes: readonly Route[] = [
  ["POST", "/mlflow/webhooks", create],
  ["GET", "/mlflow/webhooks", list],
  ["GET", "/mlflow/webhooks/:webhook_id", get],
  ["PATCH", "/mlflow/webhooks/:webhook_id", update],
  ["DELETE", "/mlflow/webhooks/:webhook_id", remove],
  ["POST", "/mlflow/webhooks/:webhook_id/test", test],
];
