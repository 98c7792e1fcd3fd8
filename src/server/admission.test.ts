// How requests wait, are turned away and run out of time, as each dialect tells it.

import { connect, type Socket } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type FakeServing, fakeNow, fakeServing, flightDelaySpec, goodBody } from "./fake-serving.fixture.ts";
import { createServer, type Server, type ServerOptions } from "./server.ts";

let serving: FakeServing;
let server: Server;
let open: () => void;
beforeEach(async () => {
  serving = fakeServing();
  const isOpen = new Promise<void>((resolve) => {
    open = resolve;
  });
  serving.before = () => isOpen;
  server = await createServer({ ...plain(), limits: { concurrency: 1, queue: 1 } });
});
const plain = (): ServerOptions => ({
  serving,
  models: [flightDelaySpec],
  version: "1",
  now: () => fakeNow,
  logger: { level: "silent" },
  host: "127.0.0.1",
  port: 0,
});
afterEach(async () => {
  open();
  await server.close(AbortSignal.timeout(1_000));
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const predict = (headers?: Record<string, string>): Promise<Response> =>
  post("/api/v1/models/flight_delay/predict", { ...goodBody, id: undefined }, headers);
const inference = (parameters: object = {}): object => ({
  parameters,
  inputs: [{ name: "input", shape: [1, 6], datatype: "FP32", data: [1, 2, 3, 4, 5, 6] }],
});
const infer = (parameters?: object, headers?: Record<string, string>): Promise<Response> =>
  post("/v2/models/flight_delay/infer", inference(parameters), headers);

/** Asks for a prediction on a connection whose end is in the test's hand. */
function sendOnly(asked: object): Socket {
  const body = JSON.stringify(asked);
  const socket = connect(server.port, "127.0.0.1");
  socket.write(
    `POST /api/v1/models/flight_delay/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  );
  return socket;
}

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${server.url}/metrics`)).text();
  return Number(
    text
      .split("\n")
      .find((line) => line.startsWith(`${name} `))
      ?.split(" ")[1],
  );
}
const WAITING = 'slipway_model_requests_waiting{model="flight_delay"}';
const dropped = (reason: string): string =>
  `slipway_model_requests_dropped_total{model="flight_delay",reason="${reason}"}`;
async function until(name: string, value: number): Promise<void> {
  while ((await metric(name)) !== value) await pause(5);
}

it("turns away with 429 and Retry-After what finds no place to wait, in each dialect's form", async () => {
  const [first, second] = [predict(), infer()];
  await until(WAITING, 1);
  const native = await predict();
  expect([native.status, native.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(await native.json()).toMatchObject({ error: { code: "OVERLOADED", details: { waiting: 1 } } });
  const tensors = await infer();
  expect([tensors.status, tensors.headers.get("retry-after")]).toEqual([429, "1"]);
  expect(await tensors.json()).toEqual({ error: expect.stringContaining("1 waiting") });
  expect(await metric(dropped("rejected"))).toBe(2);
  open();
  expect([(await first).status, (await second).status]).toEqual([200, 200]);
  expect((await predict()).status).toBe(200);
});

it("drops what waits longer than it may, with 504, and never asks the model", async () => {
  const first = predict();
  await until('slipway_model_requests_running{model="flight_delay"}', 1);
  const late = await predict({ "x-request-timeout": "20ms" });
  expect(late.status).toBe(504);
  expect(await late.json()).toMatchObject({ error: { code: "DEADLINE_EXCEEDED", details: { model: "flight_delay" } } });
  const tensors = await infer({}, { "x-request-timeout": "0.02s" });
  expect([tensors.status, await tensors.json()]).toEqual([504, { error: expect.stringContaining("time") }]);
  expect(await metric(dropped("expired"))).toBe(2);
  open();
  expect((await first).status).toBe(200);
  expect(serving.asked).toHaveLength(1);
});

it("takes the protocol's own timeout, which the body says, while a request waits", async () => {
  const first = predict();
  await until('slipway_model_requests_running{model="flight_delay"}', 1);
  expect((await infer({ timeout: 20_000 })).status).toBe(504);
  expect(await metric(WAITING)).toBe(0);
  open();
  expect((await first).status).toBe(200);
  for (const timeout of [0, 60_000_000]) expect((await infer({ timeout })).status).toBe(200);
  for (const timeout of [-1, 0.5, "1", null]) expect((await infer({ timeout })).status).toBe(400);
});

it("lets a request take longer than the server's own limit that says so itself", async () => {
  await server.close();
  server = await createServer({ ...plain(), limits: { concurrency: 1, queue: 2, timeoutMs: 20 } });
  const first = predict({ "x-request-timeout": "1m" });
  await until('slipway_model_requests_running{model="flight_delay"}', 1);
  const patient = infer({ timeout: 60_000_000 });
  expect((await infer()).status).toBe(504);
  open();
  expect([(await first).status, (await patient).status]).toEqual([200, 200]);
});

it("gives the places of those who have gone to others", async () => {
  const first = predict();
  await until('slipway_model_requests_running{model="flight_delay"}', 1);
  const socket = sendOnly({ ...goodBody, id: "gone" });
  await until(WAITING, 1);
  expect((await infer()).status).toBe(429);
  socket.destroy();
  // Turned away as long as the server has not seen that.
  const others: Promise<Response>[] = [];
  for (let rejected = 1; (await metric(dropped("abandoned"))) === 0; ) {
    others.push(infer());
    while ((await metric(dropped("rejected"))) === rejected && !((await metric(dropped("abandoned"))) > 0))
      await pause(5);
    rejected = await metric(dropped("rejected"));
  }
  open();
  const statuses = (await Promise.all(others)).map(({ status }) => status);
  expect([(await first).status, statuses.pop()]).toEqual([200, 200]);
  expect(statuses).toEqual(statuses.map(() => 429));
});

it("drops what nobody waits for any more", async () => {
  const first = predict();
  await until('slipway_model_requests_running{model="flight_delay"}', 1);
  const socket = sendOnly({ ...goodBody, id: "gone" });
  await until(WAITING, 1);
  socket.destroy();
  await pause(20);
  open();
  expect((await first).status).toBe(200);
  await until(dropped("abandoned"), 1);
  expect(serving.asked.map(({ id }) => id)).toEqual([undefined]);
});

it.each(["", "250", "-1s", "1h", "61m", "1e3ms", "soon", "1 s"])("refuses %j as a time", async (text) => {
  open();
  const answer = await predict({ "x-request-timeout": text });
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: { details: { header: "x-request-timeout" } } });
});
