// A version in a folder of its own: it answers as the server does, writes nothing, ends as orchestrators expect, and speaks with AWS Lambda.

import { type ChildProcess, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, request as open } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writePackage } from "../../src/cli/package/write-package.ts";
import { explanationJson, type SlipwayError } from "../../src/core/core.ts";
import {
  applyDefinitions,
  materialize,
  type Serving,
  startServing,
  trainModel,
  versionAlone,
} from "../../src/platform/platform.ts";
import { runtimeParts } from "../../src/presets/presets.ts";
import {
  day,
  deliveriesProject,
  deliveriesWorld,
  type World,
  type WorldPlatform,
  worldOptions,
} from "./deliveries.fixture.ts";
import { howLate, lateCalibrated, minutesLinear, preprocessProject } from "./preprocess.fixture.ts";

const bounds = { validateFrom: day(20), testFrom: day(25), until: day(30) };
const folder = mkdtempSync(join(tmpdir(), "slipway-packages-"));
const started = new Set<ChildProcess>();
const worlds: World[] = [];
let plain: { readonly platform: WorldPlatform; readonly serving: Serving };
let featured: typeof plain;

async function worldWith(
  config: Parameters<typeof preprocessProject>[0] | "features",
  names: readonly string[],
): Promise<typeof plain> {
  const world = await deliveriesWorld();
  worlds.push(world);
  const platform = await world.open({
    at: day(30),
    config: config === "features" ? deliveriesProject() : preprocessProject(config),
  });
  await applyDefinitions(platform);
  for (const model of names) await trainModel(platform, { model, bounds });
  if (config === "features") await materialize(platform);
  return { platform, serving: await startServing(platform) };
}

async function packaged(
  { platform }: typeof plain,
  model: string,
  name = model,
  options: { readonly featuresAreSent?: boolean } = {},
): Promise<string> {
  const contents = await versionAlone(platform, { model, reference: "champion", ...options });
  const { cacheDir, env } = worldOptions(folder);
  const parts = await runtimeParts(contents.lone.format, { env, cacheDir });
  const target = join(folder, name);
  await writePackage({ ...contents, folder: target, parts });
  return target;
}

beforeAll(async () => {
  plain = await worldWith({ minutesLinear, lateCalibrated, howLate }, [
    "minutes_linear",
    "late_calibrated",
    "how_late",
  ]);
  featured = await worldWith("features", ["delivery_late"]);
  for (const model of ["minutes_linear", "late_calibrated", "how_late"]) await packaged(plain, model);
}, 240_000);
afterAll(async () => {
  for (const child of started) child.kill("SIGKILL");
  for (const { platform, serving } of [plain, featured].filter(Boolean)) {
    await serving.close();
    await platform.close();
  }
  for (const world of worlds) await world.remove();
  rmSync(folder, { recursive: true, force: true });
});

interface Running {
  readonly child: ChildProcess;
  readonly url: string;
  readonly port: number;
}

async function start(place: string, env: Readonly<Record<string, string>> = {}): Promise<Running> {
  const child = spawn(process.execPath, ["server.js"], {
    cwd: place,
    env: { PATH: process.env["PATH"], PORT: "0", HOST: "127.0.0.1", ...env },
    stdio: ["ignore", "inherit", "pipe"],
  });
  started.add(child);
  let said = "";
  for await (const part of child.stderr ?? []) {
    said += part;
    if (said.includes("\n")) break;
  }
  const { port } = JSON.parse(said.split("\n")[0] ?? "") as { port: number };
  return { child, port, url: `http://127.0.0.1:${port}` };
}

async function stop({ child }: Running): Promise<number | null> {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const [code] = (await ended) as [number | null];
  started.delete(child);
  return code;
}

async function post(
  url: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ status: number; body: never }> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: answer.status, body: (await answer.json()) as never };
}

const row = (index: number): Readonly<Record<string, unknown>> => ({
  ordered_at: new Date(Date.UTC(2025, 2, 1 + (index % 28), index % 24)).toISOString(),
  city: `city-${index % 6}`,
  courier: index % 7 === 0 ? null : `courier-${index % 11}`,
  distance_km: (index % 40) / 3,
  items: index % 5,
  founded: 1990 + (index % 30),
});
const rows = Array.from({ length: 100 }, (_, index) => row(index));

