// What an HTTP answer means for a notice: taken, to be tried again, or never to be taken.

import { type Duration, parseInstant, seconds } from "../../core/core.ts";
import type { NoticeOutcome } from "../../ports/notifier.ts";
import type { OutboundAnswer } from "../../ports/outbound.ts";
import { plain } from "./text.ts";

/** Statuses that say that this very request will never be taken: it is malformed, too large, or its address is gone. */
const FINAL: ReadonlySet<number> = new Set([400, 404, 405, 410, 413, 415, 422]);

/** The outcome of an answer; `explain` says in which words the other side put it. */
export function outcomeOf(answer: OutboundAnswer, explain?: (body: string) => string): NoticeOutcome {
  const { status, body } = answer;
  if (status >= 200 && status < 300) return { kind: "delivered" };
  if (status >= 300 && status < 400)
    return { kind: "failed", problem: `answered ${status}: redirects are not followed`, isFinal: true };
  const words = plain(explain?.(body) ?? "", 300);
  const retryAfter = retryAfterOf(answer);
  return {
    kind: "failed",
    problem: `answered ${status}${words === "" ? "" : `: ${words}`}`,
    isFinal: FINAL.has(status),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
}

/** How long to wait by an answer's `Retry-After` (RFC 9110, section 10.2.3): seconds, or a date held against the answer's own. */
export function retryAfterOf({ headers }: Pick<OutboundAnswer, "headers">): Duration | undefined {
  const text = headers["retry-after"]?.trim();
  if (text === undefined) return undefined;
  if (/^\d{1,9}$/.test(text)) return seconds(Number(text));
  const [until, now] = [dateOf(text), dateOf(headers["date"] ?? "")];
  return until === undefined || now === undefined || until <= now ? undefined : until - now;
}

function dateOf(text: string): bigint | undefined {
  const time = new Date(text);
  return Number.isNaN(time.getTime()) ? undefined : parseInstant(time.toISOString());
}
