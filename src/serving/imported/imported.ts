// Versions that no definition stands behind: logged by a tracking client, or brought in as a file. They are loaded when first asked for, kept
// while they are asked for most, and answer from what is sent alone: no features, no log. Only a file in a format that holds no code is opened.

import { type Calibration, SlipwayError } from "../../core/core.ts";
import type { Runtime, Tensor, TensorModel, TensorRuntime } from "../../ports/ports.ts";
import {
  aliasOf,
  CHAMPION,
  getVersion,
  type RegistryContext,
  readArtifact,
  readCalibration,
  readVersionFile,
  type VersionRecord,
} from "../../registry/registry.ts";
import { calibrated } from "../../scoring/scoring.ts";
import { gathered } from "../gathering.ts";
import { classLabels } from "./class-labels.ts";
import { bindColumns, type ColumnBinding, type JsonRow, rowsOfTensors, tensorsOfRows } from "./columns.ts";
import { type Invocation, type Invoked, readInvocation } from "./invocation.ts";
import { matrixModel } from "./matrix-model.ts";
import { MOST_MLMODEL, readDescription, type Signature } from "./mlmodel.ts";

/** What serving of imported versions works with. */
export interface ImportedContext {
  readonly registry: RegistryContext;
  readonly runtimes: readonly Runtime[];
  readonly tensorRuntimes: readonly TensorRuntime[];
  /** Versions kept loaded at most; default 8. */
  readonly most?: number;
}

/** A version as it is served. */
export interface ImportedModel {
  readonly model: string;
  readonly version: number;
  readonly format: string;
  readonly inputs: TensorModel["inputs"];
  readonly outputs: TensorModel["outputs"];
  /** The columns that rows have; undefined when rows cannot be asked for. */
  readonly columns: ColumnBinding["columns"] | undefined;
}

/** A version by its number, or by the alias that names it. */
export type AskedVersion = number | string;

/** Serves versions that no definition stands behind. A version left out is the one that `champion` names. */
export interface ImportedServing {
  describe(model: string, version?: AskedVersion): Promise<ImportedModel>;
  /** Runs the model on tensors; every input must be there. No outputs named are all of them. */
  infer(
    model: string,
    version: AskedVersion | undefined,
    read: (served: ImportedModel) => { readonly inputs: readonly Tensor[]; readonly outputs: readonly string[] },
  ): Promise<{ readonly version: number; readonly outputs: readonly Tensor[] }>;
  /** Answers rows of named columns, in their order. */
  predict(
    model: string,
    version: AskedVersion | undefined,
    rows: readonly JsonRow[],
  ): Promise<{ readonly version: number; readonly rows: readonly JsonRow[] }>;
  /** Answers as MLflow's scoring server does: a prediction a row, or the outputs by name. */
  invoke(
    model: string,
    version: AskedVersion | undefined,
    asked: Invocation,
  ): Promise<{ readonly version: number; readonly rows: number; readonly predictions: unknown }>;
  close(): Promise<void>;
}

interface Loaded {
  readonly served: ImportedModel;
  readonly model: TensorModel;
  readonly binding: ColumnBinding | undefined;
  /** Null without an MLmodel file. */
  readonly signature: Signature | undefined | null;
  readonly isBare: boolean;
  /** What MLflow's clients are answered instead of scores, where the model was logged as a classifier. */
  readonly labels: ((scores: Tensor) => Tensor) | undefined;
}

interface Slot {
  readonly loading: Promise<Loaded>;
  users: number;
  retired: boolean;
}

const MOST_LOADED = 8;
const MOST_BYTES = 2 ** 31 - 1;

