// An engine must: never run code that comes with an artifact, nor read a file that an artifact names; refuse bytes it cannot load with
// ARTIFACT_CORRUPT, and survive bytes that crash its library; give back memory of its own; and take calls before earlier ones have ended.

/** What a tensor's elements are, in the words of the Open Inference Protocol. */
export type TensorType =
  | "BOOL"
  | "UINT8"
  | "UINT16"
  | "UINT32"
  | "UINT64"
  | "INT8"
  | "INT16"
  | "INT32"
  | "INT64"
  | "FP16"
  | "FP32"
  | "FP64"
  | "BYTES";

/** Elements, row-major: BOOL as 0 and 1, FP16 as its bits, BYTES as text. */
export type TensorData =
  | Uint8Array
  | Uint16Array
  | Uint32Array
  | BigUint64Array
  | Int8Array
  | Int16Array
  | Int32Array
  | BigInt64Array
  | Float32Array
  | Float64Array
  | readonly string[];

/** A tensor. */
export interface Tensor {
  readonly name: string;
  readonly datatype: TensorType;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** A tensor that a model takes or gives; -1 in a shape is any size. */
export interface TensorInfo {
  readonly name: string;
  readonly datatype: TensorType;
  readonly shape: readonly number[];
  /** The classes whose scores stand side by side in its last dimension, in order. */
  readonly classes?: readonly string[];
}

/** A loaded model that takes and gives named tensors. */
export interface TensorModel {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Runs the model. INPUT_INVALID when the model refuses the values; INTERNAL when it is lost and must be loaded again. */
  infer(inputs: readonly Tensor[], outputs: readonly string[]): Promise<readonly Tensor[]>;
  /** Frees it; what is under way fails. */
  close(): void;
}

/** Loads models of one format that take and give named tensors. */
export interface TensorRuntime {
  readonly format: string;
  open(artifact: Uint8Array): Promise<TensorModel>;
}
