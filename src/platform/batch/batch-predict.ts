// Batch prediction: a source's rows scored part by part, with features as of each row's time, into files that appear when they are whole. A
// part is a statement over a span of rows, so a process that is killed costs the part it was at; no row is lost or there twice.

import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { type ColumnSchema, formatInstant, type Instant, newId, SlipwayError, sha256 } from "../../core/core.ts";
import { scoredColumns, scoringPlan } from "../../datasets/datasets.ts";
import { definitionHash, findDefinition, type ModelSpec, type SourceSpec, sourcePlace } from "../../define/define.ts";
import type { OfflineEngine } from "../../ports/ports.ts";
import type { VersionRecord } from "../../registry/registry.ts";
import { rowFields } from "../../scoring/scoring.ts";
import { checkContract, type ServingContract, servingContract } from "../../serving/serving.ts";
import { alone, processText } from "../alone.ts";
import { loaded, versionOrChampion } from "../evaluate-operations.ts";
import { enforceSources } from "../guard-operations.ts";
import type { Platform } from "../open.ts";
import { type BatchManifest, formOf, manifestFile, publishBatch } from "./batch-output.ts";
import { scoreColumns, scoresOf, scoreTable } from "./batch-scores.ts";
import { batchSource } from "./batch-source.ts";
import { type BatchPart, type BatchWork, openWork } from "./batch-work.ts";

/** What to predict, and where to write it. */
export interface BatchRequest {
  /** `model@number` or `model@alias`; a model alone means its champion, else its newest version. */
  readonly version: string;
  /** The absolute path of what is written: a `.parquet` or `.csv` file, or else a folder of Parquet parts. */
  readonly output: string;
  /** The absolute path of a file, or a glob; without it and `source` the model's own rows are predicted. */
  readonly input?: string;
  /** The name of a source in the definitions. */
  readonly source?: string;
  /** As of when every row is asked; without it each row's own time. */
  readonly at?: Instant;
  /** Rows in a part; default 1,000,000. */
  readonly partRows?: number;
  /** Whether the model's inputs are written too; default false. */
  readonly withInputs?: boolean;
  /** Whether to forget what a stopped run of other rows or another version left. */
  readonly restart?: boolean;
  readonly onProgress?: (progress: BatchProgress) => void;
  /** Stops it; parts that are finished are kept. */
  readonly signal?: AbortSignal;
}

/** How far it has come. */
export interface BatchProgress {
  readonly rows: number;
  readonly total: number;
  /** Of `rows`, those that an earlier run had finished. */
  readonly before: number;
}

/** A manifest, and whether an earlier run had already made what was asked for. */
export interface BatchOutcome {
  readonly manifest: BatchManifest;
  readonly wasThere: boolean;
}

/** What a prediction is of: the same is never made twice. */
type About = Pick<BatchManifest, "model" | "version" | "artifact" | "definition" | "source" | "at" | "withInputs">;

const PART_ROWS = 1_000_000;
const SCORES = "batch scores";

/**
 * Predicts, or goes on with what a stopped run left. Throws SOURCE_CHANGED when that was of other rows or when they change meanwhile, ALREADY_EXISTS
 * when something else is there, STATE_LOCKED while another one does the same, CANCELLED when it is stopped.
 */
export async function batchPredict(platform: Platform, request: BatchRequest): Promise<BatchOutcome> {
  const { engines } = platform;
  const part = newId(engines.clock.now(), engines.random);
  const result = await alone(platform, `predict ${request.output}`, { signal: request.signal, part }, (still) =>
    predictAlone(platform, request, still),
  );
  if ("done" in result) return result.done;
  throw new SlipwayError(
    "STATE_LOCKED",
    `${processText(result.holder.holder)} is predicting ${request.output}, since ${formatInstant(result.holder.since)}. Wait until it has ended, or write elsewhere.`,
  );
}

