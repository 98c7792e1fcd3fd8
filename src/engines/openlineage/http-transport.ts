import type { Outbound } from "../../ports/outbound.ts";
import { type Send, Undeliverable } from "./delivery.ts";

/** Posts each event. What a server says is wrong with an event, it says again: only its own failures and 429 are worth another try. */
export function postTo(url: URL, apiKey: string | undefined, outbound: Pick<Outbound, "post">): Send {
  return async (event) => {
    const { status } = await outbound.post({
      url: url.href,
      headers: {
        "content-type": "application/json",
        ...(apiKey === undefined ? {} : { authorization: `Bearer ${apiKey}` }),
      },
      body: JSON.stringify(event),
    });
    if (status >= 200 && status < 300) return;
    const reason = `${url.host} answered ${status}`;
    throw status >= 500 || status === 429 ? new Error(reason) : new Undeliverable(reason);
  };
}
