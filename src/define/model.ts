// Models: which rows are asked for, what goes in, what is to be foretold, and how it is fitted and judged.

import {
  type ColumnSchema,
  type DataType,
  didYouMean,
  isCategory,
  kindOf,
  type NumericType,
  SlipwayError,
  sameType,
  type TypeKind,
  typeText,
} from "../core/core.ts";
import { BASE_MARGIN, marginProblem } from "./base-margin.ts";
import { type CalibrateSpec, calibrateProblem } from "./calibrate.ts";
import { sourceOfLeaf } from "./column.ts";
import { type CustomMetricSpec, isCustomMetric } from "./custom-metric.ts";
import { checkName, type Definition, frozen, type Spec, spec, specOf } from "./definition.ts";
import { type Expression, expressionOf } from "./expression.ts";
import type { FeatureViewSpec } from "./feature-view.ts";
import { type Fields, type RowInput, schemaOf } from "./field.ts";
import { linearTaskProblem } from "./linear.ts";
import { type Metadata, metadataOf } from "./metadata.ts";
import { type MetricSpec, metricProblem } from "./metric-spec.ts";
import { type EntityKeys, expandFeatures, type ModelFeature, mergeFields, type RequestKeys } from "./model-features.ts";
import { type ExpressionNode, type LeafNode, leavesOf } from "./node.ts";
import { becomesNumber, type PreprocessSpec, preprocessOf } from "./preparation.ts";
import type { Preprocess } from "./preprocess.ts";
import { type PromotionOptions, type PromotionSpec, promotionOf } from "./promotion.ts";
import { type RowColumnSpec, type RowRole, rowColumn, rowColumnNames } from "./row-column.ts";
import { type CostSpec, costOf, type SliceSpec, slicesOf } from "./slice.ts";
import type { SourceSpec } from "./source.ts";
import { type SplitSpec, splitExpression, splitProblem } from "./split.ts";
import { type LabelType, type TaskSpec, taskOfLabel, taskProblem } from "./task.ts";
import { type TrainerSpec, takesNumbersAlone } from "./trainer.ts";

/** One input of a model, by where it comes from. */
export type InputSpec =
  | { readonly from: "feature"; readonly name: string; readonly type: DataType; readonly view: string }
  | { readonly from: "request"; readonly name: string; readonly type: DataType }
  | {
      readonly from: "derived";
      readonly name: string;
      readonly type: DataType;
      readonly value: ExpressionNode;
      /** The derived or on-demand view that declares it; absent where the model does. */
      readonly view?: string;
    };

/** A model as plain data. */
export interface ModelSpec extends Spec {
  readonly kind: "model";
  /** One row per prediction: id, keys, prediction time, request values. */
  readonly rows: SourceSpec;
  /** Every view that is read, for inputs or inside derived values. */
  readonly views: readonly FeatureViewSpec[];
  /** Values only known when a prediction is asked for; those among `inputs` from "request" are inputs themselves. */
  readonly request: readonly ColumnSchema[];
  readonly inputs: readonly InputSpec[];
  /** What inputs go through before they are columns of the matrix; absent where all are taken as they are. */
  readonly preprocess?: PreprocessSpec;
  /** The input that a row's score begins with; trees are not fitted to it. */
  readonly baseMargin?: string;
  /** The outcome, on rows of another source that carry the same id. */
  readonly label: { readonly source: SourceSpec; readonly value: ExpressionNode };
  /** What a training row carries besides its inputs and its label. */
  readonly beside?: Readonly<Partial<Record<RowRole, RowColumnSpec>>>;
  /** What the label and the trainer come to. */
  readonly task: TaskSpec;
  readonly trainer: TrainerSpec;
  readonly split: SplitSpec;
  readonly metrics: readonly (MetricSpec | CustomMetricSpec)[];
  readonly calibrate?: CalibrateSpec;
  readonly promotion?: PromotionSpec;
  readonly slices?: readonly SliceSpec[];
  readonly cost?: CostSpec;
}

