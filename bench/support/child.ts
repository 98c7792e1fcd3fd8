// Runs one side of a comparison as a process of its own, and says what it and everything it started cost.

import { spawn } from "node:child_process";
import { type Cost, endedChildrenCpu, treeCpu, watchPeak } from "./usage.ts";

/** What a child printed and cost. */
export interface ChildRun extends Cost {
  readonly stdout: string;
  /** The most memory its process tree had at once; null where /proc is missing, or when it was not asked for. */
  readonly peakBytes: number | null;
  /** Which limit ended it; its figures are those reached by then. */
  readonly exceeded?: "memory" | "processor time" | "time";
}

/** What a child may use before it is ended. */
export interface ChildLimits {
  readonly bytes: number;
  readonly cpuSeconds: number;
  readonly wallSeconds: number;
}

/** How to run it. */
export interface ChildOptions {
  readonly cwd?: string;
  /** Watch the memory of the tree; it takes some processor time in this process, not in the child. */
  readonly withPeak?: boolean;
  /** A child over a limit is ended, and the answer says so; it watches the memory too. */
  readonly limits?: ChildLimits;
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
  const { limits } = options;
  const isWatched = (options.withPeak === true || limits !== undefined) && child.pid !== undefined;
  const peak = isWatched ? watchPeak(child.pid) : { most: () => null, stop: () => null };
  let exceeded: ChildRun["exceeded"];
  const look = (): void => {
    if (limits === undefined || exceeded !== undefined) return;
    if ((peak.most() ?? 0) > limits.bytes) exceeded = "memory";
    else if ((treeCpu(child.pid ?? 0) ?? 0) > limits.cpuSeconds) exceeded = "processor time";
    else if ((performance.now() - start) / 1e3 > limits.wallSeconds) exceeded = "time";
    if (exceeded !== undefined) child.kill("SIGKILL");
  };
  const watching = limits === undefined ? undefined : setInterval(look, 100);
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
  clearInterval(watching);
  const peakBytes = peak.stop();
  if (code !== 0 && exceeded === undefined)
    throw new Error(`${command.join(" ")} ended with ${code}:\n${stderr}${stdout.slice(-2000)}`);
  const cost = { wallSeconds: (ended - start) / 1e3, cpuSeconds: endedChildrenCpu() - before };
  return { stdout, ...cost, peakBytes, ...(exceeded === undefined ? {} : { exceeded }) };
}
