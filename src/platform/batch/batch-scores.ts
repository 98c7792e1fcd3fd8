// Rows to scores, batch by batch: while one is scored the next is read.

import {
  type Column,
  type ColumnSchema,
  columnFrom,
  encodeTable,
  isValid,
  type ModelInput,
  SlipwayError,
  type Table,
  valueAt,
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
  inputs: readonly ModelInput[],
  predictor: Predictor,
  onRows: (rows: number) => void,
): Promise<readonly Float32Array[]> {
  const scores: Promise<Float32Array>[] = [];
  for await (const table of tables) {
    refuseUnseen(inputs, table);
    // One in the works at a time: what is waiting to be scored takes memory.
    await scores.at(-1);
    scores.push(predictor.predict(encodeTable(inputs, table), table.rowCount));
    onRows(table.rowCount);
  }
  return Promise.all(scores);
}

function refuseUnseen(inputs: readonly ModelInput[], table: Table): void {
  for (const input of inputs) {
    if (input.kind !== "category" || input.unseen !== "refuse") continue;
    const known = new Set(input.categories);
    const column = table.columns.find(({ name }) => name === input.name) as Column;
    for (let row = 0; row < table.rowCount; row += 1) {
      if (!isValid(column, row) || known.has(String(valueAt(column, row)))) continue;
      const id = table.columns.find(({ name }) => name === "#id");
      throw new SlipwayError(
        "INPUT_INVALID",
        `Row ${JSON.stringify(id ? String(valueAt(id, row)) : row)}: ${JSON.stringify(String(valueAt(column, row)))} is no "${input.name}" that the model was trained with, which its trainer refuses. Take such rows out, or train with unseen: "missing".`,
      );
    }
  }
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
