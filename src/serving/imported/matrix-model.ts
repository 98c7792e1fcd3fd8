import { SlipwayError } from "../../core/core.ts";
import type { Predictor, TensorModel } from "../../ports/ports.ts";

/** The input of a model that takes one matrix. */
const INPUT = "input";
/** Its output. */
const OUTPUT = "predict";

/** A predictor over a matrix as a model with one input, `input` of shape [rows, inputs], and one output, `predict`: [rows] or [rows, outputs]. */
export async function matrixModel(predictor: Predictor): Promise<TensorModel> {
  const { inputCount } = predictor;
  const { length: width } = await predictor.predict(new Float32Array(inputCount).fill(Number.NaN), 1);
  const shapeOf = (rows: number): readonly number[] => (width === 1 ? [rows] : [rows, width]);
  return {
    inputs: [{ name: INPUT, datatype: "FP32", shape: [-1, inputCount] }],
    outputs: [{ name: OUTPUT, datatype: "FP32", shape: shapeOf(-1) }],
    infer: async ([input]) => {
      if (!(input?.data instanceof Float32Array))
        throw new SlipwayError("INPUT_INVALID", `The model takes "${INPUT}" as FP32.`);
      const rows = input.shape[0] ?? 0;
      return [
        { name: OUTPUT, datatype: "FP32", shape: shapeOf(rows), data: await predictor.predict(input.data, rows) },
      ];
    },
    close: () => predictor.close(),
  };
}
