// Models of other libraries over HTTP, against what those libraries answered; and whatever may be wrong with a request or a version.

import { readFile } from "node:fs/promises";
import { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ImportedModels, importedModels, importModelFile, moveAlias, tracking } from "../platform/platform.ts";
import { buildApp } from "./app.ts";
import { fakeNow, fakeServing } from "./fake-serving.fixture.ts";
import { importedPlatform, testModels } from "./imported.fixture.ts";
import { type OpenTracking, openTestTracking } from "./mlflow/mlflow.fixture.ts";

const SLOW = 60_000;

let open: OpenTracking;
let imported: ImportedModels;
let app: FastifyInstance;

beforeAll(async () => {
  open = await openTestTracking();
  imported = importedModels(importedPlatform(open.tracking));
  app = buildApp({
    serving: fakeServing(),
    models: [],
    imported,
    tracking: open.tracking,
    version: "test",
    now: () => fakeNow,
    logger: { level: "silent" },
  });
  for (const [file, model] of [
    ["sklearn_mixed/model.onnx", "late"],
    ["mlp/model.onnx", "mlp"],
    ["xgboost_categorical/model.ubj", "trees"],
    ["xgboost_categorical/model.json", "trees_json"],
    ["xgboost_multiclass/model.ubj", "classes"],
    ["identity/int64.onnx", "int64"],
    ["identity/bytes.onnx", "bytes"],
    ["identity/fp16.onnx", "fp16"],
  ] as const) {
    const path = fileURLToPath(new URL(file, testModels));
    await importModelFile(importedPlatform(open.tracking), { file: path, model });
    await moveAlias(open.tracking, { model, alias: "champion", version: 1, reason: "test" });
  }
}, SLOW);
afterAll(async () => {
  await app.close();
  await open.close();
});

async function post(url: string, body: unknown): Promise<{ status: number; body: ReturnType<typeof JSON.parse> }> {
  const answer = await app.inject({ method: "POST", url, payload: body as object });
  return { status: answer.statusCode, body: answer.json() };
}
const json = async (path: string) => JSON.parse(await readFile(new URL(path, testModels), "utf8"));

