import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SlipwayError } from "../core/core.ts";
import { buildApp } from "./app.ts";
import { type FakeServing, fakeNow, fakeServing, flightDelaySpec, goodBody } from "./fake-serving.fixture.ts";

const PREDICT = "/api/v1/models/flight_delay/predict";

let serving: FakeServing;
let app: FastifyInstance;
beforeEach(() => {
  serving = fakeServing();
  app = buildApp({
    serving,
    models: [flightDelaySpec],
    version: "1.2.3",
    now: () => fakeNow,
    logger: { level: "silent" },
  });
});
afterEach(() => app.close());

async function post(payload: unknown, url = PREDICT): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
  const answer = await app.inject({ method: "POST", url, payload: payload as object });
  return { status: answer.statusCode, body: answer.json() };
}

describe("predict", () => {
  it("answers one row with score, version and how fresh each view was", async () => {
    const { status, body } = await post(goodBody);
    expect(status).toBe(200);
    expect(body).toEqual({
      id: "UA-1",
      model: "flight_delay",
      route: "champion",
      version: 3,
      score: 0.3,
      at: "2013-07-01T14:00:00Z",
      features: {
        carrier_delays: { status: "present", age_seconds: 90.5, materialized_through: "2013-07-01T13:59:00Z" },
        route_delays: { status: "expired", age_seconds: 864000, materialized_through: null },
      },
    });
    expect(serving.asked).toEqual([
      {
        id: "UA-1",
        row: { carrier: "UA", origin: "EWR", dest: "ORD", distance: 719, booked_at: "2013-06-30T10:00:00Z" },
        isJson: true,
      },
    ]);
  });

  it("answers a batch in order, and makes up ids", async () => {
    const { body } = await post({ rows: [goodBody, { ...goodBody, id: undefined, keys: { carrier: "ZZ" } }] });
    expect(body.predictions.map(({ id }: { id: string }) => id)).toEqual(["UA-1", "made-1"]);
    expect(body.predictions[1].features.carrier_delays).toMatchObject({ status: "missing", age_seconds: null });
  });

  it("takes a field that is key and request value in either place", async () => {
    const { carrier, ...keys } = goodBody.keys;
    for (const body of [
      { keys, request: { ...goodBody.request, carrier } },
      { keys: goodBody.keys, request: { ...goodBody.request, carrier } },
    ])
      expect((await post(body)).status).toBe(200);
    const twice = await post({ keys: goodBody.keys, request: { ...goodBody.request, carrier: "AA" } });
    expect(twice.status).toBe(400);
    expect(twice.body.error.message).toContain('gives "carrier" twice with different values');
  });

  it("takes keys and request values together as a flat row", async () => {
    const { status } = await post({ id: "UA-1", row: { ...goodBody.keys, ...goodBody.request } });
    expect(status).toBe(200);
    expect(serving.asked).toEqual([{ id: "UA-1", row: { ...goodBody.keys, ...goodBody.request }, isJson: true }]);
  });

  it("passes text of any kind through as an id, and null for a score that is no number", async () => {
    const id = 'a"b\\c\u2028\n€';
    expect((await post({ ...goodBody, id })).body.id).toBe(id);
    serving.scoreOf = () => Number.NaN;
    expect((await post(goodBody)).body).toMatchObject({ score: null });
  });

  it.each([
    [[], "is not a JSON object"],
    [{ values: {} }, 'unknown field "values"; known are id, keys, request, row'],
    [
      { row: { destt: "X" } },
      'unknown field "destt" in row; known are carrier, origin, dest, distance, fare, booked_at',
    ],
    [{ keys: [] }, '"keys" that is not an object'],
    [{ keys: { carier: "UA" } }, 'unknown field "carier" in keys; known are carrier, origin, dest'],
    [{ keys: { distance: 1 } }, '"distance" in keys; it belongs in request'],
    [{ request: { dest: "X" } }, '"dest" in request; it belongs in keys'],
    [{ request: { distanse: 1 } }, "known are carrier, distance, fare, booked_at"],
    [{ id: 7 }, '"id" that is not a text'],
    [{ id: "" }, '"id" that is not a text'],
    [{ id: "x".repeat(257) }, '"id" that is not a text'],
    [{ rows: {} }, "rows is not a list"],
    [{ rows: [] }, "rows has 0 rows"],
    [{ rows: [1] }, "rows[0] is not an object"],
    [{ rows: [{}, { x: 1 }] }, 'rows[1] has unknown field "x"'],
    [{ rows: [{}], id: "a" }, '"id" beside "rows"'],
    [{ rows: [{ id: "a" }, { id: "a" }] }, 'asks twice for id "a"'],
    [{ keys: { toString: "x" } }, 'unknown field "toString" in keys'],
  ])("refuses %j and names what is wrong", async (payload, problem) => {
    const { status, body } = await post(JSON.parse(JSON.stringify(payload)));
    expect({ status, code: body.error.code }).toEqual({ status: 400, code: "INPUT_INVALID" });
    expect(body.error.message).toContain(problem);
    expect(serving.asked).toEqual([]);
  });

  it.each([
    ["{", "not JSON"],
    ['"text"', "is not a JSON object"],
    ["", "empty"],
    ['{"keys":{"__proto__":{"x":1}}}', "__proto__"],
    ['{"__proto__":{"x":1}}', "__proto__"],
    ['{"\\u005f_proto__":{"x":1}}', "__proto__"],
    ['{"constructor":{"prototype":{}}}', "constructor"],
    [`${"[".repeat(200_000)}${"]".repeat(200_000)}`, "not a JSON object"],
    [`{"keys":${'{"carrier":'.repeat(50_000)}1${"}".repeat(50_001)}`, ""],
  ])("refuses the body %s", async (payload, problem) => {
    const answer = await app.inject({
      method: "POST",
      url: PREDICT,
      headers: { "content-type": "application/json" },
      payload,
    });
    expect(answer.statusCode).toBe(problem === "" ? 200 : 400);
    if (problem) expect(answer.json().error).toMatchObject({ code: "INPUT_INVALID" });
    expect(answer.body).toContain(problem);
    expect(({} as Record<string, unknown>)["x"]).toBeUndefined();
  });

  it("refuses other media types, compressed and too large bodies without repeating headers", async () => {
    for (const headers of [
      { "content-type": "text/html<script>" },
      { "content-type": "application/json", "content-encoding": "<script>" },
    ]) {
      const answer = await app.inject({ method: "POST", url: PREDICT, headers, payload: "{}" });
      expect(answer.statusCode).toBe(400);
      expect(answer.body + JSON.stringify(answer.headers)).not.toContain("<script>");
    }
    const large = await post({ id: "x".repeat(5_000_000) });
    expect(large).toMatchObject({ status: 400, body: { error: { code: "INPUT_INVALID" } } });
  });
});

