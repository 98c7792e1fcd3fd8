import { connect } from "node:net";
import { afterEach, expect, it } from "vitest";
import { type FakeServing, fakeNow, fakeServing, flightDelaySpec, goodBody } from "./fake-serving.fixture.ts";
import { createServer, type Server, type ServerOptions } from "./server.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
});

async function start(serving: FakeServing, more: Partial<ServerOptions> = {}): Promise<Server> {
  const server = await createServer({
    serving,
    models: [flightDelaySpec],
    host: "127.0.0.1",
    port: 0,
    version: "1.2.3",
    now: () => fakeNow,
    ...more,
  });
  servers.push(server);
  return server;
}

const predict = (url: string): Promise<Response> =>
  fetch(`${url}/api/v1/models/flight_delay/predict`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(goodBody),
  });

/** A gate that `before` can wait at. */
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => {};
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

it("listens on a free port and tells where", async () => {
  const { url, port } = await start(fakeServing());
  expect(url).toBe(`http://127.0.0.1:${port}`);
  expect((await predict(url)).status).toBe(200);
});

it("answers every request while versions are swapped under load", async () => {
  const serving = fakeServing();
  const { url } = await start(serving);
  const versions = new Set<number>();
  let open = 32;
  const caller = async (): Promise<void> => {
    for (let round = 0; round < 25; round += 1) {
      const answer = await predict(url);
      expect(answer.status).toBe(200);
      const { version, score } = (await answer.json()) as { version: number; score: number };
      expect(score).toBeCloseTo(version / 10);
      versions.add(version);
    }
    open -= 1;
  };
  const swaps = (async () => {
    while (open > 0) {
      serving.version = (serving.version ?? 0) + 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  await Promise.all([...Array.from({ length: 32 }, caller), swaps]);
  expect(versions.size).toBeGreaterThan(5);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  const counts = [...metrics.matchAll(/^slipway_predictions_total\{.*\} (\d+)$/gm)].map(([, count]) => Number(count));
  expect(counts.reduce((sum, count) => sum + count, 0)).toBe(800);
});

it("says which port is in use and what to do", async () => {
  const { port } = await start(fakeServing());
  await expect(start(fakeServing(), { port })).rejects.toMatchObject({
    code: "PORT_IN_USE",
    message: expect.stringMatching(new RegExp(`${port}.*--port 0`)),
  });
  await expect(start(fakeServing(), { host: "203.0.113.7" })).rejects.toMatchObject({ code: "USAGE" });
});

it("finishes what has begun, refuses what is new, and does not wait for silent connections", async () => {
  const serving = fakeServing();
  const arrived = gate();
  const released = gate();
  serving.before = () => {
    arrived.open();
    return released.passed;
  };
  const server = await start(serving);
  const silent = connect(server.port, "127.0.0.1");
  await new Promise((resolve) => silent.once("connect", resolve));
  const begun = predict(server.url);
  await arrived.passed;
  const closed = server.close();
  await expect(predict(server.url)).rejects.toThrow();
  released.open();
  expect((await begun).status).toBe(200);
  await closed;
});

it("cuts off what does not end, when forced", async () => {
  const serving = fakeServing();
  const arrived = gate();
  serving.before = () => {
    arrived.open();
    return new Promise(() => {});
  };
  const server = await start(serving);
  const stuck = predict(server.url).then(
    () => "answered",
    () => "cut off",
  );
  await arrived.passed;
  const force = new AbortController();
  const closed = server.close(force.signal);
  force.abort();
  await closed;
  expect(await stuck).toBe("cut off");
});

it("answers what is not HTTP in its own form", async () => {
  const { port } = await start(fakeServing());
  const socket = connect(port, "127.0.0.1");
  socket.write("NONSENSE\r\n\r\n");
  let text = "";
  for await (const chunk of socket) text += chunk;
  expect(text).toContain("HTTP/1.1 400");
  expect(JSON.parse(text.split("\r\n\r\n")[1] ?? "")).toMatchObject({ error: { code: "INPUT_INVALID" } });
});
