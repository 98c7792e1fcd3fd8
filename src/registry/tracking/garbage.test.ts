// What clearing may take and what it may not; and a real race: uploads of the same few contents, deletions and clearing at once, with nothing spared
// for its age. Whatever was acknowledged and not deleted must be there in the end.

import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { days, hours, sha256 } from "../../core/core.ts";
import { newVersion } from "../registry.fixture.ts";
import { clearGarbage, recordDataset, registerVersion } from "../registry.ts";
import { type TestTracking, testTracking } from "./tracking.fixture.ts";
import {
  beginRun,
  beginUpload,
  completeUpload,
  deleteArtifacts,
  deleteModelVersion,
  newModelVersion,
  newRegisteredModel,
  openArtifact,
  pathOfUri,
  putArtifact,
  putPart,
  runArtifacts,
  setRunAside,
} from "./tracking.ts";

let tracking: TestTracking;
beforeEach(async () => {
  tracking = await testTracking();
  // Files are as old as the test; the clock says it is an hour later.
  tracking.clock.advanceTo(BigInt(Date.now()) * 1000n + hours(1));
});
afterEach(() => tracking.remove());

const chunks = (text: string): AsyncIterable<Uint8Array> => Readable.from([Buffer.from(text)]);

async function textOf(path: string): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of (await openArtifact(tracking, path)).chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

const clear = (dryRun = false) => clearGarbage(tracking, { olderThan: 0n, dryRun });
const spare = () => clearGarbage(tracking, { olderThan: days(30) });

async function runWith(files: Readonly<Record<string, string>>): Promise<{ id: string; root: string }> {
  const run = await beginRun(tracking, { experimentId: "0", user: "", tags: [] });
  const root = pathOfUri(runArtifacts(run)) ?? "";
  for (const [path, text] of Object.entries(files)) await putArtifact(tracking, `${root}/${path}`, chunks(text));
  return { id: run.id, root };
}

describe("clearing rows", () => {
  const DAY_OLD = days(1);
  async function batch(id: string, status: "held" | "dropped"): Promise<string> {
    const blob = `quarantine/orders/${id}.parquet`;
    await tracking.blobs.put(blob, Buffer.from(id));
    await tracking.records.db
      .insertInto("quarantine_batches")
      .values({
        ...{
          id,
          source: "orders",
          expectations_hash: "e",
          kind: "known",
          known_from: null,
          known_to: null,
          row_count: 1,
        },
        ...{ reasons: "{}", blob, status, at: 1, closed_at: null, closed_by: null },
      })
      .execute();
    return blob;
  }
  const dataset = (blob: string) =>
    recordDataset(tracking, {
      ...{
        id: sha256(blob),
        model: "m",
        definitionsHash: "d",
        rowCount: 1,
        columns: [],
        blob,
        timeFrom: null,
        timeTo: null,
      },
      ...{ labelStats: {}, findings: [], sources: {} },
    });

  test("takes snapshots that no dataset names and copies of rows no longer held, once they are a day old", async () => {
    const [named, loose] = ["snapshots/m-1.parquet", "snapshots/m-2.parquet"];
    for (const blob of [named, loose]) await tracking.blobs.put(blob, Buffer.from(blob));
    await dataset(named);
    const held = await batch("b1", "held");
    const dropped = await batch("b2", "dropped");
    await tracking.blobs.put("quarantine/orders/b3.parquet", Buffer.from("no row was ever written"));
    expect((await clear()).freed).toMatchObject({ snapshots: { files: 0 }, quarantined: { files: 0 } });
    tracking.clock.advanceTo(tracking.clock.now() + DAY_OLD);
    expect((await clear(true)).freed).toMatchObject({ snapshots: { files: 1, bytes: 21 }, quarantined: { files: 2 } });
    expect(await tracking.blobs.state(dropped)).toBeDefined();
    expect((await spare()).freed).toMatchObject({ snapshots: { files: 0 }, quarantined: { files: 0 } });
    expect((await clear()).freed).toMatchObject({ snapshots: { files: 1 }, quarantined: { files: 2 } });
    expect([...(await tracking.blobs.list("snapshots/")), ...(await tracking.blobs.list("quarantine/"))]).toEqual([
      named,
      held,
    ]);
  });

  test("a dataset cannot be recorded from a snapshot that was cleared away under it", async () => {
    await expect(dataset("snapshots/m-3.parquet")).rejects.toMatchObject({ code: "DATASET_NOT_FOUND" });
    expect(await tracking.records.db.selectFrom("datasets").select("id").execute()).toEqual([]);
  });
});