test.each(["minutes_linear", "late_calibrated", "how_late"])(
  "%s answers from its package as the server does",
  async (model) => {
    const running = await start(join(folder, model));
    const { status, body } = await post(`${running.url}/api/v1/models/${model}/predict`, {
      rows: rows.map((each, index) => ({ id: `p${index}`, row: each })),
    });
    expect(status).toBe(200);
    const wanted = await plain.serving.predict(
      model,
      rows.map((each, index) => ({ id: `q${index}`, row: each, isJson: true })),
    );
    const { predictions } = body as {
      predictions: { id: string; score: number; version: number; probabilities?: object }[];
    };
    expect(predictions.map(({ score }) => score)).toEqual(wanted.map(({ score }) => score));
    expect(new Set(predictions.map(({ score }) => score)).size).toBeGreaterThan(10);
    expect(predictions[7]).toMatchObject({ id: "p7", model, version: 1, route: "champion" });
    if (model === "how_late") expect(predictions[3]?.probabilities).toEqual(wanted[3]?.classes?.probabilities);
    expect(await stop(running)).toBe(0);
  },
);

test.each(["minutes_linear", "late_calibrated", "how_late"])(
  "%s says from its package why it answers, as the server does, or that it cannot",
  async (model) => {
    const running = await start(join(folder, model));
    const some = rows.slice(0, 5);
    const said = await post(`${running.url}/api/v1/models/${model}/predict?explain=true`, {
      rows: some.map((each) => ({ row: each })),
    });
    const wanted = await plain.serving
      .predict(
        model,
        some.map((each) => ({ row: each, isJson: true })),
        { explain: true },
      )
      .catch((thrown: unknown) => thrown as SlipwayError);
    if (!Array.isArray(wanted)) expect(said.body).toMatchObject({ error: { code: "NOT_EXPLAINABLE" } });
    else {
      const { predictions } = said.body as { predictions: { explanation: unknown }[] };
      const told = wanted.map(({ explanation }) => explanation && explanationJson(explanation));
      expect(predictions.map(({ explanation }) => explanation)).toEqual(JSON.parse(JSON.stringify(told)));
      expect(told[0]).toBeDefined();
    }
    expect(await stop(running)).toBe(0);
  },
);

