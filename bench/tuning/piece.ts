// One side's runs, kept as they end, so that a bench of an hour is made of pieces that each go on where the last one stopped. A run is one task and one
// seed: its curve and what it cost.

import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import { type Peer, startPeer } from "./peer.ts";
import type { Task } from "./tasks.ts";

/** One task and seed. */
export interface KeptRun {
  readonly task: string;
  readonly seed: number;
  /** The true value of the best told trial, after each trial. */
  readonly curve: readonly number[];
  readonly cpuSeconds: number;
}

/** What is to be run. */
export interface Side {
  readonly file: string;
  readonly command: readonly string[];
  readonly sampler?: string;
  readonly tasks: readonly Task[];
  readonly seeds: number;
  readonly budget: number;
  readonly pending: number;
}

/** The runs that a file keeps of these tasks and seeds; a line that a killed piece left half written counts for nothing. */
export function keptRuns({ file, tasks, seeds, budget }: Side): readonly KeptRun[] {
  if (!existsSync(file)) return [];
  const names = new Set(tasks.map(({ name }) => name));
  return readFileSync(file, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return [JSON.parse(line) as KeptRun];
      } catch {
        return [];
      }
    })
    .filter(({ task, seed, curve }) => names.has(task) && seed < seeds && curve.length >= budget);
}

/** Makes runs that are missing until `hasTime` says no; says how many are missing still. */
export async function runPiece(side: Side, hasTime: () => boolean): Promise<number> {
  const done = new Set(keptRuns(side).map(({ task, seed }) => `${task}\n${seed}`));
  // All tasks of a seed before the next: what is there at any time is about every kind.
  const missing = Array.from({ length: side.seeds }, (_, seed) => side.tasks.map((task) => ({ task, seed })))
    .flat()
    .filter(({ task, seed }) => !done.has(`${task.name}\n${seed}`));
  if (missing.length === 0) return 0;
  mkdirSync(dirname(side.file), { recursive: true });
  const peer: Peer = startPeer(side.command, side.sampler);
  let left = missing.length;
  for (const { task, seed } of missing) {
    if (!hasTime()) break;
    const before = peer.cost().cpuSeconds;
    const curve = await peer.run(task, seed, side.budget, side.pending);
    const run: KeptRun = { task: task.name, seed, curve, cpuSeconds: peer.cost().cpuSeconds - before };
    appendFileSync(side.file, `${JSON.stringify(run)}\n`);
    left -= 1;
  }
  process.stderr.write(`${side.file}: ${left} runs left, peak memory ${(peer.cost().peakBytes / 1e6).toFixed(0)} MB\n`);
  peer.close();
  return left;
}
