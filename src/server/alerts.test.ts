// The routes of alerts: what is asked and said, by whom, and what is refused before it is asked.

import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, it } from "vitest";
import { parseInstant, SlipwayError } from "../core/core.ts";
import type { Alert, Alerts } from "../platform/platform.ts";
import { buildApp } from "./app.ts";
import { fakeNow, fakeServing, flightDelaySpec } from "./fake-serving.fixture.ts";

const at = parseInstant("2025-03-01T06:00:00Z");
const alert: Alert = {
  id: "0195-a",
  incident: "0195-i",
  monitor: "health",
  model: "delay",
  version: 3,
  at,
  windowFrom: at,
  windowTo: at,
  kind: "drift",
  subject: "",
  severity: "warning",
  evidence: { psi: 0.3 },
  status: "open",
  handledBy: null,
  statusAt: at,
  seenAt: at,
  timesSeen: 1,
};
const time = "2025-03-01T06:00:00Z";
const shown = { ...alert, at: time, windowFrom: time, windowTo: time, statusAt: time, seenAt: time };

let asked: unknown[];
let app: FastifyInstance;
beforeEach(() => {
  asked = [];
  const alerts: Alerts = {
    seenBy: () => alerts,
    list: async (filter) => {
      asked.push(filter);
      return [alert];
    },
    show: async (id) => {
      if (id !== alert.id) throw new SlipwayError("ALERT_NOT_FOUND", `There is no alert "${id}".`);
      const steps = [{ at, actor: "monitor health", change: "opened" as const, note: null }];
      const incident = {
        id: "0195-i",
        severity: "warning" as const,
        openedAt: at,
        resolvedAt: null,
        alerts: [alert],
      };
      return { alert, steps, incident };
    },
    answer: async (id, answer, by) => {
      asked.push([id, answer, by]);
      return alert;
    },
    deliveries: async (filter) => {
      asked.push(filter);
      return [{ id: "0195-d", alert: alert.id, at, nextAt: null, status: "dead" } as never];
    },
    retry: async (which, by) => {
      asked.push([which, by]);
      return 1;
    },
  };
  app = buildApp({
    serving: fakeServing(),
    models: [flightDelaySpec],
    alerts,
    version: "1",
    now: () => fakeNow,
    logger: { level: "silent" },
  });
});
afterEach(() => app.close());

const get = (url: string) => app.inject({ method: "GET", url });
const post = (path: string, payload?: object) =>
  app.inject({ method: "POST", url: `/api/v1/alerts/${alert.id}/${path}`, ...(payload ? { payload } : {}) });

it("lists those that are open, or as it is asked, and shows one with its story", async () => {
  expect((await get("/api/v1/alerts")).json()).toEqual({ alerts: [shown] });
  await get("/api/v1/alerts?status=all&from=critical&model=delay&limit=5");
  expect(asked).toEqual([{ status: "open" }, { from: "critical", model: "delay", limit: 5 }]);
  expect((await get(`/api/v1/alerts/${alert.id}`)).json()).toEqual({
    ...shown,
    steps: [{ at: time, actor: "monitor health", change: "opened", note: null }],
    incident: { id: "0195-i", severity: "warning", openedAt: time, resolvedAt: null, alerts: [alert.id] },
  });
  const missing = await get("/api/v1/alerts/other");
  expect([missing.statusCode, missing.json().error.code]).toEqual([404, "ALERT_NOT_FOUND"]);
});

it("takes what is said, with a note or without", async () => {
  expect((await post("acknowledge")).json()).toEqual(shown);
  await post("resolve", { note: "the feed is back" });
  await post("comments", { note: "only JFK" });
  const by = { actor: "http" };
  expect(asked).toEqual([
    [alert.id, { change: "acknowledged" }, by],
    [alert.id, { change: "resolved", note: "the feed is back" }, by],
    [alert.id, { change: "commented", note: "only JFK" }, by],
  ]);
});

it("lists what channels were told, and has it tried again", async () => {
  expect((await get("/api/v1/alert-deliveries?status=dead")).json()).toEqual({
    deliveries: [{ id: "0195-d", alert: alert.id, at: time, nextAt: null, status: "dead" }],
  });
  const retried = await app.inject({ method: "POST", url: "/api/v1/alert-deliveries/0195-d/retry" });
  expect(retried.json()).toEqual({ retried: 1 });
  expect(asked).toEqual([{ status: "dead" }, ["0195-d", { actor: "http" }]]);
});

it("refuses what it does not know, and a comment without words; and describes its routes", async () => {
  for (const query of ["state=open", "status=shut", "from=worst", "limit=0"])
    expect((await get(`/api/v1/alerts?${query}`)).json()).toMatchObject({ error: { code: "INPUT_INVALID" } });
  for (const [path, body] of [
    ["comments", {}],
    ["comments", { note: " " }],
    ["resolve", { by: "ana" }],
  ] as const)
    expect((await post(path, body)).json()).toMatchObject({ error: { code: "INPUT_INVALID" } });
  expect(asked).toEqual([]);
  expect(Object.keys((await get("/openapi.json")).json().paths)).toEqual(
    expect.arrayContaining(["/api/v1/alerts", "/api/v1/alerts/{id}", "/api/v1/alerts/{id}/acknowledge"]),
  );
});
