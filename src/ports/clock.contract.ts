// What every Clock and every ReplayClock must do, as vitest suites.

import { describe, expect, test } from "vitest";
import { hours, type Instant, seconds } from "../core/core.ts";
import type { Clock, ReplayClock } from "./clock.ts";

/**
 * Holds a clock that moves by itself to the port's contract.
 *
 * @example clockContract("systemClock", () => systemClock());
 */
export function clockContract(name: string, open: () => Clock): void {
  describe(`${name} keeps the Clock contract`, () => {
    test("moves on", async () => {
      const clock = open();
      const start = clock.now();
      await clock.waitUntil(start + 20_000n);
      const waited = clock.now() - start;
      expect(waited).toBeGreaterThanOrEqual(20_000n);
      expect(waited).toBeLessThan(seconds(10));
    });

    test("does not wait for what has passed", async () => {
      const clock = open();
      await clock.waitUntil(clock.now() - hours(1));
    });

    cancelling(open);
  });
}

/**
 * Holds a clock that a caller moves to the port's contract. `open` gets the instant at which it must stand.
 *
 * @example replayClockContract("replayClock", (start) => replayClock(start));
 */
export function replayClockContract(name: string, open: (start: Instant) => ReplayClock): void {
  describe(`${name} keeps the ReplayClock contract`, () => {
    test("stands still until it is moved", () => {
      const clock = open(1000n);
      expect(clock.now()).toBe(1000n);
      clock.advanceTo(5000n);
      clock.advanceTo(5000n);
      expect(clock.now()).toBe(5000n);
    });

    test("never goes back", () => {
      const clock = open(1000n);
      expect(() => clock.advanceTo(999n)).toThrow(expect.objectContaining({ code: "INPUT_INVALID" }));
      expect(clock.now()).toBe(1000n);
    });

    test("releases who waited, the earliest first, and keeps the others waiting", async () => {
      const clock = open(0n);
      const order: string[] = [];
      const waits = [
        clock.waitUntil(30n).then(() => order.push("30")),
        clock.waitUntil(10n).then(() => order.push("10")),
        clock.waitUntil(0n).then(() => order.push("now")),
        clock.waitUntil(20n).then(() => order.push("20")),
      ];
      await waits[2];
      clock.advanceTo(20n);
      await Promise.all([waits[1], waits[3]]);
      expect(order).toEqual(["now", "10", "20"]);
      clock.advanceTo(100n);
      await Promise.all(waits);
      expect(order).toEqual(["now", "10", "20", "30"]);
    });

    cancelling(() => open(0n));
  });
}

function cancelling(open: () => Clock): void {
  test("a wait ends with CANCELLED when its signal aborts, before or meanwhile", async () => {
    const clock = open();
    const far = clock.now() + hours(10_000);
    await expect(clock.waitUntil(far, AbortSignal.abort())).rejects.toMatchObject({ code: "CANCELLED" });
    const controller = new AbortController();
    const waiting = clock.waitUntil(far, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: "CANCELLED" });
  });
}
