import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { testDatabase } from "./database.fixture.ts";
import { groupedWrites, openRecords, type Records } from "./records.ts";

let folder: string;
let records: Records;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "slipway-grouped-"));
  records = await openRecords(await testDatabase(folder));
});
afterEach(async () => {
  await records.close();
  rmSync(folder, { recursive: true, force: true });
});

const names = async (): Promise<readonly string[]> =>
  (await records.db.selectFrom("models").select("name").orderBy("name").execute()).map(({ name }) => name);

test("a write that fails takes nothing of the others with it", async () => {
  const write = groupedWrites(records);
  const insert = (name: string) =>
    write(async (tx) => {
      await tx.insertInto("models").values({ name, created_at: 1 }).execute();
      if (name === "bad") throw new Error("no");
      return name;
    });
  const settled = await Promise.allSettled(["a", "b", "bad", "c", "a"].map(insert));
  expect(settled.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled", "rejected"]);
  expect(await names()).toEqual(["a", "b", "c"]);
});

test("a write on its own that fails leaves nothing, and the next goes on", async () => {
  const write = groupedWrites(records);
  const failing = write(async (tx) => {
    await tx.insertInto("models").values({ name: "x", created_at: 1 }).execute();
    throw new Error("no");
  });
  await expect(failing).rejects.toThrow("no");
  await write((tx) => tx.insertInto("models").values({ name: "y", created_at: 1 }).execute());
  expect(await names()).toEqual(["y"]);
});
