// A version's own files, as clients find them, and copies of versions.

import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newVersion } from "../registry.fixture.ts";
import { registerVersion } from "../registry.ts";
import { type TestTracking, testTracking } from "./tracking.fixture.ts";
import * as tracking from "./tracking.ts";

let context: TestTracking;
beforeEach(async () => {
  context = await testTracking();
});
afterEach(() => context.remove());

async function* bytes(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text);
}

async function textOf(path: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of (await tracking.openArtifact(context, path)).chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

const folderOf = async (model: string, number: number): Promise<string> =>
  tracking.pathOfUri(await tracking.downloadUri(context, model, number)) ?? "";

const row = (model: string) =>
  context.records.db.selectFrom("versions").selectAll().where("model", "=", model).executeTakeFirstOrThrow();

/** A version of `name` with a model and a file in a folder. */
async function logged(name: string): Promise<{ readonly run: string; readonly root: string }> {
  await tracking.newRegisteredModel(context, { name, tags: [] });
  const { id: run } = await tracking.beginRun(context, { experimentId: "0", user: "ann", tags: [] });
  const root = `0/${run}/artifacts/model`;
  await tracking.putArtifact(context, `${root}/model.ubj`, bytes("trees"));
  await tracking.putArtifact(context, `${root}/sub/MLmodel`, bytes("flavors"));
  await tracking.newModelVersion(context, { model: name, source: `runs:/${run}/model`, runId: run, tags: [] });
  return { run, root };
}

test("a version that was trained here is downloaded from a folder of its own", async () => {
  const { model, number } = await registerVersion(context, newVersion("bytes"));
  const folder = await folderOf(model, number);
  expect(folder).toBe(`model-versions/${model}/${number}`);
  expect(await tracking.listArtifacts(context, folder)).toEqual([{ path: "model.json", isFolder: false, size: 5 }]);
  expect(await textOf(`${folder}/model.json`)).toBe("bytes");
});

test("that folder is written by nobody, and holds only what the version names", async () => {
  const { model, number } = await registerVersion(context, newVersion("bytes"));
  const path = `${await folderOf(model, number)}/model.json`;
  for (const at of [path, "model-versions/other/1/x", "model-versions"]) {
    await expect(tracking.putArtifact(context, at, bytes("evil"))).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(tracking.deleteArtifacts(context, at)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  }
  expect(await textOf(path)).toBe("bytes");
  for (const gone of [`${path}/x`, `model-versions/${model}/2/model.json`, "model-versions", `model-versions/${model}`])
    await expect(tracking.openArtifact(context, gone)).rejects.toMatchObject({ code: "ARTIFACT_NOT_FOUND" });
  expect(await tracking.listArtifacts(context, `model-versions/${model}`)).toEqual([]);
});

describe("a copy", () => {
  test("has the files, also after the original and its run's artifacts are gone or changed", async () => {
    const { run, root } = await logged("a");
    await tracking.newRegisteredModel(context, { name: "für alle #1", tags: [] });
    await tracking.newModelVersion(context, { model: "für alle #1", source: "models:/a/1", runId: run, tags: [] });
    await tracking.putArtifact(context, `${root}/model.ubj`, bytes("other trees"));
    await tracking.deleteModelVersion(context, "a", 1);
    const folder = await folderOf("für alle #1", 1);
    expect(folder).toMatch(/^model-versions\/~[0-9a-f]+\/1$/);
    expect(await tracking.listArtifacts(context, folder)).toEqual([
      { path: "model.ubj", isFolder: false, size: 5 },
      { path: "sub", isFolder: true, size: 0 },
    ]);
    expect(await tracking.listArtifacts(context, `${folder}/sub`)).toEqual([
      { path: "MLmodel", isFolder: false, size: 7 },
    ]);
    expect(await textOf(`${folder}/model.ubj`)).toBe("trees");
    expect(await row("für alle #1")).toMatchObject({ run_id: run, source: "models:/a/1", format: "xgboost-ubj" });
  });

  test("of a trained version knows what the version knew", async () => {
    const { model, number } = await registerVersion(context, newVersion("bytes"));
    await tracking.newRegisteredModel(context, { name: "prod", tags: [] });
    await tracking.newModelVersion(context, { model: "prod", source: `models:/${model}/${number}`, tags: [] });
    const { definitions_hash, features, metrics, artifact_hash, dataset_id } = await row(model);
    expect(await row("prod")).toMatchObject({ definitions_hash, features, metrics, artifact_hash, dataset_id });
    expect(await textOf(`${await folderOf("prod", 1)}/model.json`)).toBe("bytes");
  });

  test("of a version whose files lie elsewhere names that place", async () => {
    for (const name of ["m", "n"]) await tracking.newRegisteredModel(context, { name, tags: [] });
    await tracking.newModelVersion(context, { model: "m", source: "s3://bucket/x", tags: [] });
    await tracking.newModelVersion(context, { model: "n", source: "models:/m/1", tags: [] });
    expect(await tracking.downloadUri(context, "n", 1)).toBe("s3://bucket/x");
  });

  test("of what is not there, or of another run than is named, is refused", async () => {
    await logged("a");
    const { run } = await logged("b");
    const copy = (source: string, runId?: string) =>
      tracking.newModelVersion(context, { model: "b", source, runId, tags: [] });
    await expect(copy("models:/a/2")).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
    await expect(copy("models:/no/1")).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
    await expect(copy("models:/a/1", run)).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(copy("models:/a/1/../2")).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });
});
