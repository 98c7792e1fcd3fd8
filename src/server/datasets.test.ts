// The routes of datasets: what is asked of them, and what is refused before it is asked.

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
    datasets: {
      list: async (filter) => {
        asked.push(filter);
        return [{ id: "abcd" }] as never;
      },
      show: async (id) => {
        if (id !== "abcd") throw new SlipwayError("DATASET_NOT_FOUND", `There is no dataset "${id}".`);
        return { id, manifest: null } as never;
      },
    },
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

it("lists datasets, of one model when asked", async () => {
  expect(await get("/api/v1/datasets")).toEqual({ status: 200, body: { datasets: [{ id: "abcd" }] } });
  await get("/api/v1/datasets?model=flight_delay&limit=5");
  expect(asked).toEqual([{}, { model: "flight_delay", limit: 5 }]);
});

it("shows one, and says when there is none", async () => {
  expect(await get("/api/v1/datasets/abcd")).toEqual({ status: 200, body: { id: "abcd", manifest: null } });
  expect(await get("/api/v1/datasets/ffff")).toMatchObject({
    status: 404,
    body: { error: { code: "DATASET_NOT_FOUND" } },
  });
});

it("refuses a query that it does not know, and describes its routes", async () => {
  expect(await get("/api/v1/datasets?modle=x")).toMatchObject({
    status: 400,
    body: { error: { code: "INPUT_INVALID" } },
  });
  expect(await get("/api/v1/datasets?limit=0")).toMatchObject({ status: 400 });
  expect(Object.keys((await get("/openapi.json")).body.paths)).toEqual(
    expect.arrayContaining(["/api/v1/datasets", "/api/v1/datasets/{id}"]),
  );
  expect(asked).toEqual([]);
});
