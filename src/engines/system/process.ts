// Marks that tell processes apart, and whether the process of a mark still runs. A mark names a file that its process holds a lock on: the kernel gives the
// lock back when the process ends, however it does, and every container on one volume sees the same lock. Where the file cannot be seen, because the
// other one works on another folder, a mark is judged by host, boot, number and start time.

import { randomUUID } from "node:crypto";
import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

/** Files that are held by processes. */
export interface FileLocks {
  /** Locks a file until the process ends, or what this gives is called. */
  readonly hold: (file: string) => () => void;
  /** Whether some process holds a file; undefined where there is no such file. */
  readonly isHeld: (file: string) => boolean | undefined;
}

/** This process among others. */
export interface MarkedProcess {
  /** Names this very process, also after its number has been given to another; to be kept with what it works on. */
  readonly mark: string;
  /** Whether the process of a mark still runs. One that cannot be asked counts as alive, as does a mark of another kind. */
  readonly isAlive: (mark: string) => boolean;
  /** Gives the lock back: whoever asks then takes this process for what its number says. */
  readonly release: () => void;
}

interface ProcessMark {
  readonly host: string;
  readonly boot: string;
  readonly pid: number;
  readonly started: string;
  /** The held file's name; absent in marks of before there were any. */
  readonly lock?: string;
}

const NAME = /^[0-9a-f-]{36}\.lock$/;

/** What lies beside a held file from when it was first found free: its own time is the process's start, however long that ran. */
const ENDED = ".ended";

/** How long the file of a process that was killed stays once it was found, so that whoever finds its mark can tell. */
const KEPT_MS = 7 * 24 * 3600 * 1000;

/** Marks this process with a file of its own in a folder that all who should know of it share. */
export function markedProcess(folder: string, { hold, isHeld }: FileLocks): MarkedProcess {
  const lock = `${randomUUID()}.lock`;
  const release = hold(join(folder, lock));
  sweep(folder, isHeld);
  const mark: ProcessMark = {
    host: hostname(),
    boot: bootId(),
    pid: process.pid,
    started: startOf(process.pid) ?? "",
    lock,
  };
  return {
    mark: JSON.stringify(mark),
    isAlive(text) {
      if (!text.startsWith("{")) return true;
      const other = JSON.parse(text) as ProcessMark;
      const held = other.lock !== undefined && NAME.test(other.lock) ? isHeld(join(folder, other.lock)) : undefined;
      return held ?? isRunning(other);
    },
    release,
  };
}

/** Removes what processes have left that were found killed long ago. */
function sweep(folder: string, isHeld: FileLocks["isHeld"]): void {
  const before = Date.now() - KEPT_MS;
  for (const name of readdirSync(folder)) {
    const lock = name.endsWith(ENDED) ? name.slice(0, -ENDED.length) : name;
    if (!NAME.test(lock)) continue;
    const [file, ended] = [join(folder, lock), join(folder, `${lock}${ENDED}`)];
    if (isHeld(file) !== false) rmSync(ended, { force: true });
    else {
      const found = statSync(ended, { throwIfNoEntry: false })?.mtimeMs;
      if (found === undefined) writeFileSync(ended, "");
      else if (found < before) for (const each of [file, ended]) rmSync(each, { force: true });
    }
  }
}

function isRunning({ host, boot, pid, started }: ProcessMark): boolean {
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