describe("a running package", () => {
  let running: Running;
  const predict = "/api/v1/models/late_calibrated/predict";
  const names = (): readonly string[] =>
    readdirSync(join(folder, "late_calibrated"), { recursive: true, encoding: "utf8" }).sort();
  let there: readonly string[];
  beforeAll(async () => {
    there = names();
    running = await start(join(folder, "late_calibrated"));
  });

  test("speaks the Open Inference Protocol, in JSON and in bytes", async () => {
    const about = (await (await fetch(`${running.url}/v2/models/late_calibrated`)).json()) as {
      inputs: { shape: [number, number] }[];
    };
    const width = about.inputs[0]?.shape[1] ?? 0;
    const values = Float32Array.from({ length: 3 * width }, (_, place) => (place * 7) % 5);
    const { scores } = await plain.serving.score("late_calibrated", values, 3);
    const url = `${running.url}/v2/models/late_calibrated/versions/1/infer`;
    const input = { name: "input", shape: [3, width], datatype: "FP32" };
    const asJson = await post(url, { id: "a", inputs: [{ ...input, data: [...values] }] });
    expect(asJson.body).toMatchObject({
      id: "a",
      model_version: "1",
      outputs: [{ name: "score", shape: [3], data: [...scores] }],
    });
    const head = Buffer.from(
      JSON.stringify({
        parameters: { binary_data_output: true },
        inputs: [{ ...input, parameters: { binary_data_size: values.byteLength } }],
      }),
    );
    const answer = await fetch(url, {
      method: "POST",
      headers: { "inference-header-content-length": String(head.length) },
      body: Buffer.concat([head, Buffer.from(values.buffer)]),
    });
    const bytes = Buffer.from(await answer.arrayBuffer());
    const at = Number(answer.headers.get("inference-header-content-length"));
    expect(new Float32Array(Uint8Array.from(bytes.subarray(at)).buffer)).toEqual(scores);
    for (const path of [
      "/v2/health/live",
      "/v2/health/ready",
      "/healthz",
      "/readyz",
      "/v2",
      "/v2/models/late_calibrated/ready",
    ])
      expect((await fetch(running.url + path)).status, path).toBe(200);
    const wrong = await post(url.replace("versions/1", "versions/2"), {});
    expect(wrong).toEqual({ status: 404, body: { error: expect.stringContaining("version 1 is served") } });
  });

  test.each<[what: string, path: string, body: unknown, status: number, code: string, told: RegExp]>([
    ["no JSON", predict, "{", 400, "INPUT_INVALID", /not JSON/],
    ["nothing", predict, "", 400, "INPUT_INVALID", /empty/],
    ["a list", predict, [], 400, "INPUT_INVALID", /not a JSON object/],
    ["an unknown field", predict, { row: { distanse_km: 1 } }, 400, "INPUT_INVALID", /distanse_km/],
    ["a missing field", predict, { row: { distance_km: 1 } }, 400, "INPUT_INVALID", /is missing/],
    ["another type", predict, { row: { ...row(1), distance_km: "far" } }, 400, "INPUT_INVALID", /"distance_km"/],
    ["a prototype", predict, '{"row":{"__proto__":{"distance_km":1}}}', 400, "INPUT_INVALID", /unknown field/],
    ["too many bytes", predict, `{"row":"${"x".repeat(5 * 2 ** 20)}"}`, 400, "INPUT_INVALID", /too large/],
    ["another model", "/api/v1/models/other/predict", {}, 404, "MODEL_NOT_FOUND", /"late_calibrated" is/],
    ["another path", "/api/v1/labels", {}, 404, "ROUTE_NOT_FOUND", /POST/],
  ])("refuses %s and goes on", async (_, path, sent, status, code, told) => {
    const refusal = await post(running.url + path, sent);
    expect(refusal).toEqual({
      status,
      body: { error: { code, message: expect.stringMatching(told), details: expect.anything() } },
    });
    expect((await post(running.url + predict, { row: row(1) })).status).toBe(200);
  });

  test("refuses a version that does not answer here", async () => {
    const asked = await post(running.url + predict, { row: row(1) }, { "x-slipway-version": "2" });
    expect(asked).toMatchObject({ status: 404, body: { error: { code: "VERSION_NOT_FOUND" } } });
    expect((await post(running.url + predict, { row: row(1) }, { "x-slipway-version": "1" })).status).toBe(200);
  });

  test("finishes what it has begun when it is told to end, and has written nothing", async () => {
    const text = JSON.stringify({ id: "last", row: row(2) });
    const asked = open({
      host: "127.0.0.1",
      port: running.port,
      path: predict,
      method: "POST",
      headers: { "content-type": "application/json", "content-length": text.length },
    });
    const answered = once(asked, "response") as Promise<[IncomingMessage]>;
    asked.write(text.slice(0, 10));
    // It has the head when it answers what comes after.
    await fetch(`${running.url}/healthz`);
    const ended = once(running.child, "exit");
    running.child.kill("SIGTERM");
    await expect.poll(() => fetch(`${running.url}/healthz`).catch(() => "refused")).toBe("refused");
    asked.end(text.slice(10));
    const [answer] = await answered;
    expect(answer.statusCode).toBe(200);
    expect(answer.headers.connection).toBe("close");
    let body = "";
    for await (const part of answer) body += part;
    expect(JSON.parse(body)).toMatchObject({ id: "last", version: 1 });
    expect((await ended)[0]).toBe(0);
    started.delete(running.child);
    expect(names()).toEqual(there);
  });
});

test("a key is asked of everybody but those who ask for health", async () => {
  const running = await start(join(folder, "minutes_linear"), { SLIPWAY_API_KEY: "k3y" });
  const url = `${running.url}/api/v1/models/minutes_linear/predict`;
  const body = { row: row(3) };
  expect((await post(url, body)).status).toBe(401);
  expect((await post(url, body, { authorization: "Bearer k3y?" })).status).toBe(401);
  expect((await post(`${running.url}/v2/models/minutes_linear/infer`, body)).status).toBe(401);
  expect((await post(url, body, { authorization: "Bearer k3y" })).status).toBe(200);
  expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
  await stop(running);
});