/** A model; `Row` is what a caller gives for one prediction. */
export interface Model<Row = unknown> extends Definition<ModelSpec> {
  readonly name: string;
  readonly [rowType]?: Row;
}

declare const rowType: unique symbol;

/** What a caller gives for one prediction of a model: entity keys and request values. */
export type RowOf<M> = M extends Model<infer Row> ? Row : never;

type RowFields<F extends readonly ModelFeature[], R extends Fields> = R &
  Omit<RequestKeys<F>, keyof R> &
  Omit<EntityKeys<F>, keyof R | keyof RequestKeys<F>>;
type Values<R extends Fields> = { readonly [K in keyof R]: Expression<R[K]["type"]> };

/** What a derived value may use besides features. */
export interface DerivedScope<R extends Fields, C extends Fields> {
  readonly request: Values<R>;
  readonly context: Values<C>;
}

/** The options of a model. */
export interface ModelOptions<
  F extends readonly ModelFeature[],
  R extends Fields,
  C extends Fields,
  L extends LabelType = LabelType,
> extends Metadata {
  /** Needs `id` and `eventTime` (the prediction time), and as columns every entity key and request value. */
  readonly rows: Definition<SourceSpec> & Values<NoInfer<R>> & Values<NoInfer<C>>;
  /** Whole views, single features such as `weather.features.temp`, derived and on-demand ones, and feature groups. */
  readonly features: F;
  /** Values only known when asked; each is an input. One may also be an entity key. */
  readonly request?: R;
  /** Values asked for that only derived values use; not inputs themselves. */
  readonly context?: C;
  /** Inputs computed from request values and features: `({ request }) => request.distance.lt(500)`. */
  readonly derived?: Readonly<Record<string, (scope: DerivedScope<R, C>) => Expression>>;
  /** Where a row's score begins, in the units of the sum of the trees: the name of a numeric input, or a value computed as derived ones are. XGBoost only. */
  readonly baseMargin?: string | ((scope: DerivedScope<R, C>) => Expression);
  /** Steps that inputs go through before the model takes them, fitted on the training rows: `{ age: [impute("median"), standardize()] }`. */
  readonly preprocess?: Preprocess<NoInfer<R>>;
  /** An expression over another source that has the rows' id: `arrivals.arr_delay.gt(15)`. Known when that row is known. Its type decides the task. */
  readonly label: Expression<L>;
  readonly trainer: TrainerSpec<NoInfer<L>>;
  /** How much a training row counts, above 0: an expression over the rows or over the label's source. Metrics count every row alike. */
  readonly weight?: Expression<NumericType>;
  /** What is ranked together, for `ranking()`: an expression over the rows or over the label's source. */
  readonly group?: Expression;
  /** By when a row had ended, for `survival()`: the label itself when it was seen to end, null while it goes on. */
  readonly upperBound?: Expression<NumericType>;
  readonly split: SplitSpec;
  readonly metrics: readonly (MetricSpec | CustomMetricSpec)[];
  /** How its probabilities are corrected: `platt()` or `isotonic()`, fitted on validation rows and stored with every version. */
  readonly calibrate?: CalibrateSpec;
  /** What must hold before a version may answer: `{ gates: [{ metric: auc(), atLeast: 0.7 }], approvals: 2 }`. */
  readonly promotion?: PromotionOptions;
  /** Parts of the rows that are judged on their own: `{ long_haul: flights.distance.gt(1500), by_carrier: flights.carrier }`. */
  readonly slices?: Readonly<Record<string, Expression>>;
  /** What one mistake costs; the threshold of a binary model is chosen by it. Without it a score of 0.5 is acted on. */
  readonly cost?: CostSpec;
}

/** What to do about a type that is neither a number nor a category. */
const instructions: Readonly<Partial<Record<TypeKind, string>>> = {
  date: 'compute a number from it, such as .daysSince("2000-01-01") or .dayOfWeek(),',
  bytes: "compute a number from it, such as .length(),",
  list: "compute a value from it, such as .length() or .at(0),",
  struct: "take a value out of it with .field(name)",
};

const RESERVED = new Set(["key", "t", "label", "label_known_at", ...Object.values(rowColumnNames)]);

