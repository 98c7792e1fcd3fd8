import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { days, hours } from "../../core/core.ts";
import { type TestRegistry, testRegistry } from "../registry.fixture.ts";
import { auditTrail, recordDecision } from "../registry.ts";
import {
  alertId,
  alertTimes,
  answerAlert,
  clearAlerts,
  listAlerts,
  type NewAlert,
  recordAlert,
  showAlert,
} from "./alerts.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await testRegistry();
});
afterEach(() => registry.remove());

const drift = (over: Partial<NewAlert> = {}): NewAlert => ({
  monitor: "health",
  model: "delay",
  version: 1,
  windowFrom: registry.clock.now() - days(7),
  windowTo: registry.clock.now(),
  kind: "drift",
  severity: "warning",
  evidence: { psi: 0.3 },
  ...over,
});
const pass = (time: bigint): void => registry.clock.advanceTo(registry.clock.now() + time);
const changes = async (id: string): Promise<readonly string[]> =>
  (await showAlert(registry, id)).steps.map(({ actor, change }) => `${actor}: ${change}`);

describe("one alert for each monitor, model, kind and subject", () => {
  test("found again it is counted, with its newest evidence and window", async () => {
    const first = await recordAlert(registry, drift());
    pass(hours(1));
    const second = await recordAlert(registry, drift({ evidence: { psi: 0.4 } }));
    expect(second).toMatchObject({ id: first.id, change: "seen", timesSeen: 2, evidence: { psi: 0.4 }, at: first.at });
    expect(second.windowTo).toBe(registry.clock.now());
    expect(await changes(first.id)).toEqual(["monitor health: opened"]);
  });

  test("another subject, kind, monitor or model is another", async () => {
    const others = [{}, { subject: "origin" }, { kind: "performance" }, { monitor: "night" }, { model: "fares" }];
    for (const other of others) expect(await recordAlert(registry, drift(other))).toMatchObject({ change: "opened" });
    expect(await listAlerts(registry, { status: "open" })).toHaveLength(others.length);
  });

  test("when two processes find it at once there is one", async () => {
    const found = await Promise.all([1, 2, 3, 4].map(() => recordAlert(registry, drift())));
    expect(found.filter(({ change }) => change === "opened")).toHaveLength(1);
    expect(await listAlerts(registry)).toMatchObject([{ timesSeen: 4 }]);
  });
});

