// Every model of test/models against what its own library answered, and models that are broken, hostile or slow: each refused in words, in a
// process that stays up.

import { readdir, readFile } from "node:fs/promises";
import { describe, expect, it } from "vitest";
import { tensorRuntimeContract } from "../../ports/tensor-runtime.contract.ts";
import type { Tensor, TensorType } from "../../ports/tensor-runtime.ts";
import { onnxRuntime } from "./onnx.ts";
import { wireField, wireNumber } from "./wire.ts";

const models = new URL("../../../test/models/", import.meta.url);
const SLOW = 60_000;
const runtime = onnxRuntime();

const bytesOf = async (path: string): Promise<Uint8Array> => new Uint8Array(await readFile(new URL(path, models)));

interface JsonTensor {
  readonly name: string;
  readonly datatype: TensorType;
  readonly shape: readonly number[];
  readonly data: readonly (number | string | null)[];
}
const tensorsOf = async (path: string): Promise<readonly JsonTensor[]> => {
  const document = JSON.parse(await readFile(new URL(path, models), "utf8"));
  return document.inputs ?? document.outputs;
};

const given = ({ name, datatype, shape, data }: JsonTensor): Tensor => ({
  name,
  datatype,
  shape,
  data:
    datatype === "BYTES"
      ? (data as string[])
      : Float32Array.from(data, (cell) => (cell === null ? Number.NaN : Number(cell))),
});

async function refusal(bytes: Uint8Array, options?: Parameters<typeof onnxRuntime>[0]): Promise<string> {
  const thrown = await onnxRuntime(options)
    .open(bytes)
    .then(
      (model) => model.close(),
      (error) => error,
    );
  expect(thrown?.code).toBe("ARTIFACT_CORRUPT");
  return thrown.message;
}

/** A model of one graph. */
const modelOf = (...graph: readonly Uint8Array[]): Uint8Array =>
  Buffer.concat([wireNumber(1, 8), wireField(7, Buffer.concat(graph)), wireField(8, wireNumber(2, 17))]);
const node = (type: string, { domain = "", input = "x", output = "y" }, ...more: Uint8Array[]): Uint8Array =>
  wireField(
    1,
    Buffer.concat([wireField(1, input), wireField(2, output), wireField(4, type), ...more, wireField(7, domain)]),
  );

tensorRuntimeContract("onnxRuntime", async () => {
  const cells = Array.from({ length: 5 * 16 }, (_, place) => ((place * 37) % 101) / 50 - 1);
  return {
    runtime,
    artifact: await bytesOf("mlp/model.onnx"),
    inputs: [{ name: "x", datatype: "FP32", shape: [5, 16], data: Float32Array.from(cells) }],
  };
});

