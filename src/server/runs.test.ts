// The routes of runs and versions: what is asked of them, and what is refused before it is asked.

import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, it } from "vitest";
import { SlipwayError } from "../core/core.ts";
import type { RecordsReader } from "../platform/platform.ts";
import { buildApp } from "./app.ts";
import { fakeNow, fakeServing, flightDelaySpec } from "./fake-serving.fixture.ts";

let asked: unknown[];
let app: FastifyInstance;
beforeEach(() => {
  asked = [];
  const noted =
    <T>(answer: T) =>
    async (...words: unknown[]): Promise<T> => {
      asked.push(words);
      return answer;
    };
  const records: RecordsReader = {
    seenBy: () => records,
    list: noted({ runs: [{ id: "r1" }], next: "page 2" }) as never,
    show: async (id) => {
      if (id !== "r1") throw new SlipwayError("RUN_NOT_FOUND", `There is no run "${id}".`);
      return { id } as never;
    },
    metric: noted([
      { step: 0, value: 0.5, at: "2025-01-01T00:00:00Z" },
      { step: 1, value: Number.NaN, at: "2025-01-01T00:00:01Z" },
    ]),
    versions: noted([]),
    version: noted({ number: 3 }) as never,
    evaluations: noted([{ rows: "test", json: 2, html: 9 }]),
    evaluation: noted(Buffer.from("{}")),
  };
  app = buildApp({
    serving: fakeServing(),
    models: [flightDelaySpec],
    records,
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

it("lists runs by what is asked", async () => {
  const query = "model=m&filter=metrics.auc%20%3E%200.7&orderBy=metrics.auc%20DESC&limit=5&status=finished";
  expect(await get(`/api/v1/runs?${query}`)).toEqual({
    status: 200,
    body: { runs: [{ id: "r1" }], nextPageToken: "page 2" },
  });
  expect(asked).toEqual([
    [{ model: "m", filter: "metrics.auc > 0.7", orderBy: ["metrics.auc DESC"], limit: 5, status: "finished" }],
  ]);
});

it("shows a run, a metric with what JSON has no word for, and versions", async () => {
  expect((await get("/api/v1/runs/r1")).body).toEqual({ id: "r1" });
  expect((await get("/api/v1/runs/r1/metrics/a%2Fb")).body).toEqual({
    run: "r1",
    metric: "a/b",
    values: [
      { step: 0, value: 0.5, at: "2025-01-01T00:00:00Z" },
      { step: 1, value: "NaN", at: "2025-01-01T00:00:01Z" },
    ],
  });
  expect((await get("/api/v1/models/m/versions/champion")).body).toEqual({ number: 3 });
  expect(asked).toContainEqual(["m@champion"]);
  expect((await get("/api/v1/models/m/versions")).body).toEqual({ model: "m", versions: [] });
});

it("shows which evaluations are kept, and one as a document or as a page that may run nothing", async () => {
  const at = "/api/v1/models/m/versions/3/evaluations";
  expect((await get(at)).body).toEqual({ model: "m", version: "3", evaluations: [{ rows: "test", json: 2, html: 9 }] });
  expect((await get(`${at}/test`)).body).toEqual({});
  expect(asked.at(-1)).toEqual(["m@3", { rows: "test", as: "json" }]);
  const { headers } = await app.inject({ url: `${at}/2025-01-01..2025-02-01?as=html` });
  expect(asked.at(-1)).toEqual(["m@3", { rows: "2025-01-01..2025-02-01", as: "html" }]);
  expect(headers["content-type"]).toBe("text/html; charset=utf-8");
  expect(headers["content-security-policy"]).toMatch(/default-src 'none'.*sandbox/);
  expect((await get(`${at}/test?as=pdf`)).status).toBe(400);
});

it("refuses what it cannot read", async () => {
  for (const query of ["limit=0", "limit=1001", "status=done", "other=1", "limit=x"])
    expect(await get(`/api/v1/runs?${query}`)).toMatchObject({
      status: 400,
      body: { error: { code: "INPUT_INVALID" } },
    });
  expect((await get("/api/v1/runs/nope")).status).toBe(404);
  expect(asked).toEqual([]);
});

it("is in the description when it is there", async () => {
  const paths = Object.keys((await get("/openapi.json")).body.paths);
  expect(paths).toContain("/api/v1/runs/{id}/metrics/{name}");
  expect(paths).toContain("/api/v1/models/{model}/versions/{version}");
});
