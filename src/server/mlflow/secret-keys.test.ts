// The key that webhooks' secrets are sealed with: changed, changed twice after a failure, by two at once, and made by many at once. No secret is
// ever lost.

import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { randomBytes } from "../../engines/system/system.ts";
import { rotateSecretsKey, secretsOf, tracking } from "../../platform/platform.ts";
import type { Outbound } from "../../ports/ports.ts";
import { type OpenTracking, openTestTracking, rotating } from "./mlflow.fixture.ts";

const outbound = { check: async () => undefined, post: async () => ({ status: 200 }) } as unknown as Outbound;
let open: OpenTracking;
beforeEach(async () => {
  open = await openTestTracking(outbound);
});
afterEach(() => open.close());

const hook = (name: string) =>
  tracking.newWebhook(open.tracking, {
    name,
    url: "https://example.org/x",
    events: ["registered_model.created"],
    secret: "s3cret",
  });
const keyFile = (): string => join(open.folder, "keys", "secrets.key");
const keys = (): readonly string[] => readFileSync(keyFile(), "utf8").trim().split("\n");
const problem = async (id: string) => (await tracking.testWebhook(open.tracking, id)).problem;

test("a change of keys that failed once the new key was there is made good by the next, and the one after that", async () => {
  const { id } = await hook("a");
  const platform = rotating(open);
  const away = {
    ...platform,
    secrets: {
      ...platform.secrets,
      isOld: async () => {
        throw new Error("the records are out of reach");
      },
    },
  };
  for (let attempt = 0; attempt < 3; attempt += 1)
    await expect(rotateSecretsKey(away, {})).rejects.toThrow("out of reach");
  expect(await problem(id)).toBeUndefined();
  expect(await rotateSecretsKey(platform, {})).toBe(1);
  expect(await problem(id)).toBeUndefined();
  expect(keys()).toHaveLength(2);
  expect(await rotateSecretsKey(platform, {})).toBe(1);
  expect(await problem(id)).toBeUndefined();
});

test("of two changes at once one is made, and the other is refused", async () => {
  const made = [];
  for (let n = 0; n < 5; n += 1) made.push(await hook(`a${n}`));
  const platform = rotating(open);
  let other: unknown;
  const meeting = {
    ...platform.secrets,
    isOld: async (sealed: string) => {
      other ??= await rotateSecretsKey(rotating(open), {}).catch((thrown: unknown) => thrown);
      return platform.secrets.isOld(sealed);
    },
  };
  expect(await rotateSecretsKey({ ...platform, secrets: meeting }, {})).toBe(5);
  expect(other).toMatchObject({ code: "STATE_LOCKED" });
  for (const { id } of made) expect(await problem(id)).toBeUndefined();
  expect(await rotateSecretsKey(rotating(open), {})).toBe(5);
});

test("a secret that cannot be opened fails the change, and every key stays", async () => {
  const [first, second] = [await hook("a"), await hook("b")];
  const { db } = open.tracking.records;
  await db
    .updateTable("webhooks")
    .set({ sealed_secret: `v1.${"0".repeat(16)}.AAAA` })
    .where("id", "=", first.id)
    .execute();
  const change = () => rotateSecretsKey(rotating(open), {});
  await expect(change()).rejects.toMatchObject({ code: "CONFIG_INVALID", message: expect.stringContaining(first.id) });
  await expect(change()).rejects.toMatchObject({ code: "CONFIG_INVALID" });
  expect(keys()).toHaveLength(3);
  expect(await problem(second.id)).toBeUndefined();
  await tracking.deleteWebhook(open.tracking, first.id);
  expect(await change()).toBe(1);
  expect(keys()).toHaveLength(2);
});

test("the first secrets at once, of several servers, are sealed with one key, and nothing is left beside it", async () => {
  for (let round = 0; round < 10; round += 1) {
    const stateDir = mkdtempSync(join(tmpdir(), "slipway-keys-"));
    const servers = [1, 2].map(() => secretsOf({ stateDir, env: {}, random: randomBytes }));
    const sealed = await Promise.all([0, 1, 2, 3, 4, 5].map((n) => servers[n % 2]?.seal("text", "place") ?? ""));
    for (const each of sealed) expect(await servers[0]?.open(each, "place")).toBe("text");
    expect(readdirSync(join(stateDir, "keys"))).toEqual(["secrets.key"]);
    rmSync(stateDir, { recursive: true });
  }
});

test("an empty file is no key: nothing is sealed, and no key made in its place", async () => {
  const { id } = await hook("a");
  writeFileSync(keyFile(), "");
  const refusal = { code: "CONFIG_INVALID", message: expect.stringContaining("is empty") };
  await expect(hook("b")).rejects.toMatchObject(refusal);
  await expect(rotateSecretsKey(rotating(open), {})).rejects.toMatchObject(refusal);
  expect(await problem(id)).toContain("is empty");
  expect(readFileSync(keyFile(), "utf8")).toBe("");
});
