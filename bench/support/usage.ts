// What a piece of work costs: processor time of this process, of children that have ended, and the memory of a whole process tree.
// Memory is read from /proc, so it is null where there is none.

import { readdirSync, readFileSync } from "node:fs";
import koffi from "koffi";

/** What one run of a side cost. */
export interface Cost {
  readonly wallSeconds: number;
  readonly cpuSeconds: number;
}

/** Runs `work` in this process and says what it took. */
export async function costOf(work: () => Promise<unknown>): Promise<Cost> {
  const start = performance.now();
  const used = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(used);
  return { wallSeconds: (performance.now() - start) / 1e3, cpuSeconds: (user + system) / 1e6 };
}

const RUSAGE_CHILDREN = -1;
const getrusage = koffi.load(null).func("int getrusage(int who, _Out_ int64_t *usage)");

/** Processor seconds of all children that have ended, and of theirs. The difference around one child is that child's. */
export function endedChildrenCpu(): number {
  const usage = new BigInt64Array(18);
  getrusage(RUSAGE_CHILDREN, usage);
  const [userSeconds = 0n, userMicros = 0n, systemSeconds = 0n, systemMicros = 0n] = usage;
  return Number(userSeconds + systemSeconds) + Number(userMicros + systemMicros) / 1e6;
}

/** The fields of /proc/PID/stat after the command's name, of every process in a tree. Throws without /proc. */
function treeStats(root: number): ReadonlyMap<number, readonly string[]> {
  const stats = new Map<number, readonly string[]>();
  for (const entry of readdirSync("/proc"))
    if (/^\d+$/.test(entry)) {
      const stat = readOrEmpty(`/proc/${entry}/stat`);
      stats.set(Number(entry), stat.slice(stat.lastIndexOf(")") + 2).split(" "));
    }
  const isInTree = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = Number(stats.get(at)?.[1] ?? 0))
      if (at === root) return true;
    return false;
  };
  return new Map([...stats].filter(([pid]) => isInTree(pid)));
}

/** Resident bytes of a process and all its descendants, pages that they share counted once per process; null without /proc. */
export function treeResident(root: number): number | null {
  try {
    let total = 0;
    for (const pid of treeStats(root).keys())
      total += Number(/^VmRSS:\s+(\d+) kB/m.exec(readOrEmpty(`/proc/${pid}/status`))?.[1] ?? 0) * 1024;
    return total;
  } catch {
    return null;
  }
}

const TICKS_PER_SECOND = 100;

/** Processor seconds that a process and its living descendants have used, to a hundredth; null without /proc. */
export function treeCpu(root: number): number | null {
  try {
    let ticks = 0;
    for (const stat of treeStats(root).values()) ticks += Number(stat[11]) + Number(stat[12]);
    return ticks / TICKS_PER_SECOND;
  } catch {
    return null;
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/** The memory of a process tree while it is watched: the most so far, and the most it ever had once stopped. */
export interface PeakWatch {
  readonly most: () => number | null;
  readonly stop: () => number | null;
}

/** Watches a tree's memory until stopped, every 20 ms or as told. */
export function watchPeak(root: number, everyMs = 20): PeakWatch {
  let peak: number | null = null;
  const look = (): void => {
    const now = treeResident(root);
    if (now !== null && now > (peak ?? 0)) peak = now;
  };
  const timer = setInterval(look, everyMs);
  return {
    most: () => peak,
    stop() {
      clearInterval(timer);
      return peak;
    },
  };
}