async function predictAlone(platform: Platform, request: BatchRequest, still: AbortSignal): Promise<BatchOutcome> {
  const { engines } = platform;
  const { output, at } = request;
  const version = await versionOrChampion(platform, request.version);
  const model = findDefinition(platform.project, "model", version.model);
  checkContract(model.name, version.number, version.features as ServingContract, servingContract(model));
  const source = batchSource(platform, model, { ...request, at });
  const features = await checkRead(platform, model, source);
  const about: About = {
    model: model.name,
    version: version.number,
    artifact: version.artifactHash,
    definition: definitionHash(model),
    source: { name: source.name, place: sourcePlace(source), fingerprint: await stateOf(engines.offline, source) },
    at: at === undefined ? null : formatInstant(at),
    withInputs: request.withInputs ?? false,
  };
  const there = await finishedAlready(engines.offline, output, { ...about, features });
  if (there) return { manifest: there, wasThere: true };
  const partRows = request.partRows ?? PART_ROWS;
  const plan = { ...about, partRows, form: formOf(output) };
  const work = await openWork(output, plan, { restart: request.restart ?? false });
  const fields = rowFields(model);
  const kept = scoredColumns(model, fields, about.withInputs);
  const { classes } = version.features as ServingContract;
  const scored = scoreColumns(new Set(kept.map(({ name }) => name)), classes);
  const rows = rowsFixed(platform, source, about.source.fingerprint);
  const read = { model, version, rows, fields, scored, classes };
  const parts = await scoreParts(platform, request, { ...read, partRows, work, still });
  const manifest: BatchManifest = {
    format: 1,
    ...about,
    features,
    rows: parts.reduce((total, part) => total + part.rowCount, 0),
    schema: [...kept, ...scored],
    parts: [],
    createdAt: formatInstant(engines.clock.now()),
  };
  requireStill(still);
  return { manifest: await publishBatch(engines.offline, work, output, parts, manifest), wasThere: false };
}

function requireStill(still: AbortSignal): void {
  if (still.aborted)
    throw new SlipwayError(
      "CANCELLED",
      "Predicting was stopped. Parts that are finished are kept: run it again to go on.",
    );
}

async function finishedAlready(
  offline: OfflineEngine,
  output: string,
  about: About & Pick<BatchManifest, "features">,
): Promise<BatchManifest | undefined> {
  const there = await stat(output).catch(() => undefined);
  if (!there) return undefined;
  const text = await readFile(manifestFile(output), "utf8").catch(() => undefined);
  const manifest = text === undefined ? undefined : (JSON.parse(text) as BatchManifest);
  const names = Object.keys(about) as (keyof typeof about)[];
  const differs = manifest && names.filter((name) => JSON.stringify(manifest[name]) !== JSON.stringify(about[name]));
  const isWhole = manifest !== undefined && (await holds(offline, output, manifest));
  if (isWhole && differs?.length === 0) return manifest;
  const what =
    manifest === undefined
      ? "and no prediction wrote it"
      : isWhole
        ? `predicted by ${manifest.model}@${manifest.version} from ${manifest.source.place}, with another ${differs?.join(", ")}`
        : "and its files are not those that were written";
  throw new SlipwayError(
    "ALREADY_EXISTS",
    `${output} is there already, ${what}. Write elsewhere, or remove it first.`,
    {
      details: { output },
    },
  );
}

/** Whether an output has the files of its manifest, byte for byte. */
async function holds(offline: OfflineEngine, output: string, { parts }: BatchManifest): Promise<boolean> {
  for (const { path, bytes, hash } of parts) {
    const file = formOf(output) === "folder" ? join(output, path) : output;
    const size = await stat(file).then(
      (found) => found.size,
      () => -1,
    );
    if (size !== bytes || (await offline.hashFile(file)) !== hash) return false;
  }
  return true;
}

/** The rows of a source that must stay as they are while they are predicted part by part. */
interface FixedRows {
  readonly name: string;
  /** A table expression. */
  readonly sql: string;
  /** Throws SOURCE_CHANGED. */
  requireSame(): Promise<void>;
}

