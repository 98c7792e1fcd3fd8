import { afterEach, beforeEach, expect, it } from "vitest";
import { buildApp } from "./app.ts";
import { type FakeServing, fakeNow, fakeServing, flightDelaySpec, goodBody } from "./fake-serving.fixture.ts";

let serving: FakeServing;
let app: ReturnType<typeof buildApp>;
beforeEach(() => {
  serving = fakeServing();
  const options = { serving, models: [flightDelaySpec], version: "1", now: () => fakeNow };
  app = buildApp({ ...options, logger: { level: "silent" } });
});
afterEach(() => app.close());

const ask = (headers: Readonly<Record<string, string>>) =>
  app.inject({ method: "POST", url: "/api/v1/models/flight_delay/predict", payload: goodBody, headers });

it("hands on which version is asked for and what keeps a caller with one, and counts why a version answered", async () => {
  expect((await ask({ "x-slipway-version": "7", "x-slipway-sticky": "user 1" })).json()).toMatchObject({
    version: 7,
    route: "override",
  });
  expect((await ask({})).json()).toMatchObject({ version: 3, route: "champion" });
  expect(serving.steering).toEqual([{ version: 7, sticky: "user 1" }, {}]);
  const { payload } = await app.inject("/metrics");
  expect(payload).toContain('slipway_predictions_total{model="flight_delay",version="7",route="override"} 1');
  expect(payload).toContain('slipway_predictions_total{model="flight_delay",version="3",route="champion"} 1');
});

it("hands on that reasons are asked for, and answers with them", async () => {
  const url = "/api/v1/models/flight_delay/predict";
  const asked = async (query: string) =>
    (await app.inject({ method: "POST", url: url + query, payload: goodBody })).json();
  expect(await asked("?explain=true")).toMatchObject({
    explanation: { link: "logistic", calibration: null, base: -1, margin: -0.5, contributions: { distance: 0.5 } },
  });
  expect(await asked("?explain=false")).not.toHaveProperty("explanation");
  expect(serving.steering).toEqual([{ explain: true }, {}]);
});

it.each(["?explain=yes", "?explain=", "?explain=true&explain=true", "?explian=true"])(
  "refuses the query %s",
  async (query) => {
    const url = `/api/v1/models/flight_delay/predict${query}`;
    const { statusCode, payload } = await app.inject({ method: "POST", url, payload: goodBody });
    expect(statusCode).toBe(400);
    expect(payload).toContain("explain");
  },
);

it.each([
  ["x-slipway-version", "champion"],
  ["x-slipway-version", "0"],
  ["x-slipway-version", "-1"],
  ["x-slipway-version", "7, 8"],
  ["x-slipway-version", "9".repeat(400)],
  ["x-slipway-version", ""],
  ["x-slipway-sticky", ""],
  ["x-slipway-sticky", "x".repeat(257)],
])("refuses the header %s: %s, by its name", async (header, value) => {
  const { statusCode, payload } = await ask({ [header]: value });
  expect(statusCode).toBe(400);
  expect(JSON.parse(payload)).toMatchObject({
    error: { code: "INPUT_INVALID", message: expect.stringContaining(header), details: { header } },
  });
  expect(payload.length).toBeLessThan(400);
});
