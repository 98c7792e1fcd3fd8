import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, it } from "vitest";
import { derivedView, entity, featureView, latest, parquet, pushSource, t } from "../define/define.ts";
import { type ClientOptions, createClient } from "./client.ts";

const prediction = {
  id: "a",
  model: "flight_delay",
  version: 3,
  route: "champion",
  score: 0.3,
  at: "2013-07-01T14:00:00Z",
  features: {},
};
const notReady = { error: { code: "NOT_READY", message: "no champion yet", details: { model: "flight_delay" } } };

type Reply = Response | Error;

function answering(...replies: readonly Reply[]): {
  readonly fetch: typeof fetch;
  readonly bodies: string[];
  urls: string[];
} {
  const bodies: string[] = [];
  const urls: string[] = [];
  const queue = [...replies];
  const send = async (url: unknown, init?: RequestInit): Promise<Response> => {
    urls.push(String(url));
    bodies.push(String(init?.body));
    const reply = queue.shift() ?? new Error("asked too often");
    if (reply instanceof Error) throw reply;
    return reply;
  };
  return { fetch: send as typeof fetch, bodies, urls };
}

const json = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status });
const broken = (code: string): Error =>
  new TypeError("fetch failed", { cause: Object.assign(new Error(code), { code }) });
const clientOf = (options: Partial<ClientOptions>): ReturnType<typeof createClient> =>
  createClient({ url: "http://127.0.0.1:8080/", ...options });

describe("predict", () => {
  it("asks for reasons in the query", async () => {
    const server = answering(json(200, prediction));
    await createClient({ url: "http://here", fetch: server.fetch }).predict("flight_delay", {}, { explain: true });
    expect(server.urls).toEqual(["http://here/api/v1/models/flight_delay/predict?explain=true"]);
  });

  it("sends keys and request values as a flat row, exactly", async () => {
    const server = answering(json(200, prediction));
    const row = {
      carrier: "UA",
      distance: 719n,
      big: 9_007_199_254_740_993n,
      at: new Date("2013-07-01T14:00:00.123Z"),
      fare: null,
      left_out: undefined,
      first: true,
      half: 0.5,
    };
    expect(await clientOf({ fetch: server.fetch }).predict("flight delay", row, { id: "a" })).toEqual(prediction);
    expect(server.urls).toEqual(["http://127.0.0.1:8080/api/v1/models/flight%20delay/predict"]);
    expect(JSON.parse(server.bodies[0] ?? "")).toEqual({
      id: "a",
      row: {
        carrier: "UA",
        distance: 719,
        big: "9007199254740993",
        at: "2013-07-01T14:00:00.123Z",
        fare: null,
        first: true,
        half: 0.5,
      },
    });
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, new Date(Number.NaN)])("refuses %s before sending", async (value) => {
    const server = answering();
    const asked = clientOf({ fetch: server.fetch }).predict("m", { fare: value });
    await expect(asked).rejects.toMatchObject({ code: "INPUT_INVALID", message: expect.stringContaining('"fare"') });
    expect(server.bodies).toEqual([]);
  });

  it("throws a refusal as the server told it", async () => {
    const error = { code: "INPUT_INVALID", message: "no", details: { field: "x" } };
    const server = answering(json(400, { error }), new Response("<html>", { status: 502 }), new Response("ok"));
    const client = clientOf({ fetch: server.fetch });
    const refused = await client.predict("m", {}).catch((thrown: unknown) => thrown);
    expect(refused).toBeInstanceOf(Error);
    expect(refused).toMatchObject({ name: "SlipwayError", status: 400, ...error });
    await expect(client.predict("m", {})).rejects.toMatchObject({ code: "INTERNAL", status: 502, details: {} });
    await expect(client.predict("m", {})).rejects.toMatchObject({ code: "INTERNAL", status: 200 });
  });
});

