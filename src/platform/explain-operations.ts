// A version explained from the outside: which answer is meant, and which methods a version of its kind allows.

import { contentHash, didYouMean, type Explanation, SlipwayError } from "../core/core.ts";
import { findDefinition, type InputSpec, type ModelSpec } from "../define/define.ts";
import {
  type AskedOutput,
  type CounterfactualOptions,
  type Counterfactuals,
  counterfactuals,
  type EffectPoints,
  type ExplainedModel,
  type ExplainedRows,
  effectPoints,
  effectsOf,
  explainRow,
  firstRows,
  type LimeExplanation,
  type LimeOptions,
  limeExplainer,
  type OutputEffects,
  outputOf,
  type PairEffect,
  type PartialDependence,
  type PermutationImportance,
  pairEffects,
  partialDependence,
  permutationImportance,
  rowsFrom,
  scoresOf,
  shapValues,
} from "../explaining/explaining.ts";
import { isExplainable } from "../ports/ports.ts";
import { classesOf, type VersionRecord } from "../registry/registry.ts";
import { metricSetOf } from "../training/training.ts";
import { computedInputs } from "./computed-inputs.ts";
import { loaded, versionOrChampion } from "./evaluate-operations.ts";
import { type ExplainRequest, type NamedRow, rowNamed, sampleOf, schemaOf, shownCells } from "./explain-rows.ts";
import type { Platform } from "./open.ts";

/** What every explanation says of itself. */
interface Explained {
  readonly model: string;
  readonly version: number;
  readonly dataset: string | null;
  readonly run: string | null;
  readonly rows: string;
  readonly sample: number;
  readonly seed: number;
  readonly notes: readonly string[];
}

/** A version explained as a whole. */
export interface VersionExplanation extends Explained {
  /** What the answers come from the sums by; absent for a version without SHAP values. */
  readonly link?: Explanation["link"];
  readonly calibration?: Explanation["calibration"];
  /** The class that curves and points are of. */
  readonly class?: string;
  /** What each input adds, for each sum; absent for a version without SHAP values. */
  readonly effects?: readonly OutputEffects[];
  readonly points?: readonly EffectPoints[];
  readonly pairs?: readonly PairEffect[];
  /** How much worse the model's metric becomes without an input; absent where it has no labels to tell by. */
  readonly permutation?: PermutationImportance & { readonly title: string };
  readonly dependence: readonly PartialDependence[];
}

/** One row explained. */
export interface RowExplanation extends Explained {
  readonly row: Readonly<Record<string, unknown>>;
  readonly answer: number;
  readonly class?: string;
  readonly probabilities?: Readonly<Record<string, number>>;
  readonly explanation?: Explanation;
  readonly lime?: LimeExplanation;
  readonly counterfactuals?: Counterfactuals;
}

const CURVES = 40;
const POINTS = 20;
const SHOWN = 6;
const PLOTTED = 400;
const PAIR_ROWS = 200;

/** Explains a version as a whole. */
export async function explainVersion(
  platform: Platform,
  request: ExplainRequest & { readonly repeats: number; readonly metric?: string },
): Promise<VersionExplanation> {
  const { onNote } = request;
  const sampled = await sampleOf(platform, request);
  const { version, definition, rows, labels, notes } = sampled;
  return withModel(platform, version, schemaOf(definition, version), async (model) => {
    const scores = await scoresOf(model, rows);
    const output = outputOf(model, request.class, () => mostAnswered(scores, model.classes?.length ?? 1));
    onNote?.("working out SHAP values");
    const shap = await shapValues(model, rows);
    if (shap === undefined)
      notes.push("This kind of model gives no SHAP values: inputs are told by permutation alone.");
    const effects = shap && effectsOf(model, shap);
    const pairs = shap && (await pairEffects(model, rows, PAIR_ROWS));
    onNote?.("shuffling inputs");
    const permutation = await permuted(model, definition, rows, labels, request, notes);
    const ordered =
      effects?.[output.place]?.effects.map(({ input }) => input) ??
      permutation?.effects.map(({ input }) => input) ??
      [];
    onNote?.("drawing curves");
    const dependence: PartialDependence[] = [];
    for (const input of rawOf(version, ordered)) {
      if (dependence.length === SHOWN) break;
      const found = await partialDependence(model, firstRows(rows, 500), input, output, {
        points: POINTS,
        curves: CURVES,
      });
      if (found) dependence.push(found);
    }
    const { predictor } = model;
    return {
      ...aboutOf(version, request, rows.count, notes),
      ...(isExplainable(predictor)
        ? { link: predictor.link, calibration: (predictor as ExplainedModel["predictor"]).calibration }
        : {}),
      ...(output.class === undefined ? {} : { class: output.class }),
      ...(effects ? { effects } : {}),
      ...(shap ? { points: effectPoints(model, rows, shap, output.place, ordered.slice(0, 20), PLOTTED) } : {}),
      ...(pairs ? { pairs: pairs.slice(0, 10) } : {}),
      ...(permutation ? { permutation } : {}),
      dependence,
    };
  });
}

