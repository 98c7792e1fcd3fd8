// Scores of several versions on the same rows, with the slices, clusters and groups that each row is in, read in one pass.

import {
  columnOf,
  encoderOf,
  isValid,
  numberAt,
  rawNames,
  type Table,
  type VersionInput,
  valueAt,
} from "../../core/core.ts";
import { type JudgedSpan, streamJudged } from "../../datasets/datasets.ts";
import { type ExpressionNode, type ModelSpec, rowColumnNames, type SliceSpec } from "../../define/define.ts";
import type { BlobStore, OfflineEngine, Predictor } from "../../ports/ports.ts";
import type { JudgedRows } from "./evaluation.ts";

/** A model that gives scores. */
export interface Scorer {
  readonly who: string;
  readonly inputs: readonly VersionInput[];
  readonly predictor: Predictor;
  /** What it tells apart, in the order of its answers. */
  readonly classes?: readonly string[];
}

/** What to read and who scores. */
export interface ScoringRequest {
  readonly model: ModelSpec;
  readonly blob: string;
  readonly columns: ModelSpec["request"];
  readonly span: JudgedSpan;
  /** The first is the one that is judged; the others' classes are put in its order. */
  readonly scorers: readonly [Scorer, ...Scorer[]];
  readonly slices: readonly SliceSpec[];
  /** Rows with the same value belong together. */
  readonly cluster?: ExpressionNode;
}

/** Judged rows with the prediction times of the first and the last. */
export interface ScoredSpan extends JudgedRows {
  readonly from: bigint | null;
  readonly to: bigint | null;
}

/** Slices of a value that is no condition: so many, by how many rows they have. */
const MOST_VALUES = 12;

/** Reads and scores. */
export async function scoreSpan(
  engines: { readonly offline: OfflineEngine; readonly blobs: BlobStore },
  request: ScoringRequest,
): Promise<ScoredSpan> {
  const { model, blob, columns, span, scorers, slices, cluster } = request;
  const has = new Set(columns.map(({ name }) => name));
  const [groupName, upperName] = [rowColumnNames.group, rowColumnNames.upperBound].map((name) =>
    has.has(name) ? name : undefined,
  );
  const roles = [groupName, upperName].filter((name) => name !== undefined);
  const inputs = [...new Set([...scorers.flatMap((scorer) => rawNames(scorer.inputs)), ...roles])];
  const beside = [...slices.map(({ value }) => value), ...(cluster === undefined ? [] : [cluster])];
  const { classes } = scorers[0];
  const placeOf = new Map(classes?.map((name, place) => [name, place]));
  const labels: number[] = [];
  const upper: number[] = [];
  const scores: number[][] = scorers.map(() => []);
  const answers = scorers.map(({ inputs: own, predictor, classes: names }) => {
    const encode = encoderOf(own);
    return async (table: Table): Promise<ArrayLike<number>> =>
      inOrder(await predictor.predict(encode(table), table.rowCount), table.rowCount, names, classes);
  });
  const members = slices.map(() => new Map<string, number[]>());
  const [groups, clusters] = [numbering(), numbering()];
  let from: bigint | null = null;
  let to: bigint | null = null;
  for await (const table of streamJudged(engines, { model, blob, columns, span, inputs, beside })) {
    const first = labels.length;
    const [label, times] = [columnOf(table, "label"), columnOf(table, "t")];
    for (let row = 0; row < table.rowCount; row += 1) {
      const value = valueAt(label, row);
      labels.push(classes === undefined ? Number(value) : (placeOf.get(String(value)) ?? Number.NaN));
    }
    if (table.rowCount > 0) {
      from ??= valueAt(times, 0) as bigint;
      to = valueAt(times, table.rowCount - 1) as bigint;
    }
    for (const [place, answer] of answers.entries()) {
      const own = await answer(table);
      for (let at = 0; at < own.length; at += 1) scores[place]!.push(own[at]!);
    }
    for (const [place, found] of members.entries()) {
      const values = columnOf(table, `#${place}`);
      for (let row = 0; row < table.rowCount; row += 1) {
        const name = isValid(values, row) ? String(valueAt(values, row)) : "null";
        const rows = found.get(name) ?? [];
        found.set(name, rows);
        rows.push(first + row);
      }
    }
    if (groupName !== undefined) groups.add(table, groupName, first);
    if (cluster !== undefined) clusters.add(table, `#${slices.length}`, first);
    if (upperName === undefined) continue;
    const ends = columnOf(table, upperName);
    for (let row = 0; row < table.rowCount; row += 1) upper.push(numberAt(ends, row) ?? Number.POSITIVE_INFINITY);
  }
  const [own = [], ...others] = scores.map((each) => Float64Array.from(each));
  return {
    labels: Float64Array.from(labels),
    scores: Float64Array.from(own),
    others: Object.fromEntries(others.map((each, place) => [scorers[place + 1]?.who ?? "", each])),
    slices: slices.flatMap((slice, place) => slicesFrom(slice, members[place] ?? new Map())),
    ...(cluster === undefined ? {} : { clusters: clusters.numbers() }),
    ...(groupName === undefined ? {} : { groups: groups.numbers() }),
    ...(upperName === undefined ? {} : { upper: Float64Array.from(upper) }),
    from,
    to,
  };
}

/** Numbers for the values of a column, from 0 as they come by. */
function numbering(): { add(table: Table, column: string, first: number): void; numbers(): Int32Array } {
  const known = new Map<string, number>();
  const numbers: number[] = [];
  return {
    add(table, column, first) {
      const values = columnOf(table, column);
      for (let row = 0; row < table.rowCount; row += 1) {
        // A row without a value stands for itself.
        const name = isValid(values, row) ? `=${String(valueAt(values, row))}` : `row ${first + row}`;
        const number = known.get(name) ?? known.size;
        known.set(name, number);
        numbers.push(number);
      }
    },
    numbers: () => Int32Array.from(numbers),
  };
}

/** Probabilities in the order of the judged version's classes: one that a model does not know had the probability 0. */
function inOrder(
  scores: Float32Array,
  rows: number,
  own: readonly string[] | undefined,
  wanted: readonly string[] | undefined,
): ArrayLike<number> {
  if (own === undefined || wanted === undefined) return scores;
  if (own.length === wanted.length && own.every((name, place) => name === wanted[place])) return scores;
  const places = wanted.map((name) => own.indexOf(name));
  const moved = new Float64Array(rows * wanted.length);
  for (let row = 0; row < rows; row += 1)
    for (const [to, from] of places.entries())
      if (from >= 0) moved[row * wanted.length + to] = scores[row * own.length + from]!;
  return moved;
}

function slicesFrom({ name, value }: SliceSpec, members: ReadonlyMap<string, readonly number[]>): JudgedRows["slices"] {
  if (value.type === "bool") return [{ name, rows: Uint32Array.from(members.get("true") ?? []) }];
  return [...members]
    .sort(([a, left], [b, right]) => right.length - left.length || (a < b ? -1 : 1))
    .slice(0, MOST_VALUES)
    .map(([each, rows]) => ({ name: `${name} = ${each}`, rows: Uint32Array.from(rows) }));
}
