import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { days, hours, minutes, seconds } from "../../core/core.ts";
import { acknowledgedUntilKilled } from "../../ports/killed-process.contract.ts";
import type { NoticeOutcome } from "../../ports/ports.ts";
import { openInChild, type TestRegistry, testRegistry } from "../registry.fixture.ts";
import { recordDecision } from "../registry.ts";
import {
  answerAlert,
  clearAlerts,
  deliverAlerts,
  listAlerts,
  listDeliveries,
  type NewAlert,
  recordAlert,
  retryDeliveries,
  type Tell,
} from "./alerts.ts";
import { MOST_ATTEMPTS, waitAfter } from "./deliver.ts";

let registry: TestRegistry;
let told: { readonly id: string; readonly channel: string; readonly change: string; readonly reference?: string }[];
beforeEach(async () => {
  registry = await testRegistry();
  told = [];
});
afterEach(() => registry.remove());

const night = { to: [{ channel: "night", from: "warning" as const }] };
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
const answering =
  (outcome: NoticeOutcome): Tell =>
  async ({ id, change }, channel, reference) => {
    told.push({ id, channel, change, ...(reference === undefined ? {} : { reference }) });
    return outcome;
  };
const arrives = answering({ kind: "delivered" });
const down = answering({ kind: "failed", problem: "answered 503", isFinal: false });
const pass = (time: bigint): void => registry.clock.advanceTo(registry.clock.now() + time);
const changes = (): readonly string[] => told.map(({ channel, change }) => `${channel}: ${change}`);

describe("what channels are told", () => {
  test("everything that becomes of an alert, in order, with what it was about", async () => {
    const { id } = await recordAlert(registry, drift(), night);
    await answerAlert(registry, id, { change: "commented", note: "only JFK" });
    await answerAlert(registry, id, { change: "acknowledged" });
    pass(days(1));
    await recordAlert(registry, drift(), night);
    await clearAlerts(
      registry,
      { monitor: "health", model: "delay", kinds: ["drift"], found: [] },
      { ...night, resolveAfter: 1 },
    );
    const notices: unknown[] = [];
    const keep: Tell = async (notice) => {
      notices.push(notice);
      return { kind: "delivered" };
    };
    while ((await deliverAlerts(registry, keep)).length > 0);
    expect(notices).toMatchObject([
      {
        change: "opened",
        by: "monitor health",
        alert: { id, severity: "warning", status: "open", evidence: { psi: 0.3 } },
        incident: { unresolved: 1, severity: "warning" },
      },
      { change: "commented", by: "test", note: "only JFK" },
      { change: "acknowledged", alert: { status: "acknowledged" } },
      { change: "reopened", alert: { timesSeen: 2 } },
      { change: "resolved", by: "monitor health", incident: { unresolved: 0 } },
    ]);
  });

  test("each what is bad enough for it, and of a decision too", async () => {
    const policy = {
      to: [
        { channel: "all", from: "info" as const },
        { channel: "worst", from: "critical" as const },
      ],
    };
    const { id } = await recordAlert(registry, drift(), policy);
    await recordAlert(registry, drift(), policy);
    await recordAlert(registry, drift({ severity: "critical" }), policy);
    const decision = {
      retrain: "again",
      model: "delay",
      verdict: "refused",
      reason: "no better",
      evidence: {},
    } as const;
    await recordDecision(registry, { ...decision, alertIds: [id] });
    while ((await deliverAlerts(registry, arrives)).length > 0);
    expect(changes().filter((each) => each.startsWith("all"))).toEqual([
      "all: opened",
      "all: escalated",
      "all: acknowledged",
    ]);
    expect(changes().filter((each) => each.startsWith("worst"))).toEqual(["worst: escalated", "worst: acknowledged"]);
  });

  test("whoever heard that something began hears that it is over, and of an incident with its last alert", async () => {
    const worst = { to: [{ channel: "tickets", from: "critical" as const }] };
    const first = await recordAlert(registry, drift({ kind: "performance", severity: "critical" }), worst);
    const second = await recordAlert(registry, drift(), worst);
    const third = await recordAlert(registry, drift({ kind: "volume" }), worst);
    await answerAlert(registry, first.id, { change: "resolved" });
    await answerAlert(registry, second.id, { change: "resolved" });
    await answerAlert(registry, third.id, { change: "resolved" });
    const ends: unknown[] = [];
    const keep: Tell = async ({ change, alert, incident }) => {
      ends.push([change, alert.kind, incident.unresolved]);
      return { kind: "delivered" };
    };
    while ((await deliverAlerts(registry, keep)).length > 0);
    expect(ends).toEqual([
      ["opened", "performance", 1],
      ["resolved", "performance", 2],
      ["resolved", "volume", 0],
    ]);
  });

  test("nothing, where an alert names none, or what did it was not done after all", async () => {
    await recordAlert(registry, drift());
    const { id } = await recordAlert(registry, drift({ kind: "performance" }), night);
    const decision = { retrain: "r", model: "delay", verdict: "refused", reason: "no", evidence: {} } as const;
    await expect(recordDecision(registry, { ...decision, alertIds: [id, "no"] })).rejects.toThrow();
    expect((await listDeliveries(registry)).map(({ change }) => change)).toEqual(["opened"]);
  });
});

