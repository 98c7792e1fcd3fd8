// The quarantine as people see it: batches of rows with their reasons and counts, the rows themselves, and letting go of what nobody
// needs. A batch's file is deleted only after the record says that it is gone.

import { type Instant, rowAt, SlipwayError, type Table, type Value } from "../core/core.ts";
import type { SourceSpec } from "../define/define.ts";
import {
  fromJson,
  instantFromSql,
  instantToSql,
  type QuarantineKind,
  type QuarantineStatus,
  toJson,
} from "../records/records.ts";
import { keepMarks } from "./batch-file.ts";
import type { GuardContext } from "./context.ts";
import { ownColumns } from "./rejected-sql.ts";

/** Rows of one source that were set aside together. */
export interface QuarantineBatch {
  readonly id: string;
  readonly source: string;
  readonly kind: QuarantineKind;
  /** The rows became known after this (null: from the beginning) … */
  readonly knownFrom: Instant | null;
  /** … and up to here; null for rows without times. */
  readonly knownTo: Instant | null;
  readonly rows: number;
  /** Rows by the expectation that they fail; a row may fail several. */
  readonly reasons: Readonly<Record<string, number>>;
  readonly status: QuarantineStatus;
  readonly at: Instant;
  readonly closedAt: Instant | null;
  readonly closedBy: string | null;
}

/** Which batches to list. */
export interface QuarantineFilter {
  readonly source?: string;
  /** Default `held`. */
  readonly status?: QuarantineStatus | "all";
  /** Default 100. */
  readonly limit?: number;
}

/** The newest batches, newest first. */
export async function listQuarantine(
  { records }: GuardContext,
  { source, status = "held", limit = 100 }: QuarantineFilter = {},
): Promise<readonly QuarantineBatch[]> {
  let query = records.db
    .selectFrom("quarantine_batches")
    .selectAll()
    .orderBy("at", "desc")
    .orderBy("id", "desc")
    .limit(limit);
  if (source !== undefined) query = query.where("source", "=", source);
  if (status !== "all") query = query.where("status", "=", status);
  return (await query.execute()).map(batchOf);
}

type Row = Awaited<ReturnType<typeof rowOf>>;

function rowOf({ records }: GuardContext, id: string) {
  return records.db.selectFrom("quarantine_batches").selectAll().where("id", "=", id).executeTakeFirst();
}

function batchOf(row: Exclude<Row, undefined>): QuarantineBatch {
  const instant = (value: number | null): Instant | null => (value === null ? null : instantFromSql(value));
  return {
    id: row.id,
    source: row.source,
    kind: row.kind,
    knownFrom: instant(row.known_from),
    knownTo: instant(row.known_to),
    rows: row.row_count,
    reasons: fromJson<Readonly<Record<string, number>>>(row.reasons),
    status: row.status,
    at: instantFromSql(row.at),
    closedAt: instant(row.closed_at),
    closedBy: row.closed_by,
  };
}

/** Rows held per source, in the sources' order by name. */
export async function quarantineCounts({
  records,
}: GuardContext): Promise<readonly { source: string; rows: number }[]> {
  const counted = await records.db
    .selectFrom("quarantine_batches")
    .select(({ fn }) => ["source", fn.sum<number>("row_count").as("rows")])
    .where("status", "=", "held")
    .groupBy("source")
    .orderBy("source")
    .execute();
  return counted.map(({ source, rows }) => ({ source, rows: Number(rows) }));
}

/** One row that was set aside. */
export interface QuarantinedRow {
  readonly reasons: readonly string[];
  /** The file it was read from; null where there are none. */
  readonly file: string | null;
  /** When it became known; null without times. */
  readonly known: Instant | null;
  readonly row: Readonly<Record<string, Value>>;
}

/** A batch that is there. Throws QUARANTINE_NOT_FOUND. */
export async function findBatch(
  context: GuardContext,
  id: string,
): Promise<QuarantineBatch & { readonly blob: string }> {
  const row = await rowOf(context, id);
  if (!row)
    throw new SlipwayError(
      "QUARANTINE_NOT_FOUND",
      `There is no quarantined batch "${id}". Run: slipway quarantine list. All batches of a source: --source NAME.`,
    );
  return { ...batchOf(row), blob: row.blob };
}

/** A held batch's first rows. Throws QUARANTINE_NOT_FOUND for one that is not there or holds its rows no more. */
export async function readQuarantine(
  context: GuardContext,
  id: string,
  limit = 20,
): Promise<{ readonly batch: QuarantineBatch; readonly rows: readonly QuarantinedRow[] }> {
  const { blob, ...batch } = await findBatch(context, id);
  requireHeld(batch);
  const { offline, blobs } = context;
  const rows: QuarantinedRow[] = [];
  const sql = `SELECT * FROM ${offline.dialect.scanOwn([blobs.locate(blob)])} LIMIT ${Math.max(0, Math.floor(limit))}`;
  for await (const table of offline.stream(sql)) rows.push(...rowsOf(table));
  return { batch, rows };
}

/** Throws QUARANTINE_NOT_FOUND for a batch whose rows are no longer held. */
export function requireHeld({ id, status }: QuarantineBatch): void {
  if (status !== "held")
    throw new SlipwayError("QUARANTINE_NOT_FOUND", `Batch "${id}" is ${status}: its rows are no longer held.`);
}

function rowsOf(table: Table): readonly QuarantinedRow[] {
  return Array.from({ length: table.rowCount }, (_, index) => {
    const {
      [ownColumns.reasons]: reasons,
      [ownColumns.file]: file,
      [ownColumns.known]: known,
      ...row
    } = rowAt(table, index);
    return {
      reasons: String(reasons).split("\n"),
      file: (file as string | null) ?? null,
      known: (known as bigint | null) ?? null,
      row,
    };
  });
}

/** Lets go of held batches of `sources` for good: their rows stay away, and their copies are deleted. Returns what was dropped. */
export async function dropQuarantine(
  context: GuardContext,
  which: { readonly batch: string } | { readonly source: SourceSpec },
  sources: readonly SourceSpec[],
): Promise<readonly QuarantineBatch[]> {
  const { records, clock, actor, blobs } = context;
  if ("batch" in which) requireHeld(await findBatch(context, which.batch));
  const held = records.db.selectFrom("quarantine_batches").selectAll().where("status", "=", "held");
  const dropping = await ("batch" in which
    ? held.where("id", "=", which.batch)
    : held.where("source", "=", which.source.name)
  ).execute();
  for (const batch of dropping) {
    const source = sources.find(({ name }) => name === batch.source);
    if (source && batch.kind === "known") await keepMarks(context, source, batch);
  }
  const at = instantToSql(clock.now());
  const dropped = await records.transact(async (tx) => {
    const found: typeof dropping = [];
    for (const { id } of dropping) {
      const row = await tx
        .updateTable("quarantine_batches")
        .set({ status: "dropped", closed_at: at, closed_by: actor })
        .where("id", "=", id)
        .where("status", "=", "held")
        .returningAll()
        .executeTakeFirst();
      if (!row) continue;
      const { source, row_count: rows } = row;
      found.push(row);
      await tx
        .insertInto("audit")
        .values({ at, actor, action: "quarantine.dropped", subject: id, details: toJson({ source, rows }) })
        .execute();
    }
    return found;
  });
  for (const { blob } of dropped) await blobs.delete(blob);
  return dropped.map((row) => ({ ...batchOf(row), status: "dropped" as const }));
}
