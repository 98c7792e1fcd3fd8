// Rows as an Arrow stream in a file, a record batch at a time: float32 columns with NaN for what is missing, as the model will be asked
// when it serves, and the label as float64. Arrow is an optional package, loaded when the first job needs it.

import { type FileHandle, open } from "node:fs/promises";
import { SlipwayError } from "../../core/core.ts";

type Arrow = typeof import("apache-arrow");

/** Some rows: a row-major float32 matrix of shape (rows, inputs), a label a row, and what each counts where that differs. */
export interface Block {
  readonly matrix: Float32Array;
  readonly labels: Float64Array;
  readonly weights?: Float64Array;
}

/** Loads Arrow. Throws ENGINE_NOT_INSTALLED where it is missing. */
export async function loadArrow(): Promise<Arrow> {
  try {
    return await import("apache-arrow");
  } catch (cause) {
    throw new SlipwayError(
      "ENGINE_NOT_INSTALLED",
      "A Python trainer needs the package apache-arrow to hand its rows over. Run: npm install apache-arrow",
      { cause, details: { package: "apache-arrow" } },
    );
  }
}

/** Writes blocks as columns named `names`, the label and the weight; gives how many rows they were. Holds one block at a time. */
export async function writeArrow(
  arrow: Arrow,
  path: string,
  columns: { readonly names: readonly string[]; readonly label: string; readonly weight: string | undefined },
  blocks: AsyncIterable<Block>,
): Promise<number> {
  const { names, label, weight } = columns;
  const schema = new arrow.Schema([
    ...names.map((name) => new arrow.Field(name, new arrow.Float32(), false)),
    ...[label, weight].flatMap((name) =>
      name === undefined ? [] : [new arrow.Field(name, new arrow.Float64(), false)],
    ),
  ]);
  const { writer, written } = collecting(arrow);
  writer.reset(undefined, schema);
  const file = await open(path, "wx");
  try {
    let rows = 0;
    for await (const block of blocks) {
      writer.write(batchOf(arrow, schema, block));
      rows += block.labels.length;
      await appendTo(file, written());
    }
    writer.finish();
    await appendTo(file, written());
    return rows;
  } finally {
    await file.close();
  }
}

/** A writer whose bytes are taken when asked for: the library's own streams queue a whole file when the disk is slower. */
function collecting(arrow: Arrow) {
  let chunks: Uint8Array[] = [];
  class Collecting extends arrow.RecordBatchStreamWriter {
    protected override _write(chunk: ArrayBuffer | ArrayBufferView): this {
      const bytes = ArrayBuffer.isView(chunk)
        ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
        : new Uint8Array(chunk);
      if (bytes.length > 0) chunks.push(bytes);
      this._position += bytes.length;
      return this;
    }
  }
  const written = (): readonly Uint8Array[] => {
    const all = chunks;
    chunks = [];
    return all;
  };
  return { writer: new Collecting(), written };
}

async function appendTo(file: FileHandle, chunks: readonly Uint8Array[]): Promise<void> {
  // One write for all: a column of a block is small.
  if (chunks.length > 0) await file.appendFile(Buffer.concat(chunks));
}

function batchOf(arrow: Arrow, schema: InstanceType<Arrow["Schema"]>, { matrix, labels, weights }: Block) {
  const rows = labels.length;
  const doubles = weights === undefined ? [labels] : [labels, weights];
  const width = schema.fields.length - doubles.length;
  const columns = Array.from({ length: width }, (_, place) => {
    const values = new Float32Array(rows);
    for (let row = 0, at = place; row < rows; row += 1, at += width) values[row] = matrix[at] as number;
    return arrow.makeData({ type: new arrow.Float32(), length: rows, nullCount: 0, data: values });
  });
  const beside = doubles.map((data) => arrow.makeData({ type: new arrow.Float64(), length: rows, nullCount: 0, data }));
  const type = new arrow.Struct(schema.fields);
  return new arrow.RecordBatch(
    schema,
    arrow.makeData({ type, length: rows, nullCount: 0, children: [...columns, ...beside] }),
  );
}
