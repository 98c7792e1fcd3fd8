// The door of the ONNX engine: ONNX Runtime behind the port for tensors. A model's bytes are looked through here, and run elsewhere: each in a
// process of its own. The library is large and not for everybody, so it is an optional package.

import { createRequire } from "node:module";
import { SlipwayError } from "../../core/core.ts";
import type { TensorInfo, TensorModel, TensorRuntime } from "../../ports/tensor-runtime.ts";
import { checkModel } from "./graph.ts";
import { SessionLost, startSession } from "./session.ts";
import { type Unzipped, withoutZipMaps } from "./zip-map.ts";

export { matrixRuntime } from "./predictor.ts";
export { onnxWriter } from "./write/write.ts";

/** How long a model may take. */
export interface OnnxOptions {
  /** To load, in milliseconds; default 120,000. */
  readonly loadLimitMs?: number;
  /** To answer one call, in milliseconds; default 60,000. */
  readonly inferLimitMs?: number;
}

/** Runs ONNX models on this machine's processors. */
export function onnxRuntime({ loadLimitMs = 120_000, inferLimitMs = 60_000 }: OnnxOptions = {}): TensorRuntime {
  return {
    format: "onnx",
    open: async (artifact) => {
      requireLibrary();
      checkModel(artifact);
      return await openModel(withoutZipMaps(artifact), loadLimitMs, inferLimitMs);
    },
  };
}

async function openModel(
  { model: artifact, classes }: Unzipped,
  loadLimitMs: number,
  inferLimitMs: number,
): Promise<TensorModel> {
  const session = await startSession();
  const refused = (problem: string): SlipwayError =>
    new SlipwayError("ARTIFACT_CORRUPT", `ONNX Runtime cannot load this model: ${problem.slice(0, 500)}`);
  try {
    const opened = await session.ask({ kind: "open", artifact }, loadLimitMs);
    if (opened.kind !== "opened") throw refused(opened.kind === "failed" ? opened.problem : opened.kind);
    const { inputs } = opened;
    const outputs = opened.outputs.map((info) => withClasses(info, classes.get(info.name)));
    return {
      inputs,
      outputs,
      infer: async (given, wanted) => {
        const said = await session.ask({ kind: "infer", inputs: given, outputs: wanted }, inferLimitMs).catch(lost);
        if (said.kind === "inferred") return said.outputs;
        const problem = said.kind === "failed" ? said.problem : said.kind;
        throw new SlipwayError("INPUT_INVALID", `The model refuses these inputs: ${problem.slice(0, 500)}`);
      },
      close: () => session.close(),
    };
  } catch (thrown) {
    session.close();
    if (thrown instanceof SessionLost) throw refused(thrown.message);
    throw thrown;
  }
}

/** What was a ZipMap has no shape of its own: it is one row of scores for each row that goes in. */
function withClasses(info: TensorInfo, classes: readonly string[] | undefined): TensorInfo {
  return classes === undefined ? info : { ...info, shape: [-1, classes.length], classes };
}

function lost(thrown: unknown): never {
  if (thrown instanceof SessionLost)
    throw new SlipwayError("INTERNAL", `The model gave no answer: ${thrown.message}.`, { cause: thrown });
  throw thrown;
}

function requireLibrary(): void {
  try {
    createRequire(import.meta.url).resolve("onnxruntime-node");
  } catch (cause) {
    throw new SlipwayError(
      "ENGINE_NOT_INSTALLED",
      "Serving an ONNX model needs the package onnxruntime-node. Run: npm install --ignore-scripts onnxruntime-node@1.30.0 (its install script only fetches GPU libraries).",
      { cause, details: { package: "onnxruntime-node" } },
    );
  }
}
