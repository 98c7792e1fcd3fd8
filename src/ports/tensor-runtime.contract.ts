// What every TensorRuntime must do, as tests an engine runs on itself: give `tensorRuntimeContract` a runtime, a model that it can load, and what to
// ask of it.

import { describe, expect, it } from "vitest";
import { SlipwayError } from "../core/core.ts";
import { refusal } from "./refusal.ts";
import type { Tensor, TensorModel, TensorRuntime } from "./tensor-runtime.ts";

/** A runtime and a model for it. */
export interface TensorRuntimeCase {
  readonly runtime: TensorRuntime;
  readonly artifact: Uint8Array;
  /** Inputs of some rows, at least 3, in the first dimension of every input; each row is answered from itself alone. */
  readonly inputs: readonly Tensor[];
}

const SLOW = 60_000;

/** Some rows of a tensor. */
function rowsOf({ name, datatype, shape, data }: Tensor, from: number, to: number): Tensor {
  const [rows = 0, ...rest] = shape;
  const width = data.length / rows;
  return { name, datatype, shape: [to - from, ...rest], data: data.slice(from * width, to * width) };
}

const cells = (tensor: Tensor | undefined): readonly unknown[] => Array.from<unknown>(tensor?.data ?? []);

/**
 * Holds a tensor runtime to the port's contract, with a model that it can load. `makeCase` is called once, when the first test needs it.
 *
 * @example
 * tensorRuntimeContract("onnx", async () => ({
 *   runtime: onnxRuntime(),
 *   artifact: await readFile("model.onnx"),
 *   inputs: [{ name: "x", datatype: "FP32", shape: [3, 2], data: Float32Array.of(1, 2, 3, 4, 5, 6) }],
 * }));
 */
export function tensorRuntimeContract(name: string, makeCase: () => Promise<TensorRuntimeCase>): void {
  describe(`TensorRuntime contract: ${name}`, { timeout: SLOW }, () => {
    let made: Promise<TensorRuntimeCase> | undefined;
    const theCase = (): Promise<TensorRuntimeCase> => {
      made ??= makeCase();
      return made;
    };
    const withModel = async (use: (model: TensorModel, inputs: readonly Tensor[]) => Promise<void>): Promise<void> => {
      const { runtime, artifact, inputs } = await theCase();
      const model = await runtime.open(artifact);
      try {
        await use(model, inputs);
      } finally {
        model.close();
      }
    };
    const allOf = ({ outputs }: TensorModel): readonly string[] => outputs.map((output) => output.name);

    it("says what the model takes and gives, and gives that", () =>
      withModel(async (model, inputs) => {
        expect(model.inputs.map((input) => input.name).sort()).toEqual(inputs.map((input) => input.name).sort());
        const found = await model.infer(inputs, allOf(model));
        expect(found.map(({ name, datatype }) => ({ name, datatype }))).toEqual(
          model.outputs.map(({ name, datatype }) => ({ name, datatype })),
        );
        for (const { shape, data } of found) expect(data).toHaveLength(shape.reduce((size, each) => size * each, 1));
        for (const { shape, classes } of model.outputs) if (classes) expect(shape.at(-1)).toBe(classes.length);
      }));

    it("gives the outputs that are asked for, in that order", () =>
      withModel(async (model, inputs) => {
        const wanted = [...allOf(model)].reverse();
        const found = await model.infer(inputs, wanted);
        expect(found.map((output) => output.name)).toEqual(wanted);
      }));

    it("answers each row from that row alone", () =>
      withModel(async (model, inputs) => {
        const rows = inputs[0]?.shape[0] ?? 0;
        expect(rows).toBeGreaterThanOrEqual(3);
        const [together] = await model.infer(inputs, allOf(model));
        const alone: unknown[] = [];
        for (let row = 0; row < rows; row += 1) {
          const [one] = await model.infer(
            inputs.map((input) => rowsOf(input, row, row + 1)),
            allOf(model),
          );
          alone.push(...cells(one));
        }
        expect(alone).toEqual(cells(together));
      }));

    it("reads a tensor that is a view into a larger one", () =>
      withModel(async (model, inputs) => {
        const viewed = inputs.map((input): Tensor => {
          const { data, shape } = input;
          const width = data.length / (shape[0] ?? 1);
          const rest = ArrayBuffer.isView(data) ? data.subarray(width) : data.slice(width);
          return { ...rowsOf(input, 1, shape[0] ?? 1), data: rest };
        });
        const [whole] = await model.infer(inputs, allOf(model));
        const [part] = await model.infer(viewed, allOf(model));
        expect(cells(part)).toEqual(cells(whole).slice(cells(whole).length / (inputs[0]?.shape[0] ?? 1)));
      }));

    it("returns memory of its own", () =>
      withModel(async (model, inputs) => {
        const [first] = await model.infer(inputs, allOf(model));
        const before = cells(first);
        await model.infer(
          inputs.map((input) => rowsOf(input, 1, 2)),
          allOf(model),
        );
        expect(cells(first)).toEqual(before);
      }));

    it("may be asked again before an earlier answer has come", () =>
      withModel(async (model, inputs) => {
        const parts = [0, 1, 2].map((row) => inputs.map((input) => rowsOf(input, row, row + 1)));
        const apart: (readonly unknown[])[] = [];
        for (const part of parts) apart.push(cells((await model.infer(part, allOf(model)))[0]));
        const together = await Promise.all(parts.map((part) => model.infer(part, allOf(model))));
        expect(together.map(([found]) => cells(found))).toEqual(apart);
      }));

    it("refuses inputs that are missing, and answers afterwards", () =>
      withModel(async (model, inputs) => {
        expect((await refusal(model.infer([], allOf(model)))).code).toBe("INPUT_INVALID");
        expect(await model.infer(inputs, allOf(model))).toHaveLength(model.outputs.length);
      }));

    it("takes no more once it is closed, and may be closed twice", async () => {
      const { runtime, artifact, inputs } = await theCase();
      const model = await runtime.open(artifact);
      model.close();
      model.close();
      await expect(model.infer(inputs, allOf(model))).rejects.toBeInstanceOf(SlipwayError);
    });

    it("refuses bytes it cannot load", async () => {
      const { runtime, artifact } = await theCase();
      const broken = [0, 1, artifact.length >> 2, artifact.length >> 1, artifact.length - 1].map((length) =>
        artifact.slice(0, length),
      );
      broken.push(new TextEncoder().encode("this is no model"), new TextEncoder().encode("[1, 2]"));
      for (const bytes of broken) expect((await refusal(runtime.open(bytes))).code).toBe("ARTIFACT_CORRUPT");
    });
  });
}
