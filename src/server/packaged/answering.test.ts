// What a version that stands alone says of requests that it does not simply answer, over HTTP and as events of AWS Lambda.

import { afterEach, expect, test } from "vitest";
import type { LoneModel } from "../../scoring/scoring.ts";
import { answering } from "./answering.ts";
import { type LoneServer, listenAlone } from "./http.ts";
import { type LambdaHandler, lambdaHandler } from "./lambda.ts";

const lone: LoneModel = {
  number: 1,
  format: "any",
  artifactHash: "",
  bestRound: 0,
  inputs: [{ kind: "number", name: "a" }],
  classes: null,
  calibration: null,
  model: { name: "m", inputs: [{ name: "a", type: "float64", from: "request" }] } as unknown as LoneModel["model"],
  fields: [{ name: "a", type: "float64", optional: false }],
  views: [],
};
/** Of a kind that gives no SHAP values. */
const predictor = {
  inputCount: 1,
  predict: async (_: Float32Array, rows: number) => new Float32Array(rows).fill(0.5),
  close: () => undefined,
};
const answer = (key?: string) =>
  answering({
    lone,
    predictor,
    key,
    now: () => 0n,
    random: (length) => new Uint8Array(length),
    slipway: "1.2.3",
    isReady: () => true,
    report: () => undefined,
  });

const servers: LoneServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close(AbortSignal.abort());
});

async function listening(): Promise<string> {
  const server = await listenAlone(answer(), { host: "127.0.0.1", port: 0 });
  servers.push(server);
  return `http://127.0.0.1:${server.port}`;
}

const PREDICT = "/api/v1/models/m/predict";
const post = (url: string, body: unknown, headers: Readonly<Record<string, string>> = {}): Promise<Response> =>
  fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });
const tensor = { inputs: [{ name: "input", shape: [1, 1], datatype: "FP32", data: [1] }] };

test.each<[query: string, headers: Readonly<Record<string, string>>, status: number, code: string | undefined]>([
  ["", {}, 200, undefined],
  ["?explain=false", {}, 200, undefined],
  ["", { "x-request-timeout": "250ms" }, 200, undefined],
  ["?explain=true", {}, 422, "NOT_EXPLAINABLE"],
  ["?explain=maybe", {}, 400, "INPUT_INVALID"],
  ["?explain=true&explain=true", {}, 400, "INPUT_INVALID"],
  ["?foo=1", {}, 400, "INPUT_INVALID"],
  ["?__proto__=1", {}, 400, "INPUT_INVALID"],
  ["", { "x-request-timeout": "nonsense" }, 400, "INPUT_INVALID"],
])("a predict request with query %j and headers %j gets %i", async (query, headers, status, code) => {
  const said = await post(`${await listening()}${PREDICT}${query}`, { row: { a: 1 } }, headers);
  expect([said.status, ((await said.json()) as { error?: { code: string } }).error?.code]).toEqual([status, code]);
});

test("a tensor's time limit is refused when it is none", async () => {
  const url = `${await listening()}/v2/models/m/infer`;
  expect((await post(url, tensor, { "x-request-timeout": "1s" })).status).toBe(200);
  expect((await post(url, tensor, { "x-request-timeout": "nonsense" })).status).toBe(400);
});

test("every answer tells browsers to guess at nothing, whichever dialect it is in", async () => {
  const url = await listening();
  const said = await Promise.all([
    ...["/healthz", "/v2", "/v2/models", "/v2/models/m", "/nowhere", "/v2/nowhere"].map((path) => fetch(url + path)),
    post(`${url}/v2/models/m/infer`, tensor),
    post(`${url}/v2/models/m/infer`, { ...tensor, parameters: { binary_data_output: true } }),
    post(`${url}${PREDICT}`, { row: { a: 1 } }),
  ]);
  for (const { headers, url: path } of said)
    expect([headers.get("x-content-type-options"), headers.get("content-security-policy")], path).toEqual([
      "nosniff",
      expect.stringContaining("default-src 'none'"),
    ]);
});

const http = (path: string, more: object = {}): object => ({
  rawPath: path,
  rawQueryString: "",
  headers: { "content-type": "application/json" },
  requestContext: { http: { method: "POST", path } },
  body: JSON.stringify({ row: { a: 1 } }),
  ...more,
});
const status = async (handler: LambdaHandler, event: object): Promise<number> =>
  ((await handler(event)) as { statusCode: number }).statusCode;

test("whom IAM lets invoke the function needs no key; who comes over HTTP does", async () => {
  const handler = lambdaHandler(answer("k3y"), "m");
  expect(await handler({ row: { a: 1 } })).toMatchObject({ score: 0.5, version: 1 });
  expect(await status(handler, http(PREDICT))).toBe(401);
  // Whoever sends a body cannot make an HTTP event into something else.
  expect(await status(handler, http(PREDICT, { isLetIn: true }))).toBe(401);
  const signedIn = { headers: { Authorization: "Bearer k3y", "content-type": "application/json" } };
  expect(await status(handler, http(PREDICT, signedIn))).toBe(200);
});

test("an event's query counts, and parts of it may be null", async () => {
  const handler = lambdaHandler(answer(), "m");
  expect(await status(handler, http(PREDICT, { rawQueryString: "explain=true" }))).toBe(422);
  const get = { requestContext: { http: { method: "GET", path: "/healthz" } } };
  const nulls = { body: null, headers: null, rawQueryString: null, isBase64Encoded: null };
  expect(await status(handler, http("/healthz", { ...get, ...nulls }))).toBe(200);
  expect(await status(handler, http(PREDICT, { body: null }))).toBe(400);
});