/** Declares a model. */
export function model<
  const F extends readonly ModelFeature[],
  const R extends Fields = Record<never, never>,
  const C extends Fields = Record<never, never>,
  L extends LabelType = LabelType,
>(name: string, options: ModelOptions<F, R, C, L>): Model<RowInput<RowFields<F, R & C>>> {
  checkName("model", name);
  const fail = (problem: string): never => {
    throw new SlipwayError("DEFINITION_INVALID", `model "${name}": ${problem}`);
  };
  const rows = specOf(options.rows);
  const asked = schemaOf(options.request ?? {});
  const context = schemaOf(options.context ?? {});
  const twice = context.find((field) => asked.some((other) => other.name === field.name));
  if (twice) fail(`"${twice.name}" is in request and in context; keep it in request.`);
  const expanded = expandFeatures(`model "${name}"`, options.features);
  const request = mergeFields(`model "${name}"`, [...asked, ...context, ...expanded.request]);
  const scope = { request: rowValues(asked), context: rowValues(context) } as unknown as DerivedScope<R, C>;
  const { baseMargin } = options;
  const rules = { ...options.derived, ...(typeof baseMargin === "function" ? { [BASE_MARGIN]: baseMargin } : {}) };
  const derived = Object.entries(rules).map(([input, rule]) => {
    const value = rule(scope);
    return { value, spec: { from: "derived", name: input, type: value.type, value: value.node } as const };
  });
  const inputs: readonly InputSpec[] = [
    ...expanded.inputs,
    ...asked.map(({ name: input, type }) => ({ from: "request", name: input, type }) as const),
    ...derived.map((each) => each.spec),
  ];
  const { trainer, split, metrics } = options;
  const task = taskOf(options.label, trainer, fail);
  const preprocess = preprocessOf(options.preprocess ?? {}, inputs, trainer, task, fail);
  const fresh = (preprocess?.prepared ?? []).filter(({ name: each }) => !inputs.some((input) => input.name === each));
  const isTaken = (each: string): boolean =>
    !preprocess?.dropped.includes(each) && !preprocess?.prepared.some((prepared) => prepared.name === each);
  const taken = new Set<string>();
  for (const { name: input, type, from } of [
    ...inputs,
    ...fresh.map((each) => ({ ...each, type: "float64", from: "derived" }) as const),
  ]) {
    const instead = isTaken(input) ? instructions[kindOf(type)] : undefined;
    if (instead !== undefined)
      fail(
        `${from === "feature" ? "feature" : "input"} "${input}" is ${typeText(type)}, which no model takes as it is: ${instead} in derived${from === "request" ? ", and move it from request to context" : from === "feature" ? ", and list the view's other features one by one in features" : ""}.`,
      );
    if (takesNumbersAlone(trainer) && isTaken(input) && instead === undefined && type === "timestamp")
      fail(
        `input "${input}" is a moment, which a linear model takes no sense from: give it dateParts([...]) or drop() in preprocess.`,
      );
    if (taken.has(input)) fail(`two inputs are called "${input}"; rename one.`);
    if (RESERVED.has(input)) fail(`"${input}" is a column of every training set; rename the input.`);
    taken.add(input);
  }
  const { views } = expanded;
  const known = new Map(views.map((view) => [view.name, view]));
  for (const leaf of derived.flatMap((each) => leavesOf(each.value.node))) checkDerivedLeaf(leaf, request, known, fail);
  checkRows(rows, views, request, fail);
  const label = { source: labelSource(options.label, rows, fail), value: options.label.node };
  checkTrainer(trainer, task, { inputs, preprocess }, fail);
  const margin = typeof baseMargin === "function" ? BASE_MARGIN : baseMargin;
  const unusable =
    margin === undefined
      ? undefined
      : marginProblem(
          margin,
          trainer,
          task,
          inputs.filter((each) => isTaken(each.name)),
        );
  if (unusable !== undefined) fail(unusable);
  const { weight, group, upperBound } = options;
  if ((task.kind === "ranking") !== (group !== undefined))
    fail(
      group
        ? `group is for ranking, and this is a ${task.kind} task; leave it out.`
        : "a ranking task needs group: what is ranked together.",
    );
  if ((task.kind === "survival") !== (upperBound !== undefined))
    fail(
      upperBound
        ? `upperBound is for survival, and this is a ${task.kind} task; leave it out.`
        : "a survival task needs upperBound: by when a row had ended, null while it goes on.",
    );
  if (task.kind === "ranking" && weight)
    fail("XGBoost weighs whole groups, not rows of one; leave weight out of a ranking task.");
  const torn = splitProblem(split, task);
  if (torn !== undefined) fail(torn);
  const by = splitExpression(split);
  const splitBy = by && expressionOf(by);
  const beside = besideOf(`model "${name}"`, { weight, group, upperBound, splitBy }, rows, label.source);
  const doubled = metrics.find(({ name: each }, place) => metrics.findIndex((other) => other.name === each) !== place);
  if (doubled) fail(`two metrics are called "${doubled.name}"; leave one out, or rename it.`);
  for (const metric of metrics) {
    const problem = isCustomMetric(metric) ? undefined : metricProblem(metric, task);
    if (problem !== undefined) fail(problem);
  }
  const { calibrate } = options;
  const uncalibrated = calibrate && calibrateProblem(task);
  if (uncalibrated !== undefined) fail(uncalibrated);
  const promotion = options.promotion && promotionOf(name, options.promotion);
  for (const { metric } of promotion?.gates ?? []) {
    const problem = metricProblem({ name: metric }, task);
    if (problem !== undefined) fail(`promotion: ${problem}`);
    if (!metrics.some((each) => each.name === metric))
      fail(`promotion: a gate asks for ${metric}, which is never measured; add it to metrics.`);
  }
  const about = metadataOf(`model "${name}"`, options);
  const own: ModelSpec = {
    kind: "model",
    name,
    rows,
    views,
    request,
    inputs,
    ...(preprocess === undefined ? {} : { preprocess }),
    ...(margin === undefined ? {} : { baseMargin: margin }),
    label,
    ...(beside === undefined ? {} : { beside }),
    task,
    trainer,
    split,
    metrics,
    ...(calibrate === undefined ? {} : { calibrate }),
    ...(promotion === undefined ? {} : { promotion }),
    ...(options.slices === undefined ? {} : { slices: slicesOf(name, options.slices, { rows, inputs }) }),
    ...(options.cost === undefined ? {} : { cost: costOf(name, options.cost) }),
    ...about,
  };
  return Object.freeze({ name, [spec]: frozen(own) });
}

