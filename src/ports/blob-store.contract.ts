// What every BlobStore must do, as a vitest suite.

import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parseInstant, sha256 } from "../core/core.ts";
import type { BlobStore } from "./blob-store.ts";

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (content: Uint8Array | undefined): string | undefined => content && new TextDecoder().decode(content);

/**
 * Holds a blob store to the port's contract. `open` gets a folder of the test's own: a fresh one has an empty store, and the same one the same
 * store again.
 *
 * @example blobStoreContract("fileBlobs", (folder) => fileBlobs(folder));
 */
export function blobStoreContract(name: string, open: (folder: string) => BlobStore | Promise<BlobStore>): void {
  describe(`${name} keeps the BlobStore contract`, () => {
    let folder: string;
    let store: BlobStore;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "slipway-blobs-"));
      store = await open(join(folder, "store"));
    });
    afterEach(() => rmSync(folder, { recursive: true, force: true }));

    test("gives back what was put, also to another instance, and undefined for what was not", async () => {
      await store.put("models/a.bin", bytes("first"));
      await store.put("empty", new Uint8Array(0));
      const again = await open(join(folder, "store"));
      expect(text(await again.get("models/a.bin"))).toBe("first");
      expect((await again.get("empty"))?.length).toBe(0);
      expect(await again.get("models/b.bin")).toBeUndefined();
      expect(await again.get("models")).toBeUndefined();
      expect(await again.get("models/a.bin/deeper")).toBeUndefined();
    });

    test("takes the same bytes twice and refuses others under a taken name", async () => {
      await store.put("a", bytes("one"));
      await store.put("a", bytes("one"));
      await expect(store.put("a", bytes("two"))).rejects.toMatchObject({ code: "INPUT_INVALID" });
      expect(text(await store.get("a"))).toBe("one");
    });

    test("of many that put one name at once, one wins and the others hear of it", async () => {
      const results = await Promise.allSettled([1, 2, 3, 4].map((n) => store.put("race", bytes(`writer ${n}`))));
      expect(results.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
      expect(text(await store.get("race"))).toMatch(/^writer \d$/);
    });

    test("keeps a stream under the hash of its bytes, once, and reads it back in parts", async () => {
      async function* chunks(): AsyncGenerator<Uint8Array> {
        yield bytes("abc");
        yield bytes("");
        yield bytes("def");
      }
      const stored = await store.putStream("content", chunks());
      expect(stored).toEqual({ name: `content/${stored.hash}`, hash: sha256(bytes("abcdef")), size: 6 });
      expect(await store.putStream("content", chunks())).toEqual(stored);
      expect(await store.list("content")).toEqual([stored.name]);
      const read = async (range?: { start: number; end: number }): Promise<string> => {
        const found = await store.stream(stored.name, range);
        expect(found?.size).toBe(6);
        const parts: Uint8Array[] = [];
        for await (const chunk of found?.chunks ?? []) parts.push(chunk);
        return Buffer.concat(parts).toString();
      };
      expect(await read()).toBe("abcdef");
      expect(await read({ start: 2, end: 3 })).toBe("cd");
      expect(await store.stream("content/none")).toBeUndefined();
      expect(await store.stream("content")).toBeUndefined();
    });

    test.each([10, 6_000_000])(
      "of %i bytes whose hash is known, others come to an end before their last",
      async (size) => {
        const whole = new Uint8Array(size).map((_, place) => (place * 31) % 251);
        const sha256OfWhole = sha256(whole);
        const read = async (name: string, parts: Uint8Array[]): Promise<void> => {
          for await (const part of (await store.stream(name, { sha256: sha256OfWhole }))?.chunks ?? [])
            parts.push(part);
        };
        await store.put("right", whole);
        const parts: Uint8Array[] = [];
        await read("right", parts);
        expect(Buffer.concat(parts).equals(whole)).toBe(true);
        for (const place of [0, size >> 1, size - 1]) {
          const wrong = whole.slice();
          wrong[place] = (wrong[place] ?? 0) ^ 1;
          await store.put(`wrong${place}`, wrong);
          const before: Uint8Array[] = [];
          await expect(read(`wrong${place}`, before)).rejects.toMatchObject({ code: "ARTIFACT_CORRUPT" });
          expect(Buffer.concat(before).length).toBeLessThan(size);
        }
        expect(await store.stream("none", { sha256: sha256OfWhole })).toBeUndefined();
      },
    );

    test("holds a stream's bytes while they are named, and puts them back when they were deleted meanwhile", async () => {
      async function* chunks(): AsyncGenerator<Uint8Array> {
        yield bytes("abc");
      }
      for (const round of ["new", "there already"]) {
        const stored = await store.putStream("content", chunks(), async ({ name: held }, ensure) => {
          await ensure();
          await store.delete(held);
          expect(await store.get(held), round).toBeUndefined();
          await ensure();
          await ensure();
        });
        expect(text(await store.get(stored.name)), round).toBe("abc");
      }
      const failing = store.putStream("content", chunks(), () => Promise.reject(new Error("not named")));
      await expect(failing).rejects.toThrow("not named");
      expect((await store.sweep(parseInstant("9999-01-01"))).files).toBe(0);
    });

    test("tells how large a blob is and when it was written", async () => {
      await store.put("a", bytes("four"));
      const state = await store.state("a");
      expect(state?.size).toBe(4);
      expect(Math.abs(Number(state?.writtenAt) / 1e3 - Date.now())).toBeLessThan(600_000);
      expect(await store.state("none")).toBeUndefined();
      expect(await store.state("a/deeper")).toBeUndefined();
    });

    test("leaves nothing of a stream that breaks off", async () => {
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield bytes("abc");
        throw new Error("gone");
      }
      await expect(store.putStream("content", broken())).rejects.toThrow("gone");
      expect(await store.list("")).toEqual([]);
    });

    test("lists names under a prefix, sorted, and nothing unfinished", async () => {
      expect(await store.list("")).toEqual([]);
      for (const each of ["b/2", "b/10", "a", "b-c/x", "b/deep/er"]) await store.put(each, bytes(each));
      expect(await store.list("")).toEqual(["a", "b-c/x", "b/10", "b/2", "b/deep/er"]);
      expect(await store.list("b/")).toEqual(["b/10", "b/2", "b/deep/er"]);
      expect(await store.list("b/1")).toEqual(["b/10"]);
      expect(await store.list("none/")).toEqual([]);
    });

    test("forgets what is deleted, and does not mind deleting it twice", async () => {
      await store.put("a/b", bytes("x"));
      await store.delete("a/b");
      await store.delete("a/b");
      expect(await store.get("a/b")).toBeUndefined();
      await store.put("a/b", bytes("other"));
      expect(text(await store.get("a/b"))).toBe("other");
    });

    test("adopts a file, and the file is gone from where it was", async () => {
      const file = join(folder, "made.parquet");
      writeFileSync(file, "rows");
      await store.adopt("datasets/x.parquet", file);
      expect(text(await store.get("datasets/x.parquet"))).toBe("rows");
      expect(existsSync(file)).toBe(false);
      writeFileSync(file, "other rows");
      await expect(store.adopt("datasets/x.parquet", file)).rejects.toMatchObject({ code: "INPUT_INVALID" });
      writeFileSync(file, "rows");
      await store.adopt("datasets/x.parquet", file);
      expect(await store.list("")).toEqual(["datasets/x.parquet"]);
    });

    test("locates a blob, also one that is not there", () => {
      expect(store.locate("datasets/x.parquet")).toContain("datasets/x.parquet");
    });

    test.each(["", "/", "../x", "a/../../x", "a//b", "/etc/x", ".hidden", "a/.", "a b", "a\\b", "a\0b", "c:d", "a/"])(
      "refuses the name %j",
      async (wrong) => {
        await expect(store.put(wrong, bytes("x"))).rejects.toMatchObject({ code: "INPUT_INVALID" });
        await expect(store.get(wrong)).rejects.toMatchObject({ code: "INPUT_INVALID" });
        await expect(store.delete(wrong)).rejects.toMatchObject({ code: "INPUT_INVALID" });
        expect(() => store.locate(wrong)).toThrow();
      },
    );
  });
}
