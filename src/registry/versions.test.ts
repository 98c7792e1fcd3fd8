import { rmSync, writeFileSync } from "node:fs";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sha256 } from "../core/core.ts";
import { newVersion, type TestRegistry, testRegistry } from "./registry.fixture.ts";
import {
  aliasHistory,
  aliasOf,
  auditTrail,
  getVersion,
  listAliases,
  listModels,
  listVersions,
  moveAlias,
  readArtifact,
  registerVersion,
  resolveVersion,
  rollback,
} from "./registry.ts";

let registry: TestRegistry;
beforeEach(async () => {
  registry = await testRegistry();
});
afterEach(() => registry.remove());

const champion = { model: "delay", alias: "champion", reason: "better" };
const register = async (count: number): Promise<void> => {
  for (let number = 1; number <= count; number += 1) await registerVersion(registry, newVersion(`bytes ${number}`));
};

describe("a version", () => {
  test("is given back as it was registered, under the model's next number", async () => {
    const { artifact, ...rest } = newVersion("bytes");
    const first = await registerVersion(registry, { ...rest, artifact });
    const second = await registerVersion(registry, { ...rest, artifact });
    const other = await registerVersion(registry, { ...rest, artifact, model: "other" });
    expect([first.number, second.number, other.number]).toEqual([1, 2, 1]);
    expect(first).toEqual({
      ...rest,
      importance: [],
      number: 1,
      createdAt: registry.clock.now(),
      artifactBlob: `content/${sha256("bytes")}`,
      artifactHash: sha256("bytes"),
      artifactSize: 5,
      origin: null,
    });
    expect(await getVersion(registry, "delay", 1)).toEqual(first);
    expect((await listVersions(registry, "delay")).map(({ number }) => number)).toEqual([2, 1]);
    expect((await listModels(registry)).map(({ name }) => name)).toEqual(["delay", "other"]);
    expect(new TextDecoder().decode(await readArtifact(registry, second))).toBe("bytes");
    expect((await auditTrail(registry)).map(({ subject }) => subject)).toEqual(["other/1", "delay/2", "delay/1"]);
  });

  test("whose bytes were changed or lost is ARTIFACT_CORRUPT", async () => {
    const version = await registerVersion(registry, newVersion("bytes"));
    writeFileSync(registry.blobs.locate(version.artifactBlob), "bytez");
    await expect(readArtifact(registry, version)).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
    rmSync(registry.blobs.locate(version.artifactBlob));
    await expect(readArtifact(registry, version)).rejects.toThrow("is missing");
  });

  test("that is not there is told from a model that is not there", async () => {
    await expect(getVersion(registry, "delay", 1)).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
    await expect(listVersions(registry, "delay")).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
    await register(1);
    await expect(getVersion(registry, "delay", 2)).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
  });

  test("of an unknown run or dataset is refused, and takes no number", async () => {
    await expect(registerVersion(registry, newVersion("x", { runId: "no" }))).rejects.toMatchObject({
      code: "RUN_NOT_FOUND",
    });
    await expect(registerVersion(registry, newVersion("x", { datasetId: "no" }))).rejects.toThrow("no dataset no");
    expect(await listModels(registry)).toEqual([]);
    await register(1);
    expect((await listVersions(registry, "delay"))[0]?.number).toBe(1);
  });
});

describe("an alias", () => {
  test("moves, and its trail says whence, whither, who and why", async () => {
    await register(2);
    expect(await aliasOf(registry, "delay", "champion")).toBeUndefined();
    expect(await moveAlias(registry, { ...champion, version: 1 })).toEqual({ from: null });
    expect(await moveAlias(registry, { ...champion, version: 2, reason: "even better" })).toEqual({ from: 1 });
    await moveAlias(registry, { ...champion, version: 2, reason: "again" });
    expect(await aliasOf(registry, "delay", "champion")).toBe(2);
    expect(await aliasHistory(registry, "delay", "champion")).toMatchObject([
      { from: 1, to: 2, actor: "test", reason: "even better" },
      { from: null, to: 1, reason: "better", at: registry.clock.now() },
    ]);
    expect(await listAliases(registry, "delay")).toMatchObject([{ alias: "champion", version: 2 }]);
  });

  test("does not move when it points elsewhere than expected", async () => {
    await register(3);
    await moveAlias(registry, { ...champion, version: 1, expect: null });
    await expect(moveAlias(registry, { ...champion, version: 2, expect: null })).rejects.toMatchObject({
      code: "STATE_LOCKED",
    });
    await expect(moveAlias(registry, { ...champion, version: 2, expect: 3 })).rejects.toThrow("points to 1, not to 3");
    await moveAlias(registry, { ...champion, version: 2, expect: 1 });
    expect(await aliasOf(registry, "delay", "champion")).toBe(2);
  });

  test("rolls back step by step, and forward again by a move", async () => {
    await register(4);
    for (const version of [1, 2, 3]) await moveAlias(registry, { ...champion, version });
    expect(await rollback(registry, "delay", "champion", "bad")).toMatchObject({ from: 3, to: 2 });
    expect(await rollback(registry, "delay", "champion", "bad too")).toMatchObject({ from: 2, to: 1 });
    await expect(rollback(registry, "delay", "champion", "more")).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
    await moveAlias(registry, { ...champion, version: 4 });
    expect(await rollback(registry, "delay", "champion", "bad as well")).toMatchObject({ from: 4, to: 1 });
    const [last] = await aliasHistory(registry, "delay", "champion");
    expect(last).toMatchObject({ action: "alias.rolled_back", from: 4, to: 1, reason: "bad as well" });
  });

  test.each(["latest", "v3", "12", "", "a b", "ü"])("cannot be called %j", async (alias) => {
    await register(1);
    await expect(moveAlias(registry, { ...champion, alias, version: 1 })).rejects.toMatchObject({
      code: "INPUT_INVALID",
    });
  });

  test("of no model or to no version is refused", async () => {
    await expect(moveAlias(registry, { ...champion, version: 1 })).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
    await register(1);
    await expect(moveAlias(registry, { ...champion, version: 2 })).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
    expect(await aliasHistory(registry, "delay", "champion")).toEqual([]);
  });

  test("a version is meant by number, text or alias", async () => {
    await register(2);
    await moveAlias(registry, { ...champion, version: 2 });
    for (const reference of [2, "2", "champion"])
      expect((await resolveVersion(registry, "delay", reference)).number).toBe(2);
    await expect(resolveVersion(registry, "delay", "other")).rejects.toMatchObject({ code: "VERSION_NOT_FOUND" });
    await expect(resolveVersion(registry, "none", "champion")).rejects.toMatchObject({ code: "MODEL_NOT_FOUND" });
  });
});
