// What the protocol asks of the models, whichever way it is asked: who is there, what they take, and scores. It scores ready-made tensors: no
// features are looked up and nothing is logged.

import { SlipwayError } from "../../core/core.ts";
import type { ImportedModel, ImportedModels, ServedModel, Serving, TensorInfo } from "../../platform/platform.ts";
import type { Meters } from "../metrics/meters.ts";
import type { InferAnswer } from "./answer.ts";
import type { AskedInference, RawRequest } from "./asked.ts";
import { readMatrix } from "./matrix.ts";
import { readNamedTensors } from "./named-tensors.ts";

/** What the protocol works with. */
export interface InferenceModels {
  readonly serving: Serving;
  /** Models that no definition stands behind; without it there are none. */
  readonly imported?: ImportedModels | undefined;
  readonly meters: Pick<Meters, "scored">;
}

/** A model's tensors. */
export interface ModelMetadata {
  readonly name: string;
  readonly versions: readonly string[];
  readonly platform: string;
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
}

/** A model in the list of those there are. */
export interface ListedModel {
  readonly name: string;
  readonly version: number | undefined;
  /** Why it does not answer; undefined when it does. */
  readonly problem: string | undefined;
}

/** Answers the protocol's questions. A version is asked for by its number, as text; without one the version that answers is meant. */
export interface Inferences {
  models(): Promise<readonly ListedModel[]>;
  /** Throws MODEL_NOT_FOUND, VERSION_NOT_FOUND or NOT_READY. */
  metadata(model: string, version: string | undefined): Promise<ModelMetadata>;
  /** Scores what `read` gives, which is asked once the model is known to answer. Throws as `metadata` does, and what `read` throws. */
  infer(model: string, version: string | undefined, read: () => AskedInference | RawRequest): Promise<InferAnswer>;
}

/** The protocol over the models of a server. */
export function inferencesOf({ serving, imported, meters }: InferenceModels): Inferences {
  const importedFor = (name: string): ImportedModels | undefined =>
    serving.models().some(({ model }) => model.name === name) ? undefined : imported;

  async function inferImported(
    others: ImportedModels,
    name: string,
    version: number | undefined,
    read: () => AskedInference | RawRequest,
  ): Promise<InferAnswer> {
    let rows = 1;
    const { version: scoredBy, outputs } = await others.infer(name, version, (model) => {
      const tensors = readNamedTensors(read(), model);
      rows = tensors.inputs[0]?.shape[0] ?? 1;
      return tensors;
    });
    meters.scored(name, scoredBy, rows);
    return { model: name, version: scoredBy, outputs };
  }

  return {
    async models() {
      const others = (await imported?.list()) ?? [];
      return [
        ...serving.models().map(({ model, version, problem }) => ({
          name: model.name,
          version,
          problem: version === undefined ? (problem?.message ?? "It has no champion yet.") : undefined,
        })),
        ...others.map(({ model, version }) => ({ name: model, version, problem: undefined })),
      ];
    },
    async metadata(name, version) {
      const others = importedFor(name);
      return others
        ? importedMetadata(await others.describe(name, versionNumber(version)))
        : ownMetadata(answering(serving, name, version));
    },
    async infer(name, version, read) {
      const others = importedFor(name);
      if (others) return inferImported(others, name, versionNumber(version), read);
      const served = answering(serving, name, version);
      const { model } = served;
      const { values, rows } = readMatrix(read(), widthOf(served));
      const asked = version === undefined ? undefined : Number(version);
      const { version: scoredBy, scores } = await serving.score(model.name, values, rows, asked);
      // Who answers may have moved since the request came in.
      if (version !== undefined && Number(version) !== scoredBy) throw unknownVersion(model.name, version, scoredBy);
      meters.scored(model.name, scoredBy, rows);
      const shape = scores.length === rows ? [rows] : [rows, scores.length / rows];
      return {
        model: model.name,
        version: scoredBy,
        outputs: [{ name: "score", datatype: "FP32", shape, data: scores }],
      };
    },
  };
}

/** The number of a version that is asked for. */
function versionNumber(version: string | undefined): number | undefined {
  if (version === undefined) return undefined;
  if (/^\d{1,15}$/.test(version)) return Number(version);
  throw new SlipwayError("VERSION_NOT_FOUND", "A version is asked for by its number.");
}

/** The model asked for, when the version asked for is one that answers: the champion or its canary. */
function answering(
  serving: Serving,
  name: string,
  version: string | undefined,
): ServedModel & { readonly version: number } {
  const served = serving.models().find(({ model }) => model.name === name);
  if (!served)
    throw new SlipwayError("MODEL_NOT_FOUND", "Request for unknown model. GET /v2/models lists those there are.");
  if (served.version === undefined)
    throw served.problem ?? new SlipwayError("NOT_READY", `Model "${served.model.name}" has no champion yet.`);
  if (version === undefined) return { ...served, version: served.version };
  const asked = /^\d{1,15}$/.test(version) ? Number(version) : Number.NaN;
  if (asked === served.version) return { ...served, version: asked };
  const canary = served.route?.canary;
  if (canary?.columns === undefined || canary.version !== asked)
    throw unknownVersion(served.model.name, version, served.version);
  return { ...served, version: asked, columns: canary.columns };
}

function unknownVersion(model: string, asked: string, served: number): SlipwayError {
  const which = /^\d{1,15}$/.test(asked) ? `version ${asked}` : "the version asked for, which is not a number,";
  return new SlipwayError(
    "VERSION_NOT_FOUND",
    `Request for unknown model: "${model}" ${which} is not served; version ${served} is.`,
  );
}

/** Columns of the matrix, which are more or fewer than the model's inputs where these are prepared. */
function widthOf({ model, columns = model.inputs.length }: ServedModel): number {
  return columns;
}

function ownMetadata(served: ServedModel): ModelMetadata {
  const { model, version } = served;
  return {
    name: model.name,
    versions: [String(version)],
    platform: "slipway",
    inputs: [{ name: "input", datatype: "FP32", shape: [-1, widthOf(served)] }],
    outputs: [{ name: "score", datatype: "FP32", shape: model.task.kind === "multiclass" ? [-1, -1] : [-1] }],
  };
}

function importedMetadata({ model, version, format, inputs, outputs }: ImportedModel): ModelMetadata {
  return {
    name: model,
    versions: [String(version)],
    platform: format === "onnx" ? "onnx_onnxv1" : "xgboost",
    inputs: inputs.map(ownFields),
    outputs: outputs.map(ownFields),
  };
}

/** The protocol's own fields of a tensor, and no more. */
function ownFields({ name, datatype, shape }: TensorInfo): TensorInfo {
  return { name, datatype, shape };
}