describe("the cool-down", () => {
  test("an open alert is reminded of when it is over, and not before", async () => {
    const { id } = await recordAlert(registry, drift());
    pass(days(1) - 1n);
    expect(await recordAlert(registry, drift())).toMatchObject({ change: "seen" });
    pass(1n);
    expect(await recordAlert(registry, drift())).toMatchObject({ change: "reminded", id });
    pass(hours(23));
    expect(await recordAlert(registry, drift())).toMatchObject({ change: "seen" });
  });

  test("an acknowledged alert keeps still for it, and is open again after it", async () => {
    const { id } = await recordAlert(registry, drift(), { cooldown: hours(6) });
    await answerAlert(registry, id, { change: "acknowledged", note: "on it" });
    pass(hours(5));
    expect(await recordAlert(registry, drift(), { cooldown: hours(6) })).toMatchObject({
      change: "seen",
      status: "acknowledged",
    });
    pass(hours(1));
    expect(await recordAlert(registry, drift(), { cooldown: hours(6) })).toMatchObject({
      change: "reopened",
      status: "open",
      handledBy: null,
      id,
    });
    expect(await changes(id)).toEqual(["monitor health: opened", "test: acknowledged", "monitor health: reopened"]);
  });

  test("back within it after it was resolved, the alert is reopened; later, or with another version, it is a new one", async () => {
    const first = await recordAlert(registry, drift());
    await answerAlert(registry, first.id, { change: "resolved" });
    expect(await showAlert(registry, first.id)).toMatchObject({ incident: { resolvedAt: registry.clock.now() } });
    pass(hours(23));
    expect(await recordAlert(registry, drift())).toMatchObject({ change: "reopened", id: first.id });
    expect(await showAlert(registry, first.id)).toMatchObject({ incident: { resolvedAt: null } });
    await answerAlert(registry, first.id, { change: "resolved" });
    const other = await recordAlert(registry, drift({ version: 2 }));
    expect(other).toMatchObject({ change: "opened" });
    await answerAlert(registry, other.id, { change: "resolved" });
    pass(days(1));
    expect(await recordAlert(registry, drift({ version: 2 }))).toMatchObject({ change: "opened" });
    expect(await listAlerts(registry)).toHaveLength(3);
    expect(await alertTimes(registry, "delay", ["opened", "reopened"])).toHaveLength(4);
  });

  test("what gets worse is told at once, also when somebody is at it; what gets better stays as bad as it was", async () => {
    const { id } = await recordAlert(registry, drift());
    await answerAlert(registry, id, { change: "acknowledged" });
    const worse = await recordAlert(registry, drift({ severity: "critical" }));
    expect(worse).toMatchObject({ change: "escalated", status: "open", severity: "critical" });
    expect(await recordAlert(registry, drift({ severity: "info" }))).toMatchObject({
      change: "seen",
      severity: "critical",
    });
  });

  test("a clock that goes back repeats nothing and loses nothing", async () => {
    const later = registry.clock.now();
    const { id } = await recordAlert(registry, drift());
    const early = { ...registry, clock: { ...registry.clock, now: () => later - days(30) } };
    expect(await recordAlert(early, drift())).toMatchObject({ change: "seen", id, seenAt: later });
    await answerAlert(registry, id, { change: "resolved" });
    const other = await recordAlert(early, drift({ version: 2 }));
    expect(other).toMatchObject({ change: "opened" });
    expect(await recordAlert(early, drift({ version: 2 }))).toMatchObject({ change: "seen", id: other.id });
  });
});

describe("incidents", () => {
  test("what happens to a model within the cool-down is one incident, as bad as its worst alert", async () => {
    const first = await recordAlert(registry, drift());
    pass(hours(3));
    const second = await recordAlert(registry, drift({ kind: "performance", severity: "critical" }));
    const other = await recordAlert(registry, drift({ model: "fares" }));
    expect(second.incident).toBe(first.incident);
    expect(other.incident).not.toBe(first.incident);
    const { incident } = await showAlert(registry, first.id);
    expect(incident).toMatchObject({ severity: "critical", resolvedAt: null });
    expect(incident.alerts.map(({ id }) => id)).toEqual([second.id, first.id]);
  });

  test("it is over with the last of its alerts", async () => {
    const first = await recordAlert(registry, drift());
    const second = await recordAlert(registry, drift({ kind: "performance" }));
    await answerAlert(registry, first.id, { change: "resolved" });
    expect((await showAlert(registry, second.id)).incident.resolvedAt).toBeNull();
    await answerAlert(registry, second.id, { change: "resolved" });
    expect((await showAlert(registry, second.id)).incident.resolvedAt).toBe(registry.clock.now());
  });

  test("what is found long after the last of it is another, though nobody resolved the first", async () => {
    const first = await recordAlert(registry, drift());
    pass(days(1) + 1n);
    const second = await recordAlert(registry, drift({ kind: "performance" }));
    expect(second.incident).not.toBe(first.incident);
  });
});

