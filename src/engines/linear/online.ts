// The trainer of online learners: one pass over the training rows in their order, each answered and then learnt from. What it leaves is a linear model like any
// other, and beside its coefficients the state from which the next rows go on.

import { SlipwayError } from "../../core/core.ts";
import type {
  ContinuingTrainer,
  TrainedModel,
  TrainingBase,
  TrainingJob,
  TrainingStep,
  TrainingWatch,
} from "../../ports/trainer.ts";
import { FORMAT, type LinearModel, linearBytes, linearFrom } from "./artifact.ts";
import { checkJob } from "./check-job.ts";
import { type OnlineLearner, type OnlineRule, onlineLearner } from "./online-learner.ts";
import { onlineBytes, onlineStateFrom } from "./online-state.ts";
import { progress } from "./progressive.ts";
import { readBlocks, requireGoingOn } from "./rows.ts";

/** What a change of the arithmetic would have to raise: same version, same bytes. */
const VERSION = "1";

/** The first rows after which progress is told; then each time that they have doubled. */
const FIRST_TOLD = 100;

/** Fits `binary` and `regression` with squared loss (half the squared error) in one pass. Holds one batch of rows at a time. */
export function onlineTrainer(): ContinuingTrainer {
  return {
    kind: "online",
    fit: (job, watch = {}) => learn(job, undefined, watch),
    fitOn: (base, job, watch = {}) => learn(job, base, watch),
  };
}

async function learn(job: TrainingJob, base: TrainingBase | undefined, watch: TrainingWatch): Promise<TrainedModel> {
  requireGoingOn(watch.signal);
  checkJob("online", job, PARAMETERS);
  const rule = ruleOf(job);
  const link = job.task?.kind === "binary" ? "logistic" : "identity";
  const names = job.inputs.map(({ name }) => name);
  const before = base === undefined ? undefined : stateOfBase(base, rule, link, names);
  const learner = onlineLearner(rule, link, names.length, before?.state);
  const steps: TrainingStep[] = [];
  const told = progress(link);
  const squares = new Float64Array(names.length);
  let nextTold = FIRST_TOLD;
  const tell = (): void => {
    if (told.rows === 0) return;
    const step = { round: steps.length + 1, metrics: { "progressive-rows": told.rows, ...told.metrics() } };
    steps.push(step);
    watch.onStep?.(step);
  };
  for await (const { rows, cells, labels, weights } of readBlocks(job, watch)) {
    for (let row = 0; row < rows; row += 1) {
      const start = row * names.length;
      const label = labels[row] ?? 0;
      const answer = learner.answer(cells, start);
      if (!Number.isFinite(answer)) throw diverged(told.rows);
      told.add(answer, label);
      learner.learn(cells, start, (answer - label) * (weights[row] ?? 1));
      for (let column = 0; column < names.length; column += 1) {
        const value = cells[start + column] ?? 0;
        if (!Number.isNaN(value)) squares[column] = (squares[column] ?? 0) + value * value;
      }
      if (told.rows < nextTold) continue;
      tell();
      nextTold *= 2;
    }
  }
  if (told.rows === 0)
    throw new SlipwayError("TRAINING_SET_EMPTY", "The train split has no rows, so there is nothing to learn from.");
  if (steps.at(-1)?.metrics["progressive-rows"] !== told.rows) tell();
  const model = modelOf(learner, link, names, told.rows);
  const events = (before?.events ?? 0) + told.rows;
  return {
    format: FORMAT,
    artifact: onlineBytes(linearBytes(model), { rule, events, state: learner.state }),
    bestRound: steps.length,
    steps,
    importance: model.inputs
      .map(({ name, coefficient }, place) => ({
        input: name,
        gain: Math.abs(coefficient) * Math.sqrt((squares[place] ?? 0) / told.rows),
      }))
      .filter(({ gain }) => gain > 0)
      .sort((a, b) => b.gain - a.gain),
    engine: { name: "online", version: VERSION },
  };
}

function modelOf(
  learner: OnlineLearner,
  link: LinearModel["link"],
  names: readonly string[],
  rows: number,
): LinearModel {
  const weights = learner.weights();
  if (weights.some((weight) => !Number.isFinite(weight))) throw diverged(rows);
  return {
    link,
    intercept: weights[names.length] ?? 0,
    inputs: names.map((name, place) => ({ name, coefficient: weights[place] ?? 0, mean: 0 })),
  };
}

function diverged(rows: number): SlipwayError {
  return new SlipwayError(
    "TRAINER_FAILED",
    `The online learner diverged after ${rows} rows: its weights are no longer finite. Lower its rate, or standardise inputs that are large.`,
    { details: { rows } },
  );
}

/** The state of a model that is gone on from. Throws INPUT_INVALID where it is another kind of learner's. */
function stateOfBase(
  { artifact, refresh = false }: TrainingBase,
  rule: OnlineRule,
  link: LinearModel["link"],
  names: readonly string[],
): NonNullable<ReturnType<typeof onlineStateFrom>> {
  const refuse = (problem: string): never => {
    throw new SlipwayError("INPUT_INVALID", `online: ${problem}`);
  };
  if (refresh) refuse("there are no leaves to refresh; go on without it.");
  const model = linearFrom(artifact);
  const state = onlineStateFrom(artifact, model.inputs.length);
  if (state === undefined)
    return refuse("the model to go on from was not learnt online, and has no state to go on with.");
  if (state.algorithm !== rule.algorithm)
    refuse(`the model to go on from was learnt with ${state.algorithm}, and this one has ${rule.algorithm}.`);
  if (model.link !== link) refuse(`the model to go on from has the link ${model.link}, and this task has ${link}.`);
  const known = model.inputs.map(({ name }) => name);
  if (known.join("\n") !== names.join("\n"))
    refuse(`the model to go on from has the inputs ${known.join(", ")}, and the rows have ${names.join(", ")}.`);
  return state;
}

const PARAMETERS = ["algorithm", "rate", "beta", "l1", "l2"];

function ruleOf({ parameters }: TrainingJob): OnlineRule {
  const { algorithm } = parameters;
  const number = (name: string, least: number): number => {
    const value = parameters[name] ?? least;
    if (typeof value === "number" && value >= least && value < Infinity) return value;
    throw new SlipwayError("INPUT_INVALID", `online: ${name} is ${value}; give a number from ${least} up.`);
  };
  const rate = number("rate", Number.MIN_VALUE);
  if (algorithm === "adagrad") return { algorithm, rate };
  if (algorithm === "ftrl")
    return { algorithm, rate, beta: number("beta", 0), l1: number("l1", 0), l2: number("l2", 0) };
  throw new SlipwayError("INPUT_INVALID", `online: the algorithm is ${algorithm}; give "ftrl" or "adagrad".`);
}
