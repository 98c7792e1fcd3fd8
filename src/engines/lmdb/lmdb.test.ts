import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { acknowledgedUntilKilled } from "../../ports/killed-process.contract.ts";
import { onlineStoreContract } from "../../ports/online-store.contract.ts";
import { understood } from "./failure.ts";
import { lmdbStore } from "./lmdb.ts";

const door = new URL("./lmdb.ts", import.meta.url).href;
const KILLS = Number(process.env["SLIPWAY_TEST_KILLS"] ?? 2);

onlineStoreContract("lmdbStore", (folder) => lmdbStore(folder, { durable: false }));
onlineStoreContract("lmdbStore, durable", (folder) => lmdbStore(join(folder, "store.v1")));

describe("lmdbStore", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-lmdb-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const number = (value: Uint8Array | undefined): number => (value ? Number(new TextDecoder().decode(value)) : 0);
  const key = (name: string): Uint8Array => new TextEncoder().encode(name);

  test("names the folder where the system only says that it may not be written", () => {
    const refused = (): never =>
      understood(folder, () => {
        throw Object.assign(new Error("Permission denied"), { code: 13 });
      });
    expect(refused).toThrow(expect.objectContaining({ code: "STATE_NOT_WRITABLE" }));
    expect(refused).toThrow(`Cannot write to the online store in ${folder}: Permission denied`);
  });

  test("refuses a key that is too long, with its size", async () => {
    const store = lmdbStore(folder, { durable: false });
    const long = new Uint8Array(1977);
    await expect(store.update("n", [long], () => [long])).rejects.toThrow("1977 bytes is too long");
    await store.update("n", [long.subarray(1)], () => [long]);
    expect(await store.get([{ namespace: "n", key: long.subarray(1) }])).toEqual([Buffer.from(long)]);
    await store.close();
  });

  test.each(["x", "no file of LMDB's, and longer than its header is"])(
    "refuses a data file that is none: %s",
    (bytes) => {
      writeFileSync(join(folder, "data.mdb"), bytes);
      const refusal = {
        code: "STATE_FORMAT_UNKNOWN",
        message: expect.stringContaining("slipway features materialize"),
      };
      expect(() => lmdbStore(folder)).toThrow(expect.objectContaining(refusal));
    },
  );

  test("keeps nothing of a change that gives too few values", async () => {
    const store = lmdbStore(folder, { durable: false });
    await expect(store.update("n", [key("a"), key("b")], () => [key("x")])).rejects.toMatchObject({ code: "INTERNAL" });
    expect(await store.get([{ namespace: "n", key: key("a") }])).toEqual([undefined]);
    await store.close();
  });

  test("after kill -9 every acknowledged update is there, none is half, and the next writer is not locked out", async () => {
    const store = lmdbStore(folder, { durable: false });
    let least = 0;
    for (let kill = 0; kill < KILLS; kill += 1) {
      const acknowledged = await acknowledgedUntilKilled(
        `import { lmdbStore } from "${door}";
        const store = lmdbStore(${JSON.stringify(folder)}, { durable: false });
        const keys = Array.from({ length: 50 }, (_, index) => new TextEncoder().encode("key " + index));
        for (;;) {
          let next = 0;
          await store.update("n", keys, ([first]) => {
            next = (first ? Number(new TextDecoder().decode(first)) : 0) + 1;
            return keys.map(() => new TextEncoder().encode(String(next)));
          });
          acknowledge(String(next));
        }`,
        { after: 50, delay: kill },
      );
      least = Math.max(least, Number(acknowledged.at(-1)));
      const keys = Array.from({ length: 50 }, (_, index) => key(`key ${index}`));
      const values = (await store.get(keys.map((each) => ({ namespace: "n", key: each })))).map(number);
      expect(new Set(values).size).toBe(1);
      expect(values[0]).toBeGreaterThanOrEqual(least);
      await store.update("n", [key("own")], ([current]) => [key(String(number(current) + 1))]);
    }
    expect((await store.get([{ namespace: "n", key: key("own") }])).map(number)).toEqual([KILLS]);
    await store.close();
  });
});

const python = spawnSync("python3", ["-c", "import fcntl"]).status === 0;

test.skipIf(!python)(
  "a store that another container has open in a process of this number is refused with STATE_LOCKED",
  async () => {
    const folder = mkdtempSync(join(tmpdir(), "slipway-twin-"));
    await lmdbStore(folder).close();
    // What LMDB does for a reader: it locks the byte whose place is the process's number.
    const twin = spawn("python3", [
      "-c",
      `import fcntl, sys
file = open(sys.argv[1], "r+b")
fcntl.lockf(file, fcntl.LOCK_EX, 1, int(sys.argv[2]))
print("held", flush=True)
sys.stdin.read()`,
      join(folder, "lock.mdb"),
      String(process.pid),
    ]);
    try {
      await new Promise((resolve) => twin.stdout.once("data", resolve));
      expect(() => lmdbStore(folder)).toThrow(
        expect.objectContaining({
          code: "STATE_LOCKED",
          message: expect.stringContaining(`the number ${process.pid} there`),
        }),
      );
    } finally {
      const ended = new Promise((resolve) => twin.once("close", resolve));
      twin.kill("SIGKILL");
      await ended;
    }
    await lmdbStore(folder).close();
    rmSync(folder, { recursive: true });
  },
  60_000,
);
