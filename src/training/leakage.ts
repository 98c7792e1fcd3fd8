// Whether a training set knows what it should foretell: an input that alone tells the label, values from after the moment a
// prediction is asked for, the same rows on both sides of the split. Each is what makes a model splendid in a test and useless
// afterwards, so each names the input and what was seen. Findings are warnings: now and then a rule is all there is to learn.

import { isCategory, isDecimal, isValid, type Table, valueAt } from "../core/core.ts";
import {
  type Dataset,
  type DatasetEngines,
  entityOverlaps,
  isShareBounds,
  laterTimes,
  type QualityFinding,
  splitOverlap,
  streamPart,
} from "../datasets/datasets.ts";
import { rocAuc } from "./metrics/metrics.ts";

/** Enough rows that one in a hundred mistakes of a single input is seen. */
const ROWS = 20_000;
const LEAST_ROWS = 100;
/** No honest input of a problem worth a model orders rows, or explains numbers, this well by itself. */
const TELLING = 0.99;
/** Held-out rows that training has seen, beyond what chance repeats. */
const REPEATED = 0.01;
/** So few entities that a model is meant to know each of them. */
const FEW_ENTITIES = 30;
/** Times that are later than their rows by mistake now and then are no leak. */
const LATER = 0.01;
/** Where values meet by chance, a held-out row meets a training row about twice as often as a training row an earlier one. */
const BY_CHANCE = 3;

/** What leaks. */
export async function leakageFindings(engines: DatasetEngines, dataset: Dataset): Promise<readonly QualityFinding[]> {
  return [
    ...timelessFindings(dataset),
    ...(await tellingFindings(engines, dataset)),
    ...(await overlapFindings(engines, dataset)),
    ...(await entityFindings(engines, dataset)),
    ...(await laterFindings(engines, dataset)),
  ];
}

function timelessFindings({ snapshot: { model } }: Dataset): readonly QualityFinding[] {
  return model.views
    .filter(({ source }) => source.eventTime === undefined)
    .map(({ name, source }) => ({
      code: "FEATURE_WITHOUT_TIME",
      severity: "info",
      column: name,
      message: `the features of ${name} come from "${source.name}", which has no time: every row sees what the file says now, also rows from long before. That is right for what never changes; give the source an eventTime where it does.`,
    }));
}

async function tellingFindings(engines: DatasetEngines, dataset: Dataset): Promise<readonly QualityFinding[]> {
  const { model } = dataset.snapshot;
  const isSeveral = model.task.kind === "multiclass";
  if (!isSeveral && !isPlainLabel(model.label.value.type)) return [];
  const names = model.inputs.map(({ name }) => name);
  const labels: number[] = [];
  const classes = new Map<string, number>();
  const placeOf = (label: unknown): number => {
    const place = classes.get(String(label)) ?? classes.size;
    classes.set(String(label), place);
    return place;
  };
  const values = names.map((): (number | string | null)[] => []);
  for await (const table of streamPart(engines, dataset, "train", names, ROWS)) {
    pushValues(table, "label", (value) => labels.push(isSeveral ? placeOf(value) : Number(value)));
    for (const [place, { name, type }] of model.inputs.entries())
      pushValues(table, name, (value) =>
        values[place]?.push(value === null ? null : isCategory(type) ? String(value) : Number(value)),
      );
  }
  const isBinary = model.task.kind === "binary";
  if (labels.length < LEAST_ROWS) return [];
  return model.inputs.flatMap(({ name }, place): readonly QualityFinding[] => {
    const own = values[place] ?? [];
    const told = isSeveral ? aloneDecided(own, labels) : isBinary ? aloneAuc(own, labels) : aloneExplained(own, labels);
    if (!(told >= TELLING)) return [];
    const what = isSeveral
      ? `decides the class, as ${(100 * told).toFixed(2)} % of what always calling the commonest one gets wrong is right by it,`
      : isBinary
        ? `orders the labels with an AUC of ${told.toFixed(4)}`
        : `explains ${(100 * told).toFixed(2)} % of the label`;
    return [
      {
        code: "FEATURE_TELLS_LABEL",
        severity: "warning",
        column: name,
        message: `${name} alone ${what} in the training rows. Is it known when a prediction is asked for, or made from the outcome?`,
      },
    ];
  });
}

