// Runs one side of a comparison as a process of its own, and says what it and everything it started cost.

import { spawn } from "node:child_process";
import { type Cost, endedChildrenCpu, watchPeak } from "./usage.ts";

/** What a child printed and cost. */
export interface ChildRun extends Cost {
  readonly stdout: string;
  /** The most memory its process tree had at once; null where /proc is missing, or when it was not asked for. */
  readonly peakBytes: number | null;
}

/** How to run it. */
export interface ChildOptions {
  readonly cwd?: string;
  /** Watch the memory of the tree; it takes some processor time in this process, not in the child. */
  readonly withPeak?: boolean;
  readonly env?: Readonly<Record<string, string>>;
}

/** Runs a command to its end. Run one at a time: processor time is told apart by when a child ends. Throws when it fails. */
export async function runChild(command: readonly string[], options: ChildOptions = {}): Promise<ChildRun> {
  const [file = "", ...args] = command;
  const before = endedChildrenCpu();
  const start = performance.now();
  const child = spawn(file, args, {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, ...options.env },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const peak = options.withPeak === true && child.pid !== undefined ? watchPeak(child.pid) : () => null;
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr = (stderr + text).slice(-4000);
  });
  let ended = start;
  child.once("exit", () => {
    ended = performance.now();
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  const peakBytes = peak();
  if (code !== 0) throw new Error(`${command.join(" ")} ended with ${code}:\n${stderr}${stdout.slice(-2000)}`);
  return { stdout, wallSeconds: (ended - start) / 1e3, cpuSeconds: endedChildrenCpu() - before, peakBytes };
}
