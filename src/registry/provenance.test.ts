import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sha256 } from "../core/core.ts";
import { commandLine } from "./provenance.ts";
import { someProvenance, type TestRegistry, testRegistry } from "./registry.fixture.ts";
import {
  failRun,
  finishRun,
  getRun,
  linkDataset,
  provenanceOf,
  recordDataset,
  startRun,
  tracking,
} from "./registry.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await testRegistry();
});
afterEach(() => registry.remove());

const text = "diff --git a/a.ts b/a.ts\n-1\n+2\n";
const patch = { text, bytes: text.length, hash: sha256(text), leftOut: [] };

async function bytesOf(path: string): Promise<string> {
  const context = await tracking.openTracking(registry);
  const { chunks } = await tracking.openArtifact(context, path);
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

const dataset = async (id: string) => {
  await registry.blobs.put("snapshots/x", Buffer.from("rows"));
  return recordDataset(registry, {
    id,
    model: "delay",
    definitionsHash: "d",
    rowCount: 12,
    columns: [
      { name: "km", type: "float64", optional: true },
      { name: "label", type: "bool", optional: false },
    ],
    blob: "snapshots/x",
    timeFrom: null,
    timeTo: null,
    labelStats: {},
    findings: [],
    sources: {},
  });
};

describe("what a run was made with", () => {
  test("is recorded whole, its changes as an artifact, its secrets masked", async () => {
    const provenance = someProvenance({ changed: ["a.ts"], patch });
    const { id, experimentId } = await startRun(registry, { experiment: "delay", kind: "train", provenance });
    const { text: _, ...recorded } = patch;
    expect(await provenanceOf(registry, id)).toEqual({
      ...provenance,
      command: [...provenance.command.slice(0, -1), "***"],
      code: { ...provenance.code, patch: { ...recorded, artifact: "slipway/uncommitted.patch" } },
      packages: { ...provenance.packages, hash: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    expect(await bytesOf(`${experimentId}/${id}/artifacts/slipway/uncommitted.patch`)).toBe(text);
    expect(await getRun(registry, id)).toMatchObject({
      git: { commit: "a".repeat(40), branch: "main", dirty: true },
      command: "slipway train delay --token ***",
    });
  });

  test("keeps a list of packages once for all runs that have it", async () => {
    for (let run = 0; run < 3; run += 1)
      await startRun(registry, { experiment: "delay", kind: "train", provenance: someProvenance() });
    expect(await registry.records.db.selectFrom("package_sets").selectAll().execute()).toHaveLength(1);
  });

  test("has at its end what it used, also when it failed", async () => {
    const resources = { elapsedSeconds: 2, cpuSeconds: 3.5, peakMemory: 1e9, trainer: null };
    const start = () => startRun(registry, { experiment: "delay", kind: "train", provenance: someProvenance() });
    const [good, bad] = [await start(), await start()];
    await finishRun(registry, good.id, { resources, engines: { xgboost: "3.2.0" } });
    await failRun(registry, bad.id, "no", "failed", { resources });
    expect((await getRun(registry, good.id)).resources).toEqual(resources);
    expect((await getRun(registry, bad.id)).resources).toEqual(resources);
    expect((await provenanceOf(registry, good.id))?.engines).toEqual({
      duckdb: "1.5.6",
      node: "v20.19.0",
      xgboost: "3.2.0",
    });
  });

  test("where nothing could be told is told as that", async () => {
    const provenance = someProvenance({ commit: null, branch: null, remote: null, problem: "no repository" });
    const { id, git } = await startRun(registry, { experiment: "delay", kind: "train", provenance });
    expect(git).toBeNull();
    expect((await provenanceOf(registry, id))?.code.problem).toBe("no repository");
    const without = await startRun(registry, { experiment: "delay", kind: "train" });
    expect(await provenanceOf(registry, without.id)).toBeUndefined();
  });
});

test("a tracking client sees of a run what it would see of its own", async () => {
  const { id: first } = await dataset("a".repeat(64));
  const { id: second } = await dataset("b".repeat(64));
  const parent = await startRun(registry, { experiment: "delay", kind: "tune" });
  const { id } = await startRun(registry, {
    experiment: "delay",
    name: "train delay",
    kind: "train",
    datasetId: first,
    parentId: parent.id,
    provenance: someProvenance(),
  });
  await linkDataset(registry, id, second);
  const run = await tracking.trackedRun(await tracking.openTracking(registry), id);
  expect(Object.fromEntries(run.tags.map(({ key, value }) => [key, value]))).toEqual({
    "mlflow.runName": "train delay",
    "mlflow.user": "test",
    "mlflow.source.git.commit": "a".repeat(40),
    "mlflow.source.git.branch": "main",
    "mlflow.source.git.repoURL": "https://example.org/code.git",
    "mlflow.source.name": "slipway train delay --token ***",
    "mlflow.source.type": "LOCAL",
    "mlflow.parentRunId": parent.id,
  });
  expect(run.datasets.map(({ digest }) => digest).sort()).toEqual(["a".repeat(36), "b".repeat(36)]);
  expect(run.datasets.find(({ digest }) => digest.startsWith("a"))).toMatchObject({
    name: "delay",
    sourceType: "slipway",
    schema:
      '{"mlflow_colspec":[{"type":"double","name":"km","required":false},{"type":"boolean","name":"label","required":true}]}',
    profile: '{"num_rows":12}',
    tags: [{ key: "mlflow.data.context", value: "training" }],
  });
  expect(await getRun(registry, id)).toMatchObject({
    parent: parent.id,
    datasets: expect.arrayContaining([first, second]),
    inputs: [],
  });
});

test("what a tracking client tells of its run is read as what it means", async () => {
  const context = await tracking.openTracking(registry);
  const { id } = await tracking.beginRun(context, {
    experimentId: "0",
    user: "",
    name: "from a notebook",
    tags: [
      { key: "mlflow.user", value: "ada" },
      { key: "mlflow.source.git.commit", value: "c".repeat(40) },
      { key: "mlflow.source.git.branch", value: "side" },
      { key: "mlflow.source.name", value: "train.py" },
      { key: "mlflow.parentRunId", value: "p" },
    ],
  });
  await tracking.logRunInputs(context, id, {
    models: [],
    datasets: [
      {
        name: "rows",
        digest: "d1",
        sourceType: "local",
        source: "{}",
        tags: [{ key: "mlflow.data.context", value: "train" }],
      },
    ],
  });
  expect(await getRun(registry, id)).toMatchObject({
    name: "from a notebook",
    actor: "ada",
    git: { commit: "c".repeat(40), branch: "side", dirty: false },
    command: "train.py",
    parent: "p",
    inputs: [{ name: "rows", digest: "d1", source: "{}", use: "train" }],
  });
});

test("a command line is one line that a person would have written", () => {
  const line = (...words: string[]) => commandLine(["/usr/bin/node", ...words], "/p");
  expect(line("/x/node_modules/slipway/dist/cli/bin.js", "train", "a b")).toBe("slipway train 'a b'");
  expect(line("/p/examples/demo.ts", "--until=1")).toBe("node examples/demo.ts --until=1");
  expect(line("/elsewhere/x.js")).toBe("node /elsewhere/x.js");
  expect(line("/p/x.js", "it's")).toBe("node x.js 'it'\\''s'");
});