/** Opens serving of imported versions; nothing is loaded yet. */
export function openImported(context: ImportedContext): ImportedServing {
  const { registry, most = MOST_LOADED } = context;
  /** The one asked for last is last. */
  const slots = new Map<string, Slot>();

  const give = (slot: Slot): void => {
    slot.users -= 1;
    if (slot.retired && slot.users === 0) closeSlot(slot);
  };
  const retire = (key: string, slot: Slot): void => {
    if (slots.get(key) === slot) slots.delete(key);
    if (slot.retired) return;
    slot.retired = true;
    if (slot.users === 0) closeSlot(slot);
  };
  const take = (key: string, version: VersionRecord): Slot => {
    const known = slots.get(key);
    const slot = known ?? { loading: load(context, version), users: 0, retired: false };
    slots.delete(key);
    slots.set(key, slot);
    slot.users += 1;
    for (const [oldest, each] of slots) {
      if (slots.size <= most) break;
      retire(oldest, each);
    }
    return slot;
  };

  async function use<T>(
    name: string,
    asked: AskedVersion | undefined,
    work: (loaded: Loaded) => Promise<T>,
  ): Promise<T> {
    const number = typeof asked === "number" ? asked : await versionNamed(registry, name, asked ?? CHAMPION);
    const version = await getVersion(registry, name, number);
    // A number can come back with other bytes after a version was deleted.
    const key = `${version.createdAt} ${version.artifactHash} ${version.number} ${name}`;
    const slot = take(key, version);
    try {
      return await work(await slot.loading);
    } catch (thrown) {
      // What could not be loaded may be whole next time, and a lost process is not asked again.
      const isLost = !(thrown instanceof SlipwayError) || thrown.code !== "INPUT_INVALID";
      if (isLost) retire(key, slot);
      throw thrown;
    } finally {
      give(slot);
    }
  }

  return {
    describe: (name, number) => use(name, number, async ({ served }) => served),
    infer: (name, number, read) =>
      use(name, number, async ({ served, model }) => {
        const { inputs, outputs } = read(served);
        const wanted = outputs.length === 0 ? served.outputs.map((output) => output.name) : outputs;
        return { version: served.version, outputs: await model.infer(inputs, wanted) };
      }),
    predict: (name, number, rows) =>
      use(name, number, async ({ served, model, binding }) => {
        if (!binding) throw noColumns(served);
        const names = served.outputs.map((output) => output.name);
        const outputs = await model.infer(tensorsOfRows(name, binding, rows), names);
        return { version: served.version, rows: rowsOfTensors(outputs, rows.length) };
      }),
    invoke: (name, number, asked) =>
      use(name, number, async (loaded) => {
        const { served, model, binding, signature, isBare, labels } = loaded;
        const invoked: Invoked = { name, model, binding, signature, isBare };
        const { inputs, rows, write } = readInvocation(invoked, asked);
        const outputs = await model.infer(
          inputs,
          served.outputs.map((output) => output.name),
        );
        return { version: served.version, rows, predictions: write(labels ? outputs.map(labels) : outputs) };
      }),
    close: async () => {
      for (const [key, slot] of [...slots]) retire(key, slot);
    },
  };
}

function closeSlot(slot: Slot): void {
  slot.loading.then(
    ({ model }) => model.close(),
    () => undefined,
  );
}

async function versionNamed(registry: RegistryContext, name: string, alias: string): Promise<number> {
  const number = await aliasOf(registry, name, alias);
  if (number !== undefined) return number;
  // Says MODEL_NOT_FOUND when that is the reason.
  await getVersion(registry, name, 0).catch((thrown: unknown) => {
    if (thrown instanceof SlipwayError && thrown.code === "MODEL_NOT_FOUND") throw thrown;
  });
  throw new SlipwayError(
    "NOT_READY",
    `Model "${name}" has no ${alias}. Give the alias "${alias}" to a version, or ask for one by its number.`,
    { details: { model: name } },
  );
}