describe("clearing", () => {
  test("takes what was written over or deleted, and leaves what a path, another path or a version names", async () => {
    await putArtifact(tracking, "0/a", chunks("first"));
    await putArtifact(tracking, "0/a", chunks("second"));
    await putArtifact(tracking, "0/b", chunks("shared"));
    await putArtifact(tracking, "0/c", chunks("shared"));
    await deleteArtifacts(tracking, "0/b");
    await registerVersion(tracking, newVersion("model"));
    expect((await clear(true)).freed.contents).toEqual({ files: 1, bytes: 5 });
    expect(await tracking.blobs.list("content/")).toHaveLength(4);
    expect(await spare()).toMatchObject({ freed: { contents: { files: 0 } }, kept: { young: { files: 1, bytes: 5 } } });
    expect(await clear()).toMatchObject({
      freed: { contents: { files: 1, bytes: 5 } },
      kept: { ofVersions: { files: 1, bytes: 5 }, ofRuns: { files: 2, bytes: 12 }, young: { files: 0 } },
    });
    expect(await tracking.blobs.list("content/")).not.toContain(`content/${sha256("first")}`);
    expect([await textOf("0/a"), await textOf("0/c")]).toEqual(["second", "shared"]);
    expect((await clear()).freed.contents).toEqual({ files: 0, bytes: 0 });
  });

  test("takes uploads that nobody went on with, whole, and none whose parts still come", async () => {
    const left = await beginUpload(tracking, "0/big", 2);
    await putPart(tracking, left, chunks("part one"));
    // The part, and what says that the upload was begun.
    expect((await clear()).freed.uploads).toEqual({ files: 2, bytes: 8 });
    await expect(putPart(tracking, left, chunks("late"))).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(completeUpload(tracking, left, "0/big", [sha256("part one")])).rejects.toMatchObject({
      code: "INPUT_INVALID",
    });
    const going = await beginUpload(tracking, "0/big", 1);
    const tag = await putPart(tracking, going, chunks("all"));
    expect((await spare()).freed.uploads.files).toBe(0);
    await completeUpload(tracking, going, "0/big", [tag]);
    expect(await textOf("0/big")).toBe("all");
  });

  test("lets go of the artifacts of runs deleted long ago, but not of those that a version comes from", async () => {
    const lone = await runWith({ "model/a.txt": "lone", "deep/er/b.txt": "b" });
    const kept = await runWith({ "model/model.onnx": "version" });
    const alive = await runWith({ "c.txt": "alive" });
    await newRegisteredModel(tracking, { name: "m", tags: [] });
    await newModelVersion(tracking, { model: "m", source: `runs:/${kept.id}/model`, runId: kept.id, tags: [] });
    for (const { id } of [lone, kept]) await setRunAside(tracking, id, true);
    expect((await clearGarbage(tracking, { olderThan: 1n })).forgotten.runs).toBe(0);
    const planned = await clear(true);
    const done = await clear();
    expect(planned).toEqual(done);
    expect(done).toMatchObject({
      forgotten: { runs: 1, loggedModels: 0, files: 2 },
      freed: { contents: { files: 2, bytes: 5 } },
      kept: { origins: 1, ofVersions: { files: 1 } },
    });
    await expect(openArtifact(tracking, `${lone.root}/model/a.txt`)).rejects.toMatchObject({
      code: "ARTIFACT_NOT_FOUND",
    });
    expect(await textOf(`${kept.root}/model/model.onnx`)).toBe("version");
    expect(await textOf(`${alive.root}/c.txt`)).toBe("alive");
  });

  test("leaves a version's files to it when the run's own are gone, until the version is", async () => {
    const run = await runWith({ "model/model.onnx": "bytes", "model/MLmodel": "flavors: {}" });
    await newRegisteredModel(tracking, { name: "m", tags: [] });
    await newModelVersion(tracking, { model: "m", source: `runs:/${run.id}/model`, runId: run.id, tags: [] });
    await deleteArtifacts(tracking, run.root);
    expect((await clear()).freed.contents.files).toBe(0);
    await deleteModelVersion(tracking, "m", 1);
    expect((await clear()).freed.contents.files).toBe(2);
  });

  test("leaves datasets and whatever else lies in the store alone", async () => {
    await tracking.blobs.put("datasets/x.parquet", Buffer.from("rows"));
    await clear();
    expect(await tracking.blobs.list("datasets/")).toEqual(["datasets/x.parquet"]);
  });

  test("takes what killed writers left unfinished, and not what is young", async () => {
    let stop = (): void => {};
    const stopped = new Promise<void>((resolve) => {
      stop = resolve;
    });
    async function* slow(): AsyncGenerator<Uint8Array> {
      yield Buffer.from("half");
      await stopped;
    }
    const writing = putArtifact(tracking, "0/slow", slow());
    await expect.poll(() => readdirSync(join(tracking.folder, "blobs")).includes(".unfinished")).toBe(true);
    await expect.poll(() => readdirSync(join(tracking.folder, "blobs", ".unfinished")).length).toBe(1);
    expect((await clear()).freed.unfinished.files).toBe(0);
    tracking.clock.advanceTo(tracking.clock.now() + days(2));
    expect((await spare()).freed.unfinished.files).toBe(0);
    expect((await clear(true)).freed.unfinished.files).toBe(1);
    stop();
    await writing;
    expect(await textOf("0/slow")).toBe("half");
  });
});

test("nothing acknowledged is lost when uploads, deletions and clearing go on at once", {
  timeout: 60_000,
}, async () => {
  const contents = ["a", "b", "c"].map((letter) => letter.repeat(1000));
  const expected = new Map<string, string>();
  let going = true;
  let cleared = 0;
  const clearing = (async () => {
    while (going) {
      cleared += (await clear()).freed.contents.files;
      await new Promise((resolve) => setImmediate(resolve));
    }
  })();
  const worker = async (name: number): Promise<void> => {
    for (let round = 0; round < 30; round += 1) {
      const path = `0/${name}`;
      const text = contents[(round * 7 + name) % contents.length] ?? "";
      await putArtifact(tracking, path, chunks(text));
      expected.set(path, text);
      // At once, while a clearing may be half-way.
      expect(await textOf(path)).toBe(text);
      if (round % 3 === 0) {
        await deleteArtifacts(tracking, path);
        expected.delete(path);
      }
    }
  };
  await Promise.all([0, 1, 2, 3].map(worker));
  going = false;
  await clearing;
  expect(cleared).toBeGreaterThan(0);
  await clear();
  for (const [path, text] of expected) expect(await textOf(path)).toBe(text);
  expect((await tracking.blobs.list("content/")).length).toBe(new Set(expected.values()).size);
});
