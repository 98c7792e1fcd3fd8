// What a tracking client may rely on, at the level of the records.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newVersion } from "../registry.fixture.ts";
import { getRun, moveAlias, registerVersion } from "../registry.ts";
import { type TestTracking, testTracking } from "./tracking.fixture.ts";
import * as tracking from "./tracking.ts";

let context: TestTracking;
beforeEach(async () => {
  context = await testTracking();
});
afterEach(() => context.remove());

const begin = async (experimentId = "0"): Promise<string> =>
  (await tracking.beginRun(context, { experimentId, user: "ann", tags: [] })).id;

async function* bytes(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Buffer.from(text);
}

async function textOf(path: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of (await tracking.openArtifact(context, path)).chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

describe("experiments", () => {
  test("the default one is there, and opening again changes nothing", async () => {
    await tracking.openTracking(context);
    expect((await tracking.experimentById(context, "0")).name).toBe("Default");
  });

  test("a name is taken also while its experiment is set aside", async () => {
    const id = await tracking.newExperiment(context, { name: "x" });
    expect(id).toMatch(/^\d+$/);
    await expect(tracking.newExperiment(context, { name: "x" })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await tracking.setExperimentAside(context, id, true);
    await expect(tracking.newExperiment(context, { name: "x" })).rejects.toThrow("deleted state");
  });

  test("setting one aside takes its runs along, and brings back only those", async () => {
    const id = await tracking.newExperiment(context, { name: "x" });
    const [kept, gone] = [await begin(id), await begin(id)];
    await tracking.setRunAside(context, gone, true);
    context.clock.advanceTo(context.clock.now() + 1000n);
    await tracking.setExperimentAside(context, id, true);
    expect((await tracking.trackedRun(context, kept)).isDeleted).toBe(true);
    await expect(begin(id)).rejects.toThrow("must be in the 'active' state");
    await tracking.setExperimentAside(context, id, false);
    expect((await tracking.trackedRun(context, kept)).isDeleted).toBe(false);
    expect((await tracking.trackedRun(context, gone)).isDeleted).toBe(true);
  });

  test("many made at once get ids of their own", async () => {
    const ids = await Promise.all(
      Array.from({ length: 20 }, (_, n) => tracking.newExperiment(context, { name: `e${n}` })),
    );
    expect(new Set(ids).size).toBe(20);
  });
});

describe("runs", () => {
  test("one is the same run for clients and for Slipway's own records", async () => {
    const id = await begin();
    await tracking.logToRun(context, id, {
      metrics: [{ key: "auc", value: 0.7, timestamp: 5, step: 0 }],
      params: [{ key: "depth", value: "6" }],
    });
    await tracking.changeRun(context, id, { status: "finished", endedAt: 10 });
    expect(await getRun(context, id)).toMatchObject({
      status: "finished",
      metrics: { auc: 0.7 },
      params: { depth: "6" },
    });
  });

  test("the last of a metric is by step, then time, then value, in whatever order it comes", async () => {
    const id = await begin();
    const points = [
      { step: 2, timestamp: 1, value: 5 },
      { step: 3, timestamp: 1, value: 1 },
      { step: 3, timestamp: 2, value: 2 },
      { step: 3, timestamp: 2, value: 3 },
      { step: 1, timestamp: 9, value: 9 },
      { step: 3, timestamp: 2, value: Number.NaN },
    ];
    for (const point of points) await tracking.logToRun(context, id, { metrics: [{ key: "m", ...point }] });
    for (const list of [points, [...points].reverse()])
      await tracking.logToRun(context, id, { metrics: list.map((point) => ({ key: "together", ...point })) });
    expect((await tracking.trackedRun(context, id)).metrics.map(({ value }) => value)).toEqual([3, 3]);
  });

  test("the same point twice is one point", async () => {
    const id = await begin();
    const metrics = [{ key: "m", value: 1, timestamp: 1, step: 1 }];
    for (let times = 0; times < 3; times += 1) await tracking.logToRun(context, id, { metrics });
    expect((await tracking.trackedHistory(context, id, "m")).items).toHaveLength(1);
  });

  test("a batch with one wrong entry leaves nothing of itself", async () => {
    const id = await begin();
    await tracking.logToRun(context, id, { params: [{ key: "a", value: "1" }] });
    const batch = tracking.logToRun(context, id, {
      metrics: [{ key: "m", value: 1, timestamp: 1, step: 0 }],
      params: [
        { key: "b", value: "2" },
        { key: "a", value: "other" },
      ],
    });
    await expect(batch).rejects.toThrow("Changing param values is not allowed");
    expect(await tracking.trackedRun(context, id)).toMatchObject({ metrics: [], params: [{ key: "a", value: "1" }] });
  });

  test("one that was set aside takes nothing more", async () => {
    const id = await begin();
    await tracking.setRunAside(context, id, true);
    await tracking.setRunAside(context, id, true);
    const refused = { code: "INPUT_INVALID", message: expect.stringContaining("Current state is deleted") };
    await expect(tracking.setRunTag(context, id, { key: "k", value: "v" })).rejects.toMatchObject(refused);
    await expect(tracking.changeRun(context, id, { status: "finished" })).rejects.toMatchObject(refused);
  });

  test("history comes whole and in order over pages of any size", async () => {
    const id = await begin();
    const metrics = Array.from({ length: 250 }, (_, n) => ({
      key: "m",
      value: n % 7 === 0 ? Number.NaN : n,
      timestamp: n % 5,
      step: n,
    }));
    await tracking.logToRun(context, id, { metrics });
    const whole = (await tracking.trackedHistory(context, id, "m")).items;
    const paged: tracking.TrackedMetric[] = [];
    let pageToken: string | undefined;
    do {
      const page = await tracking.trackedHistory(context, id, "m", { limit: 33, pageToken });
      paged.push(...page.items);
      pageToken = page.next;
    } while (pageToken);
    expect(paged).toEqual(whole);
    expect(whole.map(({ step }) => step)).toEqual(
      [...metrics].sort((a, b) => a.timestamp - b.timestamp || a.step - b.step).map(({ step }) => step),
    );
    expect(await tracking.historyText(context, id, "m", 249)).toBeUndefined();
    const sampled = await tracking.sampledHistories(context, [id], "m", { most: 10 });
    expect(sampled.length).toBeLessThanOrEqual(12);
    expect([sampled[0]?.step, sampled.at(-1)?.step]).toEqual([0, 249]);
  });
});

describe("a history as text", () => {
  test("says the same as rows, digit for digit", async () => {
    const id = await begin();
    const model = await tracking.beginLoggedModel(context, { experimentId: "0", tags: [], params: [] });
    const key = 'odd "key" ü';
    const values = [
      ...[
        0,
        -0,
        0.1,
        0.1 + 0.2,
        1 / 3,
        1e-320,
        Number.MIN_VALUE,
        Number.MAX_VALUE,
        2 ** 53 + 2,
        -1.5e-7,
        123456789.12345678,
      ],
      ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY],
      ...Array.from({ length: 300 }, (_, n) => Math.sin(n) * 10 ** ((n % 60) - 30)),
    ];
    await tracking.logToRun(context, id, {
      metrics: values.map((value, n) => ({
        key,
        value,
        timestamp: n - 5,
        step: n,
        ...(n % 50 === 0 ? { modelId: model.id, datasetName: 'd "1"', datasetDigest: "x" } : {}),
      })),
    });
    const { text = "", count } = (await tracking.historyText(context, id, key, 1000)) ?? {};
    expect(count).toBe(values.length);
    const told = (JSON.parse(text) as { metrics: Record<string, unknown>[] }).metrics.map((point) => ({
      key: point["key"],
      value: Number(point["value"]),
      timestamp: point["timestamp"],
      step: point["step"],
      modelId: point["model_id"],
      datasetName: point["dataset_name"],
      datasetDigest: point["dataset_digest"],
    }));
    expect(told).toEqual((await tracking.trackedHistory(context, id, key)).items);
    expect(told.map(({ value }) => value)).toEqual(values.map((value) => (Object.is(value, -0) ? 0 : value)));
  });
});

describe("artifacts", () => {
  test("the same bytes are stored once, and a path can be written over", async () => {
    await tracking.putArtifact(context, "0/a/artifacts/x/one.txt", bytes("he", "llo"));
    await tracking.putArtifact(context, "0/a/artifacts/x/two.txt", bytes("hello"));
    expect(readdirSync(join(context.folder, "blobs", "content"))).toHaveLength(1);
    await tracking.putArtifact(context, "0/a/artifacts/x/one.txt", bytes("other"));
    expect(await textOf("0/a/artifacts/x/one.txt")).toBe("other");
    expect(await tracking.listArtifacts(context, "0/a/artifacts")).toEqual([{ path: "x", isFolder: true, size: 0 }]);
    expect((await tracking.listArtifacts(context, "0/a/artifacts/x")).map(({ path }) => path)).toEqual([
      "one.txt",
      "two.txt",
    ]);
    await tracking.deleteArtifacts(context, "0/a/artifacts/x");
    expect(await tracking.listArtifacts(context, "0/a")).toEqual([]);
  });

  test("a flipped bit is refused, and the last bytes are never handed out", async () => {
    const { hash } = await tracking.putArtifact(context, "0/a/artifacts/x", bytes("some content"));
    const file = join(context.folder, "blobs", "content", hash);
    const content = readFileSync(file);
    content[3] = (content[3] ?? 0) ^ 1;
    writeFileSync(file, content);
    await expect(textOf("0/a/artifacts/x")).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    writeFileSync(file, "short");
    await expect(textOf("0/a/artifacts/x")).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
  });

  test("a neighbour whose name begins the same is another folder", async () => {
    await tracking.putArtifact(context, "0/a/artifacts/x", bytes("1"));
    await tracking.putArtifact(context, "0/a/artifacts0/y", bytes("2"));
    await tracking.deleteArtifacts(context, "0/a/artifacts");
    expect(await textOf("0/a/artifacts0/y")).toBe("2");
  });

  test.each([
    "",
    "..",
    "../x",
    "a/../b",
    "a/..",
    "/etc/passwd",
    "a//b",
    "a/./b",
    "a\\b",
    "..\\..\\x",
    "file:/etc/passwd",
    "C:/x",
    "a/%2e%2e/b",
    "a/%252e%252e/b",
    "a%2fb",
    "a%00",
    "a\u0000b",
    "a\nb",
    "x".repeat(3000),
  ])("refuses the path %j", async (path) => {
    await expect(tracking.putArtifact(context, path, bytes("x"))).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(tracking.openArtifact(context, path)).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(tracking.deleteArtifacts(context, path)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });

  test("an upload in parts becomes the file, and a part that is not there leaves it as it was", async () => {
    const path = "0/a/artifacts/big";
    const upload = await tracking.beginUpload(context, path, 2);
    const tags = [
      await tracking.putPart(context, upload, bytes("first ")),
      await tracking.putPart(context, upload, bytes("second")),
    ];
    const wrong = tracking.completeUpload(context, upload, path, [tags[0] ?? "", "0".repeat(64)]);
    await expect(wrong).rejects.toMatchObject({ code: "INPUT_INVALID" });
    expect(await tracking.listArtifacts(context, "0/a/artifacts")).toEqual([]);
    await tracking.completeUpload(context, upload, path, tags);
    expect(await textOf(path)).toBe("first second");
    for (const bad of ["../x", "0".repeat(31), `${"0".repeat(32)}/..`, "0".repeat(32), upload])
      await expect(tracking.putPart(context, bad, bytes("x"))).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });
});

describe("registered models", () => {
  test("one is made, versioned, renamed with all that belongs to it, and removed", async () => {
    await tracking.newRegisteredModel(context, { name: "m", tags: [{ key: "k", value: "v" }] });
    await expect(tracking.newRegisteredModel(context, { name: "m", tags: [] })).rejects.toMatchObject({
      code: "ALREADY_EXISTS",
    });
    const run = await begin();
    await tracking.putArtifact(context, `0/${run}/artifacts/model/MLmodel`, bytes("flavors"));
    const version = await tracking.newModelVersion(context, {
      model: "m",
      source: `runs:/${run}/model`,
      runId: run,
      tags: [{ key: "a", value: "b" }],
    });
    expect(version).toMatchObject({ number: 1, runId: run });
    await tracking.setModelAlias(context, { model: "m", alias: "Best", version: 1, reason: "test" });
    const renamed = await tracking.renameRegisteredModel(context, "m", "n");
    expect(renamed).toMatchObject({
      name: "n",
      tags: [{ key: "k", value: "v" }],
      aliases: [{ alias: "Best", version: 1 }],
    });
    expect(await tracking.modelVersion(context, "n", 1)).toMatchObject({
      tags: [{ key: "a", value: "b" }],
      aliases: ["Best"],
    });
    expect(await tracking.downloadUri(context, "n", 1)).toBe(`mlflow-artifacts:/0/${run}/artifacts/model`);
    await expect(tracking.registeredModel(context, "m")).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
    await tracking.deleteRegisteredModel(context, "n");
    await expect(tracking.registeredModel(context, "n")).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
  });

  test("a model that is trained from a definition is neither renamed nor removed by a client", async () => {
    const { model, number } = await registerVersion(context, newVersion("bytes"));
    await moveAlias(context, { model, alias: "champion", version: number, reason: "test" });
    const refused = { code: "INPUT_INVALID", message: expect.stringContaining("trained from a definition") };
    await expect(tracking.deleteRegisteredModel(context, model)).rejects.toMatchObject(refused);
    await expect(tracking.renameRegisteredModel(context, model, "other")).rejects.toMatchObject(refused);
    await expect(tracking.deleteModelVersion(context, model, number)).rejects.toMatchObject(refused);
    expect(await tracking.registeredModel(context, model)).toMatchObject({
      aliases: [{ alias: "champion", version: number }],
    });
  });

  test("moving to a stage archives the others when asked to", async () => {
    await tracking.newRegisteredModel(context, { name: "m", tags: [] });
    for (let n = 0; n < 2; n += 1)
      await tracking.newModelVersion(context, { model: "m", source: "s3://bucket/x", tags: [] });
    await tracking.moveToStage(context, { model: "m", number: 1, stage: "production", archiveOthers: false });
    await tracking.moveToStage(context, { model: "m", number: 2, stage: "Production", archiveOthers: true });
    const { latestVersions } = await tracking.registeredModel(context, "m");
    expect(latestVersions.map(({ number, stage }) => [number, stage])).toEqual([
      [1, "Archived"],
      [2, "Production"],
    ]);
  });

  test("a version whose files hold one XGBoost or ONNX model names that content", async () => {
    await tracking.newRegisteredModel(context, { name: "m", tags: [] });
    const logged = await tracking.beginLoggedModel(context, { experimentId: "0", tags: [], params: [] });
    const root = `0/models/${logged.id}/artifacts`;
    await tracking.putArtifact(context, `${root}/python_model.pkl`, bytes("pickle"));
    const { hash } = await tracking.putArtifact(context, `${root}/model.ubj`, bytes("model"));
    await tracking.newModelVersion(context, {
      model: "m",
      source: `models:/${logged.id}`,
      loggedModelId: logged.id,
      tags: [],
    });
    const row = await context.records.db
      .selectFrom("versions")
      .selectAll()
      .where("model", "=", "m")
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ format: "xgboost-ubj", artifact_blob: `content/${hash}`, artifact_hash: hash });
    expect((await tracking.loggedModel(context, logged.id)).tags).toEqual([
      { key: "mlflow.modelVersions", value: '[{"name":"m","version":1}]' },
    ]);
  });

  describe("sources that are not the client's", () => {
    const attacks = (run: string, other: string): readonly string[] => [
      "file:///etc",
      "file:/etc/passwd",
      "/etc/passwd",
      "//proc/self/root",
      "relative/path",
      "..",
      `runs:/${run}/../../${other}/artifacts`,
      `runs:/${other}/model`,
      `mlflow-artifacts:/0/${other}/artifacts/model`,
      `mlflow-artifacts:/0/${run}/artifacts/../../${other}/artifacts/model`,
      `mlflow-artifacts:/0/${run}/artifacts/%2e%2e/x`,
      `mlflow-artifacts:/0/${run}/artifactsx/model`,
      `mlflow-artifacts://host/0/${run}/artifacts/model`,
      "s3://bucket/x#/../..",
      "s3://bucket/x?y=/etc",
      "http://169.254.169.254/latest",
      "models:/m-0123",
      `runs:\\${run}\\model`,
    ];
    test("are refused, each", async () => {
      await tracking.newRegisteredModel(context, { name: "m", tags: [] });
      const [run, other] = [await begin(), await begin()];
      for (const source of attacks(run, other)) {
        const made = tracking.newModelVersion(context, { model: "m", source, runId: run, tags: [] });
        await expect(made, source).rejects.toMatchObject({ code: "INPUT_INVALID" });
      }
      const free = tracking.newModelVersion(context, { model: "m", source: `runs:/${run}/model`, tags: [] });
      await expect(free).rejects.toThrow("The run_id request parameter must identify");
      expect((await tracking.registeredModel(context, "m")).latestVersions).toEqual([]);
    });
  });
});
