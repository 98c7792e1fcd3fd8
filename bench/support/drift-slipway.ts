// One side of the drift benchmark: two files compared in a process of its own, from the files on. With `stored` the reference is read
// before the clock starts, as a monitor has it.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compareFiles } from "slipway/platform";
import { localQueries } from "slipway/presets";

const [, , reference = "", current = "", mode = "files"] = process.argv;
const temporaryFolder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
const engine = await localQueries({ temporaryFolder, memoryLimit: "256MB" });
const options = { reference, falseAlarms: 0.01, minEffect: 0 };
let before = { at: performance.now(), cpu: process.cpuUsage() };
let columns = 0;
let window = 0;
// The first of two windows makes the reference known; only the second is counted.
const files = mode === "stored" ? [current, current] : [current];
for await (const { verdict } of compareFiles(engine, { ...options, current: files })) {
  columns = verdict.columns.length;
  window += 1;
  if (mode === "stored" && window === 1) {
    before = { at: performance.now(), cpu: process.cpuUsage() };
  }
}
const cpu = process.cpuUsage(before.cpu);
process.stdout.write(
  JSON.stringify({
    seconds: (performance.now() - before.at) / 1e3,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    peakBytes: process.resourceUsage().maxRSS * 1024,
    columns,
  }),
);
await engine.close();
rmSync(temporaryFolder, { recursive: true, force: true });