/** Explains one row: by SHAP values where the version has them, and by what else is asked for. */
export async function explainOne(
  platform: Platform,
  request: ExplainRequest & {
    readonly row: NamedRow;
    readonly lime?: Omit<LimeOptions, "seed">;
    readonly counterfactuals?: Omit<CounterfactualOptions, "wanted"> & {
      /** The answer that is wanted, in words: `>=0.5`, `<20`, or a class. */
      readonly wanted: string;
    };
  },
): Promise<RowExplanation> {
  const { onNote, lime } = request;
  const version = await versionOrChampion(platform, request.version);
  const definition = findDefinition(platform.project, "model", version.model);
  const schema = schemaOf(definition, version);
  const cells = await rowNamed(platform, request, version, definition, schema);
  const needsRows = lime !== undefined || request.counterfactuals !== undefined;
  const sampled = needsRows ? await sampleOf(platform, request) : undefined;
  const notes: string[] = [...(sampled?.notes ?? [])];
  return withModel(platform, version, schema, async (model) => {
    const named = rowsFrom(schema, [cells]);
    const row = "values" in request.row ? completed(model, named, request.row.values) : named;
    const scores = await scoresOf(model, row);
    const likeliest = scores.indexOf(Math.max(...scores));
    const output = outputOf(model, request.class, () => likeliest);
    const explainable = isExplainable(model.predictor);
    if (!explainable && !needsRows)
      throw new SlipwayError(
        "NOT_EXPLAINABLE",
        `${model.name} is of a kind that gives no SHAP values. Ask for what works with any model: --lime or --counterfactual.`,
      );
    const explanation = explainable ? await explainRow(model, row) : undefined;
    // The same row of the same version is always explained by the same draws.
    const seed = Number.parseInt(
      contentHash({ version: version.artifactHash, row: cells.map(String) }).slice(0, 12),
      16,
    );
    onNote?.("asking the model around the row");
    const local =
      lime && sampled
        ? await limeExplainer(sampled.rows)(model, row, output, { ...lime, seed: seed + request.seed })
        : undefined;
    const asked = request.counterfactuals;
    const ways = asked && sampled ? await waysOf(model, sampled.rows, row, output, asked, schema) : undefined;
    const { classes } = model;
    return {
      ...aboutOf(version, request, sampled?.rows.count ?? 0, notes),
      row: shownCells(definition, row),
      answer: scores[output.place] ?? Number.NaN,
      ...(output.class === undefined ? {} : { class: output.class }),
      ...(classes === undefined
        ? {}
        : { probabilities: Object.fromEntries(classes.map((name, place) => [name, scores[place] ?? Number.NaN])) }),
      ...(explanation ? { explanation } : {}),
      ...(local ? { lime: local } : {}),
      ...(ways ? { counterfactuals: ways } : {}),
    };
  });
}

/** A version's model, open for as long as `use` takes. */
async function withModel<Result>(
  platform: Platform,
  version: VersionRecord,
  schema: readonly InputSpec[],
  use: (model: ExplainedModel) => Promise<Result>,
): Promise<Result> {
  const predictor = await loaded(platform, version);
  try {
    const { inputs, model, number } = version;
    const classes = classesOf(version);
    return await use({ name: `${model}@${number}`, inputs, predictor, classes, ...computedInputs(schema) });
  } finally {
    predictor.close();
  }
}

/** A row given by its values, with what is computed from them. Throws INPUT_INVALID where such a value is given too. */
function completed(
  { name, computed, settled }: ExplainedModel,
  row: ExplainedRows,
  given: Readonly<Record<string, unknown>>,
): ExplainedRows {
  const twice = Object.keys(given).find((input) => computed?.has(input) === true);
  if (twice !== undefined)
    throw new SlipwayError("INPUT_INVALID", `${name} computes "${twice}" from other inputs. Leave it out of the row.`);
  return settled?.(row) ?? row;
}

