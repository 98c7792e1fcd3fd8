// Webhooks over HTTP, and what arrives at a real receiver on loopback, which the way out is told to allow.

import { createHmac } from "node:crypto";
import { chmodSync, readFileSync, rmSync, statSync } from "node:fs";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { minutes, seconds } from "../../core/core.ts";
import { guardedOutbound, randomBytes } from "../../engines/system/system.ts";
import { rotateSecretsKey, secretsOf, tracking } from "../../platform/platform.ts";
import { buildApp } from "../app.ts";
import { fakeNow, fakeServing } from "../fake-serving.fixture.ts";
import { type OpenTracking, openTestTracking, rotating } from "./mlflow.fixture.ts";

const outbound = guardedOutbound({ allow: ["127.0.0.1"], timeoutMs: 2000 });
let open: OpenTracking;
let app: FastifyInstance;
let receiver: Server;
let url: string;
let answer: number;
let arrived: { readonly headers: IncomingMessage["headers"]; readonly body: string }[];

beforeEach(async () => {
  arrived = [];
  answer = 200;
  receiver = createServer((request, response) => {
    let body = "";
    request.setEncoding("utf8");
    request.on("data", (chunk) => {
      body += chunk;
    });
    request.on("end", () => {
      arrived.push({ headers: request.headers, body });
      response.writeHead(answer).end("seen by nobody");
    });
  });
  await new Promise<void>((resolve) => receiver.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/hook`;
  open = await openTestTracking(outbound);
  app = buildApp({
    serving: fakeServing(),
    models: [],
    version: "1.2.3",
    now: () => fakeNow,
    tracking: open.tracking,
    logger: { level: "silent" },
  });
});
afterEach(async () => {
  await app.close();
  await open.close();
  receiver.closeAllConnections();
  receiver.close();
});

type Method = "GET" | "POST" | "PATCH" | "DELETE";
async function call(
  method: Method,
  path: string,
  payload: object = {},
): Promise<{ status: number; body: ReturnType<typeof JSON.parse>; text: string }> {
  const answered = await app.inject({
    method,
    url: `/api/2.0/mlflow${path}`,
    ...(method === "GET" ? { query: payload as Record<string, string> } : { payload }),
  });
  return { status: answered.statusCode, body: answered.json(), text: answered.body };
}

const EVENTS = [
  { entity: "REGISTERED_MODEL", action: "CREATED" },
  { entity: "MODEL_VERSION", action: "CREATED" },
  { entity: "MODEL_VERSION_TAG", action: "SET" },
  { entity: "MODEL_VERSION_TAG", action: "DELETED" },
  { entity: "MODEL_VERSION_ALIAS", action: "CREATED" },
  { entity: "MODEL_VERSION_ALIAS", action: "DELETED" },
];
const SECRET = "wh-s3cret";

async function hooked(more: object = {}): Promise<string> {
  const { status, body } = await call("POST", "/webhooks", {
    name: "hook",
    url,
    events: EVENTS,
    secret: SECRET,
    ...more,
  });
  expect(status).toBe(200);
  return body.webhook.webhook_id;
}

async function model(name: string): Promise<void> {
  expect((await call("POST", "/registered-models/create", { name, description: "naïve ✓" })).status).toBe(200);
}

const deliver = (): Promise<number> => tracking.deliverDue(open.tracking, outbound, open.tracking.secrets);
const told = (): readonly unknown[] => arrived.map(({ body }) => JSON.parse(body));

test("a webhook is made, shown, listed, changed and deleted, and its secret is never shown", async () => {
  const id = await hooked({ description: "tell me" });
  const shown = await call("GET", `/webhooks/${id}`);
  expect(shown.body.webhook).toMatchObject({
    webhook_id: id,
    name: "hook",
    url,
    description: "tell me",
    status: "ACTIVE",
    creation_timestamp: expect.any(Number),
    last_updated_timestamp: expect.any(Number),
  });
  expect(shown.body.webhook.events).toEqual(expect.arrayContaining(EVENTS));
  const changed = await call("PATCH", `/webhooks/${id}`, {
    name: "other",
    status: "DISABLED",
    secret: "another-s3cret",
    events: EVENTS.slice(0, 1),
  });
  expect(changed.body.webhook).toMatchObject({ name: "other", status: "DISABLED", events: EVENTS.slice(0, 1), url });
  await hooked({ name: "second" });
  const first = await call("GET", "/webhooks", { max_results: "1" });
  const second = await call("GET", "/webhooks", { max_results: "1", page_token: first.body.next_page_token });
  expect([...first.body.webhooks, ...second.body.webhooks]).toHaveLength(2);
  expect(second.body.next_page_token).toBeUndefined();
  const audit = JSON.stringify(await open.tracking.records.db.selectFrom("audit").selectAll().execute());
  for (const text of [shown.text, changed.text, first.text, second.text, audit]) expect(text).not.toContain("s3cret");
  await model("quiet");
  expect((await call("DELETE", `/webhooks/${id}`)).status).toBe(200);
  expect(await call("GET", `/webhooks/${id}`)).toMatchObject({
    status: 404,
    body: { error_code: "RESOURCE_DOES_NOT_EXIST" },
  });
});

test("each event arrives once, signed, with MLflow's words", async () => {
  await hooked();
  await model("credit");
  const { body: run } = await call("POST", "/runs/create", { experiment_id: "0", user_id: "ann", start_time: 1 });
  const run_id = run.run.info.run_id;
  const source = `mlflow-artifacts:/0/${run_id}/artifacts/model`;
  await call("POST", "/model-versions/create", { name: "credit", source, run_id, tags: [{ key: "k", value: "v" }] });
  await call("POST", "/model-versions/set-tag", { name: "credit", version: "1", key: "stage", value: "né" });
  await call("DELETE", "/model-versions/delete-tag", { name: "credit", version: "1", key: "stage" });
  await call("DELETE", "/model-versions/delete-tag", { name: "credit", version: "1", key: "not there" });
  await call("POST", "/registered-models/alias", { name: "credit", alias: "champion", version: "1" });
  await call("DELETE", "/registered-models/alias", { name: "credit", alias: "champion" });
  expect(await deliver()).toBe(6);
  expect(await deliver()).toBe(0);
  const version = { name: "credit", version: "1" };
  const all = [...told()].sort((a, b) => JSON.stringify(a).localeCompare(JSON.stringify(b)));
  const expected = [
    { entity: "registered_model", action: "created", data: { name: "credit", tags: {}, description: "naïve ✓" } },
    {
      entity: "model_version",
      action: "created",
      data: { ...version, source, run_id, tags: { k: "v" }, description: null },
    },
    { entity: "model_version_tag", action: "set", data: { ...version, key: "stage", value: "né" } },
    { entity: "model_version_tag", action: "deleted", data: { ...version, key: "stage" } },
    { entity: "model_version_alias", action: "created", data: { ...version, alias: "champion" } },
    { entity: "model_version_alias", action: "deleted", data: { name: "credit", alias: "champion" } },
  ].map((event) => ({ ...event, timestamp: expect.any(String) }));
  expect(all).toHaveLength(6);
  for (const event of expected) expect(all).toContainEqual(event);
  for (const { headers, body } of arrived) {
    const signedText = `${headers["x-mlflow-delivery-id"]}.${headers["x-mlflow-timestamp"]}.${body}`;
    expect(headers["x-mlflow-signature"]).toBe(
      `v1,${createHmac("sha256", SECRET).update(signedText).digest("base64")}`,
    );
    expect(headers["content-type"]).toBe("application/json");
  }
  expect(new Set(arrived.map(({ headers }) => headers["x-mlflow-delivery-id"])).size).toBe(6);
});

test("what did not arrive is tried again later under the same id, and given up in the end", async () => {
  await hooked();
  await model("credit");
  answer = 503;
  expect(await deliver()).toBe(0);
  expect(await deliver()).toBe(0);
  expect(arrived).toHaveLength(1);
  open.clock.advanceTo(open.clock.now() + seconds(5));
  answer = 200;
  expect(await deliver()).toBe(1);
  const [first, second] = arrived.map(({ headers, body }) => ({ id: headers["x-mlflow-delivery-id"], body }));
  expect(second).toEqual(first);
  await model("other");
  answer = 302;
  for (let attempt = 0; attempt < 20; attempt += 1) {
    await deliver();
    open.clock.advanceTo(open.clock.now() + minutes(24 * 60));
  }
  expect(arrived).toHaveLength(2 + 8);
  const { db } = open.tracking.records;
  expect(
    await db.selectFrom("webhook_deliveries").select(["status", "problem"]).where("status", "=", "failed").execute(),
  ).toEqual([{ status: "failed", problem: "answered 302: redirects are not followed" }]);
});

test("a delivery whose sender died is sent by the next, and two senders send each once", async () => {
  await hooked();
  for (let n = 0; n < 20; n += 1) await model(`m${n}`);
  // As a process leaves them that was killed after it took them.
  const dying = { ...outbound, post: () => new Promise<never>(() => undefined) };
  void tracking.deliverDue(open.tracking, dying, open.tracking.secrets);
  await expect
    .poll(
      async () =>
        (
          await open.tracking.records.db
            .selectFrom("webhook_deliveries")
            .selectAll()
            .where("attempts", "=", 1)
            .execute()
        ).length,
    )
    .toBe(16);
  await Promise.all([deliver(), deliver()]);
  expect(arrived).toHaveLength(4);
  open.clock.advanceTo(open.clock.now() + minutes(1));
  await Promise.all([deliver(), deliver(), deliver()]);
  expect(new Set(arrived.map(({ headers }) => headers["x-mlflow-delivery-id"])).size).toBe(20);
  expect(arrived).toHaveLength(20);
});

test("a change that fails tells nobody, and a disabled webhook is told nothing", async () => {
  const id = await hooked();
  await model("credit");
  expect((await call("POST", "/registered-models/create", { name: "credit" })).status).toBe(400);
  expect(await deliver()).toBe(1);
  await call("PATCH", `/webhooks/${id}`, { status: "DISABLED" });
  await model("quiet");
  expect(await deliver()).toBe(0);
});

test("a test sends an example and tells the status, and never what was answered", async () => {
  const id = await hooked();
  const good = await call("POST", `/webhooks/${id}/test`, { event: EVENTS[1] });
  expect(good.body).toEqual({ result: { success: true, response_status: 200 } });
  expect(told()).toMatchObject([{ entity: "model_version", action: "created", data: { name: "example_model" } }]);
  answer = 500;
  expect((await call("POST", `/webhooks/${id}/test`)).body.result).toEqual({ success: false, response_status: 500 });
  receiver.closeAllConnections();
  await new Promise((resolve) => receiver.close(resolve));
  const gone = (await call("POST", `/webhooks/${id}/test`)).body.result;
  expect(gone).toMatchObject({ success: false, error_message: expect.stringContaining("cannot be reached") });
});

test.each([
  [{ url: "http://127.0.0.2/" }, "not a public address"],
  [{ url: "http://169.254.169.254/latest/" }, "not a public address"],
  [{ url: "http://[::ffff:10.0.0.1]/" }, "not a public address"],
  [{ url: "file:///etc/passwd" }, "neither https nor http"],
  [{ url: "http://u:p@hooks.example.com/" }, "password"],
  [{ url: "http://x/\r\nX-Evil: 1" }, "control character"],
  [{ url: `https://${"a".repeat(600)}` }, "maximum length"],
  [{ name: "../x" }, "name"],
  [{ name: "a\r\nb" }, "name"],
  [{ events: [] }, "non-empty"],
  [{ events: [{ entity: "PROMPT", action: "CREATED" }] }, "prompt.created"],
  [{ events: [{ entity: "MODEL_VERSION", action: "DELETED" }] }, "no event"],
  [{ status: "SLEEPING" }, "status"],
])("refuses %j", async (wrong, problem) => {
  const given = { name: "hook", url, events: EVENTS, ...wrong };
  const made = await call("POST", "/webhooks", given);
  expect(made).toMatchObject({ status: 400, body: { error_code: "INVALID_PARAMETER_VALUE" } });
  expect(made.body.message).toContain(problem);
});

describe("a secret at rest", () => {
  const rows = () => open.tracking.records.db.selectFrom("webhooks").selectAll().orderBy("name").execute();
  const everything = async (): Promise<string> => {
    const { db } = open.tracking.records;
    return JSON.stringify([await rows(), await db.selectFrom("audit").selectAll().execute()]);
  };
  const signedWith = (secret: string): boolean => {
    const { headers, body } = arrived.at(-1) ?? { headers: {}, body: "" };
    const text = `${headers["x-mlflow-delivery-id"]}.${headers["x-mlflow-timestamp"]}.${body}`;
    return headers["x-mlflow-signature"] === `v1,${createHmac("sha256", secret).update(text).digest("base64")}`;
  };
  const keyFile = (): string => join(open.folder, "keys", "secrets.key");

  test("stands nowhere in the records, and its key in a file for its owner alone", async () => {
    const id = await hooked();
    await call("PATCH", `/webhooks/${id}`, { secret: "another-s3cret" });
    expect(await everything()).not.toMatch(/s3cret/);
    expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
    await model("credit");
    expect(await deliver()).toBe(1);
    expect(signedWith("another-s3cret")).toBe(true);
  });

  test("opens for its own webhook alone, and not when a bit of it was changed", async () => {
    await hooked({ name: "a" });
    await hooked({ name: "b", secret: "other" });
    const [a, b] = await rows();
    const { db } = open.tracking.records;
    const put = (sealed_secret: string) =>
      db.updateTable("webhooks").set({ sealed_secret }).where("name", "=", "b").execute();
    const problem = async () => (await call("POST", `/webhooks/${b?.id}/test`)).body.result;
    await put(a?.sealed_secret ?? "");
    expect(await problem()).toMatchObject({ success: false, error_message: expect.stringContaining("changed") });
    const own = b?.sealed_secret ?? "";
    for (const place of [20, 30, own.length - 2]) {
      await put(`${own.slice(0, place)}${own[place] === "A" ? "B" : "A"}${own.slice(place + 1)}`);
      expect(await problem(), String(place)).toMatchObject({ success: false });
    }
    expect(arrived).toEqual([]);
  });

  test("whose key is gone keeps what is due waiting, and sends nothing unsigned", async () => {
    await hooked();
    await model("credit");
    rmSync(keyFile());
    expect(await deliver()).toBe(0);
    expect(arrived).toEqual([]);
    const [waiting] = await open.tracking.records.db.selectFrom("webhook_deliveries").selectAll().execute();
    expect(waiting).toMatchObject({ status: "waiting", problem: expect.stringContaining("has not") });
  });

  test("that an earlier release kept as it was is sealed when a server starts", async () => {
    const id = await hooked();
    const { db } = open.tracking.records;
    await db.updateTable("webhooks").set({ secret: "old-s3cret", sealed_secret: null }).where("id", "=", id).execute();
    await tracking.openTracking(open.tracking, outbound, open.tracking.secrets);
    expect(await everything()).not.toMatch(/s3cret/);
    await model("credit");
    await deliver();
    expect(signedWith("old-s3cret")).toBe(true);
  });

  test("goes over to a new key, in the file and in the variable, and the old one is not needed any more", async () => {
    await hooked();
    const rotate = (env: Readonly<Record<string, string>> = {}) => rotateSecretsKey(rotating(open), env);
    expect([await rotate(), await rotate()]).toEqual([1, 1]);
    expect(readFileSync(keyFile(), "utf8").trim().split("\n")).toHaveLength(2);
    const first = readFileSync(keyFile(), "utf8").split("\n")[0] as string;
    const next = Buffer.alloc(32, 7).toString("base64");
    const secretsWith = (SLIPWAY_SECRETS_KEY: string) =>
      secretsOf({ stateDir: open.folder, env: { SLIPWAY_SECRETS_KEY }, random: randomBytes });
    await tracking.openTracking(open.tracking, outbound, secretsWith(`${next}, ${first}`));
    rmSync(keyFile());
    await model("credit");
    expect(await tracking.deliverDue(open.tracking, outbound, secretsWith(next))).toBe(1);
    expect(signedWith(SECRET)).toBe(true);
    await expect(rotate({ SLIPWAY_SECRETS_KEY: next })).rejects.toThrow("SLIPWAY_SECRETS_KEY");
  });

  test.each(["short", `${"A".repeat(43)}`, `${Buffer.alloc(31).toString("base64")}`, ","])(
    "is refused where the key is %j",
    async (key) => {
      const secrets = secretsOf({ stateDir: open.folder, env: { SLIPWAY_SECRETS_KEY: key }, random: randomBytes });
      await expect(secrets.seal("x", "y")).rejects.toThrow(/is no key/);
    },
  );

  test("is refused where others can read the key", async () => {
    await hooked();
    chmodSync(keyFile(), 0o640);
    expect((await call("POST", "/webhooks", { name: "x", url, events: EVENTS, secret: "s" })).body.message).toContain(
      "can be read by others",
    );
  });
});