describe("the Open Inference Protocol", { timeout: SLOW }, () => {
  it.each([
    ["late", "sklearn_mixed", "probabilities"],
    ["mlp", "mlp", "probabilities"],
    ["trees", "xgboost_categorical", "predict"],
    ["trees_json", "xgboost_categorical", "predict"],
  ])("answers %s as its own library does", async (model, folder, output) => {
    const expected = (await json(`${folder}/expected.json`)).outputs.find(
      ({ name }: { name: string }) => name === output,
    );
    const { status, body } = await post(`/v2/models/${model}/infer`, await json(`${folder}/input.json`));
    expect(status).toBe(200);
    expect(body).toMatchObject({ model_name: model, model_version: "1" });
    const found = body.outputs.find(({ name }: { name: string }) => name === output);
    expect(found.shape).toEqual(expected.shape);
    found.data.forEach((value: number, place: number) => {
      expect(value).toBeCloseTo(expected.data[place], 5);
    });
  });

  it("gives one column a class", async () => {
    const expected = (await json("xgboost_multiclass/expected.json")).outputs[1];
    const { body } = await post("/v2/models/classes/versions/1/infer", await json("xgboost_multiclass/input.json"));
    expect(body.outputs[0].shape).toEqual([12, 3]);
    body.outputs[0].data.forEach((value: number, place: number) => {
      expect(value).toBeCloseTo(expected.data[place], 5);
    });
  });

  it("tells what a model takes and gives", async () => {
    expect((await app.inject("/v2/models")).json().models).toContain("late");
    expect((await app.inject("/v2/models/late")).json()).toEqual({
      name: "late",
      versions: ["1"],
      platform: "onnx_onnxv1",
      inputs: [
        { name: "distance", datatype: "FP32", shape: [-1, 1] },
        { name: "delay", datatype: "FP32", shape: [-1, 1] },
        { name: "carrier", datatype: "BYTES", shape: [-1, 1] },
      ],
      outputs: [
        { name: "label", datatype: "BYTES", shape: [-1] },
        { name: "probabilities", datatype: "FP32", shape: [-1, 2] },
      ],
    });
    expect((await app.inject("/v2/models/trees/versions/1/ready")).json()).toEqual({ name: "trees", ready: true });
  });

  it("carries what JSON cannot: whole numbers beyond 2^53 as text, halves as bytes, texts of any characters", async () => {
    const input = (datatype: string, data: unknown[]) => ({
      inputs: [{ name: "x", datatype, shape: [data.length, 1], data }],
    });
    const most = String(2n ** 63n - 1n);
    expect((await post("/v2/models/int64/infer", input("INT64", [most, -5]))).body.outputs[0].data).toEqual([most, -5]);
    const texts = ["grüß", "", "漢字"];
    expect((await post("/v2/models/bytes/infer", input("BYTES", texts))).body.outputs[0].data).toEqual(texts);
    const head = Buffer.from(
      JSON.stringify({
        inputs: [{ name: "x", datatype: "FP16", shape: [2, 1], parameters: { binary_data_size: 4 } }],
      }),
    );
    const halves = Buffer.from([0x00, 0x3c, 0xff, 0xfb]);
    const answer = await app.inject({
      method: "POST",
      url: "/v2/models/fp16/infer",
      headers: { "inference-header-content-length": String(head.length) },
      payload: Buffer.concat([head, halves]),
    });
    expect(answer.rawPayload.subarray(-4)).toEqual(halves);
  });

  it("refuses what does not fit, in words and with the protocol's form", async () => {
    const x = (part: object) => ({ inputs: [{ name: "x", datatype: "INT64", shape: [1, 1], data: [1], ...part }] });
    const refusals: readonly (readonly [object, RegExp])[] = [
      [{}, /inputs/],
      [{ inputs: [] }, /"x" is missing/],
      [x({ name: "z" }), /no input "z"/],
      [x({ datatype: "FP32" }), /the model takes INT64/],
      [x({ shape: [1, 2] }), /has shape \[1,2\]/],
      [x({ shape: [2, 1] }), /has 1 elements/],
      [x({ shape: [1e15, 1] }), /elements/],
      [x({ data: [1.5] }), /whole number/],
      [x({ data: ["9223372036854775808"] }), /whole number from/],
      [x({ data: [null] }), /whole number/],
      [x({ data: undefined }), /no "data"/],
      [x({ parameters: { binary_data_size: 8 }, data: undefined }), /bytes that follow/],
      [{ inputs: [...x({}).inputs, ...x({}).inputs] }, /twice/],
      [{ ...x({}), outputs: [{ name: "nope" }] }, /no output "nope"/],
    ];
    for (const [body, reason] of refusals) {
      const answer = await post("/v2/models/int64/infer", body);
      expect(answer.status).toBe(400);
      expect(answer.body.error).toMatch(reason);
    }
    expect((await post("/v2/models/nope/infer", x({}))).status).toBe(404);
    expect((await post("/v2/models/int64/versions/2/infer", x({}))).status).toBe(404);
    expect((await post("/v2/models/int64/versions/one/infer", x({}))).status).toBe(404);
  });
});

