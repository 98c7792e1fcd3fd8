// The door of channels: alerts told in the words of each service. What a service or the network does is an outcome, in which no secret stands.

import type { Instant } from "../../core/core.ts";
import type { ChannelSpec } from "../../define/define.ts";
import type { Notice, NoticeOutcome, Notifier } from "../../ports/notifier.ts";
import type { Outbound } from "../../ports/outbound.ts";
import { outcomeOf } from "./answer.ts";
import { sendEmail } from "./email.ts";
import { tellJira } from "./jira.ts";
import { logNotice } from "./log.ts";
import { slackRequest } from "./slack.ts";
import { teamsRequest } from "./teams.ts";
import { plain } from "./text.ts";
import { type Values, valuesIn } from "./values.ts";
import { webhookRequest } from "./webhook.ts";

/** What channels work with. */
export interface ChannelOptions {
  readonly outbound: Outbound;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly now: () => Instant;
  /** Takes the lines of log channels. */
  readonly write: (line: string) => void;
  /** Certificates of authorities that e-mail servers may have besides the system's, as PEM. */
  readonly trusted?: string;
}

/** Tells alerts by log, webhook, Slack, Microsoft Teams, Jira Cloud and e-mail. */
export function channelNotifier(options: ChannelOptions): Notifier {
  return {
    async send(notice, channel, reference) {
      const values = valuesIn(options.env, channel.name);
      try {
        const outcome = await tell(options, notice, channel, values, reference);
        return outcome.kind === "failed" ? { ...outcome, problem: values.blotted(outcome.problem) } : outcome;
      } catch (thrown) {
        // A config that is mended, a name that resolves again: worth another try.
        const problem = plain(values.blotted(thrown instanceof Error ? thrown.message : String(thrown)));
        return { kind: "failed", problem, isFinal: false };
      }
    },
  };
}

async function tell(
  { outbound, now, write, trusted }: ChannelOptions,
  notice: Notice,
  { via }: ChannelSpec,
  values: Values,
  reference: string | undefined,
): Promise<NoticeOutcome> {
  switch (via.service) {
    case "log":
      return logNotice(notice, write);
    case "webhook": {
      const [url, secret] = [values.of(via.url), values.of(via.secret)];
      return outcomeOf(await outbound.call(webhookRequest(notice, url, secret, now() / 1_000_000n)));
    }
    case "slack":
      return outcomeOf(await outbound.call(slackRequest(notice, values.of(via.webhook))), (body) => body);
    case "teams":
      return outcomeOf(await outbound.call(teamsRequest(notice, values.of(via.webhook))), (body) => body);
    case "jira":
      return tellJira(notice, via, values, outbound, reference);
    case "email":
      return sendEmail(notice, via, values, outbound, trusted);
  }
}
