// The messages of onnx.proto that a written model is made of, as bytes (IR version 10). Field numbers are those of the specification.

import { wireField, wireNumber } from "../wire.ts";

/** Element types of tensors, by the specification's numbers. */
export const elementTypes = { float: 1, int64: 7, string: 8, bool: 9, double: 11 } as const;

/** What a tensor is made of. */
export type ElementType = keyof typeof elementTypes;

/** An attribute's value; a plain number is an integer. */
export type AttributeValue =
  | number
  | string
  | { readonly float: number }
  | { readonly floats: ArrayLike<number> }
  | { readonly ints: ArrayLike<number> }
  | { readonly strings: readonly string[] };

function fixed32(number: number, value: number): Uint8Array {
  const bytes = Buffer.alloc(5);
  // One byte of tag: every field here is below 16.
  bytes[0] = number * 8 + 5;
  bytes.writeFloatLE(value, 1);
  return bytes;
}

/** Whole numbers, of which negative ones take ten bytes: packed varints. */
function packedInts(values: ArrayLike<number>): Uint8Array {
  const bytes: number[] = [];
  for (let place = 0; place < values.length; place += 1) {
    let rest = BigInt.asUintN(64, BigInt(values[place] ?? 0));
    while (rest > 127n) {
      bytes.push(Number(rest & 127n) | 128);
      rest >>= 7n;
    }
    bytes.push(Number(rest));
  }
  return Uint8Array.from(bytes);
}

const bytesOf = (values: Float32Array | Float64Array | BigInt64Array): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

const [A_FLOAT, AN_INT, A_STRING, FLOATS, INTS, STRINGS] = [1, 2, 3, 6, 7, 8];

function attribute(name: string, value: AttributeValue): Uint8Array {
  const named = wireField(1, name);
  const typed = (type: number | undefined, ...fields: readonly Uint8Array[]): Uint8Array =>
    Buffer.concat([named, ...fields, wireNumber(20, type ?? 0)]);
  if (typeof value === "number") return typed(AN_INT, wireNumber(3, value));
  if (typeof value === "string") return typed(A_STRING, wireField(4, value));
  if ("float" in value) return typed(A_FLOAT, fixed32(2, value.float));
  if ("floats" in value) return typed(FLOATS, wireField(7, bytesOf(Float32Array.from(value.floats))));
  if ("ints" in value) return typed(INTS, wireField(8, packedInts(value.ints)));
  return typed(STRINGS, ...value.strings.map((text) => wireField(9, text)));
}

/** One operator. */
export interface NodeParts {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
  readonly domain: string;
}

/** A NodeProto. */
export function nodeBytes({ operator, inputs, outputs, attributes, domain }: NodeParts): Uint8Array {
  return Buffer.concat([
    ...inputs.map((name) => wireField(1, name)),
    ...outputs.map((name) => wireField(2, name)),
    wireField(3, outputs[0] ?? ""),
    wireField(4, operator),
    ...Object.entries(attributes).map(([name, value]) => wireField(5, attribute(name, value))),
    wireField(7, domain),
  ]);
}

/** A constant's values. */
export type TensorValues = Float32Array | Float64Array | BigInt64Array | readonly string[];

/** A TensorProto. */
export function tensorBytes(name: string, shape: readonly number[], values: TensorValues): Uint8Array {
  const type =
    values instanceof Float32Array
      ? "float"
      : values instanceof Float64Array
        ? "double"
        : values instanceof BigInt64Array
          ? "int64"
          : "string";
  return Buffer.concat([
    ...shape.map((size) => wireNumber(1, size)),
    wireNumber(2, elementTypes[type]),
    ...(ArrayBuffer.isView(values)
      ? [wireField(8, name), wireField(9, bytesOf(values as Float32Array))]
      : [...(values as readonly string[]).map((text) => wireField(6, text)), wireField(8, name)]),
  ]);
}

/** A ValueInfoProto: a named tensor; a size that is text stands for any. */
export function valueBytes(name: string, type: ElementType, shape: readonly (string | number)[]): Uint8Array {
  const sizes = shape.map((size) => wireField(1, typeof size === "number" ? wireNumber(1, size) : wireField(2, size)));
  const tensor = Buffer.concat([wireNumber(1, elementTypes[type]), wireField(2, Buffer.concat(sizes))]);
  return Buffer.concat([wireField(1, name), wireField(2, wireField(1, tensor))]);
}

/** The parts of a graph, each as bytes. */
export interface GraphParts {
  readonly nodes: readonly Uint8Array[];
  readonly constants: readonly Uint8Array[];
  readonly inputs: readonly Uint8Array[];
  readonly outputs: readonly Uint8Array[];
}

const IR_VERSION = 10;
const OPERATORS = 20;
const ML_OPERATORS = 3;

/** A ModelProto: what a .onnx file is. */
export function modelBytes(name: string, about: string, graph: GraphParts): Uint8Array {
  const operators = (domain: string, version: number): Uint8Array =>
    wireField(8, Buffer.concat([wireField(1, domain), wireNumber(2, version)]));
  return Buffer.concat([
    wireNumber(1, IR_VERSION),
    wireField(2, "slipway"),
    wireField(6, about),
    wireField(
      7,
      Buffer.concat([
        ...graph.nodes.map((node) => wireField(1, node)),
        wireField(2, name),
        ...graph.constants.map((constant) => wireField(5, constant)),
        ...graph.inputs.map((input) => wireField(11, input)),
        ...graph.outputs.map((output) => wireField(12, output)),
      ]),
    ),
    operators("", OPERATORS),
    operators("ai.onnx.ml", ML_OPERATORS),
  ]);
}
