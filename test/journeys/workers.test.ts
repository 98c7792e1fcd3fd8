// A server of several processes, held to be one server: what workers say is what the main process says, what is written is seen by all, and no
// process outlives the others.

import { createHash, randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { request } from "node:http";
import { dirname } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ask,
  ended,
  isRunning,
  type RunningServer,
  removeFolder,
  serve,
  shopFolder,
  slipway,
  slipwayAnswer,
  until,
  workersOf,
  writeShop,
} from "./workers.fixture.ts";

const READ = "/api/v1/features/read";
const FEAST = "/get-online-features";
const readOf = (user: string): unknown => ({ features: ["clicks_by_user"], keys: [{ user }] });
const event = (id: string, user: string, amount: number): unknown => ({
  click: id,
  user,
  amount,
  at: new Date(Date.now() - 60_000).toISOString(),
});
const push = (server: RunningServer, ...events: readonly unknown[]): ReturnType<typeof ask> =>
  ask(server, "/api/v1/push", { body: { source: "clicks", events } });
const valuesIn = (body: string): unknown =>
  (JSON.parse(body) as { results: { clicks_by_user: { values: unknown } }[] }).results[0]?.clicks_by_user.values;
/** What two answers may differ in: when they were given. */
const plain = (text: string): string =>
  text.replace(/"(at|age_seconds|materialized_through)":("[^"]*"|[\d.e-]+)/g, '"$1":0');
const NOW = /\b(date|keep-alive|connection)\b/;
const headersIn = (headers: object): unknown => Object.entries(headers).filter(([name]) => !NOW.test(name));

describe("two workers", () => {
  let root: string;
  let server: RunningServer;
  beforeAll(async () => {
    root = shopFolder();
    await slipwayAnswer(root, "apply");
    server = await serve(root);
  }, 120_000);
  afterAll(async () => {
    if (server) {
      server.child.kill("SIGTERM");
      await server.end;
    }
    removeFolder(root);
  });

  test("show what was pushed as soon as it is acknowledged, whichever is asked", async () => {
    for (let count = 1; count <= 10; count += 1) {
      expect((await push(server, event(`seen-${count}`, "ann", 2))).status).toBe(200);
      const answers = await Promise.all(Array.from({ length: 4 }, () => ask(server, READ, { body: readOf("ann") })));
      for (const { body } of answers) expect(valuesIn(body)).toEqual([count, 2 * count, 2]);
    }
  });

  test("answer what the main process answers, word for word, with the same headers", async () => {
    await push(server, event("same", "bob", 1.5));
    const feast = { features: ["clicks_by_user:n", "clicks_by_user:last"], entities: { user: ["bob", "nobody"] } };
    const asked: readonly (readonly [path: string, Parameters<typeof ask>[2]])[] = [
      [READ, { body: readOf("bob") }],
      [READ, { body: readOf("nobody") }],
      [READ, { body: { features: ["clicks_by_user.n", "no.such"], keys: [] } }],
      [READ, { body: { features: ["clicks_by_user"], keys: [{ user: 7 }] } }],
      [READ, { body: { features: ["clicks_by_user"], keys: Array.from({ length: 1001 }, () => ({ user: "x" })) } }],
      [READ, { body: "{" }],
      [READ, { body: "" }],
      // Refused by its length, while the rest is still to come.
      [READ, { body: "x", headers: { "content-length": "5000000" } }],
      [READ, { body: "{}", headers: { "content-type": "text/plain" } }],
      [READ, { body: "{}", headers: { "content-encoding": "gzip" } }],
      [READ, { method: "GET" }],
      [`${READ}?x=1`, { body: readOf("bob") }],
      [FEAST, { body: feast }],
      [FEAST, { body: { ...feast, features: ["no:such"] } }],
      [FEAST, { body: "[" }],
      [FEAST, {}],
      ["/push", { body: { df: {}, push_source_name: "none" } }],
      ["/healthz", { method: "GET" }],
      ["/healthz", { method: "HEAD" }],
      ["/health", { method: "GET" }],
      ["/readyz", { method: "GET" }],
      ["/openapi.json", { method: "GET" }],
      ["/openapi.json", { method: "HEAD" }],
      ["/api/v1/features", { method: "GET" }],
      ["/api/v1/nothing", { method: "DELETE" }],
      ["/api/v1/models/none/predict", {}],
      ["/v2/models/none/infer", { body: {} }],
      ["/api/2.0/mlflow/experiments/get?experiment_id=0", { method: "GET" }],
      ["/%zz", { method: "GET" }],
      ["//", { method: "OPTIONS" }],
    ];
    for (const [path, unnamed] of asked) {
      const options = { ...unnamed, headers: { "x-request-id": "asked-twice", ...unnamed?.headers } };
      const [theirs, own] = [await ask({ socketPath: server.socket }, path, options), await ask(server, path, options)];
      const what = `${options?.method ?? "POST"} ${path} ${JSON.stringify(options).slice(0, 80)}`;
      expect(own.status, what).toBe(theirs.status);
      expect(plain(own.body), what).toBe(plain(theirs.body));
      if (!/"at"/.test(own.body)) expect(headersIn(own.headers), what).toEqual(headersIn(theirs.headers));
    }
  });

  test("are counted together in /metrics", async () => {
    const counted = async (): Promise<number> => {
      const { body } = await ask(server, "/metrics", { method: "GET" });
      const line =
        /^slipway_http_request_duration_seconds_count\{route="\/api\/v1\/features\/read",status="200"\} (\d+)$/m;
      return Number(line.exec(body)?.[1] ?? 0);
    };
    const before = await counted();
    for (let times = 0; times < 8; times += 1) await ask(server, READ, { body: readOf("ann") });
    expect(await counted()).toBe(before + 8);
    const { body } = await ask(server, "/metrics", { method: "GET" });
    expect(body.match(/^slipway_build_info\{version="[^"]+"\} 1$/gm)).toHaveLength(1);
    expect(body.match(/^slipway_feature_reads_total\{view="clicks_by_user",status="present"\}/gm)).toHaveLength(1);
  });

  test("hand large bodies on and back as they are, and forget those whose client goes away", async () => {
    const path = "/api/2.0/mlflow-artifacts/artifacts/0/a/artifacts/large.bin";
    const bytes = randomBytes(32 * 1024 * 1024);
    const headers = { "content-type": "application/octet-stream" };
    expect((await ask(server, path, { method: "PUT", body: bytes, headers })).status).toBe(200);
    const { status, body } = await ask(server, path, { method: "GET" });
    expect(status).toBe(200);
    const hash = (content: Buffer): string => createHash("sha256").update(content).digest("hex");
    expect(hash(Buffer.from(body, "latin1"))).toBe(hash(bytes));
    const { port } = new URL(server.url);
    const half = "/api/2.0/mlflow-artifacts/artifacts/0/a/artifacts/half.bin";
    await new Promise<void>((resolve) => {
      const length = { "content-length": String(bytes.length) };
      const asked = request({ port, path: half, method: "PUT", headers: { ...headers, ...length } });
      asked.on("error", () => resolve());
      asked.write(bytes.subarray(0, 1024 * 1024), () => asked.destroy(new Error("enough")));
    });
    await until("the half is not there", async () => (await ask(server, half, { method: "GET" })).status === 404);
  });

  test("one that is killed is replaced, by one that reads by the definitions the server started with", async () => {
    const main = server.child.pid ?? 0;
    const before = workersOf(main);
    expect(before).toHaveLength(2);
    const more = `const more = featureView("more", { entity: user, source: clicks, features: { m: count().over(days(1)) } });`;
    writeShop(root, more);
    await slipwayAnswer(root, "apply");
    const [killed = 0] = before;
    process.kill(killed, "SIGKILL");
    await until("two run again", () => {
      const now = workersOf(main).filter(isRunning);
      return now.length === 2 && !now.includes(killed);
    });
    await until("both answer", async () => {
      const all = await Promise.allSettled(Array.from({ length: 4 }, () => ask(server, READ, { body: readOf("ann") })));
      return all.every((one) => one.status === "fulfilled" && one.value.status === 200);
    });
    for (let times = 0; times < 4; times += 1) {
      const { status } = await ask(server, READ, { body: { features: ["more"], keys: [{ user: "ann" }] } });
      expect(status).toBe(404);
    }
    const { body } = await ask(server, READ, { body: readOf("ann") });
    expect(valuesIn(body)).toEqual([10, 20, 2]);
  });

  test("ask for a key as soon as there is a user, and take no key that was taken back", async () => {
    await slipwayAnswer(root, "users", "add", "root", "--role", "admin", "--json");
    const document = await slipwayAnswer(root, "users", "add", "eve", "--role", "viewer", "--json");
    const { key } = JSON.parse(document) as { readonly key: string };
    const status = async (headers: Readonly<Record<string, string>> = {}): Promise<readonly number[]> => {
      const asked = Array.from({ length: 4 }, () => ask(server, READ, { body: readOf("ann"), headers }));
      return [...new Set((await Promise.all(asked)).map((answer) => answer.status))];
    };
    await until("nobody gets in without a key", async () => String(await status()) === "401");
    const { headers } = await ask(server, READ, { body: readOf("ann") });
    expect(headers["www-authenticate"]).toContain("Basic");
    expect(await status({ authorization: `Bearer ${key}` })).toEqual([200]);
    expect(await status({ authorization: `Bearer ${key}x` })).toEqual([401]);
    expect((await ask(server, "/healthz", { method: "GET" })).status).toBe(200);
    await slipwayAnswer(root, "users", "remove", "eve");
    await until(
      "the key is worth nothing",
      async () => String(await status({ authorization: `Bearer ${key}` })) === "401",
    );
  });
}, 180_000);

describe("the processes of a server", () => {
  test.each([
    ["SIGTERM", 0],
    ["SIGINT", 0],
    ["SIGKILL", null],
  ] as const)("are all gone after a %s to the main one, and so is its socket", async (signal, code) => {
    const root = shopFolder();
    let server: RunningServer | undefined;
    try {
      await slipwayAnswer(root, "apply");
      server = await serve(root);
      const { socket } = server;
      const workers = workersOf(server.child.pid ?? 0);
      expect(workers).toHaveLength(2);
      expect((await ask(server, READ, { body: readOf("ann") })).status).toBe(200);
      // A terminal tells every process of a Ctrl-C.
      if (signal === "SIGINT") for (const worker of workers) process.kill(worker, "SIGINT");
      server.child.kill(signal);
      const said = await server.end;
      expect(said.code).toBe(code);
      expect(JSON.parse(said.output)).toMatchObject({ url: server.url, models: [] });
      await until("no worker is left", () => !workers.some(isRunning));
      await until("the socket is gone", () => !existsSync(dirname(socket)));
    } finally {
      // Also when something was not as expected.
      server?.child.kill("SIGKILL");
      removeFolder(root);
    }
  });

  test("do not start where the port is taken: none is left, and the reason is told", async () => {
    const root = shopFolder();
    try {
      await slipwayAnswer(root, "apply");
      const server = await serve(root);
      try {
        const { port } = new URL(server.url);
        const other = shopFolder();
        await slipwayAnswer(other, "apply");
        const said = await ended(slipway(other, "serve", "--workers", "2", "--port", port, "--json"));
        expect(said.code).not.toBe(0);
        expect(JSON.parse(said.output)).toMatchObject({ error: { code: "PORT_IN_USE" } });
        removeFolder(other);
      } finally {
        server.child.kill("SIGTERM");
        await server.end;
      }
    } finally {
      removeFolder(root);
    }
  });
}, 180_000);
