// What the two processes say to each other.

import type { Tensor, TensorInfo } from "../../ports/tensor-runtime.ts";

/** To the process that holds a model. */
export type ToSession =
  | { readonly call: number; readonly kind: "open"; readonly artifact: Uint8Array }
  | {
      readonly call: number;
      readonly kind: "infer";
      readonly inputs: readonly Tensor[];
      readonly outputs: readonly string[];
    };

/** From it. */
export type FromSession =
  | {
      readonly call: number;
      readonly kind: "opened";
      readonly inputs: readonly TensorInfo[];
      readonly outputs: readonly TensorInfo[];
    }
  | { readonly call: number; readonly kind: "inferred"; readonly outputs: readonly Tensor[] }
  | { readonly call: number; readonly kind: "failed"; readonly problem: string };
