import { afterEach, beforeEach, expect, test } from "vitest";
import { seconds } from "../core/core.ts";
import { type TestRegistry, testRegistry } from "./registry.fixture.ts";
import { endLease, finishRun, getRun, isHeld, LEASE, renewLease, startRun, takeLease, whileHeld } from "./registry.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await testRegistry();
});
afterEach(() => registry.remove());

const dead = new Set<string>();
const as = (mark: string) => ({ mark, isAlive: (other: string) => !dead.has(other) });

test("of many that want a lease at once one gets it, and the others are told who", async () => {
  const names = Array.from({ length: 12 }, (_, n) => `p${n}`);
  const told = await Promise.all(names.map((name) => takeLease(registry, "watch", as(name))));
  const [winner] = names.filter((_, n) => told[n] === undefined);
  expect(told.filter((each) => each === undefined)).toHaveLength(1);
  for (const each of told) if (each) expect(each).toEqual({ holder: winner, since: registry.clock.now() });
  expect(await takeLease(registry, "other", as("p1"))).toBeUndefined();
});

test("a lease that is taken again goes on since it began, and one that is not ends", async () => {
  const since = registry.clock.now();
  await takeLease(registry, "watch", as("a"));
  registry.clock.advanceTo(since + LEASE - seconds(1));
  await takeLease(registry, "watch", as("a"));
  registry.clock.advanceTo(since + LEASE + seconds(1));
  expect(await takeLease(registry, "watch", as("b"))).toEqual({ holder: "a", since });
  registry.clock.advanceTo(since + 2n * LEASE);
  expect(await takeLease(registry, "watch", as("b"))).toBeUndefined();
  expect(await takeLease(registry, "watch", as("a"))).toMatchObject({ holder: "b" });
});

test("a lease goes with its process, and only its holder gives it back", async () => {
  await takeLease(registry, "watch", as("a"));
  await endLease(registry, "watch", as("b"));
  expect(await takeLease(registry, "watch", as("b"))).toMatchObject({ holder: "a" });
  await endLease(registry, "watch", as("a"));
  expect(await takeLease(registry, "watch", as("b"))).toBeUndefined();
  dead.add("b");
  expect(await takeLease(registry, "watch", as("c"))).toBeUndefined();
});

test("a lease is renewed by whoever has it, not by one that lost it, and not once it was given back", async () => {
  const since = registry.clock.now();
  const [a, b] = ["a", "b"].map((mark) => ({ name: "watch", mark })) as [{ name: string; mark: string }, never];
  await takeLease(registry, "watch", as("a"));
  registry.clock.advanceTo(since + LEASE - seconds(1));
  expect(await renewLease(registry, a)).toBe(true);
  registry.clock.advanceTo(since + LEASE + seconds(1));
  expect(await takeLease(registry, "watch", as("b"))).toEqual({ holder: "a", since });
  registry.clock.advanceTo(since + 3n * LEASE);
  await takeLease(registry, "watch", as("b"));
  expect(await renewLease(registry, a)).toBe(false);
  expect([await isHeld(registry, a), await isHeld(registry, b)]).toEqual([false, true]);
  await endLease(registry, "watch", as("b"));
  expect(await renewLease(registry, b)).toBe(false);
  expect(await takeLease(registry, "watch", as("a"))).toBeUndefined();
});

test("who lost a lease writes nothing by it, and who has it does", async () => {
  await takeLease(registry, "study 1", as("a"));
  const first = whileHeld(registry, { name: "study 1", mark: "a" });
  const { id } = await startRun(first, { experiment: "e", kind: "tune" });
  registry.clock.advanceTo(registry.clock.now() + 2n * LEASE);
  await takeLease(registry, "study 1", as("b"));
  await expect(finishRun(first, id)).rejects.toMatchObject({
    code: "STATE_LOCKED",
    message: expect.stringMatching(/study 1 was taken over/),
  });
  await expect(startRun(first, { experiment: "e", kind: "trial" })).rejects.toMatchObject({ code: "STATE_LOCKED" });
  expect((await getRun(registry, id)).status).toBe("running");
  await finishRun(whileHeld(registry, { name: "study 1", mark: "b" }), id);
  expect((await getRun(registry, id)).status).toBe("finished");
});
