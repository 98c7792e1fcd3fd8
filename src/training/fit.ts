// Dataset to fitted model: the inputs with their categories, the fit in the trainer's own process, metrics on the test rows beside
// two baselines, and the profile that monitoring will compare with. Nothing is recorded here.

import {
  type Calibration,
  calibrateScores,
  columnOf,
  isCategory,
  isDecimal,
  type ModelInput,
  matrixColumns,
  rawNames,
  SlipwayError,
  type Table,
  type VersionInput,
} from "../core/core.ts";
import {
  type Dataset,
  type DatasetEngines,
  type LabelClass,
  labelClasses,
  type PartSide,
  type SplitPart,
  streamPart,
  trainingCategories,
} from "../datasets/datasets.ts";
import { isTrained, type ModelSpec, type RowRole, rowColumnNames, type TrainerSpec } from "../define/define.ts";
import type { Runtime, TrainedModel, Trainer, TrainingJob, TrainingWatch } from "../ports/ports.ts";
import { runtimeOf } from "../registry/registry.ts";
import { fitCalibration, requireClasses } from "./calibration/fit-calibration.ts";
import { classesOfBase, continuing, type FitBase } from "./continuation.ts";
import { constantMetrics, type Metrics, metricsOf, type ScoredRows, scorePart } from "./evaluate.ts";
import { type FittedInputs, fitInputs, matrixTables } from "./preprocessing/fit-inputs.ts";

/** The engines that fitting needs. */
export interface FitEngines extends DatasetEngines {
  readonly trainers: readonly Trainer[];
  readonly runtimes: readonly Runtime[];
  readonly threads: number;
}

/** A fitted model with how it did. */
export interface FittedModel {
  readonly trained: TrainedModel;
  readonly inputs: readonly VersionInput[];
  /** What a multi-class model tells apart, in the order of its answers. */
  readonly classes?: readonly string[];
  /** On the test rows; empty when there are none. */
  readonly test: Metrics;
  readonly validate: Metrics;
  readonly validated: ScoredRows;
  readonly tested: ScoredRows;
  /** What corrects its scores, those above too, and how it did on the test rows without. */
  readonly calibration?: Calibration;
  readonly uncalibrated?: Metrics;
  /** What a constant, and a model of the request values alone, do on the same test rows. */
  readonly baselines: { readonly constant?: Metrics; readonly requestOnly?: Metrics };
}

/** What to fit and how much to compare with. */
export interface FitRequest {
  readonly model: ModelSpec;
  readonly dataset: Dataset;
  /** Also fit a model of the request values alone. */
  readonly withBaselines?: boolean;
  /** What is gone on from: its inputs, their categories and steps, and its classes stay as they are. */
  readonly base?: FitBase;
}

/** The trainer of a model. Throws ENGINE_NOT_INSTALLED when there is none of its kind. */
export function trainerOf(trainers: readonly Trainer[], kind: string): Trainer {
  const found = trainers.find((trainer) => trainer.kind === kind);
  if (!found)
    throw new SlipwayError(
      "ENGINE_NOT_INSTALLED",
      `No trainer of kind "${kind}" is set up; there are: ${trainers.map((each) => each.kind).join(", ") || "none"}.`,
    );
  return found;
}

/** The inputs that a model takes as they are, in their order; texts get the categories of the training rows. */
async function plainInputs(
  engines: DatasetEngines,
  dataset: Dataset,
  model: ModelSpec,
): Promise<readonly ModelInput[]> {
  const inputs: ModelInput[] = [];
  const { prepared = [], dropped = [] } = model.preprocess ?? {};
  const others = new Set([...prepared.map(({ name }) => name), ...dropped]);
  for (const { name, type } of model.inputs.filter((input) => !others.has(input.name)))
    inputs.push(
      isCategory(type)
        ? {
            name,
            kind: "category",
            categories: await trainingCategories(engines, dataset, name, model.trainer.mostCategories),
            ...(model.trainer.unseen === undefined ? {} : { unseen: model.trainer.unseen }),
          }
        : { name, kind: "number", ...(isDecimal(type) ? { scale: type.scale } : {}) },
    );
  return inputs;
}

