import { deflateSync, gzipSync } from "node:zlib";
import type { FastifyInstance } from "fastify";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SlipwayError } from "../../core/core.ts";
import { buildApp } from "../app.ts";
import { type FakeServing, fakeNow, fakeServing, flightDelaySpec } from "../fake-serving.fixture.ts";
import { INFER_BODY_LIMIT } from "./body.ts";

const INFER = "/v2/models/flight_delay/infer";
const WIDTH = 6;

let serving: FakeServing;
let app: FastifyInstance;
beforeEach(() => {
  serving = fakeServing();
  const options = { serving, models: [flightDelaySpec], version: "1.2.3", now: () => fakeNow };
  app = buildApp({ ...options, logger: { level: "silent" } });
});
afterEach(() => app.close());

type Answer = Awaited<ReturnType<FastifyInstance["inject"]>>;

const send = (payload: Buffer | string, headers: Record<string, string> = {}, url = INFER): Promise<Answer> =>
  app.inject({ method: "POST", url, headers, payload });

const input = (more: object = {}): object => ({
  name: "input",
  shape: [2, WIDTH],
  datatype: "FP32",
  data: [1, 2, 3, 4, 5, 6, 0.5, 0, 0, 0, 0, 0],
  ...more,
});
const request = (more: object = {}, around: object = {}): string =>
  JSON.stringify({ inputs: [input(more)], ...around });

function binaryRequest(datatype: string, tensor: Buffer, more: object = {}): { body: Buffer; length: string } {
  const json = JSON.stringify({
    inputs: [{ name: "input", shape: [1, WIDTH], datatype, parameters: { binary_data_size: tensor.length } }],
    ...more,
  });
  return { body: Buffer.concat([Buffer.from(json), tensor]), length: String(Buffer.byteLength(json)) };
}

function floats(...values: number[]): Buffer {
  return Buffer.from(Float32Array.from(values).buffer);
}

describe("metadata and health", () => {
  it("tells what the server and the model are", async () => {
    const get = async (path: string): Promise<unknown> => (await app.inject(`/v2${path}`)).json();
    expect(await get("")).toEqual({ name: "slipway", version: "1.2.3", extensions: ["binary_tensor_data"] });
    expect(await get("/health/live")).toEqual({ live: true });
    expect(await get("/health/ready")).toEqual({ ready: true });
    expect(await get("/models")).toEqual({ models: ["flight_delay"] });
    expect(await get("/models/flight_delay/ready")).toEqual({ name: "flight_delay", ready: true });
    const metadata = {
      name: "flight_delay",
      versions: ["3"],
      platform: "slipway",
      inputs: [{ name: "input", datatype: "FP32", shape: [-1, WIDTH] }],
      outputs: [{ name: "score", datatype: "FP32", shape: [-1] }],
    };
    expect(await get("/models/flight_delay")).toEqual(metadata);
    expect(await get("/models/flight_delay/versions/3")).toEqual(metadata);
  });

  it.each([
    "/v2/models/flight_delay/versions/2",
    "/v2/models/flight_delay/versions/latest/ready",
    "/v2/models/flight_delay/versions/03x",
    "/v2/models/__proto__",
    "/v2/models/other/ready",
    "/v2/nowhere",
    "/v2/%zz",
    "/v2/models/flight_delay/infer",
  ])("refuses GET %s with { error }", async (url) => {
    const answer = await app.inject(url);
    expect(answer.statusCode).toBe(url.endsWith("%zz") ? 400 : 404);
    expect(answer.json()).toEqual({ error: expect.any(String) });
  });

  it("says 503 while nothing answers", async () => {
    serving.version = undefined;
    for (const path of ["/health/ready", "/models/flight_delay", "/models/flight_delay/ready"])
      expect((await app.inject(`/v2${path}`)).statusCode, path).toBe(503);
    serving.problem = new SlipwayError("FEATURES_MISMATCH", "trained with other features");
    expect((await send(request())).json()).toEqual({ error: "trained with other features" });
    expect((await app.inject("/v2/health/live")).statusCode).toBe(200);
  });
});

