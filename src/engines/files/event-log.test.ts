import { existsSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventLogContract } from "../../ports/event-log.contract.ts";
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

eventLogContract("fileEventLog", (folder) => fileEventLog(folder));

test("takes an unfinished column file for none", async () => {
  await log.append("a", ["1"]);
  writeFileSync(join(folder, "a", ".unfinished.parquet.tmp"), "");
  expect((await log.files("a")).columns).toEqual([]);
});

test("a segment that gets the number of one that was forgotten is read for itself", async () => {
  await log.append("a", ["first"]);
  const [sealed = ""] = (await log.files("a")).lines;
  const open = sealed.replace(/jsonl$/, "open");
  renameSync(sealed, open);
  await log.files("a");
  // Read while it was open, sealed after that.
  renameSync(open, sealed);
  await log.forget("a", [sealed]);
  writeFileSync(open, "other\n");
  expect(await linesIn("a")).toEqual(["other"]);
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