async function overlapFindings(engines: DatasetEngines, dataset: Dataset): Promise<readonly QualityFinding[]> {
  const { heldOut, repeated, trained, distinct } = await splitOverlap(engines, dataset);
  if (heldOut === 0 || repeated / heldOut < REPEATED + BY_CHANCE * (1 - distinct / trained)) return [];
  return [
    {
      code: "ROWS_ON_BOTH_SIDES",
      severity: "warning",
      column: "label",
      message: `${repeated} of the ${heldOut} rows to validate and test on have the inputs and the label of a training row, more than training rows repeat among themselves: a test on them asks for what was learnt by heart. Look for rows that are in "${dataset.snapshot.model.rows.name}" twice under different ids.`,
    },
  ];
}

// By time an entity is on both sides by nature: what it does tomorrow is what is asked. By shares its rows tell of each other.
async function entityFindings(engines: DatasetEngines, dataset: Dataset): Promise<readonly QualityFinding[]> {
  if (!isShareBounds(dataset.bounds)) return [];
  const overlaps = await entityOverlaps(engines, dataset);
  return overlaps
    .filter(({ shared }) => shared > 0)
    .map(({ keys, values, shared, heldOut, repeated }) => {
      const name = keys.join(", ");
      const isFew = values <= FEW_ENTITIES;
      return {
        code: "ENTITY_ON_BOTH_SIDES",
        severity: isFew ? "info" : "warning",
        column: name,
        message: `${shared} of the ${values} values of ${name} have rows to learn from and rows held out, which are ${repeated} of the ${heldOut} held out: the test says how well a model does on what it knows, ${isFew ? "which is right where there will be no others." : `not on a new one. Keep each on one side with byGroup(${dataset.snapshot.model.rows.name}.${keys[0]}, …), or split by time.`}`,
      };
    });
}

async function laterFindings(engines: DatasetEngines, dataset: Dataset): Promise<readonly QualityFinding[]> {
  return (await laterTimes(engines, dataset))
    .filter(({ rows, later }) => later > 0 && later >= LATER * rows)
    .map(({ name, rows, later }) => ({
      code: "FEATURE_FROM_LATER",
      severity: "warning",
      column: name,
      message: `${name} is later than the row's own time in ${later} of the ${rows} training rows that have it. If it is a plan, it is known by then and all is well; if it is written down when it has happened, nobody knows it when a prediction is asked for: take it out.`,
    }));
}

/** How well one input orders binary labels, in either direction; a null is below every value. */
function aloneAuc(values: readonly (number | string | null)[], labels: readonly number[]): number {
  const { scores, of } = numbersOf(values, labels);
  const area = rocAuc(of, scores);
  return Math.max(area, 1 - area);
}

/** The squared correlation of one input with a number, of rows that have both. */
function aloneExplained(values: readonly (number | string | null)[], labels: readonly number[]): number {
  const { scores, of } = numbersOf(values, labels);
  const rows = scores.flatMap((score, row): readonly (readonly [number, number])[] =>
    Number.isFinite(score) ? [[score, of[row]!]] : [],
  );
  if (rows.length < LEAST_ROWS) return Number.NaN;
  const mean = (value: (row: readonly [number, number]) => number): number =>
    rows.reduce((sum, row) => sum + value(row), 0) / rows.length;
  const [x, y] = [mean(([score]) => score), mean(([, label]) => label)];
  const together = mean(([score, label]) => (score - x) * (label - y));
  return together ** 2 / (mean(([score]) => (score - x) ** 2) * mean(([, label]) => (label - y) ** 2));
}