function aboutOf(version: VersionRecord, request: ExplainRequest, sample: number, notes: readonly string[]): Explained {
  const { model, number, datasetId, runId } = version;
  const { rows, seed } = request;
  return { model, version: number, dataset: datasetId, run: runId, rows, sample, seed, notes: [...new Set(notes)] };
}

/** The place of the answer that the most rows are given; 0 where there is one. */
function mostAnswered(scores: Float32Array, outputs: number): number {
  const counts = new Float64Array(outputs);
  for (let start = 0; start < scores.length; start += outputs) {
    const row = scores.subarray(start, start + outputs);
    const best = row.indexOf(Math.max(...row));
    counts[best] = (counts[best] ?? 0) + 1;
  }
  return counts.indexOf(Math.max(...counts));
}

/** The columns that inputs are made from, each once, in the inputs' order. */
function rawOf({ inputs }: VersionRecord, ordered: readonly string[]): readonly string[] {
  const names = ordered.flatMap((name) => {
    const input = inputs.find((each) => each.name === name);
    return input?.kind === "prepared" ? input.of.map((column) => column.name) : [name];
  });
  return [...new Set(names)];
}

async function permuted(
  model: ExplainedModel,
  { task }: ModelSpec,
  rows: ExplainedRows,
  labels: Float64Array,
  { repeats, seed, metric: asked }: { readonly repeats: number; readonly seed: number; readonly metric?: string },
  notes: string[],
): Promise<VersionExplanation["permutation"]> {
  if (repeats === 0) return undefined;
  if (task.kind === "ranking" || task.kind === "survival") {
    notes.push(
      `Inputs are not shuffled: a ${task.kind} model's metrics need whole groups or censored times, and a sample has parts of them.`,
    );
    return undefined;
  }
  const set = metricSetOf(task, { threshold: 0.5, classes: model.classes?.length ?? 2 });
  const names = set.metrics.map(({ name }) => name);
  // The loss where there is one: it sees every probability, and not the order alone.
  const place = asked === undefined ? Math.max(0, names.indexOf("logLoss")) : names.indexOf(asked);
  const metric = set.metrics[place];
  if (metric === undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `There is no metric "${asked}" of such a model; there are: ${names.join(", ")}.${didYouMean(asked ?? "", names)}`,
    );
  const { name, title, better } = metric;
  const of = (scores: Float64Array) => {
    const figures = set.figures({ labels, scores });
    return (weights?: Float64Array): number => figures(weights)[place] ?? Number.NaN;
  };
  return { ...(await permutationImportance(model, rows, { name, better, of }, { repeats, seed })), title };
}

async function waysOf(
  model: ExplainedModel,
  rows: ExplainedRows,
  row: ExplainedRows,
  output: AskedOutput,
  { wanted, ...options }: Omit<CounterfactualOptions, "wanted"> & { readonly wanted: string },
  schema: readonly InputSpec[],
): Promise<Counterfactuals> {
  const names = schema.map(({ name }) => name);
  for (const name of [...options.fixed, ...options.bounds.keys()])
    if (!names.includes(name))
      throw new SlipwayError(
        "INPUT_INVALID",
        `${model.name} has no input "${name}"; it has: ${names.join(", ")}.${didYouMean(name, names)}`,
      );
  const [, sign, number] = /^\s*(<=?|>=?)\s*(-?\d+(?:\.\d+)?(?:e-?\d+)?)\s*$/i.exec(wanted) ?? [];
  if (sign !== undefined) {
    const limit = Number(number);
    const strict = sign.length === 1;
    const step = strict ? Math.max(Math.abs(limit), 1) * 1e-9 : 0;
    const answer = sign.startsWith(">") ? { atLeast: limit + step } : { atMost: limit - step };
    return counterfactuals(model, rows, row, output, { ...options, wanted: answer });
  }
  if (model.classes?.includes(wanted) === true)
    return counterfactuals(model, rows, row, outputOf(model, wanted), { ...options, wanted: { atLeast: 0.5 } });
  throw new SlipwayError(
    "USAGE",
    `The wanted answer is a comparison such as ">=0.5" or "<20"${model.classes ? `, or a class: ${model.classes.join(", ")}` : ""}; not "${wanted}".`,
  );
}
