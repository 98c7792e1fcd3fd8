// Scores of several versions on the same rows, with the slices and clusters that each row is in, read in one pass.

import { encoderOf, isValid, rawNames, type Table, type VersionInput, valueAt } from "../../core/core.ts";
import { type JudgedSpan, streamJudged } from "../../datasets/datasets.ts";
import type { ExpressionNode, ModelSpec, SliceSpec } from "../../define/define.ts";
import type { BlobStore, OfflineEngine, Predictor } from "../../ports/ports.ts";
import type { JudgedRows } from "./evaluation.ts";

/** A model that gives scores. */
export interface Scorer {
  readonly who: string;
  readonly inputs: readonly VersionInput[];
  readonly predictor: Predictor;
}

/** What to read and who scores. */
export interface ScoringRequest {
  readonly model: ModelSpec;
  readonly blob: string;
  readonly columns: ModelSpec["request"];
  readonly span: JudgedSpan;
  /** The first is the one that is judged. */
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
  const inputs = rawNames(scorers.flatMap((scorer) => scorer.inputs));
  const encoded = scorers.map((scorer) => ({ encode: encoderOf(scorer.inputs), predictor: scorer.predictor }));
  const beside = [...slices.map(({ value }) => value), ...(cluster === undefined ? [] : [cluster])];
  const labels: number[] = [];
  const scores: number[][] = scorers.map(() => []);
  const members = slices.map(() => new Map<string, number[]>());
  const clusterOf: number[] = [];
  const clusterNumbers = new Map<string, number>();
  let from: bigint | null = null;
  let to: bigint | null = null;
  for await (const table of streamJudged(engines, { model, blob, columns, span, inputs, beside })) {
    const first = labels.length;
    const column = columnNamed(table);
    const [label, times] = [column("label"), column("t")];
    for (let row = 0; row < table.rowCount; row += 1) labels.push(Number(valueAt(label, row)));
    if (table.rowCount > 0) {
      from ??= valueAt(times, 0) as bigint;
      to = valueAt(times, table.rowCount - 1) as bigint;
    }
    for (const [place, { encode, predictor }] of encoded.entries())
      for (const score of await predictor.predict(encode(table), table.rowCount)) scores[place]?.push(score);
    for (const [place, found] of members.entries()) {
      const values = column(`#${place}`);
      for (let row = 0; row < table.rowCount; row += 1) {
        const name = isValid(values, row) ? String(valueAt(values, row)) : "null";
        const rows = found.get(name) ?? [];
        found.set(name, rows);
        rows.push(first + row);
      }
    }
    if (cluster === undefined) continue;
    const values = column(`#${slices.length}`);
    for (let row = 0; row < table.rowCount; row += 1) {
      // A row without a value stands for itself.
      const name = isValid(values, row) ? `=${String(valueAt(values, row))}` : `row ${first + row}`;
      const number = clusterNumbers.get(name) ?? clusterNumbers.size;
      clusterNumbers.set(name, number);
      clusterOf.push(number);
    }
  }
  const [own = [], ...others] = scores.map((each) => Float64Array.from(each));
  return {
    labels: Float64Array.from(labels),
    scores: Float64Array.from(own),
    others: Object.fromEntries(others.map((each, place) => [scorers[place + 1]?.who ?? "", each])),
    slices: slices.flatMap((slice, place) => slicesFrom(slice, members[place] ?? new Map())),
    ...(cluster === undefined ? {} : { clusters: Int32Array.from(clusterOf) }),
    from,
    to,
  };
}

function slicesFrom({ name, value }: SliceSpec, members: ReadonlyMap<string, readonly number[]>): JudgedRows["slices"] {
  if (value.type === "bool") return [{ name, rows: Uint32Array.from(members.get("true") ?? []) }];
  return [...members]
    .sort(([a, left], [b, right]) => right.length - left.length || (a < b ? -1 : 1))
    .slice(0, MOST_VALUES)
    .map(([each, rows]) => ({ name: `${name} = ${each}`, rows: Uint32Array.from(rows) }));
}

function columnNamed(table: Table): (name: string) => Table["columns"][number] {
  return (name) => table.columns.find((column) => column.name === name)!;
}
