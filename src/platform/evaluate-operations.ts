// Judging a version from the outside: which rows, who scores them beside it, at which threshold; the figures are training's.

import {
  didYouMean,
  formatInstant,
  type Instant,
  parseInstant,
  rawNames,
  SlipwayError,
  sameType,
  typeText,
} from "../core/core.ts";
import { ensureSnapshot, type JudgedSpan, requireSnapshot, snapshotSchema } from "../datasets/datasets.ts";
import {
  type CostSpec,
  findDefinition,
  isCustomMetric,
  leavesOf,
  type ModelSpec,
  type SliceSpec,
  taskText,
} from "../define/define.ts";
import type { Predictor } from "../ports/ports.ts";
import {
  aliasOf,
  classesOf,
  type DatasetRecord,
  getDataset,
  getRun,
  getVersion,
  listVersions,
  loadVersion,
  metricHistory,
  readCalibration,
  type VersionRecord,
} from "../registry/registry.ts";
import { CHAMPION } from "../serving/serving.ts";
import { cheapestThreshold, type EvaluationFigures, judge, type Scorer, scoreSpan } from "../training/training.ts";
import { constantScores } from "./evaluation-constant.ts";
import { trainingRows } from "./find-dataset.ts";
import { linearScorer } from "./linear-baseline.ts";
import { versionNamed } from "./model-operations.ts";
import type { Platform } from "./open.ts";
import { columnOf, sliceFrom } from "./slice-text.ts";

/** What to judge, and how. */
export interface EvaluationRequest {
  /** `model@number` or `model@alias`; a model alone means its champion, else its newest version. */
  readonly version: string;
  /** `test` (default), `validate`, `train`, or a span of prediction time such as `2025-03-01..2025-04-01`. */
  readonly rows?: string;
  /** Slices besides the model's own, as text. */
  readonly slices?: readonly string[];
  /** A column whose equal values belong together, such as an entity's key. */
  readonly cluster?: string;
  readonly cost?: CostSpec;
  readonly resamples?: number;
  readonly seed?: number;
  /** Also fit a linear model to the same training rows, to compare with. */
  readonly linear?: boolean;
  readonly onNote?: (text: string) => void;
}

/** An evaluation with what it is of. */
export interface Evaluation extends EvaluationFigures {
  readonly model: string;
  readonly version: number;
  readonly createdAt: string;
  readonly dataset: string | null;
  /** The run that made it; null where none is recorded. */
  readonly run: string | null;
  /** Which rows, in words, with the prediction times of the first and the last. */
  readonly span: { readonly rows: string; readonly from: string | null; readonly to: string | null };
  readonly importance: VersionRecord["importance"];
  /** The validation metric by round, as training reported it. */
  readonly learning: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
  readonly bestRound: number;
  /** What could not be compared, and why. */
  readonly notes: readonly string[];
}

