// Senders that do not play by the rules of HTTP: floods of headers, lies about lengths, requests that trickle in. Each costs its own connection.

import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fakeNow, fakeServing, flightDelaySpec, goodBody } from "./fake-serving.fixture.ts";
import { createServer, type Server } from "./server.ts";

const PREDICT = "/api/v1/models/flight_delay/predict";
const HEAD = `POST ${PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n`;

let server: Server;
beforeAll(async () => {
  const options = { serving: fakeServing(), models: [flightDelaySpec], version: "1", now: () => fakeNow };
  server = await createServer({ ...options, host: "127.0.0.1", port: 0, logger: { level: "silent" } });
});
afterAll(() => server.close(AbortSignal.timeout(1_000)));

async function predictedStatus(): Promise<number> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ ...goodBody, id: undefined });
  return (await fetch(`${server.url}${PREDICT}`, { method: "POST", headers, body })).status;
}

function opened(): Socket {
  return connect(server.port, "127.0.0.1").on("error", () => undefined);
}

/** Sends bytes on a connection of their own; everything that comes back until it is closed. */
async function answerTo(text: string): Promise<string> {
  const socket = opened();
  let answer = "";
  socket.setEncoding("utf8").on("data", (part: string) => {
    answer += part;
  });
  const closed = once(socket, "close");
  socket.write(text);
  await closed;
  return answer;
}

it.each([
  ["many headers", `${HEAD}${Array.from({ length: 5000 }, (_, n) => `x-${n}: ${n}\r\n`).join("")}\r\n`],
  ["one header without end", `${HEAD}x: ${"y".repeat(200_000)}\r\n\r\n`],
  ["a long path", `GET /${"a".repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`],
  ["two lengths", `${HEAD}Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}`],
  ["a length and chunks", `${HEAD}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`],
  ["a length that is no number", `${HEAD}Content-Length: 0x10\r\n\r\n{}`],
  ["a chunk that lies", `${HEAD}Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n`],
  ["no HTTP at all", "\u0000\u0001\u0002\u0003\r\n\r\n"],
])("refuses %s with 4xx, closes the connection, and answers the next request", async (_, text) => {
  expect(await answerTo(text)).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(await predictedStatus()).toBe(200);
});

it("answers others while hundreds of connections send a byte now and then, and closes without waiting for them", async () => {
  const slow = Array.from({ length: 300 }, opened);
  await Promise.all(slow.map((socket) => once(socket, "connect")));
  const text = `${HEAD}Content-Length: 1000\r\n\r\n{`;
  for (let sent = 0; sent < text.length; sent += 1) {
    for (const socket of slow) socket.write(text[sent] ?? "");
    if (sent % 20 === 0) expect(await predictedStatus()).toBe(200);
  }
  expect(await predictedStatus()).toBe(200);
  for (const socket of slow) socket.destroy();
});
