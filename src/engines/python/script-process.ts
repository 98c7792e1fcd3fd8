// A script as a process: its steps are read from what it prints, the rest is kept for the day it fails. It has a process group of its own, so
// that whatever it started goes with it; and its standard input stays open as long as this process lives.

import { spawn } from "node:child_process";
import type { Readable } from "node:stream";
import { SlipwayError } from "../../core/core.ts";
import type { TrainingStep, TrainingWatch } from "../../ports/trainer.ts";

const TAIL_CHARACTERS = 2000;
const LONGEST_LINE = 2 ** 20;

/** A script to run. */
export interface ScriptRun {
  readonly interpreter: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeLimitMs?: number;
}

/** Runs a script to its end and gives the steps it told of. Throws TRAINER_FAILED, CANCELLED or ENGINE_NOT_INSTALLED; no process is left then. */
export async function runScript(run: ScriptRun, watch: TrainingWatch): Promise<readonly TrainingStep[]> {
  const child = spawn(run.interpreter, run.args, {
    cwd: run.cwd,
    env: run.env,
    stdio: ["pipe", "pipe", "pipe"],
    detached: process.platform !== "win32",
    windowsHide: true,
  });
  let failure: { readonly error: unknown } | undefined;
  const end = (): void => {
    try {
      if (child.pid !== undefined && process.platform !== "win32") process.kill(-child.pid, "SIGKILL");
      else child.kill("SIGKILL");
    } catch {
      // It ended by itself.
    }
  };
  const fail = (error: unknown): void => {
    failure ??= { error };
    end();
  };
  const limit = run.timeLimitMs === undefined ? undefined : AbortSignal.timeout(run.timeLimitMs);
  const onAbort = (): void => fail(new SlipwayError("CANCELLED", "The training was cancelled."));
  const onLimit = (): void =>
    fail(
      new SlipwayError(
        "TRAINER_FAILED",
        `The script was ended after its time limit of ${(run.timeLimitMs ?? 0) / 1e3} s. Raise timeLimit, or train on less.`,
      ),
    );
  watch.signal?.addEventListener("abort", onAbort, { once: true });
  limit?.addEventListener("abort", onLimit, { once: true });
  child.stdin.on("error", () => {});

  const ended = new Promise<string | undefined>((resolve) => {
    child.once("error", (error: NodeJS.ErrnoException) => {
      const advice =
        error.code === "ENOENT"
          ? `There is no Python interpreter "${run.interpreter}". Install Python 3, or name one with SLIPWAY_PYTHON or the option \`python\` of the trainer.`
          : `The Python interpreter "${run.interpreter}" cannot be started: ${error.message}`;
      fail(new SlipwayError("ENGINE_NOT_INSTALLED", advice, { cause: error }));
      resolve(undefined);
    });
    // Workers that it left behind hold its output open, which would not close then, and the machine.
    child.once("exit", end);
    child.once("close", (code, signal) =>
      resolve(signal ? `was ended by ${signal}` : code === 0 ? undefined : `ended with exit code ${code}`),
    );
  });
  const steps: TrainingStep[] = [];
  let tail = "";
  const keep = (text: string): void => {
    tail = (tail + text).slice(-TAIL_CHARACTERS);
  };
  child.stderr.setEncoding("utf8").on("data", keep);
  linesOf(child.stdout, (line) => {
    const step = stepIn(line);
    if (!step) {
      keep(`${line}\n`);
      return;
    }
    steps.push(step);
    try {
      if (!failure) watch.onStep?.(step);
    } catch (error) {
      fail(error);
    }
  });
  const ending = await ended;
  watch.signal?.removeEventListener("abort", onAbort);
  limit?.removeEventListener("abort", onLimit);
  if (failure) throw failure.error;
  if (ending === undefined) return steps;
  const printed = tail.trim();
  throw new SlipwayError(
    "TRAINER_FAILED",
    `The script ${ending}. ${printed ? `It printed:\n${printed}` : "It printed nothing; if the machine ran out of memory, train on fewer rows or a larger machine."}`,
    { details: { rounds: steps.length } },
  );
}

function linesOf(stream: Readable, onLine: (line: string) => void): void {
  let begun = "";
  stream.setEncoding("utf8");
  stream.on("data", (text: string) => {
    const [first = "", ...rest] = text.split("\n");
    begun = (begun + first).slice(0, LONGEST_LINE);
    for (const next of rest) {
      onLine(begun);
      begun = next.slice(0, LONGEST_LINE);
    }
  });
  stream.on("end", () => {
    if (begun !== "") onLine(begun);
  });
}

/** A step that a line tells of: `{"step": 3, "metrics": {"validate-logloss": 0.41}}`. */
function stepIn(line: string): TrainingStep | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const { step, metrics } = JSON.parse(line) as { readonly step?: unknown; readonly metrics?: unknown };
    if (!Number.isSafeInteger(step) || typeof metrics !== "object" || metrics === null) return undefined;
    const named = Object.entries(metrics);
    if (!named.every(([, value]) => typeof value === "number" && Number.isFinite(value))) return undefined;
    return { round: step as number, metrics: Object.fromEntries(named) };
  } catch {
    return undefined;
  }
}