describe("infer", () => {
  it("scores flat and nested JSON, and echoes the id", async () => {
    const flat = await send(request({}, { id: "r1" }));
    expect(flat.json()).toEqual({
      model_name: "flight_delay",
      model_version: "3",
      id: "r1",
      outputs: [{ name: "score", datatype: "FP32", shape: [2], data: [21, 0.5] }],
    });
    const nested = await send(
      request({
        data: [
          [1, 2, 3, 4, 5, 6],
          [0.5, 0, 0, 0, 0, 0],
        ],
      }),
    );
    expect(nested.json().outputs[0].data).toEqual([21, 0.5]);
    expect(nested.json()).not.toHaveProperty("id");
    expect((await send(request(), {}, "/v2/models/flight_delay/versions/3/infer")).statusCode).toBe(200);
  });

  it("reads the binary extension without a Content-Type, and answers in it when asked", async () => {
    const { body, length } = binaryRequest("FP32", floats(1, 2, 3, 4, 5, 6), {
      parameters: { binary_data_output: true },
    });
    const answer = await send(body, { "inference-header-content-length": length });
    expect(answer.headers["content-type"]).toBe("application/octet-stream");
    const split = Number(answer.headers["inference-header-content-length"]);
    expect(JSON.parse(answer.rawPayload.subarray(0, split).toString()).outputs).toEqual([
      { name: "score", datatype: "FP32", shape: [1], parameters: { binary_data_size: 4 } },
    ]);
    expect(answer.rawPayload.subarray(split)).toEqual(floats(21));
    const asJson = await send(body, { "inference-header-content-length": length, "content-type": "text/plain" });
    expect(asJson.statusCode).toBe(200);
    const off = binaryRequest("FP32", floats(1, 2, 3, 4, 5, 6), {
      parameters: { binary_data_output: true },
      outputs: [{ name: "score", parameters: { binary_data: false } }],
    });
    const plain = await send(off.body, { "inference-header-content-length": off.length });
    expect(plain.json().outputs[0].data).toEqual([21]);
  });

  it.each([
    ["FP64", Buffer.from(Float64Array.of(1, 2, 3, 4, 5, 6).buffer)],
    ["INT8", Buffer.from(Int8Array.of(1, 2, 3, 4, 5, 6).buffer)],
    ["INT16", Buffer.from(Int16Array.of(1, 2, 3, 4, 5, 6).buffer)],
    ["INT32", Buffer.from(Int32Array.of(1, 2, 3, 4, 5, 6).buffer)],
    ["INT64", Buffer.from(BigInt64Array.of(1n, 2n, 3n, 4n, 5n, 6n).buffer)],
    ["UINT8", Buffer.from(Uint8Array.of(1, 2, 3, 4, 5, 6).buffer)],
    ["UINT16", Buffer.from(Uint16Array.of(1, 2, 3, 4, 5, 6).buffer)],
    ["UINT32", Buffer.from(Uint32Array.of(1, 2, 3, 4, 5, 6).buffer)],
    ["UINT64", Buffer.from(BigUint64Array.of(1n, 2n, 3n, 4n, 5n, 6n).buffer)],
  ])("takes %s", async (datatype, tensor) => {
    const { body, length } = binaryRequest(datatype, tensor);
    const answer = await send(body, { "inference-header-content-length": length });
    expect(answer.json().outputs[0].data).toEqual([21]);
    const json = await send(request({ datatype, shape: [1, WIDTH], data: [1, 2, 3, 4, 5, 6] }));
    expect(json.json().outputs[0].data).toEqual([21]);
  });

  it("takes gzip and deflate, and raw requests", async () => {
    const { body, length } = binaryRequest("FP32", floats(1, 2, 3, 4, 5, 6));
    const headers = { "inference-header-content-length": length };
    for (const [encoding, packed] of [
      ["gzip", gzipSync(body)],
      ["deflate", deflateSync(body)],
    ] as const)
      expect((await send(packed, { ...headers, "content-encoding": encoding })).json().outputs[0].data).toEqual([21]);
    const raw = await send(floats(1, 2, 3, 4, 5, 6), { "inference-header-content-length": "0" });
    expect(raw.rawPayload.subarray(-4)).toEqual(floats(21));
  });

  it("keeps missing values missing", async () => {
    let seen: Float32Array | undefined;
    serving.score = async (_, matrix, rows) => {
      seen = matrix;
      return { version: 3, scores: new Float32Array(rows).fill(Number.NaN) };
    };
    const answer = await send(request({ shape: [1, WIDTH], data: [null, 2, 3, 4, 5, 6] }));
    expect(answer.json().outputs[0].data).toEqual([null]);
    expect(seen?.[0]).toBeNaN();
    const { body, length } = binaryRequest("FP32", floats(Number.NaN, 2, 3, 4, 5, 6));
    expect((await send(body, { "inference-header-content-length": length })).statusCode).toBe(200);
    expect(seen?.[0]).toBeNaN();
  });

  it("does not answer for a version that another has replaced meanwhile", async () => {
    serving.score = async (_, __, rows) => ({ version: 4, scores: new Float32Array(rows) });
    expect((await send(request(), {}, "/v2/models/flight_delay/versions/3/infer")).statusCode).toBe(404);
    expect((await send(request())).json().model_version).toBe("4");
  });

  it.each([
    ["", "empty"],
    ["{", "not JSON"],
    ["[]", "expected object"],
    ["null", "expected object"],
    ['{"inputs":[]}', "one input"],
    ['{"inputs":[{}]}', "inputs.0.name"],
    [request({ name: "x" }), "one input"],
    [JSON.stringify({ inputs: [input(), input()] }), "one input"],
    [request({ shape: [2, WIDTH + 1] }), "shape [2,7]"],
    [request({ shape: [12] }), "shape [12]"],
    [request({ shape: [0, WIDTH], data: [] }), "at least one row"],
    [request({ shape: [-1, WIDTH] }), "inputs.0.shape.0"],
    [request({ shape: [1.5, WIDTH] }), "inputs.0.shape.0"],
    [request({ shape: [1e9, WIDTH] }), "12 elements"],
    [request({ datatype: "BYTES" }), "datatype"],
    [request({ datatype: "constructor" }), "datatype"],
    [request({ data: undefined }), 'no "data"'],
    [request({ data: "text" }), 'no "data"'],
    [request({ data: [1] }), "1 elements"],
    [request({ data: [[1, 2, 3, 4, 5, 6]] }), "1 rows"],
    [request({ data: [[1, 2, 3, 4, 5, 6], [1]] }), "Row 1"],
    [request({ data: [[1, 2, 3, 4, 5, 6], 7] }), "Row 1"],
    [request({ data: [1, 2, 3, 4, 5, 6, "7", 0, 0, 0, 0, 0] }), "Element 6"],
    [request({ shape: [1, WIDTH], data: [[1, 2, 3, 4, 5, [6]]] }), "Element 5"],
    [request({ shape: [1, WIDTH], data: [1e39, 2, 3, 4, 5, 6] }), "does not fit FP32"],
    [request({ shape: [1, WIDTH], datatype: "INT8", data: [128, 2, 3, 4, 5, 6] }), "does not fit INT8"],
    [request({ shape: [1, WIDTH], datatype: "UINT8", data: [-1, 2, 3, 4, 5, 6] }), "does not fit UINT8"],
    [request({ shape: [1, WIDTH], datatype: "INT64", data: [1.5, 2, 3, 4, 5, 6] }), "does not fit INT64"],
    [request({ shape: [1, WIDTH], datatype: "INT32", data: [null, 2, 3, 4, 5, 6] }), "Element 0"],
    [request({}, { outputs: [{ name: "other" }] }), "one output"],
    [request({}, { outputs: [{ name: "score", parameters: { classification: 3 } }] }), "classification"],
    [request({ parameters: { shared_memory_region: "x" } }), "shared_memory_region"],
    [request({}, { id: 7 }), "id"],
  ])("refuses %.90s", async (body, problem) => {
    const answer = await send(body);
    expect(answer.statusCode).toBe(400);
    expect(answer.json()).toEqual({ error: expect.stringContaining(problem) });
  });

  it("refuses binary data that does not fit its description", async () => {
    const { body, length } = binaryRequest("FP32", floats(1, 2, 3, 4, 5, 6));
    const infinite = binaryRequest("FP32", floats(Number.POSITIVE_INFINITY, 2, 3, 4, 5, 6));
    const bomb = gzipSync(Buffer.alloc(INFER_BODY_LIMIT + 1));
    const cases: (readonly [Buffer, Record<string, string>])[] = [
      [body.subarray(0, -1), { "inference-header-content-length": length }],
      [Buffer.concat([body, Buffer.alloc(1)]), { "inference-header-content-length": length }],
      [body, { "inference-header-content-length": "abc" }],
      [body, { "inference-header-content-length": "-1" }],
      [body, { "inference-header-content-length": "99999" }],
      [body, {}],
      [infinite.body, { "inference-header-content-length": infinite.length }],
      [Buffer.alloc(7), { "inference-header-content-length": "0" }],
      [Buffer.alloc(0), { "inference-header-content-length": "0" }],
      [body, { "inference-header-content-length": length, "content-encoding": "gzip" }],
      [body, { "inference-header-content-length": length, "content-encoding": "br" }],
      [bomb, { "content-encoding": "gzip" }],
      [Buffer.alloc(INFER_BODY_LIMIT + 1), {}],
    ];
    for (const [payload, headers] of cases) {
      const answer = await send(payload, headers);
      expect(answer.statusCode, JSON.stringify(headers)).toBe(400);
      expect(answer.json()).toEqual({ error: expect.any(String) });
    }
  });
});
