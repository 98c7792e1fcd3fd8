// A dataset is known by its content, so recording the same one twice records it once.

import { type ColumnSchema, didYouMean, type Instant, SlipwayError } from "../core/core.ts";
import { fromJson, instantFromSql, instantToSql, type Schema, toJson } from "../records/records.ts";
import { writeAudit } from "./audit.ts";
import type { RegistryContext } from "./context.ts";
import { SNAPSHOTS } from "./unnamed-rows.ts";

/** A training set, known by the hash of its content. */
export interface DatasetRecord {
  /** The content hash. */
  readonly id: string;
  readonly model: string;
  readonly definitionsHash: string;
  readonly rowCount: number;
  readonly columns: readonly ColumnSchema[];
  /** The blob with its rows. */
  readonly blob: string;
  /** The first prediction time; null when there are no rows. */
  readonly timeFrom: Instant | null;
  /** The last prediction time. */
  readonly timeTo: Instant | null;
  readonly labelStats: unknown;
  /** What the quality checks found. */
  readonly findings: unknown;
  /** What it was made of, with hashes. */
  readonly sources: unknown;
  readonly createdAt: Instant;
}

/** Records a dataset; one that is there under the same hash is given back as it was first recorded. */
export async function recordDataset(
  context: RegistryContext,
  dataset: Omit<DatasetRecord, "createdAt">,
): Promise<DatasetRecord> {
  const { id, model, timeFrom, timeTo } = dataset;
  const row = {
    id,
    model,
    definitions_hash: dataset.definitionsHash,
    row_count: dataset.rowCount,
    columns: toJson(dataset.columns),
    blob: dataset.blob,
    time_from: timeFrom === null ? null : instantToSql(timeFrom),
    time_to: timeTo === null ? null : instantToSql(timeTo),
    label_stats: toJson(dataset.labelStats),
    findings: toJson(dataset.findings),
    sources: toJson(dataset.sources),
    created_at: instantToSql(context.clock.now()),
  };
  return context.records.transact(async (tx) => {
    const known = await tx.selectFrom("datasets").selectAll().where("id", "=", id).executeTakeFirst();
    if (known) return datasetOf(known);
    await tx.insertInto("datasets").values(row).execute();
    // After the row: from here on nothing can clear the snapshot away.
    if (row.blob.startsWith(`${SNAPSHOTS}/`) && (await context.blobs.state(row.blob)) === undefined)
      throw new SlipwayError(
        "DATASET_NOT_FOUND",
        `The snapshot ${row.blob} was cleared away while it was being used, because nothing named it. Do the same again: it is made anew.`,
      );
    await writeAudit(tx, context, { action: "dataset.recorded", subject: id, details: { model } });
    return datasetOf(row);
  });
}

/** The start of `blob` of a dataset that was written to a folder; the folder follows. */
export const FOLDER = "folder:";

/** Records a dataset that was written to a folder. One that is there under the same id is found in the newest folder from now on. */
export async function recordWrittenDataset(
  context: RegistryContext,
  { folder, ...dataset }: Omit<DatasetRecord, "createdAt" | "blob"> & { readonly folder: string },
): Promise<DatasetRecord> {
  const blob = `${FOLDER}${folder}`;
  const recorded = await recordDataset(context, { ...dataset, blob });
  if (recorded.blob === blob) return recorded;
  await context.records.transact(async (tx) => {
    await tx.updateTable("datasets").set({ blob }).where("id", "=", dataset.id).execute();
    await writeAudit(tx, context, { action: "dataset.moved", subject: dataset.id, details: { folder } });
  });
  return { ...recorded, blob };
}

/** The dataset whose id starts so. Throws DATASET_NOT_FOUND when none does, INPUT_INVALID when several do. */
export async function findDataset({ records }: RegistryContext, start: string): Promise<DatasetRecord> {
  const query = records.db.selectFrom("datasets").selectAll().orderBy("id").limit(2);
  const found = /^[0-9a-f]{4,64}$/.test(start) ? await query.where("id", "like", `${start}%`).execute() : [];
  const [row, other] = found;
  if (other)
    throw new SlipwayError("INPUT_INVALID", `Several datasets have an id that starts with ${start}; give more of it.`);
  if (!row) throw await datasetNotFound({ records }, start);
  return datasetOf(row);
}

const SHOWN_ID = 12;

/** The error for what names no dataset, with the name that is nearest. */
async function datasetNotFound({ records }: Pick<RegistryContext, "records">, which: string): Promise<SlipwayError> {
  const rows = await records.db.selectFrom("datasets").select(["id", "model"]).orderBy("created_at", "desc").execute();
  const known = rows.map(({ id }) => id.slice(0, SHOWN_ID));
  const own = rows.filter(({ model }) => model === which).map(({ id }) => id.slice(0, SHOWN_ID));
  const near =
    own.length > 0
      ? ` Model "${which}" has ${own.slice(0, 5).join(", ")}; "${which}@champion" names the champion's.`
      : didYouMean(/^[0-9a-f]+$/.test(which) ? which.slice(0, SHOWN_ID) : which, known);
  return new SlipwayError(
    "DATASET_NOT_FOUND",
    `There is no dataset "${which}".${near} Give an id or its start, model@version, a run or a folder; list datasets with: slipway datasets list.`,
    { details: { dataset: which } },
  );
}

/** The newest dataset whose rows are in that blob. */
export async function datasetOfBlob({ records }: RegistryContext, blob: string): Promise<DatasetRecord | undefined> {
  const row = await records.db
    .selectFrom("datasets")
    .selectAll()
    .where("blob", "=", blob)
    .orderBy("created_at", "desc")
    .limit(1)
    .executeTakeFirst();
  return row && datasetOf(row);
}

/** The dataset of that id, or INPUT_INVALID. */
export async function getDataset({ records }: RegistryContext, id: string): Promise<DatasetRecord> {
  const row = await records.db.selectFrom("datasets").selectAll().where("id", "=", id).executeTakeFirst();
  if (!row) throw new SlipwayError("INPUT_INVALID", `There is no dataset ${id}.`);
  return datasetOf(row);
}

/** The newest datasets, newest first. */
export async function listDatasets(
  { records }: RegistryContext,
  { model, limit = 100 }: { readonly model?: string; readonly limit?: number } = {},
): Promise<readonly DatasetRecord[]> {
  let query = records.db.selectFrom("datasets").selectAll().orderBy("created_at", "desc").orderBy("id").limit(limit);
  if (model !== undefined) query = query.where("model", "=", model);
  return (await query.execute()).map(datasetOf);
}

function datasetOf(row: Schema["datasets"]): DatasetRecord {
  return {
    id: row.id,
    model: row.model,
    definitionsHash: row.definitions_hash,
    rowCount: row.row_count,
    columns: fromJson(row.columns),
    blob: row.blob,
    timeFrom: row.time_from === null ? null : instantFromSql(row.time_from),
    timeTo: row.time_to === null ? null : instantFromSql(row.time_to),
    labelStats: fromJson(row.label_stats),
    findings: fromJson(row.findings),
    sources: fromJson(row.sources),
    createdAt: instantFromSql(row.created_at),
  };
}