describe("onnxRuntime", { timeout: SLOW }, () => {
  it.each(["sklearn_mixed", "sklearn_mixed_zipmap", "mlp", "lightgbm_regression", "xgboost_multiclass"])(
    "answers %s as its own library does",
    async (name) => {
      const model = await runtime.open(await bytesOf(`${name}/model.onnx`));
      const expected = await tensorsOf(`${name}/expected.json`);
      const found = await model.infer(
        (await tensorsOf(`${name}/input.json`)).map((tensor) => ({
          ...given(tensor),
          name: model.inputs.find((info) => info.name === tensor.name)?.name ?? model.inputs[0]?.name ?? "",
        })),
        model.outputs.map((output) => output.name),
      );
      model.close();
      for (const tensor of expected) {
        const same = found.find((each) => each.name === tensor.name);
        if (same === undefined) continue;
        expect(same.datatype).toBe(tensor.datatype);
        if (tensor.datatype === "BYTES") expect(same.data).toEqual(tensor.data);
        else
          tensor.data.forEach((value, place) => {
            expect(Number(same.data[place])).toBeCloseTo(Number(value), 4);
          });
      }
      expect(expected.some((tensor) => found.some((each) => each.name === tensor.name))).toBe(true);
    },
  );

  it("gives a ZipMap's probabilities as a tensor in the order of its classes", async () => {
    const model = await runtime.open(await bytesOf("sklearn_mixed_zipmap/model.onnx"));
    model.close();
    expect(model.outputs).toEqual([
      { name: "output_label", datatype: "BYTES", shape: [-1] },
      { name: "output_probability", datatype: "FP32", shape: [-1, 2], classes: ["late", "on time"] },
    ]);
  });

  const elements: Readonly<Record<string, Tensor["data"]>> = {
    bool: Uint8Array.of(1, 0),
    bytes: ["grüß", ""],
    fp16: Uint16Array.of(0x3c00, 0xfbff),
    fp32: Float32Array.of(-0, Number.NaN),
    fp64: Float64Array.of(5e-324, Number.POSITIVE_INFINITY),
    int16: Int16Array.of(-32768, 32767),
    int32: Int32Array.of(-(2 ** 31), 2 ** 31 - 1),
    int64: BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n),
    int8: Int8Array.of(-128, 127),
    uint16: Uint16Array.of(0, 65535),
    uint32: Uint32Array.of(0, 2 ** 32 - 1),
    uint64: BigUint64Array.of(0n, 2n ** 64n - 1n),
    uint8: Uint8Array.of(0, 255),
  };
  it.each(Object.entries(elements))("passes %s through unchanged", async (type, data) => {
    const model = await runtime.open(await bytesOf(`identity/${type}.onnx`));
    const datatype = type.toUpperCase() as TensorType;
    expect(model.inputs).toEqual([{ name: "x", datatype, shape: [-1, 1] }]);
    const [found] = await model.infer([{ name: "x", datatype, shape: [2, 1], data }], ["y"]);
    model.close();
    expect(Array.from<unknown>(found?.data ?? [])).toEqual(Array.from<unknown>(data));
    expect(found).toMatchObject({ name: "y", datatype, shape: [2, 1] });
  });

  it("refuses every broken model in words", async () => {
    for (const file of await readdir(new URL("broken/", models)))
      if (file.endsWith(".onnx")) expect(await refusal(await bytesOf(`broken/${file}`))).toMatch(/ONNX/);
  });

  it("never opens a file that a model names, whether it leads out or not", async () => {
    const weights = (location: string): Uint8Array =>
      wireField(
        5,
        Buffer.concat([
          wireNumber(1, 1),
          wireNumber(2, 1),
          wireField(8, "w"),
          wireField(13, Buffer.concat([wireField(1, "location"), wireField(2, location)])),
          wireNumber(14, 1),
        ]),
      );
    for (const location of ["package.json", "../x", "/etc/hostname"])
      expect(await refusal(modelOf(weights(location), node("Identity", {})))).toMatch(/files beside it/);
    // Also deep inside a branch of an operator.
    const branch = wireField(5, Buffer.concat([wireField(1, "then_branch"), wireField(6, weights("package.json"))]));
    expect(await refusal(modelOf(node("If", {}, branch)))).toMatch(/files beside it/);
  });

  it("refuses operators of other domains", async () => {
    expect(await refusal(modelOf(node("PyOp", { domain: "ai.onnx.contrib" })))).toMatch(
      /ai\.onnx\.contrib.*never loaded/,
    );
  });

  it("refuses damaged bytes of a real model without going down", async () => {
    const whole = await bytesOf("mlp/model.onnx");
    for (const cut of [1, 7, whole.length >> 1, whole.length - 1]) await refusal(whole.subarray(0, cut));
    for (let seed = 1; seed <= 12; seed += 1) {
      const damaged = Uint8Array.from(whole);
      const place = (seed * 2654435761) % 200;
      damaged[place] = (damaged[place] ?? 0) ^ (1 << (seed % 8));
      // A flipped bit in a name or a weight leaves a model; what matters is that there is an answer.
      await runtime.open(damaged).then(
        (model) => model.close(),
        (thrown) => expect(thrown.code).toBe("ARTIFACT_CORRUPT"),
      );
    }
  });

  it("says what is wrong with inputs, and goes on", async () => {
    const model = await runtime.open(await bytesOf("mlp/model.onnx"));
    const row = (width: number): Tensor => ({
      name: "x",
      datatype: "FP32",
      shape: [1, width],
      data: new Float32Array(width),
    });
    await expect(model.infer([row(3)], ["probabilities"])).rejects.toMatchObject({ code: "INPUT_INVALID" });
    await expect(model.infer([], ["probabilities"])).rejects.toMatchObject({ code: "INPUT_INVALID" });
    const many = await Promise.all([1, 2, 3].map(() => model.infer([row(16)], ["probabilities"])));
    expect(many.map(([found]) => found?.shape)).toEqual([
      [1, 4],
      [1, 4],
      [1, 4],
    ]);
    model.close();
    await expect(model.infer([row(16)], ["probabilities"])).rejects.toMatchObject({ code: "INTERNAL" });
  });

  it("ends a model that takes too long, and says so", async () => {
    const bytes = await bytesOf("mlp/model.onnx");
    expect(await refusal(bytes, { loadLimitMs: 1 })).toMatch(/longer than 0.001 s/);
  });
});