describe("rows of named columns", { timeout: SLOW }, () => {
  const row = { distance: 1174.797119140625, delay: 9.119209289550781, carrier: "UA" };

  it("are answered by output name, one or many, with the caller's ids", async () => {
    const one = await post("/api/v1/models/late/predict", { id: "a", row });
    expect(one).toMatchObject({
      status: 200,
      body: { id: "a", model: "late", version: 1, outputs: { label: "late" } },
    });
    expect(one.body.outputs.probabilities[0]).toBeCloseTo(0.73084, 4);
    const many = await post("/api/v1/models/late/predict", {
      rows: [{ row }, { id: "b", row: { ...row, carrier: "" } }],
    });
    expect(many.body.predictions.map(({ id }: { id?: string }) => id)).toEqual([undefined, "b"]);
  });

  it("are refused by the name of what is wrong", async () => {
    const refused = async (model: string, asked: object, reason: RegExp) => {
      const { status, body } = await post(`/api/v1/models/${model}/predict`, asked);
      expect([status, body.error.code]).toEqual([400, "INPUT_INVALID"]);
      expect(body.error.message).toMatch(reason);
    };
    await refused("late", { row: { ...row, carrier: 7 } }, /"carrier" of row 0 is not text without NUL/);
    await refused("late", { row: { ...row, delay: "x" } }, /"delay" of row 0 is not a number/);
    await refused("late", { row: { distance: 1, delay: 1 } }, /no "carrier"/);
    await refused("late", { row: { ...row, carier: "UA" } }, /carier/);
    await refused("late", { rows: [] }, /1 to 10000/);
    await refused("late", { keys: {} }, /keys/);
    await refused("mlp", { row: { x: 1 } }, /does not say which columns.*FP32 \[-1,16\]/);
  });
});

