// A model's inputs, fitted on its training rows and on no others. Steps are fitted one after the other, each on what those before it give: a model whose
// longest list has two steps that learn something reads its training rows twice. What a row is trained with and what the same row would be
// served with differ in one thing: an encoding by labels takes the labels of a training row's own fold away.

import {
  categoryPlaces,
  columnNames,
  columnOf,
  encodedAt,
  type FittedOf,
  type FittedStep,
  isCategory,
  type ModelInput,
  numberAt,
  type PreparedInput,
  rawNames,
  type Signal,
  SlipwayError,
  signalColumns,
  signalOf,
  stepFunction,
  stepsFunction,
  type Table,
  type VersionInput,
} from "../../core/core.ts";
import type { ModelSpec, StepSpec } from "../../define/define.ts";
import { categoriesFit, categoryFit } from "./category-fits.ts";
import { foldOf } from "./folds.ts";
import { numberFit } from "./number-fits.ts";
import type { Fail, LabelBatch, StepFit, StepOf, StepResult } from "./step-fit.ts";

/** Fitted inputs, and what they make of rows for a trainer that is given tables. */
export interface FittedInputs {
  readonly inputs: readonly VersionInput[];
  /** Training rows, all of them and in their order: some of the inputs as columns of the matrix, beside the other columns. */
  trainingTables(inputs: readonly VersionInput[], tables: AsyncIterable<Table>): AsyncIterable<Table>;
}

/** What fitting needs: the training rows, as often as they are asked for, with the named columns and `label`. */
export interface FitSource {
  readonly model: ModelSpec;
  /** The inputs that are taken as they are. */
  readonly plain: readonly ModelInput[];
  /** The classes of a multi-class model. */
  readonly classes: readonly string[] | undefined;
  readonly read: (columns: readonly string[]) => AsyncIterable<Table>;
}

/** An input on its way: the steps that are fitted, and what each does to training rows. */
interface Fitting {
  readonly name: string;
  readonly of: PreparedInput["of"];
  readonly steps: readonly StepSpec[];
  readonly fitted: FittedStep[];
  readonly functions: ((signal: Signal, firstRow: number) => Signal)[];
  readonly fail: Fail;
}

/** Fits a model's preprocessing. Throws INPUT_INVALID that names the input where its training rows do not allow a step. */
export async function fitInputs(source: FitSource): Promise<FittedInputs> {
  const { model, plain, classes, read } = source;
  const fittings = (model.preprocess?.prepared ?? []).map(
    ({ name, of, steps }): Fitting => ({
      ...{ name, of, steps, fitted: [], functions: [] },
      fail: (problem) => {
        throw new SlipwayError("INPUT_INVALID", `Model "${model.name}": the input "${name}" ${problem}.`, {
          details: { model: model.name, field: name },
        });
      },
    }),
  );
  const outputs = classes?.length ?? 1;
  for (;;) {
    for (const each of fittings) takeReadySteps(each);
    const open = fittings.flatMap((each) => {
      const step = each.steps[each.fitted.length];
      return step === undefined ? [] : [{ each, step, fit: fitOf(step, outputs, each.fail) }];
    });
    if (open.length === 0) break;
    let firstRow = 0;
    for await (const table of read(namesOf(open.map(({ each }) => each)))) {
      const labels = labelsOf(table, classes, firstRow);
      for (const { each, fit } of open) fit.add(trainingSignal(each, table, firstRow), labels);
      firstRow += table.rowCount;
    }
    for (const { each, step, fit } of open) take(each, fit.finish(), step);
  }
  const prepared = new Map<string, PreparedInput>();
  for (const each of fittings) prepared.set(each.name, await finished(each, source));
  const inputs = inMatrixOrder(model, plain, prepared);
  return { inputs, trainingTables: (some, tables) => tablesThrough(some, fittings, tables) };
}

/** Tables of rows that nothing is learnt from, as the columns of the matrix beside their other columns. */
export async function* matrixTables(
  inputs: readonly VersionInput[],
  tables: AsyncIterable<Table>,
): AsyncGenerator<Table> {
  const fittings = inputs.flatMap((input) =>
    input.kind === "prepared" ? [{ name: input.name, of: input.of, functions: [throughAll(input)] }] : [],
  );
  yield* tablesThrough(inputs, fittings, tables);
}

function throughAll({ steps }: PreparedInput): Through["functions"][number] {
  const through = stepsFunction(steps);
  return (signal) => through(signal);
}

type Through = Pick<Fitting, "name" | "of" | "functions">;

async function* tablesThrough(
  inputs: readonly VersionInput[],
  fittings: readonly Through[],
  tables: AsyncIterable<Table>,
): AsyncGenerator<Table> {
  const plain = new Set(inputs.flatMap((input) => (input.kind === "prepared" ? [] : [input.name])));
  const raw = new Set(rawNames(inputs).filter((name) => !plain.has(name)));
  let firstRow = 0;
  for await (const table of tables) {
    const columns = table.columns.filter(({ name }) => !raw.has(name));
    for (const each of fittings) {
      const input = inputs.find(({ name }) => name === each.name);
      if (input?.kind === "prepared")
        columns.push(...signalColumns(input.columns, trainingSignal(each, table, firstRow)));
    }
    yield { rowCount: table.rowCount, columns };
    firstRow += table.rowCount;
  }
}

function trainingSignal({ of, functions }: Through, table: Table, firstRow: number): Signal {
  return functions.reduce((signal, step) => step(signal, firstRow), signalOf(of, table));
}

function namesOf(fittings: readonly Pick<Fitting, "of">[]): readonly string[] {
  return [...new Set(fittings.flatMap(({ of }) => of.map(({ name }) => name)))];
}

