// A version from one installation to another, with keys that are known, unknown and none; and an import that is broken off.

import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { hours, instantOf, parseInstant } from "../core/core.ts";
import { fileBlobs } from "../engines/files/files.ts";
import { sqlite } from "../engines/sqlite/sqlite.ts";
import { randomBytes, replayClock } from "../engines/system/system.ts";
import { openRecords } from "../records/records.ts";
import {
  auditTrail,
  clearGarbage,
  finishRun,
  getVersion,
  listModels,
  listVersions,
  type RegistryContext,
  readArtifact,
  registerVersion,
  startRun,
  tracking,
  versionFiles,
} from "../registry/registry.ts";
import { createSigningKey, distrustKey, listKeys, trustKey } from "./signing-keys.ts";
import { exportVersion, importVersion, isVersionArchive } from "./version-archive.ts";

interface Installation {
  readonly registry: RegistryContext & { readonly clock: ReturnType<typeof replayClock> };
  readonly stateDir: string;
}

let folder: string;
let here: Installation;
let there: Installation;
let file: string;

async function installation(name: string): Promise<Installation> {
  const stateDir = join(folder, name);
  const records = await openRecords(sqlite(join(stateDir, "records.db")));
  const clock = replayClock(parseInstant("2013-07-01"));
  const blobs = fileBlobs(join(stateDir, "blobs"));
  return { stateDir, registry: { records, blobs, clock, random: randomBytes, actor: name } };
}

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-moving-"));
  [here, there] = [await installation("here"), await installation("there")];
  file = join(folder, "delay.slipway");
  const { id } = await startRun(here.registry, { experiment: "delay", kind: "train", model: "delay" });
  await finishRun(here.registry, id);
  await registerVersion(here.registry, {
    model: "delay",
    runId: id,
    datasetId: null,
    definitionsHash: "d1",
    artifact: Buffer.from("the model"),
    format: "xgboost-ubj",
    bestRound: 7,
    importance: [{ input: "distance", gain: 12.5 }],
    inputs: [{ name: "distance", kind: "number" }],
    features: { inputs: [{ name: "distance" }], request: [], views: { v: "h" } },
    metrics: { auc: 0.75, odd: Number.NaN },
    profile: [],
    environment: { node: "v20" },
  });
});
afterEach(async () => {
  for (const { registry } of [here, there]) await registry.records.close();
  rmSync(folder, { recursive: true, force: true });
});

const send = (unsigned = false) => exportVersion(here, { model: "delay", reference: "1", out: file, unsigned });