describe("a channel that is down", () => {
  test("is tried again after longer and longer, with the same id, and nothing about the incident overtakes", async () => {
    const { id } = await recordAlert(registry, drift(), night);
    await answerAlert(registry, id, { change: "resolved" });
    expect(await deliverAlerts(registry, down)).toHaveLength(1);
    expect(await deliverAlerts(registry, down)).toHaveLength(0);
    const [, first] = await listDeliveries(registry);
    expect(first).toMatchObject({ status: "waiting", attempts: 1, problem: "answered 503" });
    pass(seconds(5));
    expect(await deliverAlerts(registry, arrives)).toHaveLength(1);
    expect(await deliverAlerts(registry, arrives)).toHaveLength(1);
    expect(changes()).toEqual(["night: opened", "night: opened", "night: resolved"]);
    expect(told[0]?.id).toBe(told[1]?.id);
    expect(told[2]?.id).not.toBe(told[1]?.id);
  });

  test("keeps nobody else waiting: other channels and other incidents go on", async () => {
    const both = { to: [...night.to, { channel: "ops", from: "info" as const }] };
    await recordAlert(registry, drift(), both);
    await recordAlert(registry, drift({ model: "fares" }), night);
    const nightDown: Tell = async (notice, channel, reference) =>
      channel === "night" && notice.alert.model === "delay"
        ? { kind: "failed", problem: "no", isFinal: false }
        : arrives(notice, channel, reference);
    await deliverAlerts(registry, nightDown);
    expect(changes().toSorted()).toEqual(["night: opened", "ops: opened"]);
  });

  test("ends as a dead letter, which is kept, lets the next ones pass, and is told when somebody says so", async () => {
    const { id } = await recordAlert(registry, drift(), night);
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      expect(await deliverAlerts(registry, down)).toHaveLength(1);
      pass(hours(2));
    }
    expect(await deliverAlerts(registry, down)).toHaveLength(0);
    const [dead] = await listDeliveries(registry, { status: "dead" });
    expect(dead).toMatchObject({ alert: id, channel: "night", attempts: MOST_ATTEMPTS, problem: "answered 503" });
    await answerAlert(registry, id, { change: "acknowledged" });
    expect(await deliverAlerts(registry, arrives)).toHaveLength(1);
    expect(await retryDeliveries(registry, dead?.id.slice(-12) ?? "")).toBe(1);
    expect(await deliverAlerts(registry, arrives)).toMatchObject([{ id: dead?.id, outcome: { kind: "delivered" } }]);
    await expect(retryDeliveries(registry, dead?.id ?? "")).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(retryDeliveries(registry, "abcd")).rejects.toMatchObject({ code: "DELIVERY_NOT_FOUND" });
    expect(await retryDeliveries(registry, "dead")).toBe(0);
  });

  test("is not asked again for what it will never take, and not before it asked to be", async () => {
    await recordAlert(registry, drift(), night);
    await deliverAlerts(registry, answering({ kind: "failed", problem: "answered 410", isFinal: true }));
    expect(await listDeliveries(registry)).toMatchObject([{ status: "dead", attempts: 1, nextAt: null }]);
    await recordAlert(registry, drift({ model: "fares" }), night);
    const later = { kind: "failed", problem: "answered 429", isFinal: false, retryAfter: minutes(10) } as const;
    await deliverAlerts(registry, answering(later));
    pass(minutes(10) - 1n);
    expect(await deliverAlerts(registry, arrives)).toHaveLength(0);
    pass(1n);
    expect(await deliverAlerts(registry, arrives)).toHaveLength(1);
  });

  test("waits double from five seconds to two hours, of which up to half is left to chance", () => {
    const waits = (bytes: readonly number[], asked = 0n) =>
      Array.from({ length: MOST_ATTEMPTS }, (_, place) => waitAfter(place + 1, Uint8Array.from(bytes), asked));
    const [short, long] = [waits([0, 0]), waits([255, 255])];
    expect(short.slice(0, 3)).toEqual([seconds(5) / 2n, seconds(5), seconds(10)]);
    for (const [place, wait] of long.entries()) {
      expect(wait).toBeGreaterThan(short[place] ?? 0n);
      expect(wait).toBeLessThanOrEqual(2n * (short[place] ?? 0n));
    }
    expect(short.at(-1)).toBe(hours(1));
    expect(waits([0, 0], days(30)).every((wait) => wait === days(1))).toBe(true);
  });
});