describe("what is said to an alert", () => {
  test("who said what stands there, and in the audit trail", async () => {
    const { id } = await recordAlert(registry, drift());
    const ana = { ...registry, actor: "ana" };
    await answerAlert(ana, id, { change: "commented", note: " only JFK " });
    await answerAlert(ana, id, { change: "acknowledged" });
    const resolved = await answerAlert(ana, id, { change: "resolved", note: "the feed is back" });
    expect(resolved).toMatchObject({ status: "resolved", handledBy: "ana", statusAt: registry.clock.now() });
    expect((await showAlert(registry, id)).steps.slice(1)).toMatchObject([
      { actor: "ana", change: "commented", note: "only JFK" },
      { actor: "ana", change: "acknowledged", note: null },
      { actor: "ana", change: "resolved", note: "the feed is back" },
    ]);
    expect((await auditTrail(registry, { subject: id })).map(({ actor, action }) => [actor, action])).toEqual([
      ["ana", "alert.resolved"],
      ["ana", "alert.acknowledged"],
      ["ana", "alert.commented"],
      ["test", "alert.opened"],
    ]);
  });

  test("said twice it is said once; what is over cannot be acknowledged; a comment needs words", async () => {
    const { id } = await recordAlert(registry, drift());
    for (const change of ["resolved", "resolved"] as const) await answerAlert(registry, id, { change });
    expect((await showAlert(registry, id)).steps).toHaveLength(2);
    await expect(answerAlert(registry, id, { change: "acknowledged" })).rejects.toMatchObject({
      code: "INPUT_INVALID",
    });
    await expect(answerAlert(registry, id, { change: "commented", note: "  " })).rejects.toMatchObject({
      code: "INPUT_INVALID",
    });
  });

  test("a decision that promotes nothing acknowledges, with its reason", async () => {
    const { id } = await recordAlert(registry, drift());
    const decision = {
      retrain: "again",
      model: "delay",
      verdict: "refused",
      reason: "no better",
      evidence: {},
    } as const;
    const recorded = await recordDecision(registry, { ...decision, alertIds: [id] });
    expect(await showAlert(registry, id)).toMatchObject({
      alert: { status: "acknowledged", handledBy: `decision ${recorded.id}` },
      steps: [{ change: "opened" }, { change: "acknowledged", note: "no better" }],
    });
  });
});

describe("an alert that is not found any more", () => {
  const looked = (found: readonly string[] = [], kinds = ["drift"]) => ({
    monitor: "health",
    model: "delay",
    kinds,
    found,
  });

  test("is resolved by the monitor after as many looks in a row as were asked for", async () => {
    const { id } = await recordAlert(registry, drift());
    const policy = { resolveAfter: 2 };
    expect(await clearAlerts(registry, looked(), policy)).toEqual([]);
    await recordAlert(registry, drift(), policy);
    expect(await clearAlerts(registry, looked([id]), policy)).toEqual([]);
    expect(await clearAlerts(registry, looked(), policy)).toEqual([]);
    expect(await clearAlerts(registry, looked(), policy)).toEqual([id]);
    expect(await showAlert(registry, id)).toMatchObject({
      alert: { status: "resolved", handledBy: "monitor health" },
      incident: { resolvedAt: registry.clock.now() },
    });
  });

  test("stays where nothing was asked for, and where its kind was not looked for", async () => {
    const { id } = await recordAlert(registry, drift());
    await clearAlerts(registry, looked(), {});
    await clearAlerts(registry, looked([], ["performance"]), { resolveAfter: 1 });
    expect(await listAlerts(registry, { status: "open" })).toMatchObject([{ id }]);
  });
});

test("an alert is meant by the start or the end of its id", async () => {
  const { id } = await recordAlert(registry, drift());
  const other = await recordAlert(registry, drift({ kind: "performance" }));
  expect(await alertId(registry, id.slice(-12))).toBe(id);
  expect(await alertId(registry, id.toUpperCase())).toBe(id);
  await expect(alertId(registry, id.slice(0, 6))).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringContaining(other.id),
  });
  for (const wrong of ["abc", "%", "____", "' or 1=1", "0000-0000"])
    await expect(alertId(registry, wrong)).rejects.toMatchObject({ code: "ALERT_NOT_FOUND" });
});

test("alerts are listed by their least severity", async () => {
  await recordAlert(registry, drift({ severity: "info", kind: "volume" }));
  await recordAlert(registry, drift({ severity: "critical", kind: "performance" }));
  await recordAlert(registry, drift());
  expect((await listAlerts(registry, { from: "warning" })).map(({ kind }) => kind).sort()).toEqual([
    "drift",
    "performance",
  ]);
});