describe("a version that moves", () => {
  test("arrives whole, with its origin in its history, from a key that is trusted", async () => {
    const { key, fingerprint } = await createSigningKey(here.stateDir);
    const sent = await send();
    expect(sent).toMatchObject({ key, files: 1, bytes: statSync(file).size });
    expect(await isVersionArchive(file)).toBe(true);
    await trustKey(there.stateDir, "here", key);
    const { version, signer } = await importVersion(there, { file });
    expect(signer).toBe(`here (${fingerprint})`);
    const original = await getVersion(here.registry, "delay", 1);
    const { createdAt, runId, origin, artifactBlob, ...facts } = original;
    expect(version).toMatchObject(facts);
    expect(version.origin).toMatchObject({
      kind: "archive",
      model: "delay",
      number: 1,
      key,
      run: { id: runId, status: "finished" },
    });
    expect(Buffer.from(await readArtifact(there.registry, version)).toString()).toBe("the model");
    expect((await auditTrail(there.registry))[0]).toMatchObject({ action: "version.imported", subject: "delay/1" });
    await expect(importVersion(there, { file })).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect((await importVersion(there, { file, model: "another" })).version.model).toBe("another");
  });

  test("is the same bytes each time, and moves on from where it was imported", async () => {
    await createSigningKey(here.stateDir);
    await send();
    const first = readFileSync(file);
    rmSync(file);
    await send();
    expect(readFileSync(file).equals(first)).toBe(true);
    await importVersion(there, { file, allowUnsigned: true });
    const onwards = join(folder, "onwards.slipway");
    await exportVersion(there, { model: "delay", reference: "1", out: onwards, unsigned: true });
    const { version } = await importVersion(here, { file: onwards, model: "back", allowUnsigned: true });
    expect(version.origin).toMatchObject({ before: { kind: "archive", number: 1 } });
  });

  test("takes along what people said of it", async () => {
    const context = await tracking.openTracking(here.registry);
    await tracking.describeVersion(context, "delay", 1, "for the <b>summer</b>\n");
    for (const [key, value] of [
      ["team", "risk"],
      ["empty", ""],
    ] as const)
      await tracking.setVersionTag(context, "delay", 1, { key, value });
    await send(true);
    await importVersion(there, { file, allowUnsigned: true });
    const came = await tracking.modelVersion(await tracking.openTracking(there.registry), "delay", 1);
    expect(came).toMatchObject({
      description: "for the <b>summer</b>\n",
      tags: [
        { key: "empty", value: "" },
        { key: "team", value: "risk" },
      ],
    });
  });

  test("from before there were manifests takes along all that it has", async () => {
    const { records, blobs } = here.registry;
    // A client's version: its files are what its source leads to.
    const context = await tracking.openTracking(here.registry);
    await tracking.newRegisteredModel(context, { name: "old", tags: [] });
    const run = await tracking.beginRun(context, { experimentId: "0", user: "", tags: [] });
    const root = tracking.pathOfUri(tracking.runArtifacts(run));
    for (const [path, text] of [
      ["m/model.ubj", "an old model"],
      ["m/a/notes.txt", "notes"],
      ["other", "not of it"],
    ] as const)
      await tracking.putArtifact(context, `${root}/${path}`, Readable.from([Buffer.from(text)]));
    await tracking.newModelVersion(context, { model: "old", source: `runs:/${run.id}/m`, runId: run.id, tags: [] });
    // One that was trained: its model lay elsewhere under the same hash.
    const { artifactBlob, artifactHash } = await getVersion(here.registry, "delay", 1);
    const earlier = `artifacts/${artifactHash}`;
    await blobs.put(earlier, Buffer.from("the model"));
    await blobs.delete(artifactBlob);
    await records.db.updateTable("versions").set({ artifact_blob: earlier }).where("model", "=", "delay").execute();
    await records.db.deleteFrom("version_files").execute();
    for (const [model, paths] of [
      ["old", ["a/notes.txt", "model.ubj"]],
      ["delay", ["model.ubj"]],
    ] as const) {
      const out = join(folder, model);
      await exportVersion(here, { model, reference: "1", out, unsigned: true });
      const { version } = await importVersion(there, { file: out, allowUnsigned: true });
      expect((await versionFiles(there.registry, version)).map(({ path }) => path)).toEqual(paths);
    }
  });

  test("is refused by who does not know the key, and says which it is", async () => {
    const { key } = await createSigningKey(here.stateDir);
    await send();
    await expect(importVersion(there, { file })).rejects.toMatchObject({
      code: "SIGNATURE_REFUSED",
      message: expect.stringContaining(key),
    });
    expect(await there.registry.blobs.list("")).toEqual([]);
    await trustKey(there.stateDir, "here", key);
    await distrustKey(there.stateDir, "here");
    await expect(importVersion(there, { file })).rejects.toMatchObject({ code: "SIGNATURE_REFUSED" });
    expect((await importVersion(there, { file, allowUnsigned: true })).signer).toMatch(/unknown key/);
  });

  test("needs a key, or a word that none is wanted, on both sides", async () => {
    await expect(send()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    expect(existsSync(file)).toBe(false);
    await send(true);
    await expect(send(true)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    await expect(importVersion(there, { file })).rejects.toMatchObject({ code: "SIGNATURE_REFUSED" });
    expect((await importVersion(there, { file, allowUnsigned: true })).signer).toBe("nobody");
  });

  test("is not written when its bytes are no longer those that were registered", async () => {
    const { artifactBlob } = await getVersion(here.registry, "delay", 1);
    writeFileSync(here.registry.blobs.locate(artifactBlob), "the modeL");
    await expect(send(true)).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    expect(readdirSync(folder).sort()).toEqual(["here", "there"]);
  });

  test("that is broken off on the way in leaves no version, and gc clears what came", async () => {
    await send(true);
    const whole = readFileSync(file);
    writeFileSync(file, whole.subarray(0, whole.length - 1024));
    await expect(importVersion(there, { file, allowUnsigned: true })).rejects.toMatchObject({
      code: "ARCHIVE_INVALID",
    });
    expect(await listModels(there.registry)).toEqual([]);
    there.registry.clock.advanceTo(instantOf(new Date()) + hours(1));
    await clearGarbage(there.registry, { olderThan: 0n });
    expect(await there.registry.blobs.list("")).toEqual([]);
    writeFileSync(file, whole);
    await importVersion(there, { file, allowUnsigned: true });
    expect(await listVersions(there.registry, "delay")).toHaveLength(1);
  });
});

describe("keys", () => {
  test("are made once, for the owner alone, and not used when others can read them", async () => {
    const made = await createSigningKey(here.stateDir);
    const path = join(here.stateDir, "keys", "signing.pem");
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await expect(createSigningKey(here.stateDir)).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
    expect(await listKeys(here.stateDir)).toEqual([made]);
    chmodSync(path, 0o640);
    await expect(send()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
    chmodSync(path, 0o600);
    writeFileSync(path, "not a key");
    await expect(send()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  });

  test.each(["../x", "", "a/b", ".hidden", "x".repeat(65)])("cannot be called %j", async (name) => {
    const { key } = await createSigningKey(here.stateDir);
    await expect(trustKey(there.stateDir, name, key)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });

  test.each(["ed25519:AAAA", "rsa:x", "-----BEGIN PRIVATE KEY-----"])("are not %j", async (line) => {
    await expect(trustKey(there.stateDir, "x", line)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });
});
