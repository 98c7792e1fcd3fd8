// A Trainer that fits in a process of its own: it finds the library, starts the process, feeds it and listens. However the job
// ends (model, refusal, abort, crash), the process is gone before `fit` settles, and the first cause is the one reported.

import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath, pathToFileURL } from "node:url";
import { SlipwayError } from "../../core/core.ts";
import type {
  ContinuingTrainer,
  TrainedModel,
  TrainingBase,
  TrainingJob,
  TrainingStep,
  TrainingWatch,
} from "../../ports/trainer.ts";
import { FORMAT } from "./artifact.ts";
import { constraintParameters } from "./constraints.ts";
import { checkBase, REFRESH } from "./continuation.ts";
import { judged, stepOf } from "./evaluation.ts";
import { feed } from "./feeding.ts";
import type { FitPlan } from "./fitting.ts";
import { readFrames } from "./frames.ts";
import { type LibraryOptions, libraryFinder } from "./library.ts";
import { taskParameters } from "./objective.ts";
import { parameterPairs } from "./parameters.ts";
import type { FromProcess } from "./protocol.ts";
import { columnFields } from "./row-columns.ts";

const BLOCK_BYTES = 2 ** 25;
const TAIL_CHARACTERS = 2000;

/** Fits XGBoost models, each in a child process that a crash or a cancel takes with it. */
export function xgboostTrainer(options: LibraryOptions): ContinuingTrainer {
  const findLibrary = libraryFinder(options);
  const fitted = async (
    job: TrainingJob,
    base: TrainingBase | undefined,
    watch: TrainingWatch,
  ): Promise<TrainedModel> => {
    const plan = planOf(job, base);
    throwIfAborted(watch.signal);
    const library = await findLibrary(watch);
    throwIfAborted(watch.signal);
    return await run(startProcess(options.env), job, { ...plan, library }, base, watch);
  };
  return {
    kind: "xgboost",
    fit: (job, watch = {}) => fitted(job, undefined, watch),
    fitOn: async (base, job, watch = {}) => {
      checkBase(base, job);
      return await fitted(job, base, watch);
    },
  };
}

function planOf(job: TrainingJob, base: TrainingBase | undefined): Omit<FitPlan, "library"> {
  const names = job.inputs.map(({ name }) => name);
  const twice = names.find((name, place) => names.indexOf(name) !== place);
  const refusals: readonly (readonly [boolean, string])[] = [
    [names.length === 0, "A model needs at least one input."],
    [twice !== undefined, `Two inputs are named "${twice}".`],
    [
      job.baseMargin !== undefined && job.inputs.find(({ name }) => name === job.baseMargin)?.kind !== "number",
      `The base margin "${job.baseMargin}" is not among the inputs that are numbers.`,
    ],
    [
      job.baseMargin !== undefined && (job.classes?.length ?? 1) > 1,
      "A base margin is one number for a row, and several classes need one each.",
    ],
    [!isWhole(job.rounds, 1), `rounds is ${job.rounds}; give a whole number of at least 1.`],
    [!isWhole(job.threads, 1), `threads is ${job.threads}; give a whole number of at least 1.`],
    [!isWhole(job.seed, 0), `seed is ${job.seed}; give a whole number of at least 0.`],
    [
      !isWhole(job.earlyStoppingRounds ?? 0, 0),
      `earlyStoppingRounds is ${job.earlyStoppingRounds}; give a whole number, or 0 for never.`,
    ],
    [
      (job.earlyStoppingRounds ?? 0) > 0 && job.validate === undefined,
      "Early stopping needs validation rows: give `validate`, or leave earlyStoppingRounds out.",
    ],
  ];
  for (const [refused, message] of refusals) if (refused) throw new SlipwayError("INPUT_INVALID", message);
  return {
    names,
    types: job.inputs.map(({ kind }) => (kind === "category" ? "c" : "float")),
    columns: columnFields(job),
    parameters: parameterPairs({
      ...taskParameters(job),
      ...constraintParameters(job),
      ...job.parameters,
      ...(base?.refresh === true ? REFRESH : {}),
    }),
    rounds: base?.refresh === true ? base.rounds : job.rounds,
    earlyStoppingRounds: base?.refresh === true ? 0 : (job.earlyStoppingRounds ?? 0),
    ...(base === undefined ? {} : { base: { rounds: base.rounds, refresh: base.refresh === true } }),
    seed: job.seed,
    threads: job.threads,
    ...(job.baseMargin === undefined ? {} : { baseMargin: job.baseMargin }),
    blockRows: Math.max(1, Math.floor(BLOCK_BYTES / (4 * names.length))),
  };
}

