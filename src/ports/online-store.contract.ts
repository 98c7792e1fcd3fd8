// What every OnlineStore must do, as a vitest suite, and what one must that can do more.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { isJointStore, isShowingStore, type OnlineStore } from "./online-store.ts";

const bytes = (...values: readonly number[]): Uint8Array => Uint8Array.from(values);
const plain = (value: Uint8Array | undefined): readonly number[] | undefined => value && [...value];

/**
 * Holds an online store to the port's contract. `open` gets a folder of the test's own: a fresh one has an empty store, and the same one the
 * same store again.
 *
 * @example onlineStoreContract("lmdbStore", (folder) => lmdbStore(folder));
 */
export function onlineStoreContract(name: string, open: (folder: string) => OnlineStore | Promise<OnlineStore>): void {
  describe(`${name} keeps the OnlineStore contract`, () => {
    let folder: string;
    let store: OnlineStore;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "slipway-online-"));
      store = await open(folder);
    });
    afterEach(async () => {
      await store.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const put = (namespace: string, key: Uint8Array, value: Uint8Array | undefined): Promise<void> =>
      store.update(namespace, [key], () => [value]);
    const read = async (namespace: string, key: Uint8Array): Promise<readonly number[] | undefined> =>
      plain((await store.get([{ namespace, key }]))[0]);

    test("gives values in the order asked, undefined where there is none", async () => {
      await put("n", bytes(1), bytes(10));
      await put("m", bytes(2), bytes(20));
      const values = await store.get([
        { namespace: "m", key: bytes(2) },
        { namespace: "n", key: bytes(9) },
        { namespace: "n", key: bytes(1) },
        { namespace: "m", key: bytes(2) },
      ]);
      expect(values.map(plain)).toEqual([[20], undefined, [10], [20]]);
      expect(await store.get([])).toEqual([]);
    });

    test("shows an update what is there, writes what it says, and deletes on undefined", async () => {
      await put("n", bytes(1), bytes(1));
      await store.update("n", [bytes(1), bytes(2)], (current) => {
        expect(current.map(plain)).toEqual([[1], undefined]);
        return [undefined, bytes(2)];
      });
      expect(await read("n", bytes(1))).toBeUndefined();
      expect(await read("n", bytes(2))).toEqual([2]);
      await put("n", bytes(7), undefined);
    });

    test("keeps nothing of an update whose change throws", async () => {
      await put("n", bytes(1), bytes(1));
      const failing = store.update("n", [bytes(1)], () => {
        throw new Error("no");
      });
      await expect(failing).rejects.toThrow("no");
      expect(await read("n", bytes(1))).toEqual([1]);
      await put("n", bytes(1), bytes(2));
      expect(await read("n", bytes(1))).toEqual([2]);
    });

    test("keeps empty, large and zero-filled values and awkward keys apart", async () => {
      const values = [new Uint8Array(0), bytes(0), new Uint8Array(300_000).fill(7)];
      const keys = [new Uint8Array(0), bytes(0), bytes(0, 0), bytes(255, 255), bytes(1)];
      for (const [index, key] of keys.entries()) await put("n", key, values[index % 3]);
      for (const [index, key] of keys.entries())
        expect((await store.get([{ namespace: "n", key }]))[0]).toHaveLength(values[index % 3]?.length ?? -1);
      const large = (await store.get([{ namespace: "n", key: bytes(0, 0) }]))[0];
      await put("n", bytes(0, 0), new Uint8Array(300_000).fill(8));
      expect(large?.every((byte) => byte === 7)).toBe(true);
    });

    test("keeps namespaces apart, also where one begins like another", async () => {
      await put("view", bytes(1), bytes(1));
      await put("view2", bytes(1), bytes(2));
      await put("view:a", bytes(1), bytes(3));
      await put("v", new TextEncoder().encode("iew"), bytes(4));
      await store.drop("view");
      expect(await read("view", bytes(1))).toBeUndefined();
      expect(await read("view2", bytes(1))).toEqual([2]);
      expect(await read("view:a", bytes(1))).toEqual([3]);
      expect(await read("v", new TextEncoder().encode("iew"))).toEqual([4]);
      await store.drop("never there");
    });

    test("scans a namespace in the order of its keys, the shorter of two alike first", async () => {
      const keys = [bytes(2), bytes(1, 255), bytes(1), bytes(0), bytes(255), bytes(1, 0)];
      for (const key of keys) await put("n", key, key);
      await put("m", bytes(1), bytes(1));
      await put("o", bytes(1), bytes(1));
      const found: (readonly number[])[] = [];
      for await (const { key, value } of store.scan("n")) {
        expect(plain(key)).toEqual(plain(value));
        found.push([...key]);
      }
      expect(found).toEqual([[0], [1], [1, 0], [1, 255], [2], [255]]);
    });

    test("scans thousands, while they are written", async () => {
      const keys = Array.from({ length: 3000 }, (_, index) => bytes(index >> 8, index & 255));
      await store.update("n", keys, () => keys);
      let count = 0;
      for await (const { key } of store.scan("n")) {
        if (count === 10) await put("n", bytes(0, 1), bytes(9));
        expect((key[0] ?? 0) * 256 + (key[1] ?? 0)).toBe(count);
        count += 1;
      }
      expect(count).toBe(3000);
    });

    test("loses no update of many that are made at once", async () => {
      const increment = (current: readonly (Uint8Array | undefined)[]): readonly Uint8Array[] => [
        bytes((current[0]?.[0] ?? 0) + 1),
      ];
      await Promise.all(Array.from({ length: 100 }, () => store.update("n", [bytes(1)], increment)));
      expect(await read("n", bytes(1))).toEqual([100]);
    });

    test("keeps what was written when it is opened again", async () => {
      await put("n", bytes(1), bytes(5));
      await store.close();
      store = await open(folder);
      expect(await read("n", bytes(1))).toEqual([5]);
    });

    test("changes several namespaces together or none, where it can", async (context) => {
      if (!isJointStore(store)) return context.skip("the store has no updateTogether");
      await put("n", bytes(1), bytes(1));
      const increment = (current: readonly (Uint8Array | undefined)[]): readonly (Uint8Array | undefined)[] =>
        current.map((value) => bytes((value?.[0] ?? 0) + 1));
      await store.updateTogether([
        { namespace: "n", keys: [bytes(1), bytes(2)], change: increment },
        { namespace: "m", keys: [bytes(1)], change: () => [bytes(9)] },
        { namespace: "n", keys: [bytes(3)], change: () => [undefined] },
      ]);
      const all = async (): Promise<unknown> =>
        Promise.all([read("n", bytes(1)), read("n", bytes(2)), read("n", bytes(3)), read("m", bytes(1))]);
      expect(await all()).toEqual([[2], [1], undefined, [9]]);
      const failing = store.updateTogether([
        { namespace: "n", keys: [bytes(1)], change: increment },
        {
          namespace: "m",
          keys: [bytes(1)],
          change: () => {
            throw new Error("no");
          },
        },
      ]);
      await expect(failing).rejects.toThrow("no");
      expect(await all()).toEqual([[2], [1], undefined, [9]]);
      // What is not read is written all the same: over another value, where there was none, and gone.
      const keys = [bytes(1), bytes(2), bytes(4), bytes(9)];
      await store.updateTogether([
        {
          namespace: "n",
          keys,
          unread: 3,
          change: ([first]) => [bytes((first?.[0] ?? 0) + 1), bytes(7), bytes(8), undefined],
        },
        { namespace: "m", keys: [bytes(1)], unread: 1, change: () => [undefined] },
      ]);
      expect(await all()).toEqual([[3], [7], undefined, undefined]);
      expect(await read("n", bytes(4))).toEqual([8]);
    });

    test("shows values where they lie, in the order asked, where it can", async (context) => {
      if (!isShowingStore(store)) return context.skip("the store has no show");
      await put("n", bytes(1), bytes(10, 11));
      await put("m", bytes(2), new Uint8Array(0));
      const seen: unknown[] = [];
      const keys = [
        { namespace: "m", key: bytes(2) },
        { namespace: "n", key: bytes(9) },
        { namespace: "n", key: bytes(1) },
        { namespace: "n", key: bytes(1) },
      ];
      store.show(keys, (room, length, place) =>
        seen.push([place, plain(length < 0 ? undefined : room.subarray(0, length))]),
      );
      expect(seen).toEqual([
        [0, []],
        [1, undefined],
        [2, [10, 11]],
        [3, [10, 11]],
      ]);
      store.show([], () => expect.unreachable("nothing was asked"));
    });

    test("refuses a namespace without a name", async () => {
      await expect(put("", bytes(1), bytes(1))).rejects.toMatchObject({ code: "INPUT_INVALID" });
    });
  });
}
