// OpenLineage as the place where lineage is told: run events as lines of a file, or posted one by one to a server that has `POST /api/v1/lineage`,
// such as Marquez.

import { SlipwayError } from "../../core/core.ts";
import type { LineageSink } from "../../ports/lineage-sink.ts";
import type { Outbound } from "../../ports/outbound.ts";
import { type DeliveryLimits, delivery, type Pause, type Send } from "./delivery.ts";
import { appendTo } from "./file-transport.ts";
import { postTo } from "./http-transport.ts";
import { runEvent } from "./run-event.ts";

/** Where events go, and what the sink works with. */
export interface OpenLineageOptions {
  readonly to:
    | { readonly file: string }
    | {
        readonly url: string;
        readonly apiKey?: string;
        /** The way out, which has to permit the URL's host. */
        readonly outbound: Pick<Outbound, "post">;
      };
  readonly pause: Pause;
  readonly limits?: Partial<DeliveryLimits>;
}

const LIMITS: DeliveryLimits = { mostWaiting: 1000, attempts: 4, pauseMs: 250, flushMs: 10_000 };

/** What our events name as their maker. */
const PRODUCER = "https://www.npmjs.com/package/slipway";

/** Opens a sink. Throws CONFIG_INVALID for a URL that is none. */
export function openLineageSink({ to, pause, limits = {} }: OpenLineageOptions): LineageSink {
  let send: Send;
  let place: string;
  if ("file" in to) [send, place] = [appendTo(to.file), to.file];
  else {
    const url = endpointOf(to.url);
    [send, place] = [postTo(url, to.apiKey, to.outbound), url.href];
  }
  const queue = delivery(send, { ...LIMITS, ...limits }, pause);
  return {
    place,
    emit: (event) => queue.put(runEvent(event, PRODUCER)),
    flush: queue.flush,
  };
}

/** The server's route; a URL with a path of its own is taken as it is. */
function endpointOf(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || (url.protocol !== "http:" && url.protocol !== "https:"))
    throw new SlipwayError(
      "CONFIG_INVALID",
      "lineage: the URL of OpenLineage must begin with http:// or https://, such as http://127.0.0.1:5000.",
    );
  if (url.username !== "" || url.password !== "")
    throw new SlipwayError(
      "CONFIG_INVALID",
      "lineage: the URL of OpenLineage holds a user or password; give a key as apiKey: env(NAME).",
    );
  if (url.pathname === "/") url.pathname = "/api/v1/lineage";
  return url;
}
