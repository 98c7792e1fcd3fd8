// Runs vitest and ends with the line `N passed, N failed`, which CI reads; the exit code is vitest's.
// Arguments are passed on: `npm test -- src/core`.

import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const folder = mkdtempSync(join(tmpdir(), "slipway-test-"));
const report = join(folder, "report.json");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const child = spawn("vitest", ["run", ...reporters, ...process.argv.slice(2)], { stdio: "inherit" });

for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => finish(1, error.message));
child.on("exit", (code) => finish(code ?? 1));

function finish(code, problem) {
  let counts = { numPassedTests: 0, numFailedTests: 0, numFailedTestSuites: 0 };
  try {
    counts = JSON.parse(readFileSync(report, "utf8"));
  } catch {
    problem ??= "vitest wrote no report.";
  }
  rmSync(folder, { recursive: true, force: true });
  if (problem) console.error(problem);
  // A file that failed to load, or an error outside any test, has no failed test of its own.
  const failed = counts.numFailedTests || (code === 0 ? 0 : Math.max(counts.numFailedTestSuites, 1));
  console.log(`${counts.numPassedTests} passed, ${failed} failed`);
  process.exitCode = code;
}
