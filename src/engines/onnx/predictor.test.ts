// ONNX models as matrices in, scores out: the Runtime contract, each library's own answers, and models that are no such thing.

import { readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { runtimeContract } from "../../ports/runtime.contract.ts";
import { matrixRuntime, onnxRuntime } from "./onnx.ts";

const models = new URL("../../../test/models/", import.meta.url);
const bytesOf = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(new URL(path, models)));
const tensorOf = async (path: string, name?: string) => {
  const document = JSON.parse(await readFile(new URL(path, models), "utf8"));
  const tensors = (document.inputs ?? document.outputs) as readonly {
    readonly name: string;
    readonly shape: readonly [number, number];
    readonly data: readonly (number | null)[];
  }[];
  const found = name === undefined ? tensors.at(-1) : tensors.find((tensor) => tensor.name === name);
  if (!found) throw new Error(`${path} has no ${name}`);
  return { ...found, data: Float32Array.from(found.data, (cell) => cell ?? Number.NaN) };
};
const runtime = matrixRuntime(onnxRuntime());

runtimeContract("onnx", async () => ({
  runtime,
  artifact: await bytesOf("lightgbm_regression/model.onnx"),
  inputCount: (await tensorOf("lightgbm_regression/input.json")).shape[1],
}));

describe("matrixRuntime", { timeout: 60_000 }, () => {
  it.each(["lightgbm_regression", "mlp", "xgboost_multiclass"])("scores %s as its own library does", async (name) => {
    const { data, shape } = await tensorOf(`${name}/input.json`);
    const expected = await tensorOf(`${name}/expected.json`);
    const predictor = await runtime.load(await bytesOf(`${name}/model.onnx`));
    expect(predictor.inputCount).toBe(shape[1]);
    const found = await predictor.predict(data, shape[0]);
    predictor.close();
    expect(found).toHaveLength(expected.data.length);
    for (const [place, value] of expected.data.entries()) expect(found[place]).toBeCloseTo(value, 4);
  });

  it("refuses a model that takes texts, and says which input it is", async () => {
    const loaded = runtime.load(await bytesOf("sklearn_mixed/model.onnx"));
    await expect(loaded).rejects.toMatchObject({
      code: "ARTIFACT_CORRUPT",
      message: expect.stringMatching(/its input ".+" (BYTES|INT64) .*is no matrix of floats/),
    });
  });
});