describe("a version as a tracking client registers it", { timeout: SLOW }, () => {
  async function register(model: string, files: Readonly<Record<string, Uint8Array | string>>): Promise<void> {
    const { tracking: context } = open;
    const run = await tracking.beginRun(context, { experimentId: "0", user: "", tags: [] });
    const root = tracking.pathOfUri(tracking.runArtifacts(run)) ?? "";
    for (const [path, content] of Object.entries(files))
      await tracking.putArtifact(context, `${root}/model/${path}`, Readable.from([Buffer.from(content)]));
    await tracking.newRegisteredModel(context, { name: model, tags: [] });
    await tracking.newModelVersion(context, { model, source: `runs:/${run.id}/model`, runId: run.id, tags: [] });
    await moveAlias(context, { model, alias: "champion", version: 1, reason: "test" });
  }
  const signature = (columns: readonly object[]): string =>
    `flavors:\n  xgboost: {data: model.ubj}\nsignature:\n  inputs: '${JSON.stringify(columns)}'\n`;

  it("is served by its signature's columns, and nothing else in it is opened", async () => {
    const bytes = await readFile(new URL("xgboost_categorical/model.ubj", testModels));
    const names = ["f0", "f1", "f2", "f3", "f4", "f5", "c0", "c1"];
    await register("logged", {
      "model.ubj": bytes,
      "python_model.pkl": "cos\nsystem\n(S'touch /tmp/owned'\ntR.",
      MLmodel: signature(names.map((name) => ({ name, type: "double", required: name !== "f0" }))),
    });
    const input = (await json("xgboost_categorical/input.json")).inputs[0];
    const expected = (await json("xgboost_categorical/expected.json")).outputs[0].data;
    const rows = Array.from({ length: 20 }, (_, row) =>
      Object.fromEntries(names.map((name, column) => [name, input.data[row * 8 + column]])),
    );
    const { body } = await post("/api/v1/models/logged/invocations", { dataframe_records: rows });
    body.predictions.forEach((value: number, row: number) => {
      expect(value).toBeCloseTo(expected[row], 5);
    });
    const { f0: _left, ...rest } = rows[0] as Record<string, number>;
    expect((await post("/api/v1/models/logged/predict", { row: rest })).status).toBe(200);
  });

  it("of pickles alone is listed and not loaded", async () => {
    await register("pickled", { "model.pkl": "cos\nsystem\n(S'false'\ntR.", MLmodel: signature([]) });
    const { status, body } = await post("/api/v1/models/pickled/predict", { row: {} });
    expect([status, body.error.code]).toEqual([422, "MODEL_NOT_SERVABLE"]);
    expect(body.error.message).toMatch(/pickles are never loaded/);
  });

  it("keeps its bytes when the run's artifacts are written over, and refuses a flipped bit", async () => {
    const bytes = await readFile(new URL("mlp/model.onnx", testModels));
    await register("kept", { "model.onnx": bytes });
    const input = await json("mlp/input.json");
    const before = await post("/v2/models/kept/infer", input);
    const other = importedModels(importedPlatform(open.tracking));
    const version = await other.describe("kept");
    expect(version.format).toBe("onnx");
    await other.close();
    expect(before.status).toBe(200);
    const hash = (await import("node:crypto")).createHash("sha256").update(bytes).digest("hex");
    const path = open.tracking.blobs.locate(`content/${hash}`);
    const flipped = Buffer.from(bytes);
    flipped[1000] = (flipped[1000] ?? 0) ^ 1;
    const { writeFile } = await import("node:fs/promises");
    await writeFile(path, flipped);
    const fresh = importedModels(importedPlatform(open.tracking));
    await expect(fresh.describe("kept")).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    await writeFile(path, bytes);
    expect((await fresh.describe("kept")).version).toBe(1);
    await fresh.close();
  });

  it("with a broken MLmodel or a bomb in it is refused", async () => {
    const bytes = await readFile(new URL("mlp/model.onnx", testModels));
    const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${"bcdefgh"
      .split("")
      .map((name, place) => `${name}: &${name} [${`*${"abcdefg"[place]},`.repeat(9)}]\n`)
      .join("")}`;
    await register("bomb", { "model.onnx": bytes, MLmodel: bomb });
    expect((await post("/v2/models/bomb/infer", {})).body.error).toMatch(/MLmodel/);
  });
});

it("says when a model has no champion, and serves what its alias names then", { timeout: SLOW }, async () => {
  const file = fileURLToPath(new URL("mlp/model.onnx", testModels));
  await importModelFile(importedPlatform(open.tracking), { file, model: "waiting" });
  const input = await json("mlp/input.json");
  expect((await post("/v2/models/waiting/infer", input)).status).toBe(503);
  expect((await post("/v2/models/waiting/versions/1/infer", input)).status).toBe(200);
  await moveAlias(open.tracking, { model: "waiting", alias: "champion", version: 1, reason: "test" });
  expect((await post("/v2/models/waiting/infer", input)).body.model_version).toBe("1");
});

it("keeps only so many loaded, and closes none that is in use", { timeout: SLOW }, async () => {
  const { openImported } = await import("../serving/serving.ts");
  const { registry, engines } = importedPlatform(open.tracking);
  let alive = 0;
  const serving = openImported({
    registry,
    runtimes: engines.runtimes.map((runtime) => ({
      ...runtime,
      load: async (...given: Parameters<typeof runtime.load>) => {
        const predictor = await runtime.load(...given);
        alive += 1;
        return {
          ...predictor,
          close: () => {
            alive -= 1;
            predictor.close();
          },
        };
      },
    })),
    tensorRuntimes: [],
    most: 1,
  });
  const asked = ["trees", "classes", "trees_json", "trees", "classes"].map((model) => serving.describe(model));
  expect((await Promise.all(asked)).map(({ model }) => model)).toEqual([
    "trees",
    "classes",
    "trees_json",
    "trees",
    "classes",
  ]);
  expect(alive).toBe(1);
  await serving.close();
  await new Promise((resolve) => setImmediate(resolve));
  expect(alive).toBe(0);
});

it.each(["truncated.ubj", "json_array.json", "truncated.onnx", "text.onnx", "unknown_op.onnx"])(
  "a broken file (%s) becomes no version",
  { timeout: SLOW },
  async (name) => {
    const file = fileURLToPath(new URL(`broken/${name}`, testModels));
    await expect(importModelFile(importedPlatform(open.tracking), { file, model: "broken" })).rejects.toMatchObject({
      code: "ARTIFACT_CORRUPT",
    });
    await expect(imported.describe("broken")).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
  },
);
