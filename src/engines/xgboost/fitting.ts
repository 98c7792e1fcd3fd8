// Fitting one booster, inside the training process: every call here blocks until the library is done. Data arrives in blocks
// of a fixed number of rows whatever batches the source had, so that the same rows always give the same bins and the same bytes.

import { join } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import type { TrainingStep } from "../../ports/trainer.ts";
import { MARGIN_ATTRIBUTE } from "./base-margin.ts";
import type { Xgboost } from "./binding.ts";
import { type Blocks, joined } from "./blocks.ts";
import { keptRounds } from "./continuation.ts";
import { type BestRound, betterRound, lineWith, type OwnMetric, pythonNumber, stepOf } from "./evaluation.ts";
import type { MatrixInfo } from "./matrices.ts";
import type { Handle } from "./native.ts";
import type { SplitName } from "./protocol.ts";

/** What to fit, as plain data that crosses the pipe. */
export interface FitPlan {
  readonly library: string;
  readonly names: readonly string[];
  /** `float`, or `c` for category codes. */
  readonly types: readonly string[];
  /** What the columns beside the matrix are to XGBoost, in the order in which they come; the label is the first. */
  readonly columns: readonly MatrixInfo[];
  readonly parameters: readonly (readonly [string, string])[];
  readonly rounds: number;
  /** The input that is a base margin. */
  readonly baseMargin?: string;
  /** What is kept of the model that is gone on from, and whether its leaves are fitted anew. */
  readonly base?: { readonly rounds: number; readonly refresh: boolean };
  /** 0 for never. */
  readonly earlyStoppingRounds: number;
  /** The metric of the validation rows that stops early and is not the library's. */
  readonly own?: OwnMetric;
  readonly seed: number;
  readonly threads: number;
  readonly blockRows: number;
  /** A folder for rows that are not to stay in memory. */
  readonly spill?: string;
  /** Which of how many workers this one is, from 0; absent for a process that fits alone. */
  readonly worker?: { readonly rank: number; readonly of: number };
}

/** Where a fit that was cut short goes on: the library's snapshot, and the lines of the rounds that are in it. */
export interface Checkpoint {
  readonly snapshot: Uint8Array;
  readonly lines: readonly string[];
}

/** What a fit tells as it goes. */
export interface FitWatch {
  readonly onRound: (line: string) => void;
  /** The plan's own metric of scores, of shape (rows) or (rows, classes). */
  readonly measure?: (scores: Float32Array) => Promise<number>;
  /** What all workers can go on from, every few rounds; only for one of several. */
  readonly onCheckpoint?: (snapshot: Uint8Array, rounds: number) => void;
}

/** What a fit leaves behind. */
export interface Fitted {
  readonly artifact: Uint8Array;
  readonly bestRound: number;
  readonly importance: readonly { readonly input: string; readonly gain: number }[];
}

const DEFAULT_BINS = 256;
const CHECKPOINT_ROUNDS = 10;

/** A split as XGBoost takes it: binned, or, for leaves that are refreshed, as it is, because XGBoost reads the rows' own values for that. */
export function matrixOfBlocks(
  library: Xgboost,
  plan: FitPlan,
  blocks: Blocks,
  split: SplitName,
  reference?: Handle,
): Handle {
  return plan.base?.refresh === true
    ? plainMatrix(library, plan, blocks)
    : binBlocks(library, plan, blocks, split, reference);
}

/** Holds a second copy of the floats while it is made. */
function plainMatrix(library: Xgboost, plan: FitPlan, blocks: Blocks): Handle {
  const all = Array.from({ length: blocks.count }, (_, place) => blocks.at(place));
  const rows = all.reduce((sum, block) => sum + block.rows, 0);
  const matrix = library.createDense(joined(all.map((block) => block.matrix)), rows, plan.names.length);
  library.nameMatrixFeatures(matrix, plan.names, plan.types);
  for (const [at, field] of plan.columns.entries()) library.setInfo(matrix, field, blocks.column(at));
  return matrix;
}

/** Bins a split. A validation split takes over the training split's bins through `reference`. */
function binBlocks(library: Xgboost, plan: FitPlan, blocks: Blocks, split: SplitName, reference?: Handle): Handle {
  const proxy = library.createProxy();
  const width = plan.names.length;
  const maxBins = Number(plan.parameters.findLast(([name]) => name === "max_bin")?.[1] ?? DEFAULT_BINS);
  let place = 0;
  const next = (): boolean => {
    if (place >= blocks.count) return false;
    const block = blocks.at(place);
    place += 1;
    library.setDense(proxy, block.matrix, block.rows, width);
    plan.columns.forEach((field, at) => {
      const column = block.columns[at];
      // A group that reaches over the end of a block would become two.
      if (column !== undefined && field !== "qid") library.setInfo(proxy, field, column);
    });
    library.nameMatrixFeatures(proxy, plan.names, plan.types);
    return true;
  };
  const reset = (): void => {
    place = 0;
  };
  try {
    const options = {
      threads: plan.threads,
      maxBins,
      ...(reference === undefined ? {} : { reference }),
      ...(plan.spill === undefined ? {} : { cachePrefix: join(plan.spill, `${split}-bins`) }),
    };
    const matrix = library.createQuantile(proxy, { next, reset }, options);
    const groups = plan.columns.indexOf("qid");
    if (groups >= 0) library.setInfo(matrix, "qid", blocks.column(groups));
    return matrix;
  } finally {
    library.freeMatrix(proxy);
  }
}

