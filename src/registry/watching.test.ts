import { afterEach, beforeEach, expect, test } from "vitest";
import { days } from "../core/core.ts";
import { newVersion, type TestRegistry, testRegistry } from "./registry.fixture.ts";
import {
  aliasOf,
  answerAlert,
  auditTrail,
  lastMonitorRun,
  listAlerts,
  listDecisions,
  listMonitorRuns,
  moveAlias,
  type NewDecision,
  recordAlert,
  recordDecision,
  recordMonitorRun,
  registerVersion,
} from "./registry.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await testRegistry();
});
afterEach(() => registry.remove());

const raise = (kind = "drift"): ReturnType<typeof recordAlert> =>
  recordAlert(registry, {
    monitor: "delay_health",
    model: "delay",
    version: 1,
    windowFrom: registry.clock.now() - days(1),
    windowTo: registry.clock.now(),
    kind,
    severity: "warning",
    evidence: { psi: 0.3, odd: Number.NaN },
  });

const decision: NewDecision = {
  retrain: "delay_retrain",
  model: "delay",
  challenger: 2,
  champion: 1,
  verdict: "promoted",
  reason: "auc 0.76 over 0.75",
  evidence: { auc: [0.76, 0.75] },
  alertIds: [],
};

test("an alert is open until somebody takes care of it", async () => {
  const alert = await raise();
  expect(alert).toMatchObject({ status: "open", handledBy: null, at: registry.clock.now() });
  const { change: _opened, ...rest } = alert;
  expect(await listAlerts(registry, { status: "open", monitor: "delay_health", model: "delay" })).toEqual([
    { ...rest, evidence: { psi: 0.3, odd: "NaN" } },
  ]);
  await answerAlert(registry, alert.id, { change: "acknowledged" });
  await answerAlert(registry, alert.id, { change: "acknowledged", by: "somebody else" });
  expect(await listAlerts(registry, { status: "open" })).toEqual([]);
  expect(await listAlerts(registry)).toMatchObject([{ status: "acknowledged", handledBy: "test" }]);
  await expect(answerAlert(registry, "no", { change: "acknowledged" })).rejects.toMatchObject({
    code: "ALERT_NOT_FOUND",
  });
});

test("a promotion resolves its alerts and moves the alias with it", async () => {
  for (const text of ["one", "two"]) await registerVersion(registry, newVersion(text));
  await moveAlias(registry, { model: "delay", alias: "champion", version: 1, reason: "first" });
  const [drift, performance] = [await raise("drift"), await raise("performance")];
  const recorded = await recordDecision(registry, {
    ...decision,
    alertIds: [drift.id],
    promote: { alias: "champion", version: 2, expect: 1 },
  });
  expect(await listDecisions(registry, { model: "delay", retrain: "delay_retrain" })).toEqual([recorded]);
  expect(await listAlerts(registry, { status: "open" })).toMatchObject([{ id: performance.id }]);
  expect(await listAlerts(registry, { status: "resolved" })).toMatchObject([{ handledBy: `decision ${recorded.id}` }]);
  expect(await aliasOf(registry, "delay", "champion")).toBe(2);
  expect(await auditTrail(registry, { action: "decision.promoted" })).toMatchObject([{ subject: recorded.id }]);
});

test("a decision that cannot be carried out is not recorded at all", async () => {
  for (const text of ["one", "two"]) await registerVersion(registry, newVersion(text));
  const alert = await raise();
  const impossible = { ...decision, alertIds: [alert.id], promote: { alias: "champion", version: 2, expect: 1 } };
  await expect(recordDecision(registry, impossible)).rejects.toMatchObject({ code: "STATE_LOCKED" });
  await expect(recordDecision(registry, { ...decision, alertIds: ["no"] })).rejects.toThrow('no alert "no"');
  expect(await listDecisions(registry)).toEqual([]);
  expect(await listAlerts(registry, { status: "open" })).toHaveLength(1);
  expect(await aliasOf(registry, "delay", "champion")).toBeUndefined();
});

test("remembers when a monitor looked, and what it saw", async () => {
  expect(await lastMonitorRun(registry, "delay_health")).toBeUndefined();
  const start = registry.clock.now();
  for (const day of [1, 2])
    await recordMonitorRun(registry, {
      monitor: "delay_health",
      model: "delay",
      version: undefined,
      at: start + days(day),
      windowFrom: start,
      windowTo: start + days(day),
      status: "ok",
      details: { predictions: day },
    });
  expect(await lastMonitorRun(registry, "delay_health")).toBe(start + days(2));
  const runs = await listMonitorRuns(registry, { monitor: "delay_health" });
  expect(runs.map(({ details }) => details)).toEqual([{ predictions: 2 }, { predictions: 1 }]);
  expect(runs[0]).toMatchObject({ version: null, windowTo: start + days(2) });
});
