import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parseInstant } from "../core/core.ts";
import { randomBytes, replayClock } from "../engines/system/system.ts";
import { recordsKind, testDatabase } from "../records/database.fixture.ts";
import { openRecords } from "../records/records.ts";
import {
  type AccessContext,
  addUser,
  defaultPermission,
  giveAccess,
  isSignInNeeded,
  listUsers,
  newKeyFor,
  permissionOn,
  removeUser,
  setDefaultPermission,
  setRole,
  signIn,
  takeAccess,
} from "./access.ts";

let folder: string;
let access: AccessContext;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-access-"));
  const records = await openRecords(await testDatabase(folder));
  access = { records, clock: replayClock(parseInstant("2026-01-01")), random: randomBytes, actor: "root" };
});
afterEach(async () => {
  await access.records.close();
  rmSync(folder, { recursive: true, force: true });
});

test("nobody signs in until there is a user, who must be an admin", async () => {
  expect(await isSignInNeeded(access)).toBe(false);
  await expect(addUser(access, "bob", "editor")).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await addUser(access, "ana", "admin");
  expect(await isSignInNeeded(access)).toBe(true);
  await addUser(access, "bob", "editor");
  expect(await listUsers(access)).toMatchObject([
    { name: "ana", role: "admin" },
    { name: "bob", role: "editor" },
  ]);
});

test("a key signs in whom it was made for, under no other name, and is not kept", async () => {
  const { key } = await addUser(access, "ana", "admin");
  const { key: other } = await addUser(access, "bob", "viewer");
  expect(await signIn(access, { key })).toEqual({ name: "ana", role: "admin" });
  expect(await signIn(access, { key: other, name: "bob" })).toEqual({ name: "bob", role: "viewer" });
  const swapped = `${key.slice(0, 18)}${other.slice(18)}`;
  for (const wrong of [
    { key: other, name: "ana" },
    { key: `${key}x` },
    { key: key.slice(0, -1) },
    { key: swapped },
    undefined,
  ])
    await expect(signIn(access, wrong)).rejects.toMatchObject({ code: "SIGN_IN_NEEDED" });
  if (recordsKind() === "postgres") return;
  const stored = ["records.db", "records.db-wal"]
    .map((name) => readFileSync(join(folder, name)).toString("latin1"))
    .join("");
  expect(stored).not.toContain(key.slice(18));
});

test("a new key replaces the one before, and a removed user's stops to work", async () => {
  const { key: first } = await addUser(access, "ana", "admin");
  const { key: second } = await newKeyFor(access, "ana");
  await expect(signIn(access, { key: first })).rejects.toMatchObject({ code: "SIGN_IN_NEEDED" });
  expect(await signIn(access, { key: second })).toMatchObject({ name: "ana" });
  await removeUser(access, "ana");
  await expect(signIn(access, { key: second })).rejects.toMatchObject({ code: "SIGN_IN_NEEDED" });
});

test("one admin stays as long as there are others", async () => {
  await addUser(access, "ana", "admin");
  await addUser(access, "bob", "editor");
  await expect(setRole(access, "ana", "viewer")).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await expect(removeUser(access, "ana")).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await setRole(access, "bob", "admin");
  await setRole(access, "ana", "viewer");
  await removeUser(access, "ana");
  await removeUser(access, "bob");
  expect(await isSignInNeeded(access)).toBe(false);
});

test.each([
  ["", "editor"],
  ["a b", "editor"],
  ["\u001b[31mred", "editor"],
  ["bob", "root"],
])("user %j with role %j is refused", async (name, role) => {
  await addUser(access, "ana", "admin");
  await expect(addUser(access, name, role)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  await expect(addUser(access, "ana", "viewer")).rejects.toMatchObject({ code: "ALREADY_EXISTS" });
  await expect(setRole(access, "nobody", "viewer")).rejects.toMatchObject({ code: "USER_NOT_FOUND" });
});

test("what is given on a thing counts until it is taken back", async () => {
  await addUser(access, "ana", "admin");
  await addUser(access, "bob", "editor");
  await access.records.db
    .insertInto("models")
    .values({ name: "churn", created_at: 0, description: null, updated_at: null })
    .execute();
  const bob = { name: "bob", role: "editor" } as const;
  const churn = { kind: "model", id: "churn" } as const;
  expect(await permissionOn(access, bob, churn)).toBe("read");
  await giveAccess(access, "bob", churn, "edit");
  expect(await permissionOn(access, bob, churn)).toBe("edit");
  await takeAccess(access, "bob", churn);
  expect(await permissionOn(access, bob, churn)).toBe("read");
  expect(await permissionOn(access, { name: "ana", role: "admin" }, churn)).toBe("manage");
  await expect(giveAccess(access, "bob", { kind: "model", id: "no" }, "edit")).rejects.toMatchObject({
    code: "MODEL_NOT_FOUND",
  });
  await expect(giveAccess(access, "bob", churn, "own")).rejects.toMatchObject({ code: "INPUT_INVALID" });
});

test("the default holds for what was not given, and an admin alone is not held by it", async () => {
  await addUser(access, "ana", "admin");
  await addUser(access, "bob", "editor");
  await access.records.db
    .insertInto("models")
    .values({ name: "churn", created_at: 0, description: null, updated_at: null })
    .execute();
  const churn = { kind: "model", id: "churn" } as const;
  const held = async (): Promise<readonly unknown[]> => [
    await permissionOn(access, { name: "bob", role: "editor" }, churn),
    await permissionOn(access, { name: "bob", role: "editor" }, { kind: "everything", id: "" }),
    await permissionOn(access, { name: "ana", role: "admin" }, churn),
  ];
  expect([await defaultPermission(access), await held()]).toEqual(["read", ["read", "read", "manage"]]);
  await setDefaultPermission(access, "none");
  expect([await defaultPermission(access), await held()]).toEqual(["none", ["none", "none", "manage"]]);
  await setDefaultPermission(access, "edit");
  expect(await held()).toEqual(["edit", "edit", "manage"]);
  await giveAccess(access, "bob", churn, "none");
  expect(await held()).toEqual(["none", "none", "manage"]);
  await takeAccess(access, "bob", churn);
  expect(await held()).toEqual(["edit", "edit", "manage"]);
  for (const wrong of ["manage", "NO_PERMISSIONS", ""])
    await expect(setDefaultPermission(access, wrong)).rejects.toMatchObject({ code: "INPUT_INVALID" });
  const changes = await access.records.db
    .selectFrom("audit")
    .select("details")
    .where("action", "=", "access.default_changed")
    .orderBy("at")
    .execute();
  expect(changes).toHaveLength(2);
});
