import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from "vitest";
import { appendLogContract, linesOf } from "../../ports/append-log.contract.ts";
import { acknowledgedUntilKilled } from "../../ports/killed-process.contract.ts";
import { fileAppendLog } from "./files.ts";

const door = new URL("./files.ts", import.meta.url).href;
const KILLS = Number(process.env["SLIPWAY_TEST_KILLS"] ?? 2);

appendLogContract("fileAppendLog", (folder) => fileAppendLog(folder));
appendLogContract("fileAppendLog without fsync", (folder) => fileAppendLog(join(folder, "new"), { fsync: false }));

describe("fileAppendLog", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "slipway-log-"));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  test("reads a killed writer's segment up to its last whole line, again and again, as it grows", async () => {
    const log = fileAppendLog(folder);
    await log.append("a", "p", ["sealed"]);
    await log.files("a");
    const left = join(folder, "a", "p.000002.open");
    writeFileSync(left, "whole\nha");
    expect(await linesOf(log, "a")).toEqual(["sealed", "whole"]);
    appendFileSync(left, "lf\nand");
    expect(await linesOf(log, "a")).toEqual(["sealed", "whole", "half"]);
    await log.append("a", "p", ["next"]);
    expect(await linesOf(log, "a")).toEqual(["sealed", "whole", "half", "next"]);
    await log.close();
  });

  test("hands out and writes nothing while lines that were not acknowledged cannot be taken off again", async () => {
    const log = fileAppendLog(folder);
    await log.append("a", "p", ["kept"]);
    const some = await open(join(folder, "any"), "w");
    const handles = Object.getPrototypeOf(some) as typeof some;
    await some.close();
    const full = Object.assign(new Error("full"), { code: "ENOSPC" });
    const spies = [
      // The lines reach the file, and then the disk fails.
      vi.spyOn(handles, "datasync").mockRejectedValue(full),
      vi.spyOn(handles, "truncate").mockRejectedValue(full),
    ];
    onTestFinished(() => void vi.restoreAllMocks());
    await expect(log.append("a", "p", ["came to nothing"])).rejects.toMatchObject({ code: "STORAGE_FULL" });
    await expect(log.append("a", "p", ["nor did this"])).rejects.toMatchObject({ code: "STORAGE_FULL" });
    await expect(log.files("a")).rejects.toMatchObject({ code: "STORAGE_FULL" });
    for (const spy of spies) spy.mockRestore();
    await log.append("a", "p", ["kept, too"]);
    expect(await linesOf(log, "a")).toEqual(["kept", "kept, too"]);
    await log.close();
  });

  test("shows nothing of a segment that has no whole line yet", async () => {
    const log = fileAppendLog(folder);
    await log.append("a", "p", ["x"]);
    writeFileSync(join(folder, "a", "p.000009.open"), "half");
    expect(await linesOf(log, "a")).toEqual(["x"]);
    await log.close();
  });

  test("parts with dots in their names are told apart", async () => {
    const log = fileAppendLog(folder);
    await log.append("a", "p", ["p"]);
    await log.append("a", "p.000001", ["p.000001"]);
    expect((await log.files("a")).map(({ part }) => part)).toEqual(["p", "p.000001"]);
    await log.close();
  });

  test("after kill -9 every acknowledged line is there, in order, and none is half", async () => {
    for (let kill = 0; kill < KILLS; kill += 1) {
      const root = join(folder, String(kill));
      const acknowledged = await acknowledgedUntilKilled(
        `import { fileAppendLog } from "${door}";
        const log = fileAppendLog(${JSON.stringify(root)}, { fsync: ${kill % 2 === 0} });
        const filling = "x".repeat(20_000);
        for (let n = 0; ; n += 3)
          await Promise.all([n, n + 1, n + 2].map((line) =>
            log.append("s", "p", [line + " " + filling]).then(() => acknowledge(String(line)))));`,
        { after: 30, delay: kill * 3 },
      );
      const log = fileAppendLog(root);
      const lines = await linesOf(log, "s");
      await log.close();
      expect(lines.length).toBeGreaterThanOrEqual(acknowledged.length);
      lines.forEach((line, index) => {
        expect(line.length).toBe(20_001 + String(index).length);
        expect(line.startsWith(`${index} x`)).toBe(true);
      });
    }
  });
});
