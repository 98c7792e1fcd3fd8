// DuckDB's vectors as table columns. Chunks are at most 2,048 rows; several are joined into one batch, because each batch that
// crosses a port has a cost of its own. Null slots of a vector hold garbage, so the validity goes along.

import type { DuckDBDataChunk, DuckDBResult } from "@duckdb/node-api";
import type { Column, DataType, Table } from "../../core/core.ts";
import { allocateValues, SlipwayError } from "../../core/core.ts";
import { dataTypeOf, valueReader } from "./result-types.ts";

/** What the vectors of those types have in common; they are not exported as one interface. */
interface ReadableVector {
  readonly items?: ArrayLike<number | bigint>;
  readonly validity: { itemValid(index: number): boolean; readonly data?: unknown };
  getItem(index: number): unknown;
}

/** The columns of a result. Throws INTERNAL for a type that tables do not hold: the SQL was to cast it. */
export function columnTypes(result: DuckDBResult): readonly { readonly name: string; readonly type: DataType }[] {
  return result.columnNames().map((name, index) => {
    const type = dataTypeOf(result.columnType(index));
    if (!type)
      throw new SlipwayError("INTERNAL", `Column "${name}" has SQL type ${result.columnType(index)}; cast it.`);
    return { name, type };
  });
}

/** Several chunks as one table. */
export function tableOf(
  schema: readonly { readonly name: string; readonly type: DataType }[],
  chunks: readonly DuckDBDataChunk[],
): Table {
  const rowCount = chunks.reduce((total, chunk) => total + chunk.rowCount, 0);
  return { rowCount, columns: schema.map(({ name, type }, index) => joined(name, type, index, rowCount, chunks)) };
}

function joined(
  name: string,
  type: DataType,
  index: number,
  rowCount: number,
  chunks: readonly DuckDBDataChunk[],
): Column {
  const values = allocateValues(type, rowCount);
  const read = valueReader(type);
  const validity = new Uint8Array((rowCount + 7) >> 3).fill(0xff);
  let nulls = 0;
  let start = 0;
  for (const chunk of chunks) {
    const vector = chunk.getColumnVector(index) as unknown as ReadableVector;
    const size = chunk.rowCount;
    if (vector.items && "set" in values)
      (values as { set(from: ArrayLike<unknown>, at: number): void }).set(sliced(vector.items, size), start);
    const valid = validBits(vector, size);
    for (let row = 0; (valid !== undefined || !vector.items) && row < size; row += 1) {
      const place = start + row;
      if (valid !== undefined && ((valid[row >> 3] ?? 0) & (1 << (row & 7))) === 0) {
        nulls += 1;
        validity[place >> 3] = (validity[place >> 3] ?? 0) & ~(1 << (place & 7));
      } else if (!vector.items) (values as unknown[])[place] = read(vector.getItem(row));
    }
    start += size;
  }
  return (nulls === 0 ? { name, type, values } : { name, type, values, validity }) as unknown as Column;
}

/**
 * A vector's validity as a bitmap, undefined when every row is valid. Its words are read directly where they are there, because
 * asking row by row makes two bigints a row.
 */
function validBits({ validity }: ReadableVector, size: number): Uint8Array | undefined {
  if (validity.data === null) return undefined;
  if (validity.data instanceof BigUint64Array)
    return new Uint8Array(validity.data.buffer, validity.data.byteOffset, validity.data.byteLength);
  const bits = new Uint8Array((size + 7) >> 3);
  for (let row = 0; row < size; row += 1)
    if (validity.itemValid(row)) bits[row >> 3] = (bits[row >> 3] ?? 0) | (1 << (row & 7));
  return bits;
}

function sliced(items: ArrayLike<number | bigint>, size: number): ArrayLike<number | bigint> {
  return items.length === size ? items : Array.prototype.slice.call(items, 0, size);
}
