import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { blobStoreContract } from "../../ports/blob-store.contract.ts";
import { acknowledgedUntilKilled } from "../../ports/killed-process.contract.ts";
import { fileBlobs } from "./files.ts";

const door = new URL("./files.ts", import.meta.url).href;
const KILLS = Number(process.env["SLIPWAY_TEST_KILLS"] ?? 2);

blobStoreContract("fileBlobs", (folder) => fileBlobs(folder));

describe("fileBlobs", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-blobs-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("clears away what a killed writer left a day ago, and nothing newer", async () => {
    const unfinished = join(folder, ".unfinished");
    mkdirSync(unfinished);
    writeFileSync(join(unfinished, "old"), "x");
    writeFileSync(join(unfinished, "new"), "x");
    utimesSync(join(unfinished, "old"), 1, 1);
    await fileBlobs(folder).put("a", new Uint8Array(1));
    expect(readdirSync(unfinished)).toEqual(["new"]);
  });

  test("refuses a folder where a blob is, with words for it", async () => {
    const store = fileBlobs(folder);
    await store.put("a", new Uint8Array(1));
    await expect(store.put("a/b", new Uint8Array(1))).rejects.toMatchObject({ code: "INPUT_INVALID" });
  });

  test("after kill -9 every acknowledged blob is there, and every blob is whole", async () => {
    const size = 300_000;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const root = join(folder, String(kill));
      const acknowledged = await acknowledgedUntilKilled(
        `import { fileBlobs } from "${door}";
        const store = fileBlobs(${JSON.stringify(root)});
        for (let n = 0; ; n += 1) {
          await store.put("b/" + n, new Uint8Array(${size}).fill(n));
          acknowledge("b/" + n);
        }`,
        { after: 5, delay: kill * 3 },
      );
      const store = fileBlobs(root);
      const names = await store.list("");
      expect(names).toEqual(expect.arrayContaining([...acknowledged]));
      for (const name of names) {
        const content = await store.get(name);
        expect(content).toHaveLength(size);
        expect(content?.every((byte) => byte === Number(name.slice(2)) % 256)).toBe(true);
      }
    }
  });
});
