// Typed contents of a tensor, which gRPC has beside raw bytes: read into the raw form, so that from there on both are one, and written from an
// answer to a caller that sent its inputs typed.

import { create } from "@bufbuild/protobuf";
import type { Tensor } from "../../platform/platform.ts";
import { quoted } from "../inference/asked.ts";
import { invalid } from "../inference/body.ts";
import { rawTexts } from "../inference/elements.ts";
import { type InferTensorContents, InferTensorContentsSchema } from "./protocol/inference/tensors_pb.ts";

type Field = Exclude<keyof InferTensorContents, "$typeName" | "$unknown">;

const FIELDS: Readonly<Record<string, Field>> = {
  BOOL: "boolContents",
  INT8: "intContents",
  INT16: "intContents",
  INT32: "intContents",
  INT64: "int64Contents",
  UINT8: "uintContents",
  UINT16: "uintContents",
  UINT32: "uintContents",
  UINT64: "uint64Contents",
  FP32: "fp32Contents",
  FP64: "fp64Contents",
  BYTES: "bytesContents",
};

const NARROW: Readonly<Record<string, readonly [least: number, most: number]>> = {
  INT8: [-(2 ** 7), 2 ** 7 - 1],
  INT16: [-(2 ** 15), 2 ** 15 - 1],
  UINT8: [0, 2 ** 8 - 1],
  UINT16: [0, 2 ** 16 - 1],
};

/** The contents of an input as raw little-endian elements. Throws INPUT_INVALID that names the input. */
export function rawContents(name: string, datatype: string, contents: InferTensorContents | undefined): Uint8Array {
  const field = FIELDS[datatype];
  if (!field)
    throw invalid(`Input ${quoted(name)} of ${quoted(datatype)} has no typed contents; send it in raw_input_contents.`);
  for (const other of Object.values(FIELDS))
    if (other !== field && (contents?.[other].length ?? 0) > 0)
      throw invalid(
        `Input ${quoted(name)} of ${datatype} has its values in ${snake(other)}; they go into ${snake(field)}.`,
      );
  const values = contents?.[field] ?? [];
  const range = NARROW[datatype];
  if (range) refuseBeyond(name, datatype, values as readonly number[], range);
  switch (datatype) {
    case "BYTES":
      return rawTexts(values as readonly Uint8Array[]);
    case "BOOL":
      return Uint8Array.from(values as readonly boolean[], Number);
    case "INT64":
      return bytes(BigInt64Array.from(values as readonly bigint[]));
    case "UINT64":
      return bytes(BigUint64Array.from(values as readonly bigint[]));
    default:
      return bytes(numbers(datatype, values as readonly number[]));
  }
}

function refuseBeyond(
  name: string,
  datatype: string,
  values: readonly number[],
  [least, most]: readonly [number, number],
): void {
  const place = values.findIndex((value) => value < least || value > most);
  if (place >= 0)
    throw invalid(`Element ${place} of ${quoted(name)} is ${values[place]}, which does not fit ${datatype}.`);
}

function numbers(datatype: string, values: readonly number[]): ArrayBufferView {
  switch (datatype) {
    case "INT8":
      return Int8Array.from(values);
    case "INT16":
      return Int16Array.from(values);
    case "INT32":
      return Int32Array.from(values);
    case "UINT8":
      return Uint8Array.from(values);
    case "UINT16":
      return Uint16Array.from(values);
    case "UINT32":
      return Uint32Array.from(values);
    case "FP64":
      return Float64Array.from(values);
    default:
      return Float32Array.from(values);
  }
}

function bytes({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** The elements of an output as typed contents; undefined for FP16, which has none. */
export function typedContents({ datatype, data }: Tensor): InferTensorContents | undefined {
  const field = FIELDS[datatype];
  if (!field) return undefined;
  const values =
    datatype === "BYTES"
      ? (data as readonly string[]).map((text) => Buffer.from(text))
      : datatype === "BOOL"
        ? Array.from(data as Uint8Array, (value) => value !== 0)
        : Array.from<number | bigint>(data as ArrayLike<number | bigint>);
  return create(InferTensorContentsSchema, { [field]: values });
}

/** A field as the protocol writes it. */
function snake(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
