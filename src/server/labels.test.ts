import { expect, it } from "vitest";
import type { AskedLabel } from "../platform/platform.ts";
import { buildApp } from "./app.ts";
import { fakeNow, fakeServing, flightDelaySpec } from "./fake-serving.fixture.ts";

it("hands labels on as they are, and refuses what is none before that", async () => {
  const pushed: AskedLabel[][] = [];
  const app = buildApp({
    serving: fakeServing(),
    models: [flightDelaySpec],
    version: "1",
    now: () => fakeNow,
    logger: { level: "silent" },
    labels: {
      push: async (labels) => {
        pushed.push([...labels]);
        return { taken: labels.length, unknown: 1 };
      },
    },
  });
  const send = (payload: object) => app.inject({ method: "POST", url: "/api/v1/labels", payload });
  const labels = [
    { model: "flight_delay", id: "a", label: true, at: "2013-07-01T00:00:00Z" },
    { model: "flight_delay", id: "b", label: 0.5 },
  ];
  expect((await send({ labels })).json()).toEqual({ taken: 2, unknown: 1 });
  expect(pushed).toEqual([labels]);
  const [good] = labels;
  for (const wrong of [
    {},
    { labels: [] },
    { labels: [{ ...good, id: "" }] },
    { labels: [{ ...good, id: "x".repeat(257) }] },
    { labels: [{ ...good, label: null }] },
    { labels: [{ ...good, label: { deep: 1 } }] },
    { labels: [{ ...good, more: 1 }] },
    { labels: Array.from({ length: 10_001 }, () => good) },
  ])
    expect((await send(wrong)).statusCode, JSON.stringify(wrong).slice(0, 80)).toBe(400);
  expect(pushed).toHaveLength(1);
  await app.close();
});
