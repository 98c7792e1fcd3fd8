import { setTimeout as pause } from "node:timers/promises";
import { expect, test } from "vitest";
import { atOnce } from "./at-once.ts";

test("works on no more than so many at once, and gives the results in order", async () => {
  let [under, most] = [0, 0];
  const results = await atOnce([3, 1, 2, 0, 4], 2, undefined, async (turns) => {
    under += 1;
    most = Math.max(most, under);
    for (let turn = 0; turn <= turns; turn += 1) await pause(0);
    under -= 1;
    return turns * 10;
  });
  expect(results).toEqual([30, 10, 20, 0, 40]);
  expect(most).toBe(2);
});

test("begins nothing more after a failure, tells the others to stop and waits for them", async () => {
  const begun: number[] = [];
  let ended = false;
  const all = atOnce([0, 1, 2, 3], 2, undefined, async (thing, signal) => {
    begun.push(thing);
    if (thing === 1) throw new Error("no");
    while (!signal.aborted) await pause(0);
    ended = true;
  });
  await expect(all).rejects.toThrow("no");
  expect(begun).toEqual([0, 1]);
  expect(ended).toBe(true);
});

test("hands on the caller's wish to stop", async () => {
  const stop = new AbortController();
  const all = atOnce([0], 1, stop.signal, async (_, signal) => {
    stop.abort();
    signal.throwIfAborted();
  });
  await expect(all).rejects.toMatchObject({ name: "AbortError" });
});