describe("refusals", () => {
  it("names unknown models and routes in one form", async () => {
    expect(await post(goodBody, "/api/v1/models/constructor/predict")).toMatchObject({
      status: 404,
      body: { error: { code: "MODEL_NOT_FOUND", details: { model: "constructor" } } },
    });
    for (const url of ["/", "/nowhere", "/api/v1/nowhere", "/v2x", `/api/v1/models/${"x".repeat(300)}`])
      expect((await app.inject(url)).json().error.code).toMatch(/ROUTE_NOT_FOUND|INPUT_INVALID/);
    expect((await app.inject("/%zz")).json().error.code).toBe("INPUT_INVALID");
    expect((await app.inject({ method: "DELETE", url: PREDICT })).statusCode).toBe(404);
  });

  it("gives errors thrown on purpose their status, and keeps everything else to itself", async () => {
    const failing = async (thrown: unknown): Promise<Awaited<ReturnType<typeof post>>> => {
      serving.before = () => Promise.reject(thrown);
      return post(goodBody);
    };
    expect(await failing(new SlipwayError("INPUT_INVALID", "bad", { details: { field: "x", big: 1n } }))).toEqual({
      status: 400,
      body: { error: { code: "INPUT_INVALID", message: "bad", details: { field: "x", big: "1" } } },
    });
    expect((await failing(new SlipwayError("FEATURES_MISMATCH", "moved on"))).status).toBe(409);
    for (const secret of [new Error("secret /home/x"), "secret", new SlipwayError("INTERNAL", "secret")]) {
      const { status, body } = await failing(secret);
      expect(status).toBe(500);
      expect(body.error.code).toBe("INTERNAL");
      expect(JSON.stringify(body)).not.toContain("secret");
    }
    const full = await failing(Object.assign(new Error("ENOSPC secret"), { code: "ENOSPC" }));
    expect(full).toMatchObject({ status: 507, body: { error: { code: "STORAGE_FULL" } } });
    expect(JSON.stringify(full)).not.toContain("secret");
  });

  it("says nosniff on every answer", async () => {
    for (const url of ["/healthz", "/nowhere", "/%zz", "/v2", "/v2/nowhere", "/metrics", "/openapi.json"])
      expect((await app.inject(url)).headers["x-content-type-options"], url).toBe("nosniff");
  });
});

describe("models and health", () => {
  it("describes what is served", async () => {
    expect((await app.inject("/api/v1/models")).json()).toEqual({
      models: [{ name: "flight_delay", version: 3, problem: null }],
    });
    const one = (await app.inject("/api/v1/models/flight_delay")).json();
    expect(one.keys.map(({ name }: { name: string }) => name)).toEqual(["carrier", "origin", "dest"]);
    expect(one.request[1]).toEqual({ name: "distance", type: "int64", optional: false });
    expect(one.inputs).toHaveLength(6);
    expect((await app.inject("/api/v1/models/other")).statusCode).toBe(404);
  });

  it("is ready when every model has a version, also while a newer champion is refused", async () => {
    expect((await app.inject("/healthz")).statusCode).toBe(200);
    expect((await app.inject("/readyz")).json()).toEqual({ ready: true });
    serving.problem = new SlipwayError("FEATURES_MISMATCH", "trained with other features");
    expect((await app.inject("/readyz")).statusCode).toBe(200);
    serving.version = undefined;
    const unready = await app.inject("/readyz");
    expect(unready.statusCode).toBe(503);
    expect(unready.json().error.details.reasons).toEqual([
      { model: "flight_delay", code: "FEATURES_MISMATCH", message: "trained with other features" },
    ]);
    expect((await app.inject("/api/v1/models")).json().models[0].problem.code).toBe("FEATURES_MISMATCH");
    expect((await app.inject("/healthz")).statusCode).toBe(200);
  });

  it("is ready without models, unless the caller has a reason", async () => {
    serving.models = () => [];
    expect((await app.inject("/readyz")).statusCode).toBe(200);
    const busy = buildApp({ serving, models: [], version: "1", now: () => fakeNow, ready: () => ["still warming up"] });
    expect((await busy.inject("/readyz")).json().error.message).toContain("still warming up");
    await busy.close();
  });
});
