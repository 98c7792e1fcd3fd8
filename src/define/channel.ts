// Channels: where alerts are told. A definition says where a secret is kept, and never holds one: it is stored, hashed and shown.

import { SlipwayError } from "../core/core.ts";
import { checkName, type Definition, frozen, type Spec, spec } from "./definition.ts";
import { type Metadata, metadataOf } from "./metadata.ts";
import type { EnvironmentValue } from "./table-source.ts";

/** How a channel reaches people, as plain data. */
export type ChannelVia =
  | { readonly service: "log" }
  | { readonly service: "webhook"; readonly url: string | EnvironmentValue; readonly secret: EnvironmentValue }
  | { readonly service: "slack"; readonly webhook: EnvironmentValue }
  | { readonly service: "teams"; readonly webhook: EnvironmentValue }
  | EmailVia
  | JiraVia;

/** E-mail over SMTP. */
export interface EmailVia {
  readonly service: "email";
  readonly host: string;
  readonly port: number;
  readonly security: "starttls" | "tls" | "none";
  readonly user?: string | EnvironmentValue;
  readonly password?: EnvironmentValue;
  readonly from: string;
  readonly to: readonly string[];
}

/** Issues in Jira Cloud. */
export interface JiraVia {
  readonly service: "jira";
  readonly site: string;
  readonly project: string;
  readonly issueType: string;
  readonly user: string | EnvironmentValue;
  readonly token: EnvironmentValue;
}

/** A channel as plain data. */
export interface ChannelSpec extends Spec {
  readonly kind: "channel";
  readonly via: ChannelVia;
}

/** Where alerts are told. */
export interface Channel extends Definition<ChannelSpec> {
  readonly name: string;
}

function channel(name: string, metadata: Metadata, via: ChannelVia): Channel {
  checkName("channel", name);
  const own: ChannelSpec = { kind: "channel", name, via, ...metadataOf(`channel "${name}"`, metadata) };
  return Object.freeze({ name, [spec]: frozen(own) });
}

/** Alerts as lines of JSON where the process that tells them writes its log. */
export const log = (name: string, options: Metadata = {}): Channel => channel(name, options, { service: "log" });

/** Alerts as JSON, posted to an address of your own and signed with a secret: `webhook("ops", { url, secret: env("OPS_SECRET") })`. */
export function webhook(
  name: string,
  options: Metadata & { readonly url: string | EnvironmentValue; readonly secret: EnvironmentValue },
): Channel {
  const secret = kept(name, "secret", options.secret);
  if (typeof options.url === "string") checkUrl(name, "url", options.url);
  return channel(name, options, { service: "webhook", url: options.url, secret });
}

/** Alerts in a Slack channel, through its incoming webhook: `slack("night", { webhook: env("SLACK_WEBHOOK") })`. */
export function slack(name: string, options: Metadata & { readonly webhook: EnvironmentValue }): Channel {
  return channel(name, options, { service: "slack", webhook: kept(name, "webhook", options.webhook) });
}

/** Alerts in a channel of Microsoft Teams, through a webhook of its Workflows: `teams("ops", { webhook: env("TEAMS_WEBHOOK") })`. */
export function teams(name: string, options: Metadata & { readonly webhook: EnvironmentValue }): Channel {
  return channel(name, options, { service: "teams", webhook: kept(name, "webhook", options.webhook) });
}

/** The options of e-mail. */
export interface EmailOptions extends Metadata {
  /** The SMTP server. */
  readonly host: string;
  /** Default 587, or 465 with `security: "tls"`. */
  readonly port?: number;
  /** `starttls` (default) begins in the clear and refuses to go on so; `tls` is encrypted from the start; `none` takes no password. */
  readonly security?: EmailVia["security"];
  readonly user?: string | EnvironmentValue;
  readonly password?: EnvironmentValue;
  /** The sender's address. */
  readonly from: string;
  /** The receivers' addresses. */
  readonly to: string | readonly string[];
}

/** Alerts by e-mail; needs the package nodemailer. */
export function email(name: string, options: EmailOptions): Channel {
  const { host, security = "starttls", user, password, from } = options;
  const to = typeof options.to === "string" ? [options.to] : options.to;
  const port = options.port ?? (security === "tls" ? 465 : 587);
  if (!HOST.test(host)) fail(name, `host ${JSON.stringify(host)} is no name of a server.`);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) fail(name, `port ${port} is none.`);
  if (!["starttls", "tls", "none"].includes(security))
    fail(name, `security ${JSON.stringify(security)} is none: give "starttls", "tls" or "none".`);
  if (to.length === 0) fail(name, "to names nobody.");
  for (const address of [from, ...to])
    if (!ADDRESS.test(address)) fail(name, `${JSON.stringify(address)} is no address.`);
  if ((user === undefined) !== (password === undefined)) fail(name, "user and password go together.");
  if (security === "none" && password !== undefined)
    fail(name, `a password is not sent in the clear; use security: "starttls" or "tls".`);
  return channel(name, options, {
    service: "email",
    ...{ host, port, security, from, to },
    ...(user === undefined || password === undefined ? {} : { user, password: kept(name, "password", password) }),
  });
}

/** The options of Jira. */
export interface JiraOptions extends Metadata {
  /** `https://your-company.atlassian.net` */
  readonly site: string;
  /** The project's key, such as `OPS`. */
  readonly project: string;
  /** The name of a type of issue; default `Task`. */
  readonly issueType?: string;
  /** The e-mail address of the account. */
  readonly user: string | EnvironmentValue;
  /** Its API token: `env("JIRA_TOKEN")`. */
  readonly token: EnvironmentValue;
}

/** An issue in Jira Cloud for each incident: created, commented on and closed. */
export function jira(name: string, options: JiraOptions): Channel {
  const { project, issueType = "Task", user } = options;
  const site = checkUrl(name, "site", options.site);
  if (!/^[A-Z][A-Z0-9_]{1,79}$/.test(project)) fail(name, `project ${JSON.stringify(project)} is no key such as OPS.`);
  return channel(name, options, {
    service: "jira",
    ...{ site, project, issueType, user },
    token: kept(name, "token", options.token),
  });
}

const HOST = /^[a-z0-9]([a-z0-9.:-]*[a-z0-9])?$/i;
const ADDRESS = /^[^\s\p{Cc}<>()[\],;:"@\\]+@[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/iu;

function kept(name: string, option: string, value: EnvironmentValue): EnvironmentValue {
  // What was given instead is a secret, perhaps, and is not repeated.
  if (typeof value?.env !== "string")
    fail(name, `${option} is a secret, and stays out of definitions: give env("NAME"), a variable that holds it.`);
  return value;
}

/** An https address without anything after its path, or http for a machine that is allowed in the config. */
function checkUrl(name: string, option: string, text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    return fail(name, `${option} is no address such as https://example.com.`);
  if (url.username !== "" || url.password !== "" || url.search !== "" || url.hash !== "")
    return fail(
      name,
      `${option} holds a user, a password or a query, which may be secret; give ${option}: env("NAME").`,
    );
  return text.replace(/\/+$/, "");
}

function fail(name: string, problem: string): never {
  throw new SlipwayError("DEFINITION_INVALID", `channel "${name}": ${problem}`);
}