/** What is read from elsewhere lies in files of our own that nobody changes; what is read where it is may change at any time. */
function rowsFixed({ engines: { offline } }: Platform, source: SourceSpec, fingerprint: string): FixedRows {
  const isOwnCopy = source.format === "postgres" || source.format === "sqlite";
  return {
    name: source.name,
    sql: offline.dialect.scan(source),
    async requireSame() {
      if (isOwnCopy || (await stateOf(offline, source)) === fingerprint) return;
      throw new SlipwayError(
        "SOURCE_CHANGED",
        `Source "${source.name}" changed while it was predicted, and nothing was written. Run it again when it stands still, with --restart.`,
      );
    },
  };
}

/** A source's fingerprint as a hash: it names every file, of which there may be thousands, by where this machine has it. */
async function stateOf(offline: OfflineEngine, source: SourceSpec): Promise<string> {
  return sha256(await offline.fingerprint(source));
}

/** Brings every source up to date and checks it; tells the fingerprints of those that features are read from. */
async function checkRead(
  platform: Platform,
  model: ModelSpec,
  source: SourceSpec,
): Promise<Readonly<Record<string, string>>> {
  const { offline, clock } = platform.engines;
  const read = [...new Map(model.views.map((view) => [view.source.name, view.source])).values()];
  for (const each of [source, ...read]) await offline.check(each);
  await enforceSources(platform, read, clock.now());
  const found: [string, string][] = [];
  for (const each of read) found.push([each.name, await stateOf(offline, each)]);
  return Object.fromEntries(found);
}

interface PartsOf {
  readonly model: ModelSpec;
  readonly version: VersionRecord;
  readonly rows: FixedRows;
  readonly fields: readonly ColumnSchema[];
  readonly scored: readonly ColumnSchema[];
  readonly classes: readonly string[] | undefined;
  readonly partRows: number;
  readonly work: BatchWork;
  readonly still: AbortSignal;
}

async function scoreParts(
  platform: Platform,
  { at, withInputs = false, onProgress }: BatchRequest,
  { model, version, rows: asked, fields, scored, classes, partRows, work, still }: PartsOf,
): Promise<readonly BatchPart[]> {
  const { offline } = platform.engines;
  const total = await rowsOf(offline, asked.sql);
  const parts: BatchPart[] = [];
  let rows = [...work.parts.values()].reduce((sum, part) => sum + part.rowCount, 0);
  const before = rows;
  onProgress?.({ rows, total, before });
  const predictor = await loaded(platform, version);
  try {
    for (let part = 0; part * partRows < total || part === 0; part += 1) {
      const finished = work.parts.get(part);
      if (finished) {
        parts.push(finished);
        continue;
      }
      const from = part * partRows;
      const span = { model, rows: asked.sql, fields, at, from, count: Math.min(partRows, total - from) };
      const plan = scoringPlan(offline.dialect, span);
      const written = await offline.session(async (session) => {
        for (const statement of plan.statements) await session.run(statement);
        const scores = await scoresOf(session.stream(plan.inputs), version.inputs, predictor, (count) => {
          requireStill(still);
          rows += count;
          onProgress?.({ rows, total, before });
        });
        const tables = scores.map((each) => scoreTable(scored, each, version.number, classes));
        await session.load(SCORES, scored, tables);
        const names = scored.map(({ name }) => name);
        return session.writeParquet(plan.beside(SCORES, names, withInputs), work.file(part));
      });
      await asked.requireSame();
      requireStill(still);
      parts.push(await work.finished(part, written));
    }
  } finally {
    predictor.close();
  }
  return parts;
}

async function rowsOf(offline: OfflineEngine, rows: string): Promise<number> {
  for await (const table of offline.stream(`SELECT count(*)::BIGINT AS n FROM ${rows}`))
    return Number(table.columns[0]?.values[0] ?? 0);
  return 0;
}
