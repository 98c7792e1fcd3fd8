// What every Scheduler must do, as a vitest suite. It waits for runs to happen, never for a time to have passed.

import { describe, expect, test } from "vitest";
import { seconds } from "../core/core.ts";
import type { Scheduler } from "./scheduler.ts";

const SHORT = seconds(1) / 200n;

/**
 * Holds a scheduler to the port's contract.
 *
 * @example schedulerContract("systemScheduler", () => systemScheduler());
 */
export function schedulerContract(name: string, open: () => Scheduler): void {
  describe(`${name} keeps the Scheduler contract`, () => {
    /** Repeats until `until` says that it was enough; a rejected run counts as one. */
    const runs = (action: (run: number) => Promise<void>, until: number): Promise<() => void> =>
      new Promise((resolve) => {
        // A scheduler may use timers that keep no process alive.
        const alive = setInterval(() => undefined, 1000);
        let run = 0;
        const stop = open().every(SHORT, async () => {
          run += 1;
          if (run === until) {
            clearInterval(alive);
            resolve(stop);
          }
          await action(run);
        });
      });

    test("runs again and again, and goes on after a run that failed", async () => {
      const seen: number[] = [];
      const stop = await runs(async (run) => {
        seen.push(run);
        if (run % 2 === 1) throw new Error("this run fails");
      }, 5);
      stop();
      expect(seen.slice(0, 4)).toEqual([1, 2, 3, 4]);
    });

    test("never runs an action while its last run is under way", async () => {
      let under = 0;
      let most = 0;
      const stop = await runs(async () => {
        under += 1;
        most = Math.max(most, under);
        await new Promise((resolve) => setTimeout(resolve, 25));
        under -= 1;
      }, 4);
      stop();
      expect(most).toBe(1);
    });

    test("waits before the first run, and runs no more once it is stopped", async () => {
      let count = 0;
      const stop = open().every(SHORT, async () => {
        count += 1;
      });
      expect(count).toBe(0);
      stop();
      const other = await runs(async () => undefined, 5);
      other();
      stop();
      expect(count).toBe(0);
    });
  });
}
