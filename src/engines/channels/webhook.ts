// A notice as it is, signed as the registry's webhooks are: the signature covers id, time and body, so that none of them can be another's.

import { createHmac } from "node:crypto";
import type { Notice } from "../../ports/notifier.ts";
import type { OutboundRequest } from "../../ports/outbound.ts";

/** The request of a webhook; `now` in whole seconds since the epoch. */
export function webhookRequest(notice: Notice, url: string, secret: string, now: bigint): OutboundRequest {
  const body = JSON.stringify({ entity: "alert", action: notice.change, timestamp: notice.at, data: notice });
  const signature = createHmac("sha256", secret).update(`${notice.id}.${now}.${body}`).digest("base64");
  return {
    url,
    body,
    headers: {
      "content-type": "application/json",
      "user-agent": "slipway",
      "x-slipway-delivery-id": notice.id,
      "x-slipway-timestamp": String(now),
      "x-slipway-signature": `v1,${signature}`,
    },
  };
}
