// What a server says in its log, and how it names requests.

import { afterEach, describe, expect, it, test } from "vitest";
import { buildApp } from "./app.ts";
import { fakeNow, fakeServing, flightDelaySpec, goodBody } from "./fake-serving.fixture.ts";
import { type LogOptions, serverLog } from "./log.ts";

type App = ReturnType<typeof buildApp>;
const apps: App[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
});

const lines: string[] = [];
afterEach(() => {
  lines.length = 0;
});
const write = (line: string): void => {
  lines.push(line);
};
const said = (): readonly Readonly<Record<string, unknown>>[] => lines.map((line) => JSON.parse(line));

function appWith(logger: LogOptions, fails = false): App {
  const serving = fakeServing();
  const failing = {
    ...serving,
    predict: async () => {
      throw new Error("secret path /etc/x", { cause: new Error("the disk") });
    },
  };
  const app = buildApp({
    serving: fails ? (failing as typeof serving) : serving,
    models: [flightDelaySpec],
    version: "1.2.3",
    now: () => fakeNow,
    logger: { write, ...logger },
  });
  apps.push(app);
  return app;
}

const TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
const ask = (app: App, headers: Readonly<Record<string, string>> = {}) =>
  app.inject({ method: "POST", url: "/api/v1/models/flight_delay/predict", payload: goodBody, headers });

describe("a request's id", () => {
  test.each(["abc-123", "01J:a/b+c=.x_y", "x".repeat(128)])("is the one that it came with: %s", async (id) => {
    expect((await ask(appWith({ level: "silent" }), { "x-request-id": id })).headers["x-request-id"]).toBe(id);
  });

  test.each(["", "x".repeat(129), "a b", '"quoted"', "new\u0085line"])("is a new one in place of %j", async (id) => {
    const app = appWith({ level: "silent" });
    const [one, two] = [await ask(app, { "x-request-id": id }), await ask(app, { "x-request-id": id })];
    expect(one.headers["x-request-id"]).toMatch(/^[0-9a-f-]{36}$/);
    expect(two.headers["x-request-id"]).not.toBe(one.headers["x-request-id"]);
  });

  it("stands in the refusal and in the log when the server failed, and nothing of the failure in the refusal", async () => {
    const answer = await ask(appWith({}, true), {
      "x-request-id": "r-1",
      traceparent: `00-${TRACE}-00f067aa0ba902b7-01`,
    });
    expect(answer.statusCode).toBe(500);
    expect(answer.json().error.details).toEqual({ request: "r-1" });
    expect(answer.body).not.toContain("secret");
    expect(said()).toEqual([
      expect.objectContaining({
        "log.level": "error",
        "@timestamp": "2013-07-01T14:00:00Z",
        "ecs.version": "8.11.0",
        "service.name": "slipway",
        "process.pid": process.pid,
        "http.request.id": "r-1",
        "trace.id": TRACE,
        "error.type": "Error",
        "error.message": "secret path /etc/x",
        "error.stack_trace": expect.stringMatching(/secret path[\s\S]+Caused by: Error: the disk/),
        message: "request failed",
      }),
    ]);
  });
});

test.each([
  ["a trace of zeros", `00-${"0".repeat(32)}-00f067aa0ba902b7-01`],
  ["a span of zeros", `00-${TRACE}-${"0".repeat(16)}-01`],
  ["the version that there never is", `ff-${TRACE}-00f067aa0ba902b7-01`],
  ["more than version 00 has", `00-${TRACE}-00f067aa0ba902b7-01-more`],
  ["capitals", `00-${TRACE.toUpperCase()}-00f067aa0ba902b7-01`],
  ["something else", "hello"],
])("%s is no trace", async (_, traceparent) => {
  await ask(appWith({ level: "debug" }), { traceparent });
  expect(said()).toHaveLength(1);
  expect(said()[0]).not.toHaveProperty("trace.id");
});

it("has one line a request at level debug, and none of what the request held", async () => {
  await ask(appWith({ level: "debug" }), {
    authorization: "Bearer hidden",
    traceparent: `01-${TRACE}-00f067aa0ba902b7-00-later`,
  });
  expect(said()).toEqual([
    expect.objectContaining({
      "log.level": "debug",
      "http.request.method": "POST",
      "http.route": "/api/v1/models/:model/predict",
      "http.response.status_code": 200,
      "event.duration": expect.any(Number),
      "trace.id": TRACE,
      "span.parent.id": "00f067aa0ba902b7",
      message: "answered",
    }),
  ]);
  await apps[0]?.inject("/healthz?key=s3cret");
  expect(said()[1]).toMatchObject({ "http.route": "/healthz" });
  expect(lines.join("")).not.toMatch(/s3cret|hidden|UA-1/);
});

it("has no line for requests unless asked", async () => {
  await ask(appWith({}));
  expect(lines).toEqual([]);
});

it("writes lines for people, with the stack below", () => {
  const log = serverLog({ format: "pretty", level: "info", write }, () => fakeNow);
  log.info({ "http.request.id": "r-1" }, "swapped");
  log.error({ err: new Error("no\nway") }, "request failed");
  expect(lines[0]).toBe("2013-07-01T14:00:00Z INFO  swapped http.request.id=r-1\n");
  expect(lines[1]).toMatch(
    /^2013-07-01T14:00:00Z ERROR request failed error\.type=Error error\.message=.*\n {4}Error: no\n {4}way\n/s,
  );
});