describe("features", () => {
  test("are looked up by nobody: a model that reads them is refused, and told what to do", async () => {
    await expect(packaged(featured, "delivery_late")).rejects.toThrow(
      /reads \d+ features of .*courier_record.*--features request/,
    );
  });

  test("may come with the request, and then the score is the one that looking them up gives", async () => {
    const place = await packaged(featured, "delivery_late", "sent", { featuresAreSent: true });
    const { lone } = await versionAlone(featured.platform, {
      model: "delivery_late",
      reference: "champion",
      featuresAreSent: true,
    });
    const fields = new Set(lone.fields.map(({ name }) => name));
    const asJson = (value: unknown): unknown => (typeof value === "bigint" ? Number(value) : value);
    const running = await start(place);
    const asked = ["courier-1", "courier-2", "courier-5", "nobody"].map((courier, index) => ({
      courier,
      city: `city-${index}`,
      distance_km: index * 3.5,
      items: index,
      founded: 2000,
    }));
    const wanted = await featured.serving.predict(
      "delivery_late",
      asked.map((each) => ({ row: each })),
    );
    expect(new Set(wanted.map(({ score }) => score)).size).toBeGreaterThan(2);
    const { body } = await post(`${running.url}/api/v1/models/delivery_late/predict`, {
      rows: wanted.map(({ reads }, index) => {
        const { courier: _, ...request } = asked[index] ?? { courier: "" };
        const values = Object.entries(Object.assign({}, ...reads.map((read) => read.values)));
        const sent = values.filter(([name]) => fields.has(name)).map(([name, value]) => [name, asJson(value)]);
        return { request: { ...request, ...Object.fromEntries(sent) } };
      }),
    });
    expect((body as { predictions: { score: number }[] }).predictions.map(({ score }) => score)).toEqual(
      wanted.map(({ score }) => score),
    );
    await stop(running);
  });
});

