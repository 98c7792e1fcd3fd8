// A graph that is written operator by operator: each gives the name of what comes out, to be put into the next.

import {
  type AttributeValue,
  type ElementType,
  elementTypes,
  type GraphParts,
  nodeBytes,
  type TensorValues,
  tensorBytes,
  valueBytes,
} from "./messages.ts";

/** A tensor on its way through a graph. */
export type Tensor = string & { readonly tensor?: never };

/** A graph on its way. */
export interface GraphWriter {
  /** An operator's (first) output. */
  op(
    operator: string,
    inputs: readonly Tensor[],
    attributes?: Readonly<Record<string, AttributeValue>>,
    domain?: string,
  ): Tensor;
  double(values: readonly number[], shape?: readonly number[]): Tensor;
  int64(values: readonly number[], shape?: readonly number[]): Tensor;
  float(values: readonly number[], shape?: readonly number[]): Tensor;
  strings(values: readonly string[], shape?: readonly number[]): Tensor;
  cast(tensor: Tensor, type: ElementType): Tensor;
  /** Declares what goes in. */
  input(name: string, type: ElementType, shape: readonly (string | number)[]): Tensor;
  /** Declares what comes out, under a name of its own. */
  output(name: string, tensor: Tensor, type: ElementType, shape: readonly (string | number)[]): void;
  parts(): GraphParts;
}

/** An empty graph. */
export function graphWriter(): GraphWriter {
  const parts = { nodes: [], constants: [], inputs: [], outputs: [] } as {
    [K in keyof GraphParts]: Uint8Array[];
  };
  let names = 0;
  const fresh = (): string => {
    names += 1;
    return `#${names}`;
  };
  const constant = (values: TensorValues, shape: readonly number[]): Tensor => {
    const name = fresh();
    parts.constants.push(tensorBytes(name, shape, values));
    return name;
  };
  const op: GraphWriter["op"] = (operator, inputs, attributes = {}, domain = "") => {
    const name = fresh();
    parts.nodes.push(nodeBytes({ operator, inputs, outputs: [name], attributes, domain }));
    return name;
  };
  return {
    op,
    double: (values, shape = [values.length]) => constant(Float64Array.from(values), shape),
    int64: (values, shape = [values.length]) => constant(BigInt64Array.from(values, BigInt), shape),
    float: (values, shape = [values.length]) => constant(Float32Array.from(values), shape),
    strings: (values, shape = [values.length]) => constant(values, shape),
    cast: (tensor, type) => op("Cast", [tensor], { to: elementTypes[type] }),
    input(name, type, shape) {
      parts.inputs.push(valueBytes(name, type, shape));
      return name;
    },
    output(name, tensor, type, shape) {
      parts.nodes.push(
        nodeBytes({ operator: "Identity", inputs: [tensor], outputs: [name], attributes: {}, domain: "" }),
      );
      parts.outputs.push(valueBytes(name, type, shape));
    },
    parts: () => parts,
  };
}