/** Steps that learn nothing are fitted as they are written. */
function takeReadySteps(each: Fitting): void {
  for (let step = each.steps[each.fitted.length]; step !== undefined; step = each.steps[each.fitted.length]) {
    const ready = readyStep(step);
    if (ready === undefined) return;
    take(each, { step: ready }, step);
  }
}

function readyStep(step: StepSpec): FittedStep | undefined {
  switch (step.step) {
    case "isMissing":
    case "textLength":
    case "ngramHash":
    case "hash":
    case "dateParts":
      return step;
    case "impute":
      return "value" in step ? { step: "impute", value: step.value } : undefined;
    case "bucketize":
      return "bounds" in step ? { step: "bucketize", edges: step.bounds } : undefined;
    default:
      return undefined;
  }
}

function fitOf(step: StepSpec, outputs: number, fail: Fail): StepFit {
  const found = numberFit(step, fail) ?? categoryFit(step, outputs, fail);
  if (found === undefined) throw new TypeError(`Nothing fits ${step.step}.`);
  return found;
}

function take(each: Fitting, { step, perFold }: StepResult, spec: StepSpec): void {
  each.fitted.push(step);
  const through = stepFunction(step);
  each.functions.push(
    perFold && spec.step === "targetEncode" && step.step === "targetEncode"
      ? outOfFold(step, perFold, spec)
      : (signal) => through(signal),
  );
}

/** Encodes each training row by what the other folds' labels say, as scikit-learn's TargetEncoder does in fit_transform. */
function outOfFold(
  { categories, outputs }: FittedOf<"targetEncode">,
  perFold: readonly FittedOf<"targetEncode">[],
  { folds, seed }: StepOf<"targetEncode">,
): (signal: Signal, firstRow: number) => Signal {
  const placesOf = categoryPlaces(categories);
  return (signal, firstRow) => {
    const places = placesOf(signal);
    const rows = places.length;
    const values = new Float64Array(rows * outputs);
    for (let row = 0; row < rows; row += 1) {
      const own = perFold[foldOf(firstRow + row, seed, folds)];
      for (let output = 0; own && output < outputs; output += 1)
        values[output * rows + row] = encodedAt(own, places[row] ?? 0, output);
    }
    return outputs === 1 ? { kind: "number", values } : { kind: "block", width: outputs, values };
  };
}

function labelsOf(table: Table, classes: readonly string[] | undefined, firstRow: number): LabelBatch {
  const column = columnOf(table, "label");
  const outputs = classes?.length ?? 1;
  const values = new Float64Array(table.rowCount * outputs);
  for (let row = 0; row < table.rowCount; row += 1) {
    if (classes === undefined)
      values[row] = isCategory(column.type) ? Number.NaN : (numberAt(column, row) ?? Number.NaN);
    else values[row * outputs + classes.indexOf(String(column.values[row]))] = 1;
  }
  return { values, outputs, firstRow };
}

/** An input whose steps are all fitted, with its columns. Texts that are left are categories of the trainer's. */
async function finished(each: Fitting, { model, classes, read }: FitSource): Promise<PreparedInput> {
  const { name, of, fitted } = each;
  const input = { name, kind: "prepared", of, steps: fitted } as const;
  const suffixes = suffixesOf(fitted.at(-1), classes);
  if (suffixes !== undefined)
    return { ...input, columns: columnNames(name, suffixes).map((column) => ({ name: column, kind: "number" })) };
  const isText = of.length > 1 || of[0]?.as === "text";
  const last = fitted.findLast(({ step }) => step !== "impute");
  if (!isText || (last !== undefined && last.step !== "hash")) return { ...input, columns: [{ name, kind: "number" }] };
  const { mostCategories = 2 ** 24, unseen } = model.trainer;
  const fit = categoriesFit(mostCategories, each.fail);
  let firstRow = 0;
  for await (const table of read(namesOf([each]))) {
    fit.add(trainingSignal(each, table, firstRow), labelsOf(table, classes, firstRow));
    firstRow += table.rowCount;
  }
  const refusing = unseen === undefined ? {} : { unseen };
  return { ...input, columns: [{ name, kind: "category", categories: fit.finish(), ...refusing }] };
}

/** What the columns of a step that gives several are called after the input's name; undefined for one that gives one. */
function suffixesOf(
  step: FittedStep | undefined,
  classes: readonly string[] | undefined,
): readonly string[] | undefined {
  switch (step?.step) {
    case "oneHot":
      return [
        ...step.categories.map((category) => `=${category.replaceAll("\u001f", "×")}`),
        ...(step.missing ? [":missing"] : []),
        ...(step.others ? [":others"] : []),
      ];
    case "ngramHash":
      return Array.from({ length: step.buckets }, (_, bucket) => `#${bucket}`);
    case "dateParts":
      return step.parts.length === 1 ? undefined : step.parts.map((part) => `:${part}`);
    case "targetEncode":
      return classes?.map((name) => `:${name}`);
    default:
      return undefined;
  }
}

/** Inputs in the order of the model's own, then those that are new. */
function inMatrixOrder(
  { inputs, preprocess }: ModelSpec,
  plain: readonly ModelInput[],
  prepared: ReadonlyMap<string, PreparedInput>,
): readonly VersionInput[] {
  const own = inputs.flatMap(({ name }) => prepared.get(name) ?? plain.find((input) => input.name === name) ?? []);
  const fresh = (preprocess?.prepared ?? []).flatMap(({ name }) =>
    inputs.some((input) => input.name === name) ? [] : (prepared.get(name) ?? []),
  );
  return [...own, ...fresh];
}
