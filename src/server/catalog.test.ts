// The catalogue's routes: what is asked of the catalogue, and what is refused before it is asked.

import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { parseInstant, SlipwayError } from "../core/core.ts";
import type { Catalog } from "../platform/platform.ts";
import { buildApp } from "./app.ts";
import { fakeNow, fakeServing, flightDelaySpec } from "./fake-serving.fixture.ts";

let asked: unknown[];
let app: FastifyInstance;
beforeEach(() => {
  asked = [];
  const told = <T>(answer: T) =>
    ((...given: unknown[]) => {
      asked.push(given);
      return answer;
    }) as never;
  const catalog: Catalog = {
    list: told(Promise.resolve([{ name: "carrier_delays" }])),
    search: told([{ view: "carrier_delays" }]),
    show: async (view, options) => {
      asked.push([view, options]);
      if (view === "nope") throw new SlipwayError("DEFINITION_NOT_FOUND", "There is none.");
      return { name: view } as never;
    },
    asOf: told(Promise.resolve({ values: {} })),
    history: told(Promise.resolve({ changes: [] })),
    lineage: told(Promise.resolve({ from: [], nodes: [], edges: [] })),
  };
  app = buildApp({
    serving: fakeServing(),
    models: [flightDelaySpec],
    catalog,
    version: "1",
    now: () => fakeNow,
    logger: { level: "silent" },
  });
});
afterEach(() => app.close());

const get = async (url: string): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> => {
  const answer = await app.inject({ method: "GET", url });
  return { status: answer.statusCode, body: answer.json() };
};

describe("the catalogue", () => {
  it("lists by tags, owner and entity", async () => {
    const { status, body } = await get("/api/v1/features?tag=a=1&tag=b%3D2=3&owner=ops&entity=carrier");
    expect({ status, body }).toEqual({ status: 200, body: { views: [{ name: "carrier_delays" }] } });
    expect(asked).toEqual([[{ tags: { a: "1", b: "2=3" }, owner: "ops", entity: "carrier" }]]);
  });

  it("searches with q", async () => {
    expect((await get("/api/v1/features?q=carrier%20delay&limit=3")).body).toEqual({
      query: "carrier delay",
      found: [{ view: "carrier_delays" }],
    });
    expect(asked).toEqual([["carrier delay", 3]]);
  });

  it("shows a view, and computes figures only when asked to", async () => {
    expect((await get("/api/v1/features/carrier_delays@2")).body).toEqual({ name: "carrier_delays@2" });
    await get("/api/v1/features/carrier_delays?statistics=true");
    expect(asked).toEqual([
      ["carrier_delays@2", { withStatistics: false }],
      ["carrier_delays", { withStatistics: true }],
    ]);
    expect((await get("/api/v1/features/nope")).status).toBe(404);
  });

  it("tells values as of a time, and their history, for a key whose fields can be called anything", async () => {
    await get("/api/v1/features/carrier_delays/as-of?at=2013-07-01&key.carrier=UA&key.at=x");
    await get("/api/v1/features/carrier_delays/history?key.carrier=UA&from=2013-07-01T00:00:00Z&limit=7");
    expect(asked).toEqual([
      ["carrier_delays", { carrier: "UA", at: "x" }, parseInstant("2013-07-01")],
      ["carrier_delays", { carrier: "UA" }, { from: parseInstant("2013-07-01"), limit: 7 }],
    ]);
  });

  it("walks lineage", async () => {
    await get("/api/v1/lineage/flight_delay@champion?direction=up");
    expect(asked).toEqual([["flight_delay@champion", "up"]]);
  });

  it.each([
    ["/api/v1/features?tag=a", /tag is written name=value/],
    ["/api/v1/features?q=a&owner=b", /leave tag, owner and entity out/],
    ["/api/v1/features?limit=0&q=a", /"limit"/],
    ["/api/v1/features?sort=name", /sort.*Known are q, limit/],
    ["/api/v1/features/x?statistics=yes", /"statistics"/],
    ["/api/v1/lineage/x?direction=left", /"direction"/],
    ["/api/v1/features/x/as-of?key.a=1", /"at"/],
    ["/api/v1/features/x/as-of?at=yesterday", /"yesterday" is not a time/],
    ["/api/v1/features/x/as-of?at=2013-07-01&carrier=UA", /carrier/],
    ["/api/v1/features/x/history?key.a=1&key.a=2", /given once/],
    ["/api/v1/features/x/history?limit=5000", /"limit"/],
  ])("refuses %s", async (url, message) => {
    const { status, body } = await get(url);
    expect(status).toBe(400);
    expect(body.error).toMatchObject({ code: "INPUT_INVALID", message: expect.stringMatching(message) });
    expect(asked).toEqual([]);
  });

  it("is described where it is served, and not there where it is not", async () => {
    expect((await get("/openapi.json")).body.paths).toHaveProperty("/api/v1/features/{view}");
    const without = buildApp({ serving: fakeServing(), models: [], version: "1", now: () => fakeNow });
    expect((await without.inject("/api/v1/features")).statusCode).toBe(404);
    expect((await without.inject("/openapi.json")).json().paths).not.toHaveProperty("/api/v1/features");
    await without.close();
  });
});
