import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, hostname, platform, release, totalmem } from "node:os";
import type { MachineFacts, ProcessUse } from "../../ports/workspace.ts";

/** The machine that this process runs on; its memory is what the process may use, where a container sets a limit. */
export function thisMachine(): MachineFacts {
  const limit = process.constrainedMemory?.() ?? 0;
  return {
    host: hostname(),
    system: `${platform()} ${release()}`,
    architecture: arch(),
    processor: cpus()[0]?.model.trim() || "unknown",
    cores: availableParallelism(),
    memory: limit > 0 && limit < totalmem() ? limit : totalmem(),
    node: process.version,
  };
}

/** What this process has used since it began. */
export function processUse(): ProcessUse {
  const { user, system } = process.cpuUsage();
  return { cpuSeconds: (user + system) / 1e6, peakMemory: peakMemory(), elapsedSeconds: performance.now() / 1000 };
}

/** The words that started this process, with those of the interpreter. */
export function processCommand(): readonly string[] {
  return process.argv;
}

function peakMemory(): number {
  try {
    const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync("/proc/self/status", "utf8")) ?? [];
    if (kilobytes !== undefined) return Number(kilobytes) * 1024;
  } catch {
    // Another system: the kernel's own count of this process, in kilobytes there too.
  }
  return process.resourceUsage().maxRSS * 1024;
}
