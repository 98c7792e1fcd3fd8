// The routes of the quarantine: what is asked of it, and what is refused before it is asked.

import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SlipwayError } from "../core/core.ts";
import { buildApp } from "./app.ts";
import { fakeNow, fakeServing, flightDelaySpec } from "./fake-serving.fixture.ts";

let asked: unknown[];
let app: FastifyInstance;
beforeEach(() => {
  asked = [];
  app = buildApp({
    serving: fakeServing(),
    models: [flightDelaySpec],
    quarantine: {
      list: async (filter) => {
        asked.push(filter);
        return [{ id: "b1", rows: 3 }] as never;
      },
      show: async (id, limit) => {
        asked.push([id, limit]);
        if (id !== "b1") throw new SlipwayError("QUARANTINE_NOT_FOUND", `There is no quarantined batch "${id}".`);
        return { batch: { id }, rows: [] } as never;
      },
      counts: async () => [{ source: "departures", rows: 3 }],
    },
    version: "1",
    now: () => fakeNow,
    logger: { level: "silent" },
  });
});
afterEach(() => app.close());

const get = (url: string) => app.inject({ method: "GET", url });

it("lists batches, and shows one with its rows", async () => {
  const listed = await get("/api/v1/quarantine");
  expect([listed.statusCode, listed.json()]).toEqual([200, { batches: [{ id: "b1", rows: 3 }] }]);
  await get("/api/v1/quarantine?source=departures&status=all&limit=5");
  expect((await get("/api/v1/quarantine/b1?limit=7")).json()).toEqual({ batch: { id: "b1" }, rows: [] });
  expect(asked).toEqual([{}, { source: "departures", status: "all", limit: 5 }, ["b1", 7]]);
  const missing = await get("/api/v1/quarantine/b2");
  expect([missing.statusCode, missing.json().error.code]).toEqual([404, "QUARANTINE_NOT_FOUND"]);
});

it("refuses a query that it does not know, describes its routes and counts what is held", async () => {
  for (const query of ["sorce=x", "limit=0", "status=gone"])
    expect((await get(`/api/v1/quarantine?${query}`)).json()).toMatchObject({ error: { code: "INPUT_INVALID" } });
  expect(asked).toEqual([]);
  expect(Object.keys((await get("/openapi.json")).json().paths)).toEqual(
    expect.arrayContaining(["/api/v1/quarantine", "/api/v1/quarantine/{batch}"]),
  );
  expect((await get("/metrics")).body).toContain('slipway_quarantined_rows{source="departures"} 3');
});
