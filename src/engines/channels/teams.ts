// A webhook of Workflows in Microsoft Teams takes a message with an Adaptive Card. The connectors of Office 365, which took others, are gone.

import { SlipwayError } from "../../core/core.ts";
import type { Notice } from "../../ports/notifier.ts";
import type { OutboundRequest } from "../../ports/outbound.ts";
import { factsOf, titleOf } from "./text.ts";

const COLOURS = { info: "Accent", warning: "Warning", critical: "Attention" } as const;

/**
 * The request that posts a notice. Text runs know no markdown, unlike text blocks and facts, so that nothing users wrote becomes a link. Throws
 * CONFIG_INVALID for an address of a connector.
 */
export function teamsRequest(notice: Notice, url: string): OutboundRequest {
  if (/^https?:\/\/[^/]*\.?(webhook\.office\.com|outlook\.office(365)?\.com)(:\d+)?\//i.test(url))
    throw new SlipwayError(
      "CONFIG_INVALID",
      'The webhook of Teams is one of a retired Office 365 connector. In Teams, add the workflow "Send webhook alerts to a channel" and use its address.',
    );
  const block = (runs: readonly object[]) => ({ type: "RichTextBlock", inlines: runs });
  const run = (text: string, more: object = {}) => ({ type: "TextRun", text, ...more });
  const color = notice.change === "resolved" ? "Good" : COLOURS[notice.alert.severity];
  const content = {
    $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
    type: "AdaptiveCard",
    version: "1.4",
    msteams: { width: "Full" },
    body: [
      block([run(titleOf(notice), { size: "Large", weight: "Bolder", color })]),
      ...factsOf(notice).map(([name, value]) => block([run(`${name}: `, { weight: "Bolder" }), run(value)])),
      block([run(`${notice.at} · ${notice.id}`, { size: "Small", isSubtle: true })]),
    ],
  };
  const attachment = { contentType: "application/vnd.microsoft.card.adaptive", contentUrl: null, content };
  return {
    url,
    headers: { "content-type": "application/json", "user-agent": "slipway" },
    body: JSON.stringify({ type: "message", attachments: [attachment] }),
  };
}
