// The training process: started by trainer.ts, one per job, so that a crash of the native library or a cancelled job never
// touches the process that serves. It reads frames from standard input, writes frames to descriptor 3, and ends with its parent. One of several workers
// joins the others before its rows are handed to the library, which agrees with them on bins and sums from then on.

import { createHash } from "node:crypto";
import { writeSync } from "node:fs";
import { join } from "node:path";
import koffi from "koffi";
import { asSlipwayError, SlipwayError } from "../../core/core.ts";
import { openXgboost, type Xgboost } from "./binding.ts";
import { type BlockFiller, blockFiller } from "./blocks.ts";
import type { Tracker } from "./collective.ts";
import { type Checkpoint, type FitPlan, fitBooster, matrixOfBlocks } from "./fitting.ts";
import { bytesOf, frameHead, readFrames } from "./frames.ts";
import { type Handle, isCollectiveError, isLibraryError } from "./native.ts";
import type { FromProcess, ToProcess } from "./protocol.ts";

const ANSWERS = 3;

function send(header: FromProcess, bytes: Uint8Array = new Uint8Array(0)): void {
  for (const part of [frameHead(header, bytes.byteLength), bytes]) {
    let written = 0;
    while (written < part.byteLength) written += writeSome(part.subarray(written));
  }
}

function writeSome(part: Uint8Array): number {
  try {
    return writeSync(ANSWERS, part);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EAGAIN") {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
      return 0;
    }
    // The parent is gone, so nobody wants the model.
    process.exit(1);
  }
}

/** Asks Linux to end this process with its parent, even in the middle of a long native call; elsewhere the next write finds out. */
function endWithParent(): void {
  if (process.platform !== "linux") return;
  const PR_SET_PDEATHSIG = 1;
  const SIGKILL = 9;
  koffi.load(null).func("int prctl(int, ulong, ulong, ulong, ulong)")(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
}

interface State {
  plan?: FitPlan;
  library?: Xgboost;
  base?: Uint8Array;
  checkpoint?: Checkpoint;
  tracker?: Tracker;
  filler?: BlockFiller;
  train?: Handle;
  validate?: Handle;
  rounds: number;
}

function place(state: State, header: ToProcess, length: number): Uint8Array {
  if (header.kind === "base") {
    state.base = new Uint8Array(length);
    return state.base;
  }
  if (header.kind === "resume") {
    state.checkpoint = { snapshot: new Uint8Array(length), lines: header.lines };
    return state.checkpoint.snapshot;
  }
  if (!state.plan || (header.kind !== "matrix" && header.kind !== "column")) return new Uint8Array(0);
  const { names, blockRows, columns, spill } = state.plan;
  const file = spill === undefined ? undefined : join(spill, `${header.split}-rows`);
  state.filler ??= blockFiller(names.length, blockRows, columns.length, file);
  return header.kind === "matrix" ? state.filler.matrix(header.rows) : state.filler.column(header.place, header.rows);
}

/** Hands each split over as soon as it is whole, so that its floats are free before the next one comes. */
function receive(state: State, header: ToProcess): void {
  if (header.kind === "plan") {
    state.plan = header.plan;
    state.library = openXgboost(header.plan.library);
    const { worker } = header.plan;
    if (worker?.rank !== 0) return;
    state.tracker = state.library.startTracker(worker.of);
    send({ kind: "tracker", address: state.tracker.address });
  } else if (header.kind === "join") {
    state.library?.join(header.address, state.plan?.worker?.rank ?? 0);
  } else if (header.kind === "end" && state.plan && state.library && state.filler) {
    const blocks = state.filler.finish();
    state[header.split] = matrixOfBlocks(state.library, state.plan, blocks, header.split, state.train);
    blocks.close();
    delete state.filler;
  }
}

async function main(state: State): Promise<void> {
  endWithParent();
  // Ctrl-C reaches the whole process group; the parent decides what it means for the job.
  process.on("SIGINT", () => {});
  const frames = readFrames<ToProcess>(process.stdin, (next, length) => place(state, next, length));
  const read = async (): Promise<ToProcess> => {
    const { value, done } = await frames.next();
    // The pipe closed early: the parent is gone, or has given up.
    return done === true ? process.exit(1) : value.header;
  };
  for (let header = await read(); header.kind !== "fit"; header = await read()) receive(state, header);
  const { plan, library, train, validate } = state;
  if (!plan || !library || train === undefined) process.exit(1);
  const sets = validate === undefined ? { train } : { train, validate };
  const isFirst = (plan.worker?.rank ?? 0) === 0;
  const { artifact, bestRound, importance } = await fitBooster(library, plan, sets, state, {
    onRound: (line) => {
      state.rounds += 1;
      if (isFirst) send({ kind: "round", line });
    },
    measure: async (scores) => {
      send({ kind: "scores" }, bytesOf(scores));
      const header = await read();
      return header.kind === "measured" ? Number(header.value) : Number.NaN;
    },
    ...(plan.worker?.rank === 0
      ? { onCheckpoint: (snapshot, rounds) => send({ kind: "checkpoint", rounds }, snapshot) }
      : {}),
  });
  const hash = createHash("sha256").update(artifact).digest("hex");
  const told = { bestRound, importance, version: library.version, hash, use: usedHere() };
  send({ kind: "model", ...told }, isFirst ? artifact : undefined);
  if (plan.worker === undefined) return;
  library.leave();
  state.tracker?.end();
}

function usedHere(): { readonly cpuSeconds: number; readonly peakMemory: number } {
  const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
  return { cpuSeconds: (userCPUTime + systemCPUTime) / 1e6, peakMemory: maxRSS * 1024 };
}

/** What the library refuses before the first round has ended is about the job: a value out of range, a label it cannot take. */
function refusalOf(error: unknown, { rounds, plan }: State): FromProcess {
  const message = error instanceof Error ? error.message : String(error);
  if (plan?.worker !== undefined && isCollectiveError(error)) return { kind: "lost", message };
  const full = asSlipwayError(error);
  if (full.code === "STORAGE_FULL") return { kind: "refused", code: full.code, message: full.message };
  if (error instanceof SlipwayError) return { kind: "refused", code: error.code, message };
  const aboutTheJob = rounds === 0 && isLibraryError(error) && !/alloc|memory/i.test(message);
  return {
    kind: "refused",
    code: aboutTheJob ? "INPUT_INVALID" : "TRAINER_FAILED",
    message: `XGBoost ${aboutTheJob ? "refuses this job" : `failed after ${rounds} rounds`}: ${message}`,
  };
}

const state: State = { rounds: 0 };
main(state)
  .catch((error: unknown) => send(refusalOf(error, state)))
  .finally(() => process.exit(0));
