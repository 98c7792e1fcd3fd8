// Setting bad rows aside. A source's scan leaves them out by itself; this keeps a copy with the reasons, once, so that rows in are always
// rows let in plus rows set aside. It moves by known time with a mark of its own, like materialisation: the copy is a file that appears
// whole, and the batch and the mark are one transaction, so that a killed run is simply done again.

import { mkdir } from "node:fs/promises";
import { contentHash, type Instant, newId } from "../core/core.ts";
import { letInCondition, type SourceSpec } from "../define/define.ts";
import {
  instantFromSql,
  instantToSql,
  type QuarantineKind,
  type RecordsTransaction,
  toJson,
} from "../records/records.ts";
import type { GuardContext } from "./context.ts";
import { type RowRange, rejectedCountsSql, rejectedRowsSql, rejecting } from "./rejected-sql.ts";

/** What was newly set aside of one source. */
export interface SetAside {
  readonly source: string;
  readonly rows: number;
  /** Rows by the expectation that they fail; a row may fail several. */
  readonly reasons: Readonly<Record<string, number>>;
}

/** What identifies a look through a source: other conditions or columns mean that everything is looked at again. */
export function expectationsHash(source: SourceSpec): string {
  const { name, columns, eventTime, createdAt, expect } = source;
  return contentHash({ name, columns, eventTime, createdAt, condition: letInCondition(expect) });
}

/** Sets aside every bad row that became known up to `to` and was not looked at yet. */
export async function setAside(context: GuardContext, source: SourceSpec, to: Instant): Promise<SetAside> {
  let rows = 0;
  const reasons: Record<string, number> = {};
  if (rejecting(source).length === 0) await closeAll(context, source);
  else
    for (const look of await looksDue(context, source, to)) {
      const found = await lookThrough(context, source, look);
      rows += found.rows;
      for (const [text, count] of Object.entries(found.reasons)) reasons[text] = (reasons[text] ?? 0) + count;
    }
  return { source: source.name, rows, reasons };
}

/** Where nothing is turned away any more, nothing is set aside. */
async function closeAll(context: GuardContext, source: SourceSpec): Promise<void> {
  const closed = await context.records.transact(async (tx) => {
    await tx.deleteFrom("quarantine_marks").where("source", "=", source.name).execute();
    return closeBatches(tx, context, await heldBatches(tx, source));
  });
  for (const blob of closed) await context.blobs.delete(blob);
}

/** One pass over some rows, with the mark that must stand before it and the one that stands after. */
interface Look {
  readonly range: RowRange;
  readonly before: Mark | undefined;
  readonly after: Mark;
}

interface Mark {
  readonly through: Instant | undefined;
  readonly filesState: string | undefined;
}

async function looksDue(context: GuardContext, source: SourceSpec, to: Instant): Promise<readonly Look[]> {
  const looks: Look[] = [];
  let mark = await markOf(context.records.db, source);
  const add = (range: RowRange, after: Mark): void => {
    looks.push({ range, before: mark, after });
    mark = after;
  };
  const isTimed = source.eventTime !== undefined;
  if (isTimed && (mark?.through === undefined || mark.through < to))
    add({ kind: "known", from: mark?.through, to }, { filesState: mark?.filesState, through: to });
  const mayLackTimes = !isTimed || source.columns.some(({ name, optional }) => name === source.eventTime && optional);
  const filesState = mayLackTimes ? contentHash(await context.offline.fingerprint(source)) : undefined;
  if (filesState !== undefined && filesState !== mark?.filesState)
    add({ kind: "timeless" }, { through: mark?.through, filesState });
  return looks;
}

type Connection = GuardContext["records"]["db"] | RecordsTransaction;

async function markOf(db: Connection, source: SourceSpec): Promise<Mark | undefined> {
  const found = await db
    .selectFrom("quarantine_marks")
    .select(["through", "files_state"])
    .where("source", "=", source.name)
    .where("expectations_hash", "=", expectationsHash(source))
    .executeTakeFirst();
  if (!found) return undefined;
  return {
    through: found.through === null ? undefined : instantFromSql(found.through),
    filesState: found.files_state ?? undefined,
  };
}

async function lookThrough(context: GuardContext, source: SourceSpec, look: Look): Promise<Omit<SetAside, "source">> {
  const batch = await writeBatch(context, source, look.range);
  const gone = await context.records.transact(async (tx) => {
    const mark = await markOf(tx, source);
    // Another process was here first: what it set aside is the same.
    if (mark?.through !== look.before?.through || mark?.filesState !== look.before?.filesState) return undefined;
    await moveMark(tx, context, source, look.after);
    const replaced = await replace(tx, context, source, look);
    if (batch) await insertBatch(tx, context, source, look.range, batch);
    return replaced;
  });
  if (gone === undefined) {
    if (batch) await context.blobs.delete(batch.blob);
    return { rows: 0, reasons: {} };
  }
  for (const blob of gone) await context.blobs.delete(blob);
  return { rows: batch?.rows ?? 0, reasons: batch?.reasons ?? {} };
}

