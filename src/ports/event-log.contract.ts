// What every EventLog must do, as a vitest suite. Readers here split the files' text at line breaks, as an OfflineEngine does.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { EventLog } from "./event-log.ts";

/**
 * Holds an event log to the port's contract. `open` gets a folder of the test's own: a fresh one has an empty log, and the same one the same
 * log again.
 *
 * @example eventLogContract("fileEventLog", (folder) => fileEventLog(folder));
 */
export function eventLogContract(name: string, open: (folder: string) => EventLog | Promise<EventLog>): void {
  describe(`${name} keeps the EventLog contract`, () => {
    let folder: string;
    let log: EventLog;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "slipway-events-"));
      log = await open(folder);
    });
    afterEach(async () => {
      await log.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const linesIn = async (source: string): Promise<readonly string[]> =>
      (await log.files(source)).lines.flatMap((path) => readFileSync(path, "utf8").trim().split("\n"));

    test("gives what was appended, in order and by source, and nothing of a source that has no events", async () => {
      await Promise.all([log.append("a", ["1", "2"]), log.append("b", ["x"]), log.append("a", ["3"])]);
      expect(await linesIn("a")).toEqual(["1", "2", "3"]);
      expect(await linesIn("b")).toEqual(["x"]);
      expect(await log.files("c")).toEqual({ columns: [], lines: [] });
    });

    test("goes on where an earlier log ended, and takes nothing once it is closed", async () => {
      await log.append("a", ["1"]);
      await log.close();
      await expect(log.append("a", ["lost"])).rejects.toThrow();
      log = await open(folder);
      await log.append("a", ["2"]);
      expect(await linesIn("a")).toEqual(["1", "2"]);
    });

    test("files that a reader was given do not change under it while more is appended", async () => {
      await log.append("a", ["before"]);
      const { lines } = await log.files("a");
      await log.append("a", ["after"]);
      expect(lines.map((path) => readFileSync(path, "utf8"))).toEqual(["before\n"]);
      expect(await linesIn("a")).toEqual(["before", "after"]);
    });

    test("gives column files in the order of their numbers, however many digits these have", async () => {
      await log.append("a", ["1"]);
      for (const [first, last] of [
        [1_000_000_000_000_000n, 2_000_000_000_000_000n],
        [7n, 12n],
        [1n, 6n],
      ] as const)
        writeFileSync(log.columnsPath("a", first, last), "");
      expect((await log.files("a")).columns.map(({ path, first, last }) => [path, first, last])).toEqual(
        [[1n, 6n] as const, [7n, 12n] as const, [1_000_000_000_000_000n, 2_000_000_000_000_000n] as const].map(
          ([first, last]) => [log.columnsPath("a", first, last), first, last],
        ),
      );
    });

    test("forgets the lines it is told to, and counts the bytes of the others", async () => {
      await log.append("a", ["first"]);
      const { lines } = await log.files("a");
      await log.append("a", ["second", "third"]);
      expect(await log.lineBytes("a", [])).toBe(6 + 13);
      expect(await log.lineBytes("a", lines)).toBe(13);
      await log.forget("a", lines);
      expect(await linesIn("a")).toEqual(["second", "third"]);
      expect(lines.filter((path) => existsSync(path))).toEqual([]);
    });

    test("sweeps nothing away that a reader was given or can find", async () => {
      await log.append("a", ["1"]);
      const { lines } = await log.files("a");
      await log.append("a", ["2"]);
      await log.sweep("a");
      await log.sweep("never_written");
      expect(lines.map((path) => readFileSync(path, "utf8"))).toEqual(["1\n"]);
      await log.append("a", ["3"]);
      expect(await linesIn("a")).toEqual(["1", "2", "3"]);
    });

    test("refuses the name of a source that is none", async () => {
      for (const wrong of ["../a", "a/b", "", ".."])
        await expect(log.append(wrong, ["x"])).rejects.toMatchObject({ code: "INPUT_INVALID" });
    });
  });
}
