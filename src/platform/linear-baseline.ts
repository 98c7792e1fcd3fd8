// A linear model of the same rows as a version: what anything cleverer has to beat. Fitted on the version's own training rows while it is judged, and
// kept nowhere.

import { asSlipwayError } from "../core/core.ts";
import { cutDataset, foundSnapshot, snapshotSchema } from "../datasets/datasets.ts";
import { linearOf, type ModelSpec, taskText } from "../define/define.ts";
import { type DatasetRecord, runtimeOf } from "../registry/registry.ts";
import { fitModel, type Scorer } from "../training/training.ts";
import { trainingRows } from "./find-dataset.ts";
import type { Platform } from "./open.ts";

/** The linear model as a scorer; where there can be none, why, in words for a note. */
export async function linearScorer(
  { training }: Platform,
  model: ModelSpec,
  record: DatasetRecord | undefined,
  onNote?: (text: string) => void,
): Promise<Scorer | string> {
  const none = "A linear model is not compared:";
  if (model.trainer.kind === "linear") return `${none} this is one.`;
  if (model.inputs.every(({ type }) => type === "timestamp"))
    return `${none} its inputs are moments alone, which a linear model leaves out.`;
  const linear = linearOf(model);
  if (linear === undefined) return `${none} there is none for a ${taskText(model.task)} task.`;
  if (record === undefined) return `${none} the rows that this version was trained on are not here.`;
  if (JSON.stringify(record.columns) !== JSON.stringify(snapshotSchema(model)))
    return `${none} the definition makes other columns than this version was trained on.`;
  const { engines } = training;
  const snapshot = await foundSnapshot(engines, linear, record.blob);
  if (snapshot === undefined) return `${none} the rows that this version was trained on are gone.`;
  onNote?.("fitting a linear model to the same rows");
  try {
    const dataset = await cutDataset(engines, snapshot, trainingRows(record).bounds);
    const { trained, inputs } = await fitModel(engines, { model: linear, dataset });
    const { threads } = engines;
    const runtime = runtimeOf(engines.runtimes, trained.format);
    const predictor = await runtime.load(trained.artifact, { rounds: trained.bestRound, threads });
    return { who: "a linear model", inputs, predictor };
  } catch (thrown) {
    const { code, message } = asSlipwayError(thrown);
    if (code !== "TRAINER_FAILED" && code !== "INPUT_INVALID") throw thrown;
    return `${none} ${message}`;
  }
}
