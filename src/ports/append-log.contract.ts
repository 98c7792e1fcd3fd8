// What every AppendLog must do, as a vitest suite. Readers here split the files' text at line breaks, as an OfflineEngine does.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AppendLog } from "./append-log.ts";

/**
 * The lines a reader finds in a stream, part by part.
 *
 * @example expect(await linesOf(log, "predictions")).toEqual(["first", "second"]);
 */
export async function linesOf(log: AppendLog, stream: string): Promise<readonly string[]> {
  const texts = (await log.files(stream)).map(({ path }) => readFileSync(path, "utf8"));
  return texts.flatMap((text) => {
    expect(text.endsWith("\n")).toBe(true);
    return text.slice(0, -1).split("\n");
  });
}

/**
 * Holds an append log to the port's contract. `open` gets a folder of the test's own: a fresh one has an empty log, and the same one the same
 * log again, also while the first is open.
 *
 * @example appendLogContract("fileAppendLog", (folder) => fileAppendLog(folder));
 */
export function appendLogContract(name: string, open: (folder: string) => AppendLog | Promise<AppendLog>): void {
  describe(`${name} keeps the AppendLog contract`, () => {
    let folder: string;
    let log: AppendLog;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "slipway-log-"));
      log = await open(folder);
    });
    afterEach(async () => {
      await log.close();
      rmSync(folder, { recursive: true, force: true });
    });

    test("keeps lines in the order given, and streams apart", async () => {
      await log.append("a", "2013-07-01", ["1", "2"]);
      await log.append("b", "2013-07-01", ["other"]);
      await log.append("a", "2013-07-01", ["3"]);
      await log.append("a", "2013-07-01", []);
      expect(await linesOf(log, "a")).toEqual(["1", "2", "3"]);
      expect(await linesOf(log, "b")).toEqual(["other"]);
      expect(await log.files("c")).toEqual([]);
    });

    test("keeps the order of appends that were not waited for", async () => {
      const numbers = Array.from({ length: 300 }, (_, index) => String(index));
      await Promise.all(numbers.map((line) => log.append("a", "p", [line])));
      expect(await linesOf(log, "a")).toEqual(numbers);
    });

    test("names the oldest part first, whatever was written first", async () => {
      for (const part of ["2013-07-02", "2013-06-30", "2013-07-01"]) await log.append("a", part, [part]);
      await log.append("a", "2013-06-30", ["late"]);
      const files = await log.files("a");
      expect([...new Set(files.map(({ part }) => part))]).toEqual(["2013-06-30", "2013-07-01", "2013-07-02"]);
      expect(await linesOf(log, "a")).toEqual(["2013-06-30", "late", "2013-07-01", "2013-07-02"]);
    });

    test("files that a reader was given do not change under it while more is appended", async () => {
      await log.append("a", "p", ["before"]);
      const [file] = await log.files("a");
      await log.append("a", "p", ["after"]);
      expect(readFileSync(file?.path ?? "", "utf8")).toBe("before\n");
      expect(await linesOf(log, "a")).toEqual(["before", "after"]);
    });

    test("goes on where an earlier log ended, and beside another that is still open", async () => {
      await log.append("a", "p", ["1"]);
      await log.close();
      log = await open(folder);
      const other = await open(folder);
      await log.append("a", "p", ["2"]);
      await other.append("a", "p", ["3"]);
      expect([...(await linesOf(log, "a"))].sort()).toEqual(["1", "2", "3"]);
      expect([...(await linesOf(other, "a"))].sort()).toEqual(["1", "2", "3"]);
      await other.close();
    });

    test("keeps many parts", async () => {
      const parts = Array.from({ length: 40 }, (_, index) => `part-${100 + index}`);
      for (const part of [...parts, ...parts]) await log.append("a", part, [part]);
      expect(await linesOf(log, "a")).toEqual(parts.flatMap((part) => [part, part]));
    });

    test("refuses a line break inside a line, names that are none, and appends after close", async () => {
      const invalid = { code: "INPUT_INVALID" };
      await expect(log.append("a", "p", ["x\ny"])).rejects.toMatchObject(invalid);
      await expect(log.append("../a", "p", ["x"])).rejects.toMatchObject(invalid);
      await expect(log.append("a", "p/q", ["x"])).rejects.toMatchObject(invalid);
      await expect(log.append("", "p", ["x"])).rejects.toMatchObject(invalid);
      await expect(log.files("..")).rejects.toMatchObject(invalid);
      expect(await log.files("a")).toEqual([]);
      await log.close();
      await expect(log.append("a", "p", ["x"])).rejects.toThrow("closed");
    });
  });
}