/** A batch's file and what it holds. */
export interface WrittenBatch {
  readonly id: string;
  readonly blob: string;
  readonly rows: number;
  readonly reasons: Readonly<Record<string, number>>;
}

/** Writes the bad rows of a range to a file of their own; undefined when there are none. */
export async function writeBatch(
  { offline, blobs, temporaryFolder, clock, random }: GuardContext,
  source: SourceSpec,
  range: RowRange,
): Promise<WrittenBatch | undefined> {
  const { dialect } = offline;
  const counts: number[] = [];
  for await (const table of offline.stream(rejectedCountsSql(dialect, source, range)))
    counts.push(...table.columns.map(({ values }) => Number(values[0])));
  const [rows = 0, ...each] = counts;
  if (rows === 0) return undefined;
  const id = newId(clock.now(), random);
  const file = `${temporaryFolder}/quarantine-${id}.parquet`;
  await mkdir(temporaryFolder, { recursive: true });
  await offline.writeParquet(rejectedRowsSql(dialect, source, range), file);
  const blob = `quarantine/${source.name}/${id}.parquet`;
  await blobs.adopt(blob, file);
  const reasons = rejecting(source).map(({ text }, index) => [text, each[index] ?? 0] as const);
  return { id, blob, rows, reasons: Object.fromEntries(reasons.filter(([, count]) => count > 0)) };
}

async function moveMark(
  tx: RecordsTransaction,
  { clock }: GuardContext,
  source: SourceSpec,
  mark: Mark,
): Promise<void> {
  const values = {
    through: mark.through === undefined ? null : instantToSql(mark.through),
    files_state: mark.filesState ?? null,
    at: instantToSql(clock.now()),
  };
  await tx
    .insertInto("quarantine_marks")
    .values({ source: source.name, expectations_hash: expectationsHash(source), ...values })
    .onConflict((conflict) => conflict.columns(["source", "expectations_hash"]).doUpdateSet(values))
    .execute();
}

/**
 * Closes the batches that a look makes anew: those of rows without times, which are looked at as a whole, and those of other expectations, under
 * which all is looked at again. Returns their files.
 */
async function replace(
  tx: RecordsTransaction,
  context: GuardContext,
  source: SourceSpec,
  look: Look,
): Promise<readonly string[]> {
  const hash = expectationsHash(source);
  const { range, before } = look;
  const isFirst = before === undefined;
  const closing = (await heldBatches(tx, source)).filter((batch) =>
    batch.expectations_hash === hash ? range.kind === "timeless" && batch.kind === "timeless" : isFirst,
  );
  if (isFirst)
    await tx
      .deleteFrom("quarantine_marks")
      .where("source", "=", source.name)
      .where("expectations_hash", "<>", hash)
      .execute();
  return closeBatches(tx, context, closing);
}

function heldBatches(tx: RecordsTransaction, source: SourceSpec) {
  return tx
    .selectFrom("quarantine_batches")
    .select(["id", "blob", "kind", "expectations_hash"])
    .where("source", "=", source.name)
    .where("status", "=", "held")
    .where("kind", "<>", "pushed")
    .execute();
}

async function closeBatches(
  tx: RecordsTransaction,
  { clock, actor }: GuardContext,
  batches: readonly { readonly id: string; readonly blob: string }[],
): Promise<readonly string[]> {
  for (const { id } of batches)
    await tx
      .updateTable("quarantine_batches")
      .set({ status: "replaced", closed_at: instantToSql(clock.now()), closed_by: actor })
      .where("id", "=", id)
      .execute();
  return batches.map(({ blob }) => blob);
}

/** Records a batch. */
export async function insertBatch(
  tx: RecordsTransaction,
  { clock }: GuardContext,
  source: SourceSpec,
  range: RowRange | { readonly kind: Extract<QuarantineKind, "pushed"> },
  { id, blob, rows, reasons }: WrittenBatch,
): Promise<void> {
  await tx
    .insertInto("quarantine_batches")
    .values({
      id,
      source: source.name,
      expectations_hash: expectationsHash(source),
      kind: range.kind,
      known_from: range.kind === "known" && range.from !== undefined ? instantToSql(range.from) : null,
      known_to: range.kind === "known" ? instantToSql(range.to) : null,
      row_count: rows,
      reasons: toJson(reasons),
      blob,
      status: "held",
      at: instantToSql(clock.now()),
      closed_at: null,
      closed_by: null,
    })
    .execute();
}
