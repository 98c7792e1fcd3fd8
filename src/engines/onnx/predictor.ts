// An ONNX model behind the port for matrices: one input of shape (rows, inputs), or an input per column of shape (rows, 1), and of its outputs
// the scores: a float tensor called probabilities where there is one, else the last float tensor. Two columns are the two classes of a binary
// classifier, of which the second is the score.

import { requireMatrix, SlipwayError } from "../../core/core.ts";
import type { Predictor, Runtime } from "../../ports/runtime.ts";
import type { Tensor, TensorInfo, TensorModel, TensorRuntime } from "../../ports/tensor-runtime.ts";

/** Scores ONNX models that take float matrices, through a runtime for tensors. */
export function matrixRuntime(tensors: TensorRuntime): Runtime {
  return {
    format: tensors.format,
    load: async (artifact) => {
      const model = await tensors.open(artifact);
      try {
        return predictorOf(model);
      } catch (thrown) {
        model.close();
        throw thrown;
      }
    },
  };
}

function predictorOf(model: TensorModel): Predictor {
  const { inputCount, inputNames, feed } = feederOf(model.inputs);
  const { name: output } = scoresOf(model.outputs);
  let underWay = 0;
  let closed = false;
  return {
    inputCount,
    inputNames,
    predict: async (matrix, rows) => {
      if (closed) throw new SlipwayError("INTERNAL", "This predictor is closed; load the model again.");
      requireMatrix(matrix, rows, inputCount);
      if (rows === 0) return new Float32Array(0);
      underWay += 1;
      try {
        const [scores] = await model.infer(feed(matrix, rows), [output]);
        return scoreOf(scores as Tensor, rows);
      } finally {
        underWay -= 1;
        if (closed && underWay === 0) model.close();
      }
    },
    close: () => {
      if (closed) return;
      closed = true;
      if (underWay === 0) model.close();
    },
  };
}

function refused(problem: string): never {
  throw new SlipwayError(
    "ARTIFACT_CORRUPT",
    `This ONNX model cannot score rows of numbers: ${problem}. Export it with one float input of shape (rows, inputs), and a float output of one score a row or one a class.`,
  );
}

const isFloat = ({ datatype }: TensorInfo): boolean => datatype === "FP32" || datatype === "FP64";
const described = ({ name, datatype, shape }: TensorInfo): string => `"${name}" ${datatype} (${shape.join(", ")})`;

function feederOf(inputs: readonly TensorInfo[]): {
  readonly inputCount: number;
  readonly inputNames: readonly string[];
  readonly feed: (matrix: Float32Array, rows: number) => readonly Tensor[];
} {
  const odd = inputs.find((input) => !isFloat(input) || input.shape.length > 2);
  if (odd) refused(`its input ${described(odd)} is no matrix of floats`);
  const [first] = inputs;
  if (!first) refused("it has no input");
  if (inputs.length === 1) {
    const [rows, width] = first.shape;
    if (rows !== -1) refused(`its input ${described(first)} takes a fixed number of rows`);
    if (width === undefined || width < 1)
      refused(`its input ${described(first)} does not say how many columns it takes`);
    return {
      inputCount: width,
      inputNames: [],
      feed: (matrix, count) => [tensorOf(first, [count, width], matrix)],
    };
  }
  const wide = inputs.find(({ shape }) => shape[0] !== -1 || (shape.length === 2 && shape[1] !== 1));
  if (wide) refused(`its input ${described(wide)} is not one column of any number of rows`);
  return {
    inputCount: inputs.length,
    inputNames: inputs.map(({ name }) => name),
    feed: (matrix, count) =>
      inputs.map((input, place) => {
        const column = new Float32Array(count);
        for (let row = 0; row < count; row += 1) column[row] = matrix[row * inputs.length + place] as number;
        return tensorOf(input, input.shape.length === 2 ? [count, 1] : [count], column);
      }),
  };
}

function tensorOf({ name, datatype }: TensorInfo, shape: readonly number[], values: Float32Array): Tensor {
  return { name, datatype, shape, data: datatype === "FP64" ? Float64Array.from(values) : values };
}

function scoresOf(outputs: readonly TensorInfo[]): TensorInfo {
  const floats = outputs.filter(isFloat);
  const named = floats.find(({ name }) => /^(output_)?probabilit(y|ies)$/.test(name));
  return (
    named ?? floats.at(-1) ?? refused(`none of its outputs is a float tensor: ${outputs.map(described).join(", ")}`)
  );
}

function scoreOf({ name, shape, data }: Tensor, rows: number): Float32Array {
  const width = data.length / rows;
  if (!Number.isInteger(width) || width < 1)
    throw new SlipwayError(
      "INTERNAL",
      `The model answered ${rows} rows with a tensor "${name}" of shape (${shape.join(", ")}): a row has no whole number of scores.`,
    );
  const values = data as Float32Array | Float64Array;
  if (width !== 2) return Float32Array.from(values);
  const scores = new Float32Array(rows);
  for (let row = 0; row < rows; row += 1) scores[row] = values[2 * row + 1] as number;
  return scores;
}
