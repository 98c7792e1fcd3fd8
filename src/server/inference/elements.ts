// Elements of a tensor as the protocol's raw bytes, little-endian: texts stand each after its length in four bytes.

import type { Tensor, TensorData, TensorType } from "../../platform/platform.ts";
import { quoted } from "./asked.ts";
import { invalid } from "./body.ts";

type NumberArray = Exclude<TensorData, readonly string[]>;
type NumberType = Exclude<TensorType, "BYTES">;

const ARRAYS: Readonly<
  Record<NumberType, { new (buffer: ArrayBuffer): NumberArray; readonly BYTES_PER_ELEMENT: number }>
> = {
  BOOL: Uint8Array,
  UINT8: Uint8Array,
  UINT16: Uint16Array,
  UINT32: Uint32Array,
  UINT64: BigUint64Array,
  INT8: Int8Array,
  INT16: Int16Array,
  INT32: Int32Array,
  INT64: BigInt64Array,
  FP16: Uint16Array,
  FP32: Float32Array,
  FP64: Float64Array,
};

/** The bytes of one number of a type. */
export function bytesOf(datatype: NumberType): number {
  return ARRAYS[datatype].BYTES_PER_ELEMENT;
}

/** Reads `count` elements. Throws INPUT_INVALID that names the input. */
export function elementsOf(datatype: TensorType, bytes: Uint8Array, count: number, name: string): TensorData {
  if (datatype === "BYTES") return textsOf(bytes, count, name);
  const array = ARRAYS[datatype];
  if (bytes.length !== count * array.BYTES_PER_ELEMENT)
    throw invalid(
      `Input ${quoted(name)} has ${bytes.length} bytes; ${count} elements of ${datatype} are ${count * array.BYTES_PER_ELEMENT}.`,
    );
  if (datatype === "BOOL" && bytes.some((byte) => byte > 1))
    throw invalid(`Input ${quoted(name)} has a BOOL that is neither 0 nor 1.`);
  // A copy, because a tensor in the body may lie at any offset.
  return new array(Uint8Array.from(bytes).buffer);
}

function textsOf(bytes: Uint8Array, count: number, name: string): readonly string[] {
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const texts: string[] = [];
  let at = 0;
  while (at + 4 <= bytes.length) {
    const length = view.getUint32(at, true);
    if (length > bytes.length - at - 4) break;
    try {
      texts.push(decoder.decode(bytes.subarray(at + 4, at + 4 + length)));
    } catch {
      throw invalid(`Element ${texts.length} of ${quoted(name)} is not UTF-8.`);
    }
    at += 4 + length;
  }
  if (texts.some((text) => text.includes("\0"))) throw invalid(`Input ${quoted(name)} has a text with NUL in it.`);
  if (at !== bytes.length || texts.length !== count)
    throw invalid(`Input ${quoted(name)} does not hold ${count} texts, each after its length in four bytes.`);
  return texts;
}

/** Writes the elements of a tensor. */
export function rawElements({ datatype, data }: Pick<Tensor, "datatype" | "data">): Buffer {
  if (datatype === "BYTES") return rawTexts((data as readonly string[]).map((text) => Buffer.from(text)));
  const { buffer, byteOffset, byteLength } = data as NumberArray;
  return Buffer.from(buffer, byteOffset, byteLength);
}

/** Writes texts, each after its length. */
export function rawTexts(texts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(
    texts.flatMap((text) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(text.length);
      return [length, text];
    }),
  );
}
