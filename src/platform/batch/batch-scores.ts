// Rows to scores, batch by batch: while one is scored the next is read.

import {
  type Column,
  type ColumnSchema,
  columnFrom,
  didYouMean,
  encoderOf,
  SlipwayError,
  type Table,
  type VersionInput,
} from "../../core/core.ts";
import type { Predictor } from "../../ports/ports.ts";

/** What is said of each row, as columns: a score, and of several classes the likeliest with every probability. */
export function scoreColumns(
  taken: ReadonlySet<string>,
  classes: readonly string[] | undefined,
): readonly ColumnSchema[] {
  const own = (name: string): string => (taken.has(name) ? `predicted_${name}` : name);
  const score: ColumnSchema = { name: own("score"), type: "float32", optional: false };
  const version: ColumnSchema = { name: own("model_version"), type: "int32", optional: false };
  if (classes === undefined) return [score, version];
  const fields = classes.map((name) => ({ name, type: "float32" as const, optional: false }));
  return [
    { name: own("class"), type: "string", optional: false },
    score,
    { name: own("probabilities"), type: { kind: "struct", fields }, optional: false },
    version,
  ];
}

/** The scores of a stream of inputs, of shape (rows, outputs). Throws INPUT_INVALID for a category that is to be refused. */
export async function scoresOf(
  tables: AsyncIterable<Table>,
  inputs: readonly VersionInput[],
  predictor: Predictor,
  onRows: (rows: number) => void,
): Promise<readonly Float32Array[]> {
  const encode = encoderOf(inputs);
  const scores: Promise<Float32Array>[] = [];
  for await (const table of tables) {
    // One in the works at a time: what is waiting to be scored takes memory.
    await scores.at(-1);
    scores.push(predictor.predict(encode(table, refuseUnseen), table.rowCount));
    onRows(table.rowCount);
  }
  return Promise.all(scores);
}

/** Of a category that the trainer refuses. */
function refuseUnseen(input: string, value: string, known: readonly string[]): never {
  throw new SlipwayError(
    "INPUT_INVALID",
    `${JSON.stringify(value)} is no "${input}" that the model was trained with, which its trainer refuses; it knows ${known.length} of them.${didYouMean(value, known)} Take such rows out, or train with unseen: "missing".`,
  );
}

/** Scores as a table with the columns of {@link scoreColumns}. */
export function scoreTable(
  columns: readonly ColumnSchema[],
  scores: Float32Array,
  version: number,
  classes: readonly string[] | undefined,
): Table {
  const outputs = classes?.length ?? 1;
  const rowCount = scores.length / outputs;
  const versions = { ...blank(columns.at(-1), "int32"), values: new Int32Array(rowCount).fill(version) } as Column;
  if (classes === undefined)
    return { rowCount, columns: [{ ...blank(columns[0], "float32"), values: scores } as Column, versions] };
  const likeliest: string[] = [];
  const best = new Float32Array(rowCount);
  const rows: Record<string, number>[] = [];
  for (let row = 0; row < rowCount; row += 1) {
    const own = scores.subarray(row * outputs, (row + 1) * outputs);
    const top = Math.max(...own);
    best[row] = top;
    likeliest.push(classes[own.indexOf(top)] ?? "");
    rows.push(Object.fromEntries(classes.map((name, place) => [name, own[place] ?? Number.NaN])));
  }
  const [named, scored, all] = columns;
  return {
    rowCount,
    columns: [
      { ...blank(named, "string"), values: likeliest } as Column,
      { ...blank(scored, "float32"), values: best } as Column,
      columnFrom(all?.name ?? "", all?.type ?? "string", rows as never) as Column,
      versions,
    ],
  };
}

function blank(column: ColumnSchema | undefined, type: "int32" | "float32" | "string"): { name: string; type: string } {
  return { name: column?.name ?? "", type };
}
