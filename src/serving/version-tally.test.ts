import fc from "fast-check";
import { expect, test } from "vitest";
import { leaseOf } from "./lease.ts";
import { scoreParts } from "./parts.ts";
import { newTally, tallyAnswered, tallyQuantile, tallySince } from "./version-tally.ts";

test("a percentile is never below the true one, and at most a quarter above it", () => {
  const times = fc.array(fc.double({ min: 0.06, max: 10_000, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(times, fc.constantFrom(0.5, 0.95, 0.99, 1), (all, share) => {
      const tally = newTally();
      for (const time of all) tallyAnswered(tally, 1, time);
      const sorted = [...all].sort((a, b) => a - b);
      const truth = sorted[Math.max(0, Math.ceil(share * all.length - 1e-9) - 1)] ?? Number.NaN;
      const found = tallyQuantile(tally.times, share);
      expect(found).toBeGreaterThanOrEqual(truth * (1 - 1e-9));
      expect(found).toBeLessThanOrEqual(truth * 1.25 * (1 + 1e-9));
    }),
  );
  expect(tallyQuantile(newTally().times, 0.95)).toBeNaN();
});

test("what is seen since counts what came since, and all of it after a new beginning", () => {
  const tally = newTally();
  tallyAnswered(tally, 10, 1);
  const before = tallySince(tally, undefined);
  tallyAnswered(tally, 5, 1);
  tally.failed += 2;
  const since = tallySince(tally, before);
  expect([since.answered, since.failed, since.times.reduce((sum, each) => sum + each, 0)]).toEqual([5, 2, 5]);
  expect(before.answered).toBe(10);
  const fresh = newTally();
  tallyAnswered(fresh, 3, 1);
  expect(tallySince(fresh, before).answered).toBe(3);
});

test("each version's tally has what it answered and what it failed", async () => {
  const deployed = (version: number, fails: boolean) =>
    leaseOf({
      version,
      classes: undefined,
      score: async (rows: readonly unknown[]) => {
        if (fails) throw new Error("no");
        return rows.map(() => 0.5);
      },
    } as never);
  const [good, bad] = [deployed(1, false), deployed(2, true)];
  const row = new Float32Array(1);
  const part = (lease: typeof good, places: readonly number[]) => ({ lease, route: "champion" as const, places });
  await scoreParts([part(good, [0, 1])], [[row, row]], false);
  await expect(scoreParts([part(good, [0]), part(bad, [1, 2])], [[row], [row, row]], false)).rejects.toThrow("no");
  expect([good.tally.answered, good.tally.failed]).toEqual([3, 0]);
  expect([bad.tally.answered, bad.tally.failed]).toEqual([0, 2]);
});
