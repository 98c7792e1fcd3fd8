import { afterEach, beforeEach, expect, test } from "vitest";
import { newVersion, type TestRegistry, testRegistry } from "./registry.fixture.ts";
import {
  moveAlias,
  moveRoute,
  registerVersion,
  rollback,
  routeHistory,
  routeOf,
  standingVersions,
} from "./registry.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await testRegistry();
  for (const text of ["one", "two", "three"]) await registerVersion(registry, newVersion(text));
});
afterEach(() => registry.remove());

const promote = (version: number) =>
  moveAlias(registry, { model: "delay", alias: "champion", version, reason: "test" });
const canary = (version: number, weight: number, expect?: number) =>
  moveRoute(registry, {
    model: "delay",
    canary: { version, weight },
    reason: "try it",
    ...(expect === undefined ? {} : { expect }),
  });

test("a canary stands beside the champion, its moves are counted and audited, and ending it keeps the count", async () => {
  await promote(1);
  expect(await routeOf(registry, "delay")).toEqual({ canary: null, shadow: null, revision: 0, movedAt: null });
  await canary(2, 10);
  await canary(2, 25, 1);
  expect(await standingVersions(registry, "delay")).toEqual({
    champion: 1,
    canary: { version: 2, weight: 25 },
    shadow: null,
  });
  await moveRoute(registry, { model: "delay", canary: null, reason: "seen enough" });
  expect(await routeOf(registry, "delay")).toMatchObject({ canary: null, revision: 3 });
  expect(await routeHistory(registry, "delay")).toMatchObject([
    { to: { canary: null }, reason: "seen enough", revision: 3, actor: "test" },
    { from: { canary: { version: 2, weight: 10 } }, to: { canary: { version: 2, weight: 25 } }, revision: 2 },
    { from: { canary: null }, to: { canary: { version: 2, weight: 10 } }, revision: 1 },
  ]);
});

test("of two movers that have seen the same, one moves it and the other is told", async () => {
  await promote(1);
  const outcomes = await Promise.allSettled([canary(2, 10, 0), canary(3, 20, 0)]);
  expect(outcomes.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(outcomes.find(({ status }) => status === "rejected")).toMatchObject({ reason: { code: "STATE_LOCKED" } });
  expect((await routeOf(registry, "delay")).revision).toBe(1);
});

test("moving a route to where it is changes nothing", async () => {
  await promote(1);
  await canary(2, 10);
  await canary(2, 10);
  expect(await routeHistory(registry, "delay")).toHaveLength(1);
});

test.each([
  ["forward", () => promote(2)],
  ["back", () => rollback(registry, "delay", "champion", "late alerts")],
])("a canary that becomes champion, going %s, ends its route in the same transaction", async (_, move) => {
  for (const version of [2, 1]) await promote(version);
  await canary(2, 10);
  await move();
  expect(await standingVersions(registry, "delay")).toEqual({ champion: 2, canary: null, shadow: null });
  expect((await routeHistory(registry, "delay"))[0]).toMatchObject({
    from: { canary: { version: 2, weight: 10 } },
    to: { canary: null },
    reason: "version 2 became champion",
  });
});

test("another champion, or another alias of the canary, leaves the route as it is", async () => {
  await promote(1);
  await canary(2, 10);
  await promote(3);
  await moveAlias(registry, { model: "delay", alias: "tried", version: 2, reason: "test" });
  expect(await standingVersions(registry, "delay")).toMatchObject({ champion: 3, canary: { version: 2 } });
});

test.each([
  ["the champion", 1, 10, "INPUT_INVALID", "version 1 is the champion, and cannot be its own canary"],
  ["a version that is not there", 9, 10, "VERSION_NOT_FOUND", "9"],
  ["more than everything", 2, 100.5, "INPUT_INVALID", "do not sum to 100"],
  ["less than nothing", 2, -1, "INPUT_INVALID", "-1 and the rest do not sum to 100"],
  ["no number", 2, Number.NaN, "INPUT_INVALID", "NaN"],
])("refuses %s as a canary, and nothing moves", async (_, version, weight, code, message) => {
  await promote(1);
  await expect(canary(version, weight)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  expect(await routeOf(registry, "delay")).toMatchObject({ revision: 0 });
});

test("refuses a canary of a model without a champion, and of no model", async () => {
  await expect(canary(2, 10)).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringContaining("no champion yet"),
  });
  await expect(
    moveRoute(registry, { model: "dealy", canary: { version: 1, weight: 1 }, reason: "x" }),
  ).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
});

test("a shadow stands beside a canary, and neither may be the other or the champion", async () => {
  await promote(1);
  await canary(2, 10);
  const shadow = (version: number | null) => moveRoute(registry, { model: "delay", shadow: version, reason: "look" });
  await shadow(3);
  expect(await routeOf(registry, "delay")).toMatchObject({ canary: { version: 2 }, shadow: 3, revision: 2 });
  for (const version of [1, 2]) await expect(shadow(version)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await promote(3);
  expect(await routeOf(registry, "delay")).toMatchObject({ canary: { version: 2 }, shadow: null, revision: 3 });
});
