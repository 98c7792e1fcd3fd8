// A mark that names this very process, also after its number has been given to another: host, boot, number and start time.

import { readFileSync } from "node:fs";
import { hostname } from "node:os";

interface ProcessMark {
  readonly host: string;
  readonly boot: string;
  readonly pid: number;
  readonly started: string;
}

/** This process's mark, to be kept with what it works on. */
export function thisProcess(): string {
  const mark: ProcessMark = { host: hostname(), boot: bootId(), pid: process.pid, started: startOf(process.pid) ?? "" };
  return JSON.stringify(mark);
}

/** Whether the process of a mark still runs. One on another machine cannot be asked and counts as alive, as does a mark of another kind. */
export function isProcessAlive(mark: string): boolean {
  if (!mark.startsWith("{")) return true;
  const { host, boot, pid, started } = JSON.parse(mark) as ProcessMark;
  if (host !== hostname()) return true;
  if (boot !== bootId()) return false;
  if (started !== "") return startOf(pid) === started;
  try {
    process.kill(pid, 0);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return "";
  }
}

/** When the process started, in the kernel's ticks since boot; undefined when it is gone, a zombie, or not to be known here. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The program's name, in parentheses, may hold spaces and parentheses of its own.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}
