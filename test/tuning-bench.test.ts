// What the benches of the tuner rest on: runs that are kept are those of this code, and no task is won by where a search begins.

import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { codeHash } from "../bench/tuning/code-hash.ts";
import { goalTasks } from "../bench/tuning/goal-tasks.ts";

test("runs are measured again after the sampler's code, a task or the peer's script changed", () => {
  const folder = mkdtempSync(join(tmpdir(), "slipway-bench-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [code, peer] = [join(folder, "code"), join(folder, "peer.py")];
  mkdirSync(join(code, "gp"), { recursive: true });
  writeFileSync(join(code, "gp/fit.js"), "1");
  writeFileSync(peer, "p");
  const hash = (): string => codeHash([code, peer]);
  const seen = [hash()];
  expect(hash()).toBe(seen[0]);
  for (const change of [
    () => writeFileSync(join(code, "gp/fit.js"), "2"),
    () => renameSync(join(code, "gp/fit.js"), join(code, "gp/fitted.js")),
    () => writeFileSync(join(code, "more.js"), ""),
    () => writeFileSync(peer, "q"),
  ]) {
    change();
    seen.push(hash());
  }
  expect(new Set(seen).size).toBe(5);
});

test.each(Object.entries(goalTasks))(
  "%s is best neither at a wall nor in the middle, and its front is one",
  (_, task) => {
    const points = Array.from({ length: 99 }, (__, index) => task.best((index + 1) / 100));
    for (const x of points) {
      const fixed = x.slice(task.size === 5 ? 1 : 0);
      for (const v of fixed) expect(Math.min(v, 1 - v)).toBeGreaterThan(0.05);
      expect(Math.max(...fixed.map((v) => Math.abs(v - 0.5)))).toBeGreaterThan(0.05);
    }
    const front = points.map((x) => task.value(x));
    // No point of a grid over the whole space is better in both goals than one of the front.
    const steps = task.size === 5 ? 6 : 20;
    for (let cell = 0; cell < (steps + 1) ** task.size; cell += 1) {
      const x = Array.from(
        { length: task.size },
        (__, at) => (Math.floor(cell / (steps + 1) ** at) % (steps + 1)) / steps,
      );
      const [a, b] = task.value(x);
      expect(front.some(([c, d]) => a < c - 1e-9 && b < d - 1e-9)).toBe(false);
    }
  },
);
