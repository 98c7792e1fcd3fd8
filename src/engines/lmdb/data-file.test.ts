// Files that have lost their end, and sound ones of every kind. A file that is wrongly taken for sound ends the process that reads it, so what is
// accepted is read to its end in a process of its own.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { acknowledgedUntilKilled } from "../../ports/killed-process.contract.ts";
import { checkDataFile } from "./data-file.ts";
import { lmdbStore } from "./lmdb.ts";

const PAGE = 4096;
const door = new URL("./lmdb.ts", import.meta.url).href;

describe("a data file", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-lmdb-file-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const whole = (): string => join(folder, "whole");
  const file = (of = whole()): string => join(of, "data.mdb");
  const key = (index: number): Uint8Array => new TextEncoder().encode(`key ${String(index).padStart(6, "0")}`);
  const keys = (count: number): readonly Uint8Array[] => Array.from({ length: count }, (_, index) => key(index));

  async function fill(count: number, size: number, namespace = "n"): Promise<void> {
    const store = lmdbStore(whole(), { durable: false });
    await store.update(namespace, keys(count), (current) => current.map(() => new Uint8Array(size).fill(7)));
    await store.close();
  }

  async function opens(at: string): Promise<boolean> {
    try {
      await lmdbStore(at, { durable: false }).close();
      return true;
    } catch (thrown) {
      expect(thrown).toMatchObject({
        code: "STATE_FORMAT_UNKNOWN",
        message: expect.stringContaining("slipway features materialize"),
      });
      return false;
    }
  }

  async function cutTo(bytes: number): Promise<string> {
    const cut = join(folder, `cut-${bytes}`);
    mkdirSync(cut);
    copyFileSync(file(), file(cut));
    truncateSync(file(cut), bytes);
    return cut;
  }

  /** Reads everything and writes once, in a process of its own. */
  function readAll(at: string): Promise<readonly string[]> {
    return acknowledgedUntilKilled(
      `import { lmdbStore } from "${door}";
      const store = lmdbStore(${JSON.stringify(at)}, { durable: false });
      for (const namespace of ["n", "m"]) for await (const { value } of store.scan(namespace)) value.at(-1);
      await store.update("n", [new Uint8Array([1])], () => [new Uint8Array(3000)]);
      acknowledge("read");
      await new Promise((resolve) => setTimeout(resolve, 600_000));`,
      { after: 1 },
    );
  }

  test.each([
    ["small values", 3000, 100],
    ["values on pages of their own", 60, 20_000],
  ])("that lost its end is refused, wherever it was cut, with %s", async (_, count, size) => {
    await fill(count, size);
    const { size: bytes } = statSync(file());
    for (const part of [0.02, 0.3, 0.5, 0.9]) expect(await opens(await cutTo(Math.floor(bytes * part)))).toBe(false);
    expect(await opens(await cutTo(bytes))).toBe(true);
  });

  test("is accepted cut short where only free pages are gone, and then everything can be read", async () => {
    await fill(500, 100);
    await fill(40, 20_000, "m");
    const store = lmdbStore(whole(), { durable: false });
    await store.drop("m");
    await store.update("n", keys(5), (current) => current.map(() => new Uint8Array(100)));
    await store.update("n", keys(5), (current) => current.map(() => new Uint8Array(120)));
    await store.close();
    let least = statSync(file()).size;
    const full = least;
    for (let bytes = full - PAGE; bytes > 0; bytes -= PAGE) {
      const cut = await cutTo(bytes);
      if (await opens(cut)) least = bytes;
      rmSync(cut, { recursive: true });
    }
    expect(least).toBeLessThan(full);
    expect(await readAll(await cutTo(least))).toEqual(["read"]);
  });

  test("is sound when it is empty, fresh, grown, open elsewhere, or its writer was killed", async () => {
    mkdirSync(whole());
    await lmdbStore(whole(), { durable: false }).close();
    expect(await opens(whole())).toBe(true);
    const open = lmdbStore(whole(), { durable: false });
    for (let round = 1; round <= 5; round += 1) {
      await open.update("n", keys(round * 200), (current) => current.map(() => new Uint8Array(round * 100)));
      expect(await opens(whole())).toBe(true);
    }
    await acknowledgedUntilKilled(
      `import { lmdbStore } from "${door}";
      const store = lmdbStore(${JSON.stringify(whole())}, { durable: false });
      for (let round = 0; ; round += 1) {
        await store.update("n", [new TextEncoder().encode("k" + round)], () => [new Uint8Array(5000)]);
        acknowledge(String(round));
      }`,
      { after: 20, delay: 0 },
    );
    expect(await opens(whole())).toBe(true);
    await open.close();
  });

  test("is sound at every moment while another process writes to it and it grows", async () => {
    await fill(1, 10);
    let isDone = false;
    const writing = acknowledgedUntilKilled(
      `import { lmdbStore } from "${door}";
      const store = lmdbStore(${JSON.stringify(whole())}, { durable: false });
      for (let round = 0; ; round += 1) {
        await store.update("n", [new TextEncoder().encode("k" + (round % 700))], () => [new Uint8Array((round * 37) % 9000)]);
        acknowledge(String(round));
      }`,
      { after: 200 },
    ).finally(() => {
      isDone = true;
    });
    while (!isDone) {
      expect(() => checkDataFile(whole())).not.toThrow();
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    await writing;
  });
});
