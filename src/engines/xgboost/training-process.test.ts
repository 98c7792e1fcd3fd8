import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath, pathToFileURL } from "node:url";
import { expect, it } from "vitest";

const cacheDir = fileURLToPath(new URL("../../../node_modules/.cache/slipway", import.meta.url));

/** A process that trains for ever and prints a line per round. */
function startParent(): ChildProcess {
  const script = `
    import { tableFrom } from ${JSON.stringify(new URL("../../core/core.ts", import.meta.url).href)};
    import { xgboostTrainer } from ${JSON.stringify(new URL("./xgboost.ts", import.meta.url).href)};
    const schema = ["x", "y"].map((name) => ({ name, type: "float64", optional: false }));
    const rows = Array.from({ length: 100 }, (_, row) => ({ x: row % 17, y: Number(row % 17 > 8) }));
    async function* train() { yield tableFrom(schema, rows); }
    await xgboostTrainer({ env: process.env, cacheDir: ${JSON.stringify(cacheDir)} }).fit(
      { inputs: [{ name: "x", kind: "number" }], label: "y", train: train(), parameters: { objective: "binary:logistic" },
        rounds: 100_000_000, seed: 0, threads: 1 },
      { onStep: ({ round }) => console.log(round) },
    );`;
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href;
  return spawn(process.execPath, ["--import", tsx, "--input-type=module", "--eval", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
}

function childrenOf(pid: number | undefined): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number);
}

function isAlive(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z ");
  } catch {
    return false;
  }
}

it.skipIf(process.platform !== "linux")("ends with its parent, however the parent ends", async () => {
  const parent = startParent();
  await new Promise((resolve) => parent.stdout?.once("data", resolve));
  const children = childrenOf(parent.pid);
  expect(children.length).toBeGreaterThan(0);
  parent.kill("SIGKILL");
  await expect.poll(() => children.filter(isAlive), { timeout: 10_000 }).toEqual([]);
});
