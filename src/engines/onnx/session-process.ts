// One model in a process of its own: the library blocks while it runs and may crash on a strange model, and neither may happen to a server.
// It speaks when spoken to, reads no file and no environment, and ends with the process that started it.

import type { InferenceSession, Tensor as OrtTensor } from "onnxruntime-node";
import type { Tensor, TensorData, TensorInfo, TensorType } from "../../ports/tensor-runtime.ts";
import type { FromSession, ToSession } from "./protocol.ts";

const TYPES: Readonly<Record<string, TensorType>> = {
  bool: "BOOL",
  uint8: "UINT8",
  uint16: "UINT16",
  uint32: "UINT32",
  uint64: "UINT64",
  int8: "INT8",
  int16: "INT16",
  int32: "INT32",
  int64: "INT64",
  float16: "FP16",
  float32: "FP32",
  float64: "FP64",
  string: "BYTES",
};
const NAMES = Object.fromEntries(Object.entries(TYPES).map(([name, type]) => [type, name]));

/** Elements of an answer at most: a model may multiply what it is given. */
const MOST_ELEMENTS = 2 ** 26;

/** How chatty the library is: fatal errors only, all else is thrown. */
const FATAL = 4;

const library = await import("onnxruntime-node");
let session: InferenceSession | undefined;

function infosOf(metadata: InferenceSession["inputMetadata"]): readonly TensorInfo[] {
  return metadata.flatMap((value) => {
    if (!value.isTensor) return [];
    const datatype = TYPES[value.type];
    const shape = value.shape.map((size) => (typeof size === "number" && size >= 0 ? size : -1));
    return datatype === undefined ? [] : [{ name: value.name, datatype, shape }];
  });
}

async function open(artifact: Uint8Array): Promise<Omit<FromSession & { kind: "opened" }, "call">> {
  session = await library.InferenceSession.create(artifact, {
    executionProviders: ["cpu"],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    enableCpuMemArena: false,
    logSeverityLevel: FATAL,
  });
  const inputs = infosOf(session.inputMetadata);
  const outputs = infosOf(session.outputMetadata);
  const strange = session.inputNames.find((name) => !inputs.some((info) => info.name === name));
  if (strange !== undefined) throw new Error(`its input "${strange}" is not a tensor of a type that can be sent`);
  if (outputs.length === 0) throw new Error("none of its outputs is a tensor of a type that can be sent");
  return { kind: "opened", inputs, outputs };
}

async function infer(inputs: readonly Tensor[], wanted: readonly string[]): Promise<readonly Tensor[]> {
  const feeds = Object.fromEntries(
    inputs.map(({ name, datatype, shape, data }) => [
      name,
      // The library's types tie each kind of element to its own class of array.
      new library.Tensor(NAMES[datatype] as "float32", data as unknown as Float32Array, [...shape]),
    ]),
  );
  const found = await session?.run(feeds, [...wanted]);
  return wanted.map((name) => {
    const tensor = found?.[name] as OrtTensor;
    const datatype = TYPES[tensor.type];
    if (datatype === undefined) throw new Error(`the output "${name}" has the type ${tensor.type}`);
    if (tensor.size > MOST_ELEMENTS) throw new Error(`the output "${name}" has ${tensor.size} elements`);
    return { name, datatype, shape: [...tensor.dims], data: tensor.data as TensorData };
  });
}

async function answer(asked: ToSession): Promise<FromSession> {
  const { call } = asked;
  try {
    if (asked.kind === "open") return { call, ...(await open(asked.artifact)) };
    return { call, kind: "inferred", outputs: await infer(asked.inputs, asked.outputs) };
  } catch (thrown) {
    return { call, kind: "failed", problem: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

let last: Promise<unknown> = Promise.resolve();
process.on("message", (asked: ToSession) => {
  last = last.then(async () => {
    const said = await answer(asked);
    if (process.connected) process.send?.(said);
  });
});
process.on("disconnect", () => process.exit());
process.send?.({ call: 0, kind: "inferred", outputs: [] } satisfies FromSession);