async function load(context: ImportedContext, version: VersionRecord): Promise<Loaded> {
  const { registry, runtimes, tensorRuntimes } = context;
  const { model: name, number, format, bestRound } = version;
  if (![...tensorRuntimes, ...runtimes].some((each) => each.format === format)) throw notLoadable(version);
  if (version.artifactSize > MOST_BYTES)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Version ${number} of "${name}" has ${version.artifactSize} bytes: too many.`,
    );
  const artifact = await readArtifact(registry, version);
  const file = await readVersionFile(registry, version, "MLmodel", MOST_MLMODEL);
  const calibration = await readCalibration(registry, version);
  const { model, binding, signature, isBare, labels } = await (async () => {
    const described = file ? readDescription(file) : undefined;
    // Of the scikit-learn kind: those stop where early stopping did, and classifiers answer classes.
    const kind = /^xgboost\.sklearn\.(\w+)$/.exec(described?.xgboostClass ?? "")?.[1];
    const rounds = bestRound > 0 ? bestRound : kind === undefined ? 0 : "best";
    const { model, inputNames, isBare, objective } = await open(context, format, artifact, rounds, calibration);
    const signature = described ? described.signature : null;
    const columns = signature?.kind === "columns" ? signature.columns : undefined;
    return {
      model,
      isBare,
      signature,
      binding: bindColumns(model, columns, inputNamesOf(version, inputNames)),
      labels: isBare && kind?.endsWith("Classifier") ? (scores: Tensor) => classLabels(scores, objective) : undefined,
    };
  })().catch((thrown: unknown) => {
    // The bytes are those that were stored, so whoever stored them is to hear what is wrong with them.
    if (!(thrown instanceof SlipwayError) || thrown.code !== "ARTIFACT_CORRUPT") throw thrown;
    throw new SlipwayError("MODEL_NOT_SERVABLE", `Version ${number} of "${name}" cannot be served: ${thrown.message}`, {
      cause: thrown,
      details: { model: name, version: number },
    });
  });
  const { inputs, outputs } = model;
  return {
    model,
    binding,
    signature,
    isBare,
    labels,
    served: { model: name, version: number, format, inputs, outputs, columns: binding?.columns },
  };
}

async function open(
  { runtimes, tensorRuntimes }: Pick<ImportedContext, "runtimes" | "tensorRuntimes">,
  format: string,
  artifact: Uint8Array,
  rounds: number | "best",
  calibration?: Calibration,
): Promise<{
  readonly model: TensorModel;
  readonly inputNames: readonly string[];
  readonly isBare: boolean;
  readonly objective?: string | undefined;
}> {
  // A calibration corrects scores of a matrix; whatever else a model tells is not among them.
  const tensors = calibration ? undefined : tensorRuntimes.find((each) => each.format === format);
  if (tensors) return { model: await tensors.open(artifact), inputNames: [], isBare: false };
  const runtime = runtimes.find((each) => each.format === format);
  if (!runtime) throw new SlipwayError("ENGINE_NOT_INSTALLED", `No runtime here loads the format "${format}".`);
  const predictor = await runtime.load(artifact, { beside: true, ...(rounds === 0 ? {} : { rounds }) });
  const { inputNames = [], objective } = predictor;
  const answering = calibration ? calibrated(predictor, calibration) : predictor;
  return { model: await matrixModel(gathered(answering)), inputNames, isBare: true, objective };
}

/** Loads a model's bytes and lets go of it again: what it takes and gives, or why it cannot be loaded. */
export async function inspectModel(
  context: Pick<ImportedContext, "runtimes" | "tensorRuntimes">,
  format: string,
  artifact: Uint8Array,
): Promise<Pick<ImportedModel, "inputs" | "outputs" | "columns">> {
  const { model, inputNames } = await open(context, format, artifact, 0);
  const { inputs, outputs } = model;
  model.close();
  return { inputs, outputs, columns: bindColumns(model, undefined, inputNames)?.columns };
}

/** A category stands in the matrix as a code that only the definition's encoder knows. */
function inputNamesOf({ inputs }: VersionRecord, own: readonly string[]): readonly string[] {
  if (inputs.length === 0) return own;
  return inputs.every(({ kind }) => kind === "number") ? inputs.map(({ name }) => name) : [];
}

function notLoadable({ model, number, format }: VersionRecord): SlipwayError {
  const problem =
    format === "files"
      ? "holds no file, or more than one, in a format that is safe to load (.onnx, .ubj, .xgb, model.json); pickles are never loaded"
      : `has the format "${format}", which no runtime here loads`;
  return new SlipwayError("MODEL_NOT_SERVABLE", `Version ${number} of "${model}" ${problem}.`, {
    details: { model, version: number },
  });
}

function noColumns({ model, version, inputs }: ImportedModel): SlipwayError {
  const shapes = inputs.map(({ name, datatype, shape }) => `${name} ${datatype} [${shape.join(",")}]`).join("; ");
  return new SlipwayError(
    "INPUT_INVALID",
    `Version ${version} of "${model}" does not say which columns it takes. Send tensors to /v2/models/${encodeURIComponent(model)}/infer (${shapes}), or log it with a signature of named columns.`,
    { details: { model, version } },
  );
}