function isWhole(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new SlipwayError("CANCELLED", "The training was cancelled.");
}

function startProcess(env: LibraryOptions["env"]): ChildProcess {
  const fromSource = import.meta.url.endsWith(".ts");
  const file = fileURLToPath(new URL(`./training-process.${fromSource ? "ts" : "js"}`, import.meta.url));
  const loader = fromSource ? ["--import", pathToFileURL(createRequire(import.meta.url).resolve("tsx")).href] : [];
  return spawn(process.execPath, [...loader, file], {
    // OpenMP threads spin while they wait: for long by default, which takes the processor from those that work when others use the
    // machine too. This much bridges the gaps between two steps of a tree and no more.
    env: { GOMP_SPINCOUNT: "10000", ...env },
    stdio: ["pipe", "pipe", "pipe", "pipe"],
    windowsHide: true,
  });
}

interface Heard {
  readonly steps: TrainingStep[];
  last?: { readonly header: FromProcess; readonly artifact: Uint8Array };
}

async function run(
  child: ChildProcess,
  job: TrainingJob,
  plan: FitPlan,
  base: TrainingBase | undefined,
  watch: TrainingWatch,
): Promise<TrainedModel> {
  let failure: { readonly error: unknown } | undefined;
  const fail = (error: unknown): void => {
    failure ??= { error };
    child.kill("SIGKILL");
  };
  const onAbort = (): void => fail(new SlipwayError("CANCELLED", "The training was cancelled."));
  watch.signal?.addEventListener("abort", onAbort, { once: true });

  const input = child.stdin as Writable;
  // A process that dies breaks the pipe; its exit is what gets reported.
  input.on("error", () => {});
  const printed = tailOf([child.stdout as Readable, child.stderr as Readable]);
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(`could not be started: ${error.message}`));
    child.once("close", (code, signal) => resolve(signal ? `was ended by ${signal}` : `ended with exit code ${code}`));
  });
  const heard: Heard = { steps: [] };
  feed(input, job, plan, base).catch(fail);
  // A process that dies inside a frame breaks this pipe too.
  listen(child.stdio[3] as Readable, heard, (step) => {
    if (failure) return;
    try {
      watch.onStep?.(step);
    } catch (error) {
      fail(error);
    }
  }).catch(() => {});
  const ending = await ended;
  watch.signal?.removeEventListener("abort", onAbort);

  if (failure) throw failure.error;
  const { last } = heard;
  if (last?.header.kind === "model") {
    const { bestRound, importance, version, use } = last.header;
    const engine = { name: "xgboost", version };
    return { format: FORMAT, artifact: last.artifact, bestRound, steps: heard.steps, importance, engine, use };
  }
  if (last?.header.kind === "refused") throw new SlipwayError(last.header.code, last.header.message);
  const tail = printed().trim();
  throw new SlipwayError(
    "TRAINER_FAILED",
    `The training process ${ending} after ${heard.steps.length} rounds. ${tail ? `It printed:\n${tail}` : "It printed nothing; if the machine ran out of memory, train on fewer rows or a larger machine."}`,
    { details: { rounds: heard.steps.length } },
  );
}

async function listen(pipe: Readable, heard: Heard, onStep: (step: TrainingStep) => void): Promise<void> {
  for await (const { header, bytes } of readFrames<FromProcess>(pipe, (_, length) => new Uint8Array(length))) {
    if (header.kind === "round") {
      const step = judged(stepOf(header.line));
      heard.steps.push(step);
      onStep(step);
    } else heard.last = { header, artifact: bytes };
  }
}

function tailOf(streams: readonly Readable[]): () => string {
  let tail = "";
  for (const stream of streams)
    stream.setEncoding("utf8").on("data", (text: string) => {
      tail = (tail + text).slice(-TAIL_CHARACTERS);
    });
  return () => tail;
}
