import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { EventLog } from "../../ports/ports.ts";
import { fileEventLog } from "./files.ts";

let folder: string;
let log: EventLog;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "slipway-events-"));
  log = fileEventLog(folder);
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
  await expect(log.append("../a", ["x"])).rejects.toMatchObject({ code: "INPUT_INVALID" });
});

test("gives column files in the order of their numbers, however many digits these have", async () => {
  await log.append("a", ["1"]);
  for (const [first, last] of [
    [1_000_000_000_000_000n, 2_000_000_000_000_000n],
    [7n, 12n],
    [1n, 6n],
  ] as const)
    writeFileSync(log.columnsPath("a", first, last), "");
  writeFileSync(join(folder, "a", ".unfinished.parquet.tmp"), "");
  expect((await log.files("a")).columns.map(({ first, last }) => [first, last])).toEqual([
    [1n, 6n],
    [7n, 12n],
    [1_000_000_000_000_000n, 2_000_000_000_000_000n],
  ]);
});

test("forgets the lines it is told to, also those of a killed writer, and counts the bytes of the others", async () => {
  await log.append("a", ["first"]);
  const [sealed = ""] = (await log.files("a")).lines;
  // As a killed writer leaves it: open, with half a line.
  renameSync(sealed, sealed.replace(/jsonl$/, "open"));
  writeFileSync(sealed.replace(/jsonl$/, "open"), "first\nha");
  const { lines } = await log.files("a");
  expect(lines.map((path) => readFileSync(path, "utf8"))).toEqual(["first\n"]);
  await log.append("a", ["second"]);
  expect(await log.lineBytes("a", [])).toBe(8 + 7);
  expect(await log.lineBytes("a", lines)).toBe(7);
  await log.forget("a", lines);
  expect(await linesIn("a")).toEqual(["second"]);
  expect(existsSync(lines[0] ?? "")).toBe(false);
  expect(readdirSync(join(folder, "a")).some((name) => name.startsWith(basename(sealed, ".jsonl")))).toBe(false);
});