/** Judges a version. */
export async function evaluateVersion(platform: Platform, request: EvaluationRequest): Promise<Evaluation> {
  const { registry, engines } = platform;
  const version = await versionOrChampion(platform, request.version);
  const model = findDefinition(platform.project, "model", version.model);
  const { task } = model;
  const asked = [...(model.slices ?? []), ...(request.slices ?? []).map((text) => sliceFrom(model, text))];
  const { rows = "test", cluster, onNote } = request;
  const record = version.datasetId === null ? undefined : await getDataset(registry, version.datasetId);
  const judged = await rowsNamed(platform, model, version, record, rows, onNote);
  requireSameLabel(model, version, judged.columns);
  const notes: string[] = [];
  const slices = knownSlices(asked, judged.columns, notes);
  const champion = await championBeside(platform, version, judged.columns, notes);
  const scorers: Scorer[] = [];
  try {
    const isCalibrated = (await readCalibration(registry, version)) !== undefined;
    for (const each of [version, ...(champion === undefined ? [] : [champion])])
      scorers.push(
        await scorerOf(platform, each, each === version ? "this version" : `champion, version ${each.number}`),
      );
    if (isCalibrated) scorers.push(await scorerOf(platform, version, "before calibration", true));
    const linear = request.linear === true ? await linearScorer(platform, model, record, onNote) : undefined;
    if (typeof linear === "string") notes.push(linear);
    else if (linear !== undefined) scorers.push(linear);
    const [own] = scorers;
    if (own === undefined) throw new SlipwayError("INTERNAL", "No version was loaded.");
    onNote?.(`scoring the ${rows} rows`);
    const read = { model, blob: judged.blob, columns: judged.columns, slices };
    const scored = await scoreSpan(engines, {
      ...read,
      span: judged.span,
      scorers: [own, ...scorers.slice(1)],
      ...(cluster === undefined ? {} : { cluster: columnOf(model, cluster) }),
    });
    if (scored.labels.length === 0)
      throw new SlipwayError(
        "TRAINING_SET_EMPTY",
        `Model "${model.name}" has no labelled rows among "${rows}". Name others with --rows, such as validate or 2025-03-01..2025-04-01.`,
      );
    const cost = request.cost ?? model.cost;
    const decided =
      cost === undefined || judged.validation === undefined || task.kind !== "binary"
        ? {
            threshold: 0.5,
            chosen: `0.5, for ${cost === undefined ? "no cost of mistakes is given" : "the rows that it was validated on are not known here"}`,
          }
        : await cheapest(engines, { ...read, span: judged.validation, scorers: [own], slices: [] }, cost);
    const constant = await constantScores(platform, model, record, own.classes, scored.labels.length);
    const others = constant === undefined ? {} : { "a constant": constant };
    onNote?.("drawing resamples");
    const figures = judge(
      { ...scored, others: { ...scored.others, ...others } },
      {
        task,
        ...(own.classes === undefined ? {} : { classes: own.classes }),
        ...decided,
        ...(cost === undefined ? {} : { cost }),
        custom: model.metrics.filter(isCustomMetric),
        ...(request.resamples === undefined ? {} : { resamples: request.resamples }),
        seed: request.seed ?? 0,
      },
    );
    return {
      model: version.model,
      version: version.number,
      createdAt: formatInstant(version.createdAt),
      dataset: version.datasetId,
      run: version.runId,
      span: { rows, from: instantOrNull(scored.from), to: instantOrNull(scored.to) },
      ...figures,
      importance: version.importance,
      learning: await learningOf(platform, version),
      bestRound: version.bestRound,
      notes,
    };
  } finally {
    for (const { predictor } of scorers) predictor.close();
  }
}

/** Labels of another type were made by another definition: its scores mean something else. */
function requireSameLabel(model: ModelSpec, version: VersionRecord, columns: DatasetRecord["columns"]): void {
  const recorded = columns.find(({ name }) => name === "label")?.type;
  const { type } = model.label.value;
  if (recorded === undefined || sameType(recorded, type)) return;
  throw new SlipwayError(
    "INPUT_INVALID",
    `${version.model}@${version.number} was trained on labels of type ${typeText(recorded)}, and the definition's are ${typeText(type)} now: it cannot be judged as a ${taskText(model.task)} model. What training measured: slipway models show ${version.model} ${version.number}.`,
  );
}

/** Slices whose features the rows have; the others are noted. */
function knownSlices(
  slices: readonly SliceSpec[],
  columns: DatasetRecord["columns"],
  notes: string[],
): readonly SliceSpec[] {
  const known = new Set(columns.map(({ name }) => name));
  return slices.filter(({ name, value }) => {
    const lacks = leavesOf(value).find((leaf) => leaf.kind === "feature" && !known.has(leaf.name));
    if (lacks) notes.push(`The slice "${name}" is left out: it reads "${lacks.name}", which these rows do not have.`);
    return lacks === undefined;
  });
}

/** The version that a reference names; a model alone means its champion, else its newest. Throws VERSION_NOT_FOUND. */
export async function versionOrChampion(platform: Platform, reference: string): Promise<VersionRecord> {
  if (reference.includes("@")) return versionNamed(platform, reference);
  const { name } = findDefinition(platform.project, "model", reference);
  const champion = await aliasOf(platform.registry, name, CHAMPION);
  if (champion !== undefined) return getVersion(platform.registry, name, champion);
  const [newest] = await listVersions(platform.registry, name);
  if (newest === undefined) throw new SlipwayError("VERSION_NOT_FOUND", `Model "${name}" has no version yet.`);
  return newest;
}

interface JudgedSource {
  readonly blob: string;
  readonly columns: DatasetRecord["columns"];
  readonly span: JudgedSpan;
  /** The rows a threshold may be chosen on; absent where nothing tells them. */
  readonly validation?: JudgedSpan;
}

const PARTS = ["test", "validate", "train"] as const;

