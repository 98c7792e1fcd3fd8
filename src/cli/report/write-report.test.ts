import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { writeReport } from "./write-report.ts";

const folder = mkdtempSync(join(tmpdir(), "slipway-report-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("a report takes an earlier one's place, and leaves nothing else behind", async () => {
  const file = join(folder, "report.html");
  await writeReport(file, "<p>before</p>");
  await writeReport(file, "<p>now</p>");
  expect(readFileSync(file, "utf8")).toBe("<p>now</p>");
  expect(readdirSync(folder)).toEqual(["report.html"]);
});

test("a place where no report can be says why, and leaves what is there", async () => {
  mkdirSync(join(folder, "taken"));
  await expect(writeReport(join(folder, "taken"), "x")).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining("cannot be written"),
  });
  await expect(writeReport(join(folder, "report.html/report.html"), "x")).rejects.toMatchObject({
    code: "INPUT_INVALID",
    message: expect.stringContaining("its folder is not there"),
  });
  expect(readFileSync(join(folder, "report.html"), "utf8")).toBe("<p>now</p>");
  expect(readdirSync(folder).sort()).toEqual(["report.html", "taken"]);
});