const BINS = 1000;

/**
 * How much of what the commonest class gets wrong is right by one input: the commonest class of its value, or of its thousandth of the numbers, in one
 * half of the rows is held to the other half. 0 is nothing, 1 everything.
 */
function aloneDecided(values: readonly (number | string | null)[], labels: readonly number[]): number {
  const numbers = Float64Array.from(
    values.flatMap((value, row) => (typeof value === "number" && row % 2 === 0 && !Number.isNaN(value) ? [value] : [])),
  ).sort();
  const edges = Array.from({ length: BINS - 1 }, (_, bin) => numbers[Math.floor(((bin + 1) * numbers.length) / BINS)]!);
  const keyOf = (value: number | string | null | undefined): string =>
    typeof value === "number" && !Number.isNaN(value) ? `bin ${placeBelow(edges, value)}` : `=${value}`;
  const counts = new Map<string, Map<number, number>>();
  const all = new Map<number, number>();
  for (let row = 0; row < labels.length; row += 2) {
    const [key, label] = [keyOf(values[row]), labels[row]!];
    const own = counts.get(key) ?? new Map<number, number>();
    counts.set(key, own.set(label, (own.get(label) ?? 0) + 1));
    all.set(label, (all.get(label) ?? 0) + 1);
  }
  const commonest = (of: ReadonlyMap<number, number>): number =>
    [...of].reduce((best, each) => (each[1] > best[1] ? each : best), [Number.NaN, 0] as readonly [number, number])[0];
  const [usual, decided] = [commonest(all), new Map([...counts].map(([key, of]) => [key, commonest(of)]))];
  let [right, byChance, judged] = [0, 0, 0];
  for (let row = 1; row < labels.length; row += 2) {
    const label = labels[row]!;
    judged += 1;
    if (label === usual) byChance += 1;
    if (label === (decided.get(keyOf(values[row])) ?? usual)) right += 1;
  }
  return judged === byChance ? Number.NaN : (right - byChance) / (judged - byChance);
}

/** How many ascending edges are at or below a value. */
function placeBelow(edges: readonly number[], value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (edges[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

// Numbers stand for themselves. A text stands for the mean label that it had in one half of the rows, and is judged on the other:
// judged on its own half, an id that never repeats would tell everything.
function numbersOf(
  values: readonly (number | string | null)[],
  labels: readonly number[],
): { readonly scores: readonly number[]; readonly of: readonly number[] } {
  if (!values.some((value) => typeof value === "string"))
    return {
      scores: values.map((value) => (value === null || Number.isNaN(value) ? -Infinity : Number(value))),
      of: labels,
    };
  const means = new Map<string | null, { sum: number; rows: number }>();
  let [sum, rows] = [0, 0];
  for (let row = 0; row < labels.length; row += 2) {
    const value = values[row] === undefined ? null : String(values[row]);
    const own = means.get(value) ?? { sum: 0, rows: 0 };
    means.set(value, { sum: own.sum + labels[row]!, rows: own.rows + 1 });
    sum += labels[row]!;
    rows += 1;
  }
  const judged = labels.map((_, row) => row).filter((row) => row % 2 === 1);
  return {
    scores: judged.map((row) => {
      const own = means.get(String(values[row]));
      return own === undefined ? sum / rows : own.sum / own.rows;
    }),
    of: judged.map((row) => labels[row]!),
  };
}

function isPlainLabel(type: Dataset["snapshot"]["model"]["label"]["value"]["type"]): boolean {
  return !isCategory(type) || isDecimal(type);
}

function pushValues(table: Table, name: string, push: (value: unknown) => void): void {
  const column = table.columns.find((each) => each.name === name);
  for (let row = 0; column && row < table.rowCount; row += 1) push(isValid(column, row) ? valueAt(column, row) : null);
}