it("reads derived views and their features by definition", async () => {
  const source = parquet("fares", { path: "fares.parquet", columns: { id: t.int64(), fare: t.float64() } });
  const driver = entity("driver", { id: t.int64() });
  const fares = featureView("fares", { entity: driver, source, features: { fare: latest(source.fare) } });
  const half = derivedView("half", { entity: driver, features: { fare: fares.features.fare.dividedBy(2) } });
  const features = [{ name: "fare", type: "float64" }];
  const views = { half: { features, materialized_through: null }, fares: { features, materialized_through: null } };
  const found = { status: "present", event_time: null, age_seconds: null, statuses: ["present"] };
  const results = [{ half: { ...found, values: [4] }, fares: { ...found, values: [8] } }];
  const server = answering(json(200, { at: "2025-06-01T00:00:00Z", views, results }));
  const { rows } = await clientOf({ fetch: server.fetch }).read([half, half.features.fare, fares], [{ id: 1n }]);
  expect(JSON.parse(server.bodies[0] ?? "")).toMatchObject({ features: ["half", "half.fare", "fares"] });
  expect([rows[0]?.[0].values.fare, rows[0]?.[1].value, rows[0]?.[2].values.fare]).toEqual([4, 4, 8]);
});

describe("repetition", () => {
  it("repeats what reached no model, with the same body", async () => {
    const server = answering(json(503, notReady), broken("ECONNREFUSED"), json(200, prediction));
    const pauses: number[] = [];
    const pause = async (repetition: number): Promise<void> => void pauses.push(repetition);
    await clientOf({ fetch: server.fetch, pause }).predict("m", { x: 1 }, { id: "a" });
    expect(pauses).toEqual([1, 2]);
    expect(new Set(server.bodies).size).toBe(1);
  });

  it("repeats what was turned away before anything was done for it", async () => {
    const turnedAway = json(429, { error: { code: "OVERLOADED", message: "too many wait", details: {} } });
    const server = answering(turnedAway, json(200, prediction));
    await clientOf({ fetch: server.fetch }).predict("m", { x: 1 });
    expect(server.bodies).toHaveLength(2);
  });

  it("gives up after the repetitions it was given", async () => {
    const server = answering(json(503, notReady), json(503, notReady));
    const asked = clientOf({ fetch: server.fetch, retries: 1 }).predict("m", {});
    await expect(asked).rejects.toMatchObject({ code: "NOT_READY", status: 503, details: { model: "flight_delay" } });
    expect(server.bodies).toHaveLength(2);
  });

  it.each([broken("ECONNRESET"), broken("UND_ERR_SOCKET"), json(500, {}), json(409, {}), json(429, {})])(
    "does not repeat what may have been predicted",
    async (reply) => {
      const server = answering(reply, json(200, prediction));
      await expect(clientOf({ fetch: server.fetch }).predict("m", {})).rejects.toThrow();
      expect(server.bodies).toHaveLength(1);
    },
  );

  it("stops when the caller does", async () => {
    const caller = new AbortController();
    const server = answering(json(503, notReady), json(200, prediction));
    const pause = async (): Promise<void> => caller.abort();
    const asked = clientOf({ fetch: server.fetch, pause }).predict("m", {}, { signal: caller.signal });
    await expect(asked).rejects.toMatchObject({ name: "AbortError" });
    expect(server.bodies).toHaveLength(1);
  });

  it("knows a refused connection when it meets one", async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const pauses: number[] = [];
    const pause = async (repetition: number): Promise<void> => void pauses.push(repetition);
    const client = createClient({ url: `http://127.0.0.1:${port}`, pause });
    await expect(client.predict("m", {})).rejects.toMatchObject({ code: "NOT_READY", status: undefined });
    expect(pauses).toEqual([1, 2]);
  });
});