/** Where the rows lie that a word names, and which they are. Throws USAGE for a word that is none. */
export async function rowsNamed(
  platform: Platform,
  model: ModelSpec,
  version: VersionRecord,
  record: DatasetRecord | undefined,
  rows: string,
  onNote?: (text: string) => void,
): Promise<JudgedSource> {
  const part = PARTS.find((each) => each === rows);
  const [from, to] = part === undefined ? spanFrom(rows) : [];
  if (part !== undefined && record === undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${version.model}@${version.number} was not trained here, so it has no ${part} rows. Name a span of time: --rows 2025-03-01..2025-04-01.`,
    );
  const training = record === undefined ? undefined : trainingRows(record);
  if (part !== undefined && training !== undefined && record !== undefined) {
    await requireSnapshot(platform.engines.blobs, training);
    const { bounds } = training;
    const validation = { bounds, part: "validate" } as const;
    return { blob: record.blob, columns: record.columns, span: { bounds, part }, validation };
  }
  const snapshot = await ensureSnapshot(platform.training.engines, model, onNote);
  const validation = training && ({ bounds: training.bounds, part: "validate" } as const);
  return {
    blob: snapshot.blob,
    columns: snapshotSchema(model),
    span: { from: from ?? 0n, to: to ?? 0n },
    ...(validation === undefined ? {} : { validation }),
  };
}

function spanFrom(rows: string): readonly [Instant, Instant] {
  const [, first, last] = /^(\S+?)\.\.(\S+)$/.exec(rows) ?? [];
  if (first === undefined || last === undefined)
    throw new SlipwayError(
      "USAGE",
      `--rows takes ${PARTS.join(", ")} or a span of time such as 2025-03-01..2025-04-01, not "${rows}".${didYouMean(rows, PARTS)}`,
    );
  const [from, to] = [parseInstant(first), parseInstant(last)];
  if (to <= from) throw new SlipwayError("USAGE", `--rows ${rows}: the second time must be after the first.`);
  return [from, to];
}

async function championBeside(
  { registry }: Platform,
  version: VersionRecord,
  columns: DatasetRecord["columns"],
  notes: string[],
): Promise<VersionRecord | undefined> {
  const known = new Set(columns.map(({ name }) => name));
  const missing = rawNames(version.inputs).find((name) => !known.has(name));
  if (missing !== undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${version.model}@${version.number} reads "${missing}", which the rows to judge by do not have. Judge it on its own: --rows test.`,
    );
  const number = await aliasOf(registry, version.model, CHAMPION);
  if (number === undefined || number === version.number) return undefined;
  const champion = await getVersion(registry, version.model, number);
  const lacks = rawNames(champion.inputs).find((name) => !known.has(name));
  if (lacks === undefined) return champion;
  notes.push(`The champion, version ${number}, is not compared: it reads "${lacks}", which these rows do not have.`);
  return undefined;
}

async function scorerOf(platform: Platform, version: VersionRecord, who: string, raw = false): Promise<Scorer> {
  const classes = classesOf(version);
  const predictor = await loaded(platform, version, raw);
  return { who, inputs: version.inputs, predictor, ...(classes === undefined ? {} : { classes }) };
}

/** A version's model, loaded with the threads that training may use; `raw` is without its calibration. */
export async function loaded(
  { registry, training }: Platform,
  version: VersionRecord,
  raw = false,
): Promise<Predictor> {
  const { runtimes, threads } = training.engines;
  return loadVersion(registry, runtimes, version, { threads, raw });
}

async function cheapest(
  engines: Platform["engines"],
  query: Parameters<typeof scoreSpan>[1],
  cost: CostSpec,
): Promise<{ readonly threshold: number; readonly chosen: string }> {
  const { labels, scores } = await scoreSpan(engines, query);
  const { threshold } = cheapestThreshold(cost, labels, scores);
  const chosen = `least cost on the validation rows, where a false positive costs ${cost.falsePositive} and a false negative ${cost.falseNegative}`;
  return Number.isNaN(threshold)
    ? { threshold: 0.5, chosen: "0.5, for there are no validation rows" }
    : { threshold, chosen };
}

async function learningOf({ registry }: Platform, { runId }: VersionRecord): Promise<Evaluation["learning"]> {
  if (runId === null) return [];
  const found: { name: string; points: (readonly [number, number])[] }[] = [];
  const { metrics } = await getRun(registry, runId);
  for (const name of Object.keys(metrics).filter((each) => /^(train|validate)-/.test(each))) {
    const points = (await metricHistory(registry, runId, name)).map(({ step, value }) => [step, value] as const);
    if (points.length > 1) found.push({ name, points });
  }
  return found;
}

function instantOrNull(instant: Instant | null): string | null {
  return instant === null ? null : formatInstant(instant);
}