describe("several processes", () => {
  test("tell each notice once between them", async () => {
    for (let n = 0; n < 20; n += 1) await recordAlert(registry, drift({ model: `m${n}` }), night);
    const slow: Tell = async (notice, channel, reference) => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      return arrives(notice, channel, reference);
    };
    const worker = async (): Promise<void> => {
      while ((await deliverAlerts(registry, slow)).length > 0);
    };
    await Promise.all([worker(), worker(), worker()]);
    expect(told).toHaveLength(20);
    expect(new Set(told.map(({ id }) => id)).size).toBe(20);
  });

  test("one that was slower than its lease changes nothing any more", async () => {
    await recordAlert(registry, drift(), night);
    let other: unknown;
    const slow: Tell = async () => {
      pass(minutes(3));
      other = await deliverAlerts(registry, arrives);
      return { kind: "failed", problem: "too late", isFinal: true };
    };
    await deliverAlerts(registry, slow);
    expect(other).toHaveLength(1);
    expect(await listDeliveries(registry)).toMatchObject([{ status: "delivered", problem: null }]);
  });
});

test("what a channel made of an incident is told with its next notice", async () => {
  const { id } = await recordAlert(registry, drift(), night);
  await answerAlert(registry, id, { change: "acknowledged" });
  const made = answering({ kind: "delivered", reference: "OPS-7" });
  while ((await deliverAlerts(registry, made)).length > 0);
  expect(told.map(({ reference }) => reference)).toEqual([undefined, "OPS-7"]);
});

test("what arrived is forgotten after a month; what is dead is not", async () => {
  await recordAlert(registry, drift(), night);
  await deliverAlerts(registry, arrives);
  await recordAlert(registry, drift({ model: "fares" }), night);
  await deliverAlerts(registry, answering({ kind: "failed", problem: "no", isFinal: true }));
  pass(days(31));
  await recordAlert(registry, drift({ model: "late" }), night);
  await deliverAlerts(registry, arrives);
  expect((await listDeliveries(registry)).map(({ status }) => status)).toEqual(["delivered", "dead"]);
});

describe("kill -9", () => {
  const imports = `
    import { deliverAlerts, recordAlert } from ${JSON.stringify(new URL("../registry.ts", import.meta.url).href)};`;
  const alert = (model: string): string => `{
    monitor: "health", model: ${model}, version: 1, windowFrom: 0n, windowTo: 1n, kind: "drift", severity: "warning", evidence: {},
  }, { to: [{ channel: "night", from: "info" }] }`;

  test("between telling and writing it down: it is told again under the same id, never lost", async () => {
    const lines = await acknowledgedUntilKilled(
      `${openInChild(registry.folder)}${imports}
      await recordAlert(context, ${alert('"delay"')});
      await deliverAlerts(context, async ({ id }) => {
        acknowledge(id);
        await new Promise(() => setInterval(() => undefined, 1000));
      });`,
      { after: 1 },
    );
    const [delivery] = await listDeliveries(registry);
    expect(lines).toEqual([delivery?.id]);
    expect(delivery).toMatchObject({ status: "waiting", attempts: 1 });
    registry.clock.advanceTo((delivery?.nextAt ?? 0n) - 1n);
    expect(await deliverAlerts(registry, arrives)).toEqual([]);
    registry.clock.advanceTo(delivery?.nextAt ?? 0n);
    expect(await deliverAlerts(registry, arrives)).toMatchObject([{ id: delivery?.id }]);
  });

  test.each([0, 7, 23])("%i ms into recording: each alert has its notice, and each notice its alert", async (delay) => {
    const lines = await acknowledgedUntilKilled(
      `${openInChild(registry.folder)}${imports}
      for (let n = 0; ; n += 1) acknowledge((await recordAlert(context, ${alert('"m" + n')})).id);`,
      { after: 5, delay },
    );
    const alerts = await listAlerts(registry, { limit: 10_000 });
    const noticed = await listDeliveries(registry, { limit: 10_000 });
    expect(noticed.map(({ alert: id }) => id).sort()).toEqual(alerts.map(({ id }) => id).sort());
    expect(alerts.map(({ id }) => id)).toEqual(expect.arrayContaining([...lines]));
  });
});