describe("push", () => {
  const answer = { source: "clicks", accepted: 1, duplicates: 0, rejected: [] };

  it("sends events exactly, by definition or by name", async () => {
    const clicks = pushSource("clicks", {
      columns: { click: t.int64(), at: t.timestamp(), amount: t.float64().optional() },
      id: "click",
      eventTime: "at",
    });
    const server = answering(json(200, answer), json(200, answer));
    const client = clientOf({ fetch: server.fetch });
    const event = { click: 9_007_199_254_740_993n, at: new Date("2013-07-01T14:00:00.123Z"), amount: null };
    expect(await client.push(clicks, [event])).toEqual(answer);
    await client.push<typeof clicks>("clicks", [event]);
    expect(server.urls).toEqual(Array(2).fill("http://127.0.0.1:8080/api/v1/push"));
    for (const body of server.bodies)
      expect(JSON.parse(body)).toEqual({
        source: "clicks",
        events: [{ click: "9007199254740993", at: "2013-07-01T14:00:00.123Z", amount: null }],
      });
  });

  it("is repeated with the same events when the connection broke, for it cannot count twice", async () => {
    const server = answering(broken("ECONNRESET"), json(200, answer));
    expect(await clientOf({ fetch: server.fetch }).push("clicks", [{ click: 1 }])).toEqual(answer);
    expect(server.bodies[0]).toBe(server.bodies[1]);
  });
});

describe("evaluations", () => {
  it("are listed and read by model, version and rows, and asked for again when the connection breaks", async () => {
    const kept = [{ rows: "test", json: 2, html: 9 }];
    const server = answering(broken("ECONNRESET"), json(200, { evaluations: kept }), json(200, { task: "binary" }));
    const client = clientOf({ fetch: server.fetch });
    expect(await client.evaluations("flight delay", "champion")).toEqual(kept);
    expect(await client.evaluation("m", 3, "2025-01-01..2025-02-01")).toEqual({ task: "binary" });
    expect(server.urls.slice(1)).toEqual([
      "http://127.0.0.1:8080/api/v1/models/flight%20delay/versions/champion/evaluations",
      "http://127.0.0.1:8080/api/v1/models/m/versions/3/evaluations/2025-01-01..2025-02-01",
    ]);
    expect(server.bodies).toEqual(["undefined", "undefined", "undefined"]);
  });
});

describe("label", () => {
  it("sends labels with their times as text, and again when the connection breaks, since twice is as good as once", async () => {
    const server = answering(broken("ECONNRESET"), json(200, { taken: 2, unknown: 0 }));
    const labels = [
      { model: "m", id: "a", label: true, at: new Date("2013-07-01T14:00:00.5Z") },
      { model: "m", id: "b", label: 0.25 },
    ];
    expect(await clientOf({ fetch: server.fetch }).label(labels)).toEqual({ taken: 2, unknown: 0 });
    expect(server.urls).toEqual(Array.from({ length: 2 }, () => "http://127.0.0.1:8080/api/v1/labels"));
    expect(JSON.parse(server.bodies[1] ?? "")).toEqual({
      labels: [{ model: "m", id: "a", label: true, at: "2013-07-01T14:00:00.500Z" }, labels[1]],
    });
  });
});

describe("routes", () => {
  it("asks for a version and keeps to one by headers, and moves a route", async () => {
    const sent: { readonly url: string; readonly init: RequestInit | undefined }[] = [];
    const send = (async (url: unknown, init?: RequestInit) => {
      sent.push({ url: String(url), init });
      return json(200, prediction);
    }) as typeof fetch;
    const client = clientOf({ fetch: send });
    await client.predict("m", {}, { version: 7, sticky: "user 1" });
    await client.route("m");
    await client.moveRoute("m", { canary: { version: 7, weight: 10 }, reason: "try it", expect: 0 });
    expect(sent[0]?.init?.headers).toMatchObject({ "x-slipway-version": "7", "x-slipway-sticky": "user 1" });
    expect(sent.slice(1).map(({ url, init }) => [url, init?.method, init?.body])).toEqual([
      ["http://127.0.0.1:8080/api/v1/models/m/route", "GET", undefined],
      [
        "http://127.0.0.1:8080/api/v1/models/m/route",
        "POST",
        '{"canary":{"version":7,"weight":10},"reason":"try it","expect":0}',
      ],
    ]);
  });
});
