// What goes to XGBoost beside the matrix, as float32: the label and the weight of each row, checked row by row because the library takes NaN and nonsense
// without a word, or fails rounds later.

import { type Column, isNumeric, isValid, numberAt, SlipwayError, type Table, typeText } from "../../core/core.ts";
import type { TrainingJob } from "../../ports/trainer.ts";
import { columnNamed } from "./column-named.ts";
import type { FitPlan } from "./fitting.ts";
import type { MatrixInfo } from "./matrices.ts";
import { labelProblem } from "./objective.ts";
import type { SplitName } from "./protocol.ts";

/** What a job's rows have beside their inputs, the label first. */
export function columnFields(job: TrainingJob): readonly MatrixInfo[] {
  const margin = job.baseMargin === undefined ? [] : (["base_margin"] as const);
  if (job.group !== undefined) return ["label", "qid", ...margin];
  const isWeighted = job.weight !== undefined || (job.classWeights !== undefined && job.upperBound === undefined);
  const label =
    job.upperBound === undefined ? (["label"] as const) : (["label_lower_bound", "label_upper_bound"] as const);
  return [...label, ...(isWeighted ? (["weight"] as const) : []), ...margin];
}

/** Those columns of one table, each of shape (rows). Throws INPUT_INVALID with the row. */
export function columnsOf(
  job: TrainingJob,
  plan: Pick<FitPlan, "columns">,
  table: Table,
  split: SplitName,
  seen: number,
  groups: GroupPlaces,
): readonly Float32Array[] {
  const label = labelOf(job, table, split, seen);
  return plan.columns.map((field) => {
    if (field === "weight") return weightOf(job, table, split, seen, label);
    if (field === "base_margin") return marginsOf(job, table, split, seen);
    if (field === "qid") return groupsOf(job, table, split, seen, groups);
    return field === "label_upper_bound" ? upperBoundOf(job, table, split, seen, label) : label;
  });
}

/** The groups of a split that have been met, by value; the last of them is the one that may still go on. */
export type GroupPlaces = Map<string, number>;

/** Most groups that float32 tells apart. */
const MOST_GROUPS = 2 ** 24;

/** The place of each row's group, counted from 0 in the order in which they come. */
function groupsOf(
  { group: name = "" }: TrainingJob,
  table: Table,
  split: SplitName,
  seen: number,
  met: GroupPlaces,
): Float32Array {
  const column = columnNamed(table, name, split);
  const groups = new Float32Array(table.rowCount);
  for (let row = 0; row < table.rowCount; row += 1) {
    const where = `in row ${seen + row + 1} of the ${split} split`;
    if (!isValid(column, row))
      throw new SlipwayError("INPUT_INVALID", `The group "${name}" is null ${where}; every row is ranked in a group.`);
    const value = String(column.values[row]);
    const place = met.get(value) ?? met.size;
    if (place < met.size - 1)
      throw new SlipwayError(
        "INPUT_INVALID",
        `The group ${JSON.stringify(value)} of "${name}" begins again ${where}, after other groups: sort the rows by group.`,
      );
    if (place >= MOST_GROUPS)
      throw new SlipwayError("INPUT_INVALID", `The ${split} split has more than ${MOST_GROUPS} groups of "${name}".`);
    met.set(value, place);
    groups[row] = place;
  }
  return groups;
}

/** Where each row's score begins. */
function marginsOf({ baseMargin: name = "" }: TrainingJob, table: Table, split: SplitName, seen: number): Float32Array {
  const column = columnNamed(table, name, split);
  const margins = new Float32Array(table.rowCount);
  for (let row = 0; row < table.rowCount; row += 1) {
    margins[row] = numberAt(column, row) ?? Number.NaN;
    if (!Number.isFinite(margins[row]))
      throw new SlipwayError(
        "INPUT_INVALID",
        `The base margin "${name}" is ${isValid(column, row) ? margins[row] : null} in row ${seen + row + 1} of the ${split} split; a score begins with a finite number. Leave such rows out, or give them one.`,
      );
  }
  return margins;
}

/** By when each row had ended; infinite while it goes on. */
function upperBoundOf(
  { upperBound: name = "" }: TrainingJob,
  table: Table,
  split: SplitName,
  seen: number,
  lower: Float32Array,
): Float32Array {
  const column = columnNamed(table, name, split);
  const upper = new Float32Array(table.rowCount);
  for (let row = 0; row < table.rowCount; row += 1) {
    upper[row] = numberAt(column, row) ?? Infinity;
    if (!((upper[row] ?? 0) >= (lower[row] ?? 0)))
      throw new SlipwayError(
        "INPUT_INVALID",
        `The upper bound "${name}" is ${upper[row]} in row ${seen + row + 1} of the ${split} split, and the label ${lower[row]}: nothing ends before it has lasted so long.`,
      );
  }
  return upper;
}

function labelOf(job: TrainingJob, table: Table, split: SplitName, seen: number): Float32Array {
  const column = columnNamed(table, job.label, split);
  const numberOf = labelReader(job, column);
  const problemOf = labelProblem(job);
  const label = new Float32Array(table.rowCount);
  for (let row = 0; row < table.rowCount; row += 1) {
    const value = isValid(column, row) ? numberOf(row) : null;
    const isNumber = value !== null && Number.isFinite(Math.fround(value));
    const problem = isNumber ? problemOf(value) : "leave out rows without a finite label";
    if (!isNumber || problem !== undefined)
      throw new SlipwayError(
        "INPUT_INVALID",
        `The label "${job.label}" is ${value} in row ${seen + row + 1} of the ${split} split: ${problem}.`,
      );
    label[row] = value;
  }
  return label;
}

function labelReader({ label, classes }: TrainingJob, column: Column): (row: number) => number | null {
  if (classes !== undefined) {
    const codes = new Map(classes.map((name, code) => [name, code]));
    return (row) => codes.get(String(column.values[row])) ?? null;
  }
  if (column.type === "bool" || isNumeric(column.type)) return (row) => Number(column.values[row]);
  throw new SlipwayError(
    "INPUT_INVALID",
    `The label "${label}" is ${typeText(column.type)}; it must be bool, int or float.`,
  );
}

/** A row's own weight times its class's; classes are balanced where trees are fitted, not where they are judged. */
function weightOf(
  { weight: name, classWeights }: TrainingJob,
  table: Table,
  split: SplitName,
  seen: number,
  label: Float32Array,
): Float32Array {
  const column = name === undefined ? undefined : columnNamed(table, name, split);
  const weights = new Float32Array(table.rowCount);
  for (let row = 0; row < table.rowCount; row += 1) {
    const own = column === undefined ? 1 : (numberAt(column, row) ?? Number.NaN);
    const ofClass = split === "train" ? (classWeights?.[label[row] ?? 0] ?? 1) : 1;
    const weight = Math.fround(own * ofClass);
    if (!(weight > 0 && weight < Infinity))
      throw new SlipwayError(
        "INPUT_INVALID",
        `The weight "${name ?? "of the class"}" is ${column !== undefined && !isValid(column, row) ? null : own} in row ${seen + row + 1} of the ${split} split; a weight is a finite number above 0. Leave such rows out, or give them one.`,
      );
    weights[row] = weight;
  }
  return weights;
}