function rowValues(fields: readonly ColumnSchema[]): Readonly<Record<string, Expression>> {
  return Object.fromEntries(fields.map(({ name, type }) => [name, expressionOf({ kind: "row", name, type })]));
}

type Fail = (problem: string) => never;

function checkDerivedLeaf(
  leaf: LeafNode,
  request: readonly ColumnSchema[],
  known: ReadonlyMap<string, FeatureViewSpec>,
  fail: Fail,
): void {
  if (leaf.kind === "column")
    fail(
      `a derived value uses column "${leaf.source}.${leaf.name}", which is not known when a prediction is asked for; use request or features.`,
    );
  if (leaf.kind === "row" && !request.some((field) => field.name === leaf.name))
    fail(`a derived value uses "${leaf.name}", which is not in request.`);
  if (leaf.kind === "feature" && !known.has(leaf.view))
    fail(`a derived value uses "${leaf.view}.${leaf.name}"; add a feature of that view to features.`);
}

function checkRows(
  rows: SourceSpec,
  views: readonly FeatureViewSpec[],
  request: readonly ColumnSchema[],
  fail: Fail,
): void {
  if (rows.id === undefined) fail(`rows source "${rows.name}" needs an id, the column that names a prediction.`);
  if (rows.eventTime === undefined)
    fail(`rows source "${rows.name}" needs an eventTime, the time a prediction is made.`);
  for (const field of [...request, ...views.flatMap((view) => view.keys)]) {
    const column = rows.columns.find((candidate) => candidate.name === field.name);
    if (!sameType(column?.type, field.type))
      fail(
        `rows source "${rows.name}" needs column "${field.name}" (${typeText(field.type)}), ${column ? `but has it as ${typeText(column.type)}` : "which it does not declare"}.`,
      );
  }
}

