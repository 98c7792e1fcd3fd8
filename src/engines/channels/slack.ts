// Slack's incoming webhooks, with Block Kit: https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks. A message cannot be put into
// a thread this way, since the answer does not tell its time stamp.

import type { Notice } from "../../ports/notifier.ts";
import type { OutboundRequest } from "../../ports/outbound.ts";
import { cut, factsOf, titleOf } from "./text.ts";

/** The request that posts a notice. Everything users wrote is `plain_text`, in which Slack sees neither links nor mentions. */
export function slackRequest(notice: Notice, url: string): OutboundRequest {
  const lines = factsOf(notice).map(([name, value]) => `${name}: ${value}`);
  const text = (words: string) => ({ type: "plain_text", text: words, emoji: false });
  const body = {
    // Shown in notifications; it is the one place where `&`, `<` and `>` mean something.
    text: escaped(titleOf(notice)),
    unfurl_links: false,
    unfurl_media: false,
    blocks: [
      // A header takes 150 characters, a section 3,000.
      { type: "header", text: text(titleOf(notice)) },
      { type: "section", text: text(cut(lines.join("\n"), 3000)) },
      { type: "context", elements: [text(`${notice.at} · ${notice.id}`)] },
    ],
  };
  return { url, headers: { "content-type": "application/json", "user-agent": "slipway" }, body: JSON.stringify(body) };
}

/** What Slack asks to have escaped in text. */
function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