describe("the folder", () => {
  test("is as its manifest says, and the same each time", async () => {
    const place = join(folder, "how_late");
    const again = await packaged(plain, "how_late", "how_late_again");
    const text = readFileSync(join(place, "manifest.json"), "utf8");
    expect(readFileSync(join(again, "manifest.json"), "utf8")).toBe(text);
    const { files, ...about } = JSON.parse(text) as { files: { name: string; bytes: number; sha256: string }[] };
    expect(about).toMatchObject({
      model: "how_late",
      version: 1,
      features: "none",
      platform: process.platform,
      arch: process.arch,
    });
    const there = readdirSync(place, { recursive: true, encoding: "utf8" }).filter((name) =>
      statSync(join(place, name)).isFile(),
    );
    expect(files.map(({ name }) => name).sort()).toEqual(there.filter((name) => name !== "manifest.json").sort());
    for (const { name, sha256 } of files)
      expect(
        createHash("sha256")
          .update(readFileSync(join(place, name)))
          .digest("hex"),
        name,
      ).toBe(sha256);
  });

  test("holds no more of Slipway than it runs", () => {
    const packages = readdirSync(join(folder, "minutes_linear", "node_modules"));
    expect(packages).toEqual(["zod"]);
    const rooms = readdirSync(join(folder, "minutes_linear", "code"));
    expect(rooms.sort()).toEqual(["core", "define", "engines", "ports", "scoring", "server"]);
  });

  test("is not written over", async () => {
    await expect(packaged(plain, "how_late")).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(readdirSync(folder).filter((name) => name.includes("unfinished"))).toEqual([]);
  });

  test("does not start with another model in it", async () => {
    const place = join(folder, "changed");
    cpSync(join(folder, "minutes_linear"), place, { recursive: true });
    const file = join(place, "model/artifact");
    writeFileSync(
      file,
      readFileSync(file, "utf8").replace(/\d/, (digit) => String((Number(digit) + 1) % 10)),
    );
    const child = spawn(process.execPath, ["server.js"], {
      cwd: place,
      env: { PORT: "0" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let said = "";
    child.stderr.on("data", (part) => {
      said += part;
    });
    const [code] = (await once(child, "close")) as [number];
    expect(code).toBe(1);
    expect(said).toMatch(/not the model that was packaged/);
  });
});

describe("AWS Lambda", () => {
  const httpEvent = (path: string, body: string | undefined, more: object = {}): object => ({
    version: "2.0",
    routeKey: "$default",
    rawPath: path,
    rawQueryString: "",
    headers: { "Content-Type": "application/json" },
    requestContext: {
      stage: "$default",
      requestId: "r-1",
      http: { method: body === undefined ? "GET" : "POST", path, protocol: "HTTP/1.1" },
    },
    ...(body === undefined ? {} : { body }),
    isBase64Encoded: false,
    ...more,
  });
  const predict = "/api/v1/models/minutes_linear/predict";

  test("its own runtime calls lambda.handler with events of a function URL and of an HTTP API", async () => {
    const { handler } = (await import(pathToFileURL(join(folder, "minutes_linear", "lambda.js")).href)) as {
      handler: (event: unknown) => Promise<{ statusCode: number; body: string; isBase64Encoded: boolean }>;
    };
    const [wanted] = await plain.serving.predict("minutes_linear", [{ row: row(4), isJson: true }]);
    const text = JSON.stringify({ row: row(4) });
    const staged = httpEvent(`/prod${predict}`, Buffer.from(text).toString("base64"), {
      isBase64Encoded: true,
      requestContext: { stage: "prod", http: { method: "POST", path: predict } },
    });
    for (const event of [httpEvent(predict, text), staged]) {
      const answer = await handler(event);
      expect(answer).toMatchObject({ statusCode: 200, isBase64Encoded: false });
      expect(JSON.parse(answer.body).score).toBe(wanted?.score);
    }
    expect((await handler(httpEvent("/healthz", undefined))).statusCode).toBe(200);
    expect((await handler(httpEvent("/nowhere", "{}"))).statusCode).toBe(404);
    // Invoked without HTTP: the event is the body.
    expect(await handler({ row: row(4) })).toMatchObject({ score: wanted?.score, version: 1 });
    await expect(handler({ row: {} })).rejects.toMatchObject({ name: "INPUT_INVALID" });
    await expect(handler({ requestContext: { resourcePath: "/" }, httpMethod: "GET" })).rejects.toThrow(
      /payload format/,
    );
  });

  test("as a runtime of its own it asks for events, answers each, and tells what failed", async () => {
    const events: unknown[] = [httpEvent(predict, JSON.stringify({ row: row(5) })), { row: {} }, { row: row(6) }];
    const heard: { path: string; body: { statusCode?: number; score?: number; errorType?: string } }[] = [];
    let done = (): void => undefined;
    const finished = new Promise<void>((resolve) => {
      done = resolve;
    });
    const api = createServer((request, response) => {
      if (request.method === "GET") {
        const event = events.shift();
        // Nothing more is there: the call stays open, as the service's does.
        if (event === undefined) return done();
        response.writeHead(200, { "lambda-runtime-aws-request-id": `id-${events.length}` }).end(JSON.stringify(event));
        return;
      }
      let text = "";
      request.on("data", (part) => {
        text += part;
      });
      request.on("end", () => {
        heard.push({ path: request.url ?? "", body: JSON.parse(text) });
        response.writeHead(202).end();
      });
    });
    api.listen(0, "127.0.0.1");
    await once(api, "listening");
    const child = spawn(process.execPath, ["server.js"], {
      cwd: join(folder, "minutes_linear"),
      env: { AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(api.address() as AddressInfo).port}` },
      stdio: ["ignore", "inherit", "inherit"],
    });
    started.add(child);
    await finished;
    const ended = once(child, "exit");
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(0);
    started.delete(child);
    api.closeAllConnections();
    api.close();
    const runtime = "/2018-06-01/runtime/invocation";
    expect(heard.map(({ path }) => path)).toEqual([
      `${runtime}/id-2/response`,
      `${runtime}/id-1/error`,
      `${runtime}/id-0/response`,
    ]);
    expect(heard[0]?.body.statusCode).toBe(200);
    expect(heard[1]?.body.errorType).toBe("INPUT_INVALID");
    const [wanted] = await plain.serving.predict("minutes_linear", [{ row: row(6), isJson: true }]);
    expect(heard[2]?.body.score).toBe(wanted?.score);
  });

  test("a model that cannot be loaded is told as a failed start", async () => {
    const place = join(folder, "lost");
    cpSync(join(folder, "minutes_linear"), place, { recursive: true });
    rmSync(join(place, "model/artifact"));
    expect(existsSync(join(place, "server.js"))).toBe(true);
    let told = "";
    const api = createServer((request, response) => {
      told = request.url ?? "";
      request.resume();
      response.writeHead(202).end();
    });
    api.listen(0, "127.0.0.1");
    await once(api, "listening");
    const child = spawn(process.execPath, ["server.js"], {
      cwd: place,
      env: { AWS_LAMBDA_RUNTIME_API: `127.0.0.1:${(api.address() as AddressInfo).port}` },
      stdio: "ignore",
    });
    expect((await once(child, "exit"))[0]).toBe(1);
    expect(told).toBe("/2018-06-01/runtime/init/error");
    api.closeAllConnections();
    api.close();
  });
});