/** Fits, scores and compares. */
export async function fitModel(
  engines: FitEngines,
  request: FitRequest,
  watch: TrainingWatch = {},
): Promise<FittedModel> {
  const { model, dataset, base } = request;
  const { metrics, task } = model;
  const found = task.kind === "multiclass" ? await labelClasses(engines, dataset, task.mostClasses) : undefined;
  const counted = found && base?.classes ? classesOfBase(model.name, base.classes, found) : found;
  const classes = counted?.map(({ name }) => name);
  // Known from the labels alone: a training need not come to its end to find it out.
  if (model.calibrate) requireClasses(await calibrationLabels(engines, request, classes), classes, model.name);
  const fitted: FittedInputs =
    base === undefined
      ? await fitInputs({
          model,
          plain: await plainInputs(engines, dataset, model),
          classes,
          read: (columns) => streamPart(engines, dataset, "train", columns),
        })
      : { inputs: base.inputs, trainingTables: matrixTables };
  const { inputs } = fitted;
  const trained = await fitModelOf(engines, request, fitted, counted, watch);
  const { held, ...raw } = await scoresOf(engines, request, inputs, trained, classes);
  const calibration = model.calibrate && fitCalibration(model.calibrate, held ?? raw.validate, classes, model.name);
  const corrected = (rows: ScoredRows): ScoredRows =>
    calibration ? { ...rows, scores: calibrateScores(calibration, rows.scores) } : rows;
  const scored = { validate: corrected(raw.validate), test: corrected(raw.test) };
  const hasTest = dataset.parts.test.rows > 0;
  const test = hasTest ? metricsOf(metrics, task, scored.test) : {};
  const answer = constantAnswer(dataset, counted);
  const constant = hasTest ? { constant: constantMetrics(metrics, task, scored.test, answer) } : {};
  const isAsked = (name: string): boolean =>
    model.inputs.some((input) => input.name === name && input.from === "request");
  const requestInputs = inputs.filter((input) => rawNames([input]).every(isAsked));
  const baselines =
    request.withBaselines === true && base === undefined && hasTest && requestInputs.length > 0
      ? {
          ...constant,
          requestOnly: await requestOnly(engines, request, { ...fitted, inputs: requestInputs }, counted, watch),
        }
      : constant;
  return {
    trained,
    inputs,
    ...(classes === undefined ? {} : { classes }),
    test,
    validate: metricsOf(metrics, task, scored.validate),
    validated: scored.validate,
    tested: scored.test,
    ...(calibration ? { calibration, uncalibrated: hasTest ? metricsOf(metrics, task, raw.test) : {} } : {}),
    baselines,
  };
}

/** The best answer that is the same for every row: of a number by the task's own loss, of several classes their shares. */
function constantAnswer({ parts: { train } }: Dataset, classes: readonly LabelClass[] | undefined): readonly number[] {
  return classes ? classes.map(({ rows }) => rows / train.rows) : [train.constant ?? Number.NaN];
}

/** Constraints on some of a model's inputs: what the others are held to is left out. */
function constraintsOn(
  { monotone = {}, interactions = [] }: TrainerSpec,
  inputs: readonly VersionInput[],
): Pick<TrainingJob, "monotone" | "interactions"> {
  const columnsOf = (name: string): readonly string[] =>
    matrixColumns(inputs.filter((input) => input.name === name)).map((column) => column.name);
  const ways = Object.entries(monotone).filter(([name]) => columnsOf(name).length > 0);
  const lists = interactions.map((each) => each.flatMap(columnsOf)).filter(({ length }) => length > 0);
  return {
    ...(ways.length === 0 ? {} : { monotone: Object.fromEntries(ways) }),
    ...(lists.length === 0 ? {} : { interactions: lists }),
  };
}

/** A fit of some of the inputs begins where those say. */
function marginOf({ baseMargin }: ModelSpec, inputs: readonly VersionInput[]): Pick<TrainingJob, "baseMargin"> {
  return baseMargin !== undefined && inputs.some(({ name }) => name === baseMargin) ? { baseMargin } : {};
}

/** Factors with which each class's training rows weigh as much together as any other's; on average a row's own weight stays. */
function balancedWeights(classes: readonly LabelClass[]): readonly number[] {
  const present = classes.filter(({ rows }) => rows > 0);
  const whole = present.reduce((sum, { weight }) => sum + weight, 0);
  return classes.map(({ rows, weight }) => (rows === 0 ? 1 : whole / (present.length * weight)));
}

function balancedClasses({ task, trainer }: ModelSpec, { parts: { train } }: Dataset): TrainingJob["parameters"] {
  if (trainer.balance !== true || task.kind !== "binary") return {};
  const { positives, others } = train.weights ?? { ...train, others: train.rows - train.positives };
  return { scale_pos_weight: others / positives };
}

/** Tables that are read from the beginning by whoever reads them. */
function repeatable(read: () => AsyncIterable<Table>): AsyncIterable<Table> {
  return { [Symbol.asyncIterator]: () => read()[Symbol.asyncIterator]() };
}