/** The library itself goes on without a GPU where it finds none, with a line on its error output. */
function requireDevice(library: Xgboost, { parameters }: FitPlan): void {
  const device = parameters.findLast(([name]) => name === "device")?.[1] ?? "cpu";
  if (device === "cpu" || library.hasCuda()) return;
  throw new SlipwayError(
    "ENGINE_NOT_INSTALLED",
    `The trainer asks for device "${device}", and ${library.isBuiltForCuda() ? "no NVIDIA GPU is to be seen on this machine" : "this libxgboost is built without CUDA: run: pip install xgboost, or set XGBOOST_LIB to one that has it"}. Leave device out to train on the processor.`,
  );
}

/** Fits the rounds, or those that a checkpoint leaves to be fitted, telling the library's line of metrics after each. */
export async function fitBooster(
  library: Xgboost,
  plan: FitPlan,
  sets: { readonly train: Handle; readonly validate?: Handle },
  { base, checkpoint }: { readonly base?: Uint8Array | undefined; readonly checkpoint?: Checkpoint | undefined },
  { onRound, onCheckpoint, measure }: FitWatch,
): Promise<Fitted> {
  const evaluated: [string, Handle][] = [["train", sets.train]];
  if (sets.validate !== undefined) evaluated.push(["validate", sets.validate]);
  const booster = library.createBooster(evaluated.map(([, handle]) => handle));
  const kept = plan.base?.rounds ?? 0;
  if (base !== undefined && !checkpoint) library.load(booster, keptRounds(library, base, kept));
  const settings: readonly (readonly [string, string])[] = [
    ["validate_parameters", "1"],
    // The default since 2.0, and the only method an older library can use with binned data.
    ["tree_method", "hist"],
    ...plan.parameters,
    ["nthread", String(plan.threads)],
    ["seed", String(plan.seed)],
  ];
  // A snapshot has its settings, and setting the seed again would begin the random numbers anew.
  if (checkpoint) library.restore(booster, checkpoint.snapshot);
  else for (const [name, value] of settings) library.setParameter(booster, name, value);
  requireDevice(library, plan);
  // A matrix's names are not saved with the model; Python sets them on the booster as well.
  library.nameBoosterFeatures(booster, plan.names, plan.types);

  let best: BestRound | undefined;
  let step: TrainingStep = { round: 0, metrics: {} };
  // Rounds are told from 1 over all that the model has; those that are refreshed are not new.
  const before = plan.base?.refresh === true ? 0 : kept;
  const isLast = (line: string): boolean => {
    step = stepOf(line);
    if (plan.earlyStoppingRounds === 0) return false;
    best = betterRound(best, step, plan.own);
    return step.round - (best?.round ?? before) >= plan.earlyStoppingRounds;
  };
  const done = checkpoint?.lines ?? [];
  let stopped = done.map(isLast).at(-1) ?? false;
  for (let round = done.length; round < plan.rounds && !stopped; round += 1) {
    library.update(booster, round, sets.train);
    const told = library.evaluate(booster, before + round, evaluated);
    const line =
      plan.own && measure && sets.validate !== undefined
        ? lineWith(told, plan.own.name, await measure(library.predictMatrix(booster, sets.validate, 0)))
        : told;
    onRound(line);
    stopped = isLast(line);
    if (onCheckpoint && !stopped && (round + 1) % CHECKPOINT_ROUNDS === 0)
      onCheckpoint(library.snapshot(booster), round + 1);
  }
  if (best) {
    library.setAttribute(booster, "best_iteration", String(best.round - 1));
    library.setAttribute(booster, "best_score", pythonNumber(best.score));
  } else if (base !== undefined)
    // Those of the model that was gone on from say nothing of this one.
    for (const name of ["best_iteration", "best_score"]) library.setAttribute(booster, name, null);
  if (plan.baseMargin !== undefined) library.setAttribute(booster, MARGIN_ATTRIBUTE, plan.baseMargin);
  const gains = library.totalGain(booster);
  const importance = plan.names
    .map((input) => ({ input, gain: gains.get(input) ?? 0 }))
    .filter(({ gain }) => gain > 0)
    .sort((a, b) => b.gain - a.gain);
  return { artifact: library.save(booster), bestRound: best?.round ?? step.round, importance };
}
