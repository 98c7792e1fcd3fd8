// The queue between what happens and where it is told: bounded, in order, one event under way at a time. An event that cannot be delivered is tried again
// a few times and then given up and counted, and so is what comes while the queue is full: nothing that is described ever waits for it.

import type { LineageDelivery } from "../../ports/lineage-sink.ts";
import type { RunEvent } from "./run-event.ts";

/** How an event gets to its place, in bounded time. Throws with a reason; `Undeliverable` where trying again is no use. */
export type Send = (event: RunEvent) => Promise<void>;

/** What a queue may use. */
export interface DeliveryLimits {
  readonly mostWaiting: number;
  readonly attempts: number;
  /** Between two attempts of one event; doubled each time. */
  readonly pauseMs: number;
  /** How long a flush waits. */
  readonly flushMs: number;
}

/** Waits so many milliseconds, or until the signal aborts; never throws. */
export type Pause = (ms: number, signal: AbortSignal) => Promise<void>;

/** A failure that trying again does not mend. */
export class Undeliverable extends Error {}

/** A queue of events. */
export interface Delivery {
  put(event: RunEvent): void;
  flush(): Promise<LineageDelivery>;
}

/** Delivers events one after the other. */
export function delivery(send: Send, limits: DeliveryLimits, pause: Pause): Delivery {
  const waiting: RunEvent[] = [];
  let [delivered, lost] = [0, 0];
  let problem: string | undefined;
  let running: Promise<void> | undefined;
  let giveUp = new AbortController();

  const lose = (count: number, reason: string): void => {
    lost += count;
    problem = reason;
  };

  async function attempt(event: RunEvent): Promise<void> {
    for (let n = 1; ; n += 1) {
      try {
        await send(event);
        delivered += 1;
        return;
      } catch (thrown) {
        const reason = thrown instanceof Error ? thrown.message : String(thrown);
        if (n >= limits.attempts || thrown instanceof Undeliverable || giveUp.signal.aborted) return lose(1, reason);
        await pause(limits.pauseMs * 2 ** (n - 1), giveUp.signal);
      }
    }
  }

  async function drain(): Promise<void> {
    for (let event = waiting.shift(); event !== undefined; event = waiting.shift()) await attempt(event);
    running = undefined;
  }

  return {
    put(event) {
      if (waiting.length >= limits.mostWaiting) return lose(1, `more than ${limits.mostWaiting} events were waiting`);
      waiting.push(event);
      running ??= drain();
    },
    async flush() {
      if (running) {
        const ended = new AbortController();
        const all = running.then(() => ended.abort());
        await Promise.race([all, pause(limits.flushMs, ended.signal)]);
        if (!ended.signal.aborted) {
          lose(waiting.splice(0).length, `they were not taken within ${limits.flushMs / 1000} seconds`);
          giveUp.abort();
          await all;
        }
        giveUp = new AbortController();
      }
      return { delivered, lost, ...(problem === undefined ? {} : { problem }) };
    },
  };
}
