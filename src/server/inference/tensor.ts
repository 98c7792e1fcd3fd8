// Tensors in and out: numbers of any protocol type become the float32 matrix that models take. A value that float32 cannot hold is refused
// rather than changed; NaN (null in JSON) is a missing value.

import { invalid } from "./body.ts";

/** The types an input may have. */
export const datatypes = [
  "FP32",
  "FP64",
  "INT8",
  "INT16",
  "INT32",
  "INT64",
  "UINT8",
  "UINT16",
  "UINT32",
  "UINT64",
] as const;

/** A type an input may have. */
export type Datatype = (typeof datatypes)[number];

interface Layout {
  readonly bytes: number;
  readonly read: (view: DataView, at: number) => number;
  /** Bounds of a whole number, the upper one exclusive; absent for floats. */
  readonly whole?: readonly [number, number];
}

const layouts: Readonly<Record<Datatype, Layout>> = {
  FP32: { bytes: 4, read: (view, at) => view.getFloat32(at, true) },
  FP64: { bytes: 8, read: (view, at) => view.getFloat64(at, true) },
  INT8: { bytes: 1, read: (view, at) => view.getInt8(at), whole: [-(2 ** 7), 2 ** 7] },
  INT16: { bytes: 2, read: (view, at) => view.getInt16(at, true), whole: [-(2 ** 15), 2 ** 15] },
  INT32: { bytes: 4, read: (view, at) => view.getInt32(at, true), whole: [-(2 ** 31), 2 ** 31] },
  INT64: { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)), whole: [-(2 ** 63), 2 ** 63] },
  UINT8: { bytes: 1, read: (view, at) => view.getUint8(at), whole: [0, 2 ** 8] },
  UINT16: { bytes: 2, read: (view, at) => view.getUint16(at, true), whole: [0, 2 ** 16] },
  UINT32: { bytes: 4, read: (view, at) => view.getUint32(at, true), whole: [0, 2 ** 32] },
  UINT64: { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)), whole: [0, 2 ** 64] },
};

/** The bytes of one element. */
export function elementBytes(datatype: Datatype): number {
  return layouts[datatype].bytes;
}

/** Raw little-endian elements as float32. The byte length is already known to fit. */
export function fromBytes(datatype: Datatype, bytes: Uint8Array): Float32Array {
  const { bytes: size, read } = layouts[datatype];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new Float32Array(bytes.byteLength / size);
  for (let place = 0; place < values.length; place += 1) put(values, place, read(view, place * size));
  return values;
}

/** JSON data, flat or nested as [rows][width], as float32. */
export function fromJson(datatype: Datatype, data: unknown, rows: number, width: number): Float32Array {
  if (!Array.isArray(data)) throw invalid('Input "input" has no "data" list and no binary data.');
  const isNested = Array.isArray(data[0]);
  // Before anything is made of that size: a shape is only a claim.
  if (isNested && data.length !== rows) throw invalid(`The data has ${data.length} rows; the shape says ${rows}.`);
  if (!isNested && data.length !== rows * width)
    throw invalid(`The data has ${data.length} elements; shape [${rows},${width}] needs ${rows * width}.`);
  const { whole } = layouts[datatype];
  const values = new Float32Array(rows * width);
  if (!isNested) fill(values, 0, data, datatype, whole);
  else
    data.forEach((row: unknown, index) => {
      if (!Array.isArray(row) || row.length !== width)
        throw invalid(`Row ${index} of the data is not a list of ${width} numbers, as the shape says.`);
      fill(values, index * width, row, datatype, whole);
    });
  return values;
}

function fill(
  values: Float32Array,
  start: number,
  data: readonly unknown[],
  datatype: Datatype,
  whole: Layout["whole"],
): void {
  for (let index = 0; index < data.length; index += 1) {
    const given = data[index];
    const isMissing = given === null && !whole;
    if (!isMissing && typeof given !== "number")
      throw invalid(`Element ${start + index} of the data is not a number${whole ? "" : " or null"}.`);
    const value = isMissing ? Number.NaN : (given as number);
    if (whole && !(Number.isInteger(value) && value >= whole[0] && value < whole[1]))
      throw invalid(`Element ${start + index} of the data does not fit ${datatype}.`);
    put(values, start + index, value);
  }
}

function put(values: Float32Array, place: number, value: number): void {
  const cell = Math.fround(value);
  if (cell === Number.POSITIVE_INFINITY || cell === Number.NEGATIVE_INFINITY)
    throw invalid(`Element ${place} of the data is infinite or does not fit FP32, which the model takes.`);
  values[place] = cell;
}
