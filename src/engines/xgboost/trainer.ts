// A Trainer that fits in processes of its own: it finds the library, has them fit, and lets several go on from their last checkpoint when one of them is
// lost. However the job ends (model, refusal, abort, crash), every process is gone before `fit` settles.

import { SlipwayError } from "../../core/core.ts";
import type { ContinuingTrainer, TrainedModel, TrainingBase, TrainingJob, TrainingWatch } from "../../ports/trainer.ts";
import { FORMAT } from "./artifact.ts";
import { type AttemptLost, attempt } from "./attempt.ts";
import { constraintParameters } from "./constraints.ts";
import { checkBase, REFRESH } from "./continuation.ts";
import { judged, stepOf } from "./evaluation.ts";
import type { Checkpoint, FitPlan } from "./fitting.ts";
import { type LibraryOptions, libraryFinder } from "./library.ts";
import { taskParameters } from "./objective.ts";
import { parameterPairs } from "./parameters.ts";
import { columnFields } from "./row-columns.ts";
import { type SpillPlace, withSpillFolder } from "./spill-folder.ts";

const BLOCK_BYTES = 2 ** 25;
/** Fewer and larger, as the library goes from one to the next in every round. */
const SPILLED_BLOCK_BYTES = 2 ** 27;
const MOST_RESTARTS = 3;

/** What the trainer may use. */
export interface XgboostTrainerOptions extends LibraryOptions {
  /** Where rows go that are not to stay in memory; without it no job may ask for that. */
  readonly spill?: SpillPlace;
}

/** Fits XGBoost models, in child processes that a crash or a cancel takes with it. */
export function xgboostTrainer(options: XgboostTrainerOptions): ContinuingTrainer {
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
    const fitIn = (folder?: string): Promise<TrainedModel> =>
      run(options.env, job, { ...plan, library, ...(folder === undefined ? {} : { spill: folder }) }, base, watch);
    if (job.externalMemory !== true) return await fitIn();
    if (!options.spill)
      throw new SlipwayError("INPUT_INVALID", "This trainer was made without a folder for external memory.");
    return await withSpillFolder(options.spill, fitIn);
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
    [!isWhole(job.workers ?? 1, 1), `workers is ${job.workers}; give a whole number of at least 1.`],
    [
      job.stopBy !== undefined && ((job.workers ?? 1) > 1 || job.stopOn !== undefined),
      `The metric "${job.stopBy?.name}" needs all validation rows in one place, and stops alone: leave workers and stopOn out.`,
    ],
    [
      job.externalMemory === true && base?.refresh === true,
      "Leaves are refreshed from rows in memory: leave externalMemory out, or go on without refresh.",
    ],
    [
      job.externalMemory === true && job.parameters["device"] !== undefined && job.parameters["device"] !== "cpu",
      "External memory is for the processor here: leave device out, or externalMemory.",
    ],
    [
      (job.workers ?? 1) > 1 && job.parameters["device"] !== undefined && job.parameters["device"] !== "cpu",
      "Several workers share the processor of one machine, and not its GPU: leave device out, or workers.",
    ],
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
    ...(job.stopBy === undefined || base?.refresh === true
      ? {}
      : { own: { name: job.stopBy.name, isGrowing: job.stopBy.better === "higher" } }),
    ...(base === undefined ? {} : { base: { rounds: base.rounds, refresh: base.refresh === true } }),
    seed: job.seed,
    threads: Math.max(1, Math.floor(job.threads / (job.workers ?? 1))),
    ...(job.baseMargin === undefined ? {} : { baseMargin: job.baseMargin }),
    blockRows: Math.max(
      1,
      Math.floor((job.externalMemory === true ? SPILLED_BLOCK_BYTES : BLOCK_BYTES) / (4 * names.length)),
    ),
  };
}

function isWhole(value: number, least: number): boolean {
  return Number.isSafeInteger(value) && value >= least;
}

function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new SlipwayError("CANCELLED", "The training was cancelled.");
}

async function run(
  env: LibraryOptions["env"],
  job: TrainingJob,
  plan: FitPlan,
  base: TrainingBase | undefined,
  watch: TrainingWatch,
): Promise<TrainedModel> {
  const { workers = 1 } = job;
  let told = 0;
  const onLine = (line: string, place: number): void => {
    // Rounds that are fitted again after a worker was lost have been told.
    if (place < told) return;
    told += 1;
    watch.onStep?.(judged(stepOf(line), plan.own));
  };
  let checkpoint: Checkpoint | undefined;
  for (let restarts = 0; ; restarts += 1) {
    const outcome = await attempt({ job, plan, workers, env, base, checkpoint, signal: watch.signal, onLine });
    if (outcome.kind === "model") {
      const { bestRound, importance, version, use } = outcome.header;
      const steps = outcome.lines.map((line) => judged(stepOf(line), plan.own));
      const engine = { name: "xgboost", version };
      return { format: FORMAT, artifact: outcome.artifact, bestRound, steps, importance, engine, use };
    }
    if (workers === 1 || restarts === MOST_RESTARTS || !canReadAgain(job)) throw lostError(outcome, workers, restarts);
    checkpoint = outcome.checkpoint;
    const from = checkpoint ? `go on from round ${checkpoint.lines.length}` : "begin again";
    watch.onNote?.(
      `Worker ${outcome.rank + 1} of ${workers} ${outcome.ending} after ${outcome.rounds} rounds; all of them ${from}.`,
    );
  }
}

/** Whether the rows can be had once more: an iterable that is its own iterator is used up. */
function canReadAgain({ train, validate }: TrainingJob): boolean {
  return [train, validate].every((rows) => rows === undefined || (rows[Symbol.asyncIterator]() as unknown) !== rows);
}

function lostError({ rank, ending, rounds, printed }: AttemptLost, workers: number, restarts: number): SlipwayError {
  const who = workers === 1 ? "The training process" : `Worker ${rank + 1} of ${workers}`;
  const before = restarts === 0 ? "" : ` This was the last of ${restarts + 1} attempts.`;
  return new SlipwayError(
    "TRAINER_FAILED",
    `${who} ${ending} after ${rounds} rounds.${before} ${printed ? `It printed:\n${printed}` : "It printed nothing; if the machine ran out of memory, train on fewer rows or a larger machine."}`,
    { details: { rounds } },
  );
}