async function fitModelOf(
  engines: FitEngines,
  { model, dataset, base }: FitRequest,
  { inputs, trainingTables }: FittedInputs,
  classes: readonly LabelClass[] | undefined,
  watch: TrainingWatch,
): Promise<TrainedModel> {
  const { kind, parameters, rounds, earlyStoppingRounds, seed, stopOn, stopBy, program, workers, externalMemory } =
    model.trainer;
  const roles = (Object.keys(model.beside ?? {}) as RowRole[]).filter(isTrained);
  const names = [...rawNames(inputs), ...roles.map((role) => rowColumnNames[role])];
  const isPrepared = inputs.some((input) => input.kind === "prepared");
  const train = repeatable(() => streamPart(engines, dataset, "train", names));
  const validate = repeatable(() => streamPart(engines, dataset, "validate", names, undefined, sideOf(model, "rest")));
  const job: TrainingJob = {
    inputs: matrixColumns(inputs),
    label: "label",
    task: model.task,
    ...(classes === undefined ? {} : { classes: classes.map(({ name }) => name) }),
    ...Object.fromEntries(roles.map((role) => [role, rowColumnNames[role]])),
    ...constraintsOn(model.trainer, inputs),
    ...marginOf(model, inputs),
    ...(stopOn === undefined ? {} : { stopOn }),
    ...(stopBy === undefined ? {} : { stopBy }),
    ...(model.trainer.balance === true && classes ? { classWeights: balancedWeights(classes) } : {}),
    train: isPrepared ? repeatable(() => trainingTables(inputs, train)) : train,
    validate: isPrepared ? repeatable(() => matrixTables(inputs, validate)) : validate,
    parameters: { ...parameters, ...balancedClasses(model, dataset) },
    rounds,
    ...(earlyStoppingRounds > 0 ? { earlyStoppingRounds } : {}),
    seed,
    threads: engines.threads,
    ...(workers === undefined ? {} : { workers }),
    ...(externalMemory === undefined ? {} : { externalMemory }),
    ...(program === undefined ? {} : { program }),
  };
  const trainer = trainerOf(engines.trainers, kind);
  return base === undefined ? trainer.fit(job, watch) : continuing(trainer).fitOn(base, job, watch);
}

/** The labels of the rows that a calibration will be fitted on. */
async function calibrationLabels(
  engines: FitEngines,
  { model, dataset }: Pick<FitRequest, "model" | "dataset">,
  classes: readonly string[] | undefined,
): Promise<Float64Array> {
  const labels: number[] = [];
  for await (const table of streamPart(engines, dataset, "validate", [], undefined, sideOf(model, "held")))
    for (const label of columnOf(table, "label").values)
      labels.push(classes ? classes.indexOf(String(label)) : Number(label));
  return Float64Array.from(labels);
}

/** One side of the validation rows, where a calibration holds some of them back. */
function sideOf({ calibrate }: ModelSpec, side: PartSide["side"]): PartSide | undefined {
  return calibrate?.share === undefined ? undefined : { share: calibrate.share, side };
}

async function scoresOf(
  engines: FitEngines,
  { model, dataset }: Pick<FitRequest, "model" | "dataset">,
  inputs: readonly VersionInput[],
  trained: TrainedModel,
  classes: readonly string[] | undefined,
): Promise<{ readonly validate: ScoredRows; readonly test: ScoredRows; readonly held?: ScoredRows }> {
  const runtime = runtimeOf(engines.runtimes, trained.format);
  const predictor = await runtime.load(trained.artifact, { rounds: trained.bestRound, threads: engines.threads });
  try {
    const score = (part: SplitPart, side?: PartSide): Promise<ScoredRows> =>
      scorePart(engines, dataset, part, inputs, predictor, classes, side);
    const held = sideOf(model, "held");
    return {
      validate: await score("validate", sideOf(model, "rest")),
      test: await score("test"),
      ...(held === undefined ? {} : { held: await score("validate", held) }),
    };
  } finally {
    predictor.close();
  }
}

async function requestOnly(
  engines: FitEngines,
  request: FitRequest,
  fitted: FittedInputs,
  counted: readonly LabelClass[] | undefined,
  { signal, onNote }: TrainingWatch,
): Promise<Metrics> {
  const quiet: TrainingWatch = { ...(signal ? { signal } : {}), ...(onNote ? { onNote } : {}) };
  const trained = await fitModelOf(engines, request, fitted, counted, quiet);
  const classes = counted?.map(({ name }) => name);
  const { test } = await scoresOf(engines, request, fitted.inputs, trained, classes);
  return metricsOf(request.model.metrics, request.model.task, test);
}