function taskOf(label: Expression, { task: named }: TrainerSpec, fail: Fail): TaskSpec {
  const task = named ?? taskOfLabel(label.type);
  if (task === undefined)
    return fail(
      `the label is ${typeText(label.type)}, which nothing foretells; ${instructions[kindOf(label.type)] ?? "compute a number from it"}`,
    );
  const problem = taskProblem(task, label.type);
  return problem === undefined ? task : fail(`${problem}.`);
}

function besideOf(
  what: string,
  given: Readonly<Partial<Record<RowRole, Expression | undefined>>>,
  rows: SourceSpec,
  label: SourceSpec,
): ModelSpec["beside"] {
  const found = Object.entries(given).flatMap(([role, value]) =>
    value === undefined ? [] : [[role, rowColumn(what, role as RowRole, value, rows, label)]],
  );
  return found.length === 0 ? undefined : Object.fromEntries(found);
}

/** A trainer's words that are about the task or about inputs. */
function checkTrainer(
  trainer: TrainerSpec,
  task: TaskSpec,
  { inputs, preprocess }: { readonly inputs: readonly InputSpec[]; readonly preprocess: PreprocessSpec | undefined },
  fail: Fail,
): void {
  const problem = takesNumbersAlone(trainer) ? linearTaskProblem(task) : undefined;
  if (problem !== undefined) fail(`${trainer.kind}: ${problem}`);
  const { balance = false, monotone = {}, interactions = [] } = trainer;
  if (balance && task.kind !== "binary" && task.kind !== "multiclass")
    fail(`the trainer's balance is for classes, and this is a ${task.kind} task; leave it out.`);
  if (task.kind === "multiclass" && Object.keys(monotone).length > 0)
    fail("the trainer's monotone needs one score that rises or falls, and a multi-class model has one for each class.");
  const { prepared = [], dropped = [] } = preprocess ?? {};
  const names = [...new Set([...inputs, ...prepared].map((input) => input.name))];
  for (const [what, name] of [
    ...Object.keys(monotone).map((each) => ["monotone", each] as const),
    ...interactions.flat().map((each) => ["interactions", each] as const),
  ]) {
    const input = inputs.find((each) => each.name === name);
    const steps = prepared.find((each) => each.name === name);
    if (!names.includes(name))
      fail(`the trainer's ${what} names "${name}", which is no input.${didYouMean(name, names)}`);
    if (dropped.includes(name)) fail(`the trainer's ${what} names "${name}", which is dropped by preprocess.`);
    if (what === "monotone" && steps && !becomesNumber(steps, task))
      fail(`the trainer's monotone names "${name}", which becomes several columns or a category by preprocess.`);
    if (what === "monotone" && !steps && input && isCategory(input.type))
      fail(`the trainer's monotone names "${name}", whose categories have no order.`);
  }
}

function labelSource(label: Expression, rows: SourceSpec, fail: Fail): SourceSpec {
  const leaves = leavesOf(label.node);
  const columns = leaves.filter((leaf) => leaf.kind === "column");
  const [first] = columns;
  if (!first || columns.length < leaves.length) return fail("the label must be computed from columns of one source.");
  const source = sourceOfLeaf(first);
  const stranger = columns.find((leaf) => leaf.source !== source.name);
  if (stranger) fail(`the label mixes sources "${source.name}" and "${stranger.source}"; use columns of one.`);
  if (source.id === undefined || source.id !== rows.id)
    fail(
      `label source "${source.name}" must have the same id column as the rows ("${rows.id}"), to find each row's outcome.`,
    );
  if (source.eventTime === undefined)
    fail(`label source "${source.name}" needs an eventTime, so that it is known when a label arrives.`);
  return source;
}
