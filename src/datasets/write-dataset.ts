// Writes a model's training set as a folder of Parquet parts with a manifest. Everything is written into a folder beside the target and flushed,
// and then that folder gets the target's name: the dataset is there as a whole or not at all. Which bytes come out depends on
// definitions, source files and the engine's version alone.

import { join, resolve } from "node:path";
import { formatInstant, type Instant, SlipwayError, valueAt } from "../core/core.ts";
import type { ModelSpec } from "../define/define.ts";
import { inKeyShares } from "../features/features.ts";
import type { OfflineEngine, OfflineSession } from "../ports/ports.ts";
import { snapshotSchema } from "./dataset.ts";
import {
  type DatasetManifest,
  type DatasetPart,
  type DatasetSource,
  MANIFEST,
  manifestOf,
  manifestText,
} from "./manifest.ts";
import { type ProcessMarks, refuseFilled, writeFolder, writeText } from "./new-folder.ts";
import { describeSource, modelDefinitions, modelSources } from "./origins.ts";
import type { PartitionUnit } from "./partition-unit.ts";
import { checkSources, snapshotPlan } from "./snapshot-sql.ts";

/** What to write, and where. */
export interface DatasetRequest {
  readonly model: ModelSpec;
  /** A folder that is not there yet, or empty. */
  readonly folder: string;
  readonly partitionBy: PartitionUnit;
  /** The project's folder: files below it are named relative to it. */
  readonly root: string;
  readonly process: ProcessMarks;
  readonly onNote?: (text: string) => void;
}

const PATTERNS = { year: "%Y", month: "%Y-%m", day: "%Y-%m-%d" } as const;
/** Hive's word for rows that belong to no part. */
const NO_TIME = "__HIVE_DEFAULT_PARTITION__";

/** Writes the dataset. Throws USAGE when the folder holds something, SOURCE_CHANGED when a source's files changed meanwhile. */
export async function writeDataset(offline: OfflineEngine, request: DatasetRequest): Promise<DatasetManifest> {
  const { model, partitionBy } = request;
  const folder = resolve(request.folder);
  await refuseFilled(folder);
  await checkSources(offline, model);
  const sources = modelSources(model);
  const before = await Promise.all(sources.map((source) => offline.fingerprint(source)));
  const written = await writeFolder(folder, request.process, (temporary) =>
    inKeyShares((shares) =>
      offline.session(async (session) => {
        const made = await writeParts(offline, session, temporary, request, shares);
        const described: DatasetSource[] = [];
        for (const source of sources) described.push(await describeSource(offline, source, request.root));
        const after = await Promise.all(sources.map((source) => offline.fingerprint(source)));
        sources.forEach((source, index) => {
          if (after[index] !== before[index])
            throw new SlipwayError(
              "SOURCE_CHANGED",
              `Source "${source.name}" changed while the dataset was written, so its rows may be of before and after. Run it again once the files are in place.`,
              { details: { source: source.name } },
            );
        });
        const manifest = manifestOf({
          format: 1,
          model: model.name,
          rows: made.parts.reduce((total, part) => total + part.rows, 0),
          bytes: made.parts.reduce((total, part) => total + part.bytes, 0),
          schema: snapshotSchema(model),
          partitionBy,
          parts: made.parts,
          sources: described,
          definitions: modelDefinitions(model),
          time: made.time,
          label: made.label,
          writer: `${offline.name} ${offline.version}`,
        });
        await writeText(join(temporary, MANIFEST), manifestText(manifest));
        return manifest;
      }),
    ),
  );
  return written;
}

async function writeParts(
  offline: OfflineEngine,
  session: OfflineSession,
  folder: string,
  { model, partitionBy, onNote }: DatasetRequest,
  shares: number,
): Promise<Pick<DatasetManifest, "parts" | "time" | "label">> {
  const { dialect } = offline;
  const partition = partitionSql(partitionBy);
  const { statements, names, select } = snapshotPlan(dialect, model, { partition, shares });
  for (const [index, statement] of statements.entries()) {
    onNote?.(`computing features as of every row's time, step ${index + 1} of ${statements.length}`);
    await session.run(statement);
  }
  await session.run(`CREATE TEMP TABLE dataset AS ${select}`);
  for (const name of names) await session.run(`DROP TABLE ${name}`);
  const found = await partsOf(session);
  const parts: DatasetPart[] = [];
  for (const [index, { part }] of found.entries()) {
    onNote?.(`writing part ${index + 1} of ${found.length}`);
    const path = partitionBy === "none" ? "part-0.parquet" : `${partitionBy}=${part}/part-0.parquet`;
    const sql = `SELECT * EXCLUDE (part) FROM dataset WHERE part = ${dialect.text(part)}`;
    const { rowCount, bytes, hash } = await session.writeParquet(sql, join(folder, path));
    parts.push({ path, rows: rowCount, bytes, hash });
  }
  return { parts, ...(await figuresOf(session, model.label.value.type === "bool")) };
}

function partitionSql(unit: PartitionUnit): (time: string) => string {
  if (unit === "none") return () => "'all'";
  return (time) => `coalesce(strftime(${time}, '${PATTERNS[unit]}'), '${NO_TIME}')`;
}

async function partsOf(session: OfflineSession): Promise<readonly { readonly part: string }[]> {
  const found: { readonly part: string }[] = [];
  for await (const table of session.stream("SELECT part FROM dataset GROUP BY part ORDER BY part"))
    for (let row = 0; row < table.rowCount; row += 1)
      found.push({ part: String(valueAt(table.columns[0] as never, row)) });
  return found;
}

async function figuresOf(session: OfflineSession, isBool: boolean): Promise<Pick<DatasetManifest, "time" | "label">> {
  const sql = `SELECT epoch_us(min(t)), epoch_us(max(t)), count(label)::BIGINT, (count(*) FILTER (WHERE ${isBool ? "label" : "false"}))::BIGINT, (count(*) - count(label))::BIGINT, epoch_us(min(label_known_at)), epoch_us(max(label_known_at)) FROM dataset`;
  for await (const { columns } of session.stream(sql)) {
    const [from, to, known, positive, unknown, knownFrom, knownTo] = columns.map((column) => valueAt(column, 0));
    const instant = (value: unknown): string | null =>
      value === null || value === undefined ? null : formatInstant(value as Instant);
    return {
      time: { from: instant(from), to: instant(to) },
      label: {
        known: Number(known),
        positive: Number(positive),
        unknown: Number(unknown),
        knownFrom: instant(knownFrom),
        knownTo: instant(knownTo),
      },
    };
  }
  throw new SlipwayError("INTERNAL", "A dataset's figures gave no row.");
}
