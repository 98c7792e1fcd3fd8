// Labels that are pushed: checked as a whole, kept for good, and read by monitors beside those of the model's own label source.

import {
  didYouMean,
  expectationOf,
  type Instant,
  isWellFormed,
  minutes,
  SlipwayError,
  valueFrom,
} from "../core/core.ts";
import { labelsSql } from "../datasets/datasets.ts";
import { definitionsOf, type ModelSpec } from "../define/define.ts";
import {
  appendLabels,
  labelHistorySql,
  labelType,
  logSql,
  newestLabelsSql,
  type PushedLabel,
} from "../serving/serving.ts";
import { type Platform, predictionLog } from "./open.ts";

/** A label as a caller gives it. */
export interface AskedLabel {
  readonly model: string;
  /** The prediction's. */
  readonly id: string;
  /** True or false, a number, or the name of a class. */
  readonly label: unknown;
  /** When it was known, in ISO 8601; default now. */
  readonly at?: string;
}

/** What became of pushed labels. */
export interface LabelOutcome {
  /** How many are kept. */
  readonly taken: number;
  /** How many of these belong to no prediction that is logged here; they are kept all the same. */
  readonly unknown: number;
}

/** Takes labels in while serving. */
export interface Labels {
  push(labels: readonly AskedLabel[]): Promise<LabelOutcome>;
}

/** How far ahead a caller's clock may be. */
const CLOCK_SLACK = minutes(1);

/** The labels of an open platform. */
export function labelsOf(platform: Platform): Labels {
  return { push: (labels) => pushLabels(platform, labels) };
}

/**
 * Keeps labels; they are on disk when this ends. Throws INPUT_INVALID or MODEL_NOT_FOUND when one of them cannot be taken, and then none is.
 */
export async function pushLabels(platform: Platform, asked: readonly AskedLabel[]): Promise<LabelOutcome> {
  const { engines, project } = platform;
  const received = engines.clock.now();
  const models = new Map(definitionsOf(project, "model").map((model) => [model.name, model]));
  const byModel = new Map<ModelSpec, PushedLabel[]>();
  for (const [place, given] of asked.entries()) {
    const model = models.get(given.model);
    if (!model)
      throw new SlipwayError(
        "MODEL_NOT_FOUND",
        `labels[${place}] is of the model ${JSON.stringify(given.model.slice(0, 64))}, which is not defined here.${didYouMean(given.model, [...models.keys()])} Nothing was taken.`,
        { details: { place } },
      );
    byModel.set(model, [...(byModel.get(model) ?? []), labelFrom(model, given, received, place)]);
  }
  let unknown = 0;
  for (const [model, labels] of byModel) await appendLabels(predictionLog(platform), model, labels, received);
  for (const [model, labels] of byModel) unknown += await unknownOf(platform, model, labels);
  return { taken: asked.length, unknown };
}

function labelFrom(model: ModelSpec, { id, label, at }: AskedLabel, received: Instant, place: number): PushedLabel {
  const where = `labels[${place}]`;
  const fail = (problem: string): never => {
    throw new SlipwayError("INPUT_INVALID", `${where} ${problem} Nothing was taken.`, {
      details: { model: model.name, place },
    });
  };
  if (!isWellFormed(id)) fail(`has half a surrogate pair in its id, which cannot be stored.`);
  const value = valueFrom(labelType(model), label, true, "label", (_path, given, type, problem) =>
    fail(
      `has the label ${JSON.stringify(given)?.slice(0, 64)}${problem === undefined ? "" : `, which ${problem}`}; "${model.name}" takes ${expectationOf(type)}.`,
    ),
  );
  if (at === undefined) return { id, label: value, at: received };
  const known = valueFrom("timestamp", at, true, "at", (_path, _given, type) =>
    fail(`has an "at" that is no time; give ${expectationOf(type)}.`),
  ) as Instant;
  if (known > received + CLOCK_SLACK) fail(`has an "at" that is still to come; a label is given when it is known.`);
  return { id, label: value, at: known };
}

async function unknownOf(platform: Platform, model: ModelSpec, labels: readonly PushedLabel[]): Promise<number> {
  const { offline } = platform.engines;
  const predictions = await logSql(predictionLog(platform), model);
  if (predictions === undefined) return labels.length;
  const ids = labels.map(({ id }) => `(${offline.dialect.text(id)})`).join(", ");
  const sql = `SELECT count(*)::BIGINT AS n FROM (VALUES ${ids}) l (id) WHERE l.id NOT IN (SELECT p.id FROM ${predictions} p)`;
  let unknown = 0;
  for await (const table of offline.stream(sql)) unknown += Number(table.columns[0]?.values[0] ?? 0);
  return unknown;
}

/**
 * A model's labels of events since `since` that were known by `now`, as SQL with columns `id`, `label` and `known`: those of its label source and
 * those that were pushed, and of several for one id the newest.
 */
export async function knownLabelsSql(
  platform: Platform,
  model: ModelSpec,
  now: Instant,
): Promise<(since: Instant) => string> {
  const { dialect } = platform.engines.offline;
  const history = await labelHistorySql(predictionLog(platform), model);
  if (history === undefined || model.task.kind !== "binary") return (since) => labelsSql(dialect, model, since);
  const pushed = `SELECT id, label, "at" AS known FROM ${newestLabelsSql(history, now)}`;
  return (since) => {
    const own = `SELECT id::VARCHAR AS id, label, known FROM ${labelsSql(dialect, model, since)} WHERE known <= ${now} AND label IS NOT NULL`;
    return `(SELECT id, arg_max(label, known) AS label, max(known) AS known FROM (${own} UNION ALL ${pushed}) GROUP BY id)`;
  };
}
