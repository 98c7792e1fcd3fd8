// Letting rows in again after the data was mended. The quarantine of a file is a copy: what counts is the file as it is now. So the same
// rows are looked at again, those that pass leave the quarantine, and every key they touch is folded anew up to where its view stands: each
// row then counts exactly once, in the order in which rows became known, whatever was there before and however often this runs.

import { rowAt, valueToJson } from "../core/core.ts";
import type { FeatureViewSpec, SourceSpec } from "../define/define.ts";
import { onlineView, rebuildKeys } from "../features/features.ts";
import type { OnlineStore } from "../ports/ports.ts";
import { instantToSql, toJson } from "../records/records.ts";
import { copiesOf, type WrittenBatch, writeBatch } from "./batch-file.ts";
import type { GuardContext } from "./context.ts";
import { findBatch, listQuarantine, type QuarantineBatch, requireHeld } from "./quarantine.ts";
import { type RowRange, rangeSql } from "./rejected-sql.ts";
import { expectationsHash, insertBatch } from "./set-aside.ts";

/** What became of one batch. */
export interface Released {
  readonly batch: string;
  readonly source: string;
  /** Rows that were held. */
  readonly before: number;
  /** Rows that still fail; they are held as a new batch where others left. */
  readonly held: number;
  /** Keys folded anew, by view. */
  readonly keys: Readonly<Record<string, number>>;
}

/** The held batches of some sources, or one of them. Throws QUARANTINE_NOT_FOUND. */
export async function releasable(
  context: GuardContext,
  sources: readonly SourceSpec[],
  only?: string,
): Promise<readonly { readonly source: SourceSpec; readonly batch: QuarantineBatch & { readonly blob: string } }[]> {
  if (only !== undefined) {
    const batch = await findBatch(context, only);
    requireHeld(batch);
    const source = sources.find(({ name }) => name === batch.source);
    return source ? [{ source, batch }] : [];
  }
  const found = [];
  for (const source of sources)
    for (const { id } of await listQuarantine(context, { source: source.name, limit: Number.MAX_SAFE_INTEGER }))
      found.push({ source, batch: await findBatch(context, id) });
  return found;
}

/** The rows of a batch of pushed events, as JSON to be pushed again. */
export async function pushedRows(
  { offline, blobs }: GuardContext,
  { columns }: SourceSpec,
  blob: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const rows: Record<string, unknown>[] = [];
  for await (const table of offline.stream(`SELECT * FROM ${offline.dialect.scanOwn([blobs.locate(blob)])}`))
    for (let index = 0; index < table.rowCount; index += 1) {
      const row = rowAt(table, index);
      rows.push(Object.fromEntries(columns.map(({ name, type }) => [name, valueToJson(type, row[name] ?? null)])));
    }
  return rows;
}

/** Closes a batch of pushed events after they were pushed again: what was turned away again is a batch of its own. */
export async function closePushed(
  context: GuardContext,
  batch: QuarantineBatch & { readonly blob: string },
  held: number,
): Promise<void> {
  const { records, clock, actor, blobs } = context;
  const at = instantToSql(clock.now());
  await records.transact(async (tx) => {
    await tx
      .updateTable("quarantine_batches")
      .set({ status: "released", closed_at: at, closed_by: actor })
      .where("id", "=", batch.id)
      .execute();
    const details = toJson({ source: batch.source, rows: batch.rows, held });
    await tx
      .insertInto("audit")
      .values({ at, actor, action: "quarantine.released", subject: batch.id, details })
      .execute();
  });
  await blobs.delete(batch.blob);
}

/** Looks at a batch's rows again, as they are in the files now, and lets in what passes. */
export async function release(
  context: GuardContext,
  online: OnlineStore,
  source: SourceSpec,
  views: readonly FeatureViewSpec[],
  batch: QuarantineBatch & { readonly blob: string },
): Promise<Released> {
  const { offline, blobs } = context;
  await offline.check(source);
  const range: RowRange =
    batch.kind === "timeless"
      ? { kind: "timeless" }
      : { kind: "known", from: batch.knownFrom ?? undefined, to: batch.knownTo ?? 0n };
  // Of rows that came late there are copies in other batches of the same stretch of time.
  const others =
    range.kind === "known" ? await copiesOf(context, source, expectationsHash(source), range, batch.id) : undefined;
  const failing = await writeBatch(context, source, range, others);
  const done = { batch: batch.id, source: source.name, before: batch.rows, held: failing?.rows ?? 0 };
  if (failing && (await isSame(context, batch, failing))) {
    await blobs.delete(failing.blob);
    return { ...done, keys: {} };
  }
  const keys: Record<string, number> = {};
  for (const view of views)
    keys[view.name] = await rebuildKeys(
      { offline, online },
      onlineView(view),
      touchedKeys(context, source, view, range, batch.blob),
    );
  await replaceBatch(context, source, range, batch, failing);
  await blobs.delete(batch.blob);
  return { ...done, keys };
}

async function isSame(
  { offline, blobs }: GuardContext,
  { blob }: { readonly blob: string },
  other: WrittenBatch,
): Promise<boolean> {
  const [before, now] = await Promise.all([blob, other.blob].map((each) => offline.hashFile(blobs.locate(each))));
  return before === now;
}

/**
 * The keys that letting rows in can touch: those the rows had when they were set aside, and those they have now. A row is found again by its id;
 * without one, every key of the time in which the batch became known is taken.
 */
function touchedKeys(
  { offline, blobs }: GuardContext,
  source: SourceSpec,
  view: FeatureViewSpec,
  range: RowRange,
  blob: string,
): string {
  const { dialect } = offline;
  const held = dialect.scanOwn([blobs.locate(blob)]);
  const keys = view.keys.map(({ name }) => dialect.identifier(name)).join(", ");
  const now =
    source.id === undefined
      ? rangeSql(dialect, source, range)
      : `s.${dialect.identifier(source.id)} IN (SELECT ${dialect.identifier(source.id)} FROM ${held})`;
  return `SELECT ${keys} FROM ${held} UNION SELECT ${keys} FROM ${dialect.scan(source)} s WHERE ${now}`;
}

/** Closes a batch and opens the one of the rows that still fail, as one. */
async function replaceBatch(
  context: GuardContext,
  source: SourceSpec,
  range: RowRange,
  batch: QuarantineBatch,
  failing: WrittenBatch | undefined,
): Promise<void> {
  const { records, clock, actor, blobs } = context;
  const at = instantToSql(clock.now());
  const isClosed = await records.transact(async (tx) => {
    const closed = await tx
      .updateTable("quarantine_batches")
      .set({ status: "released", closed_at: at, closed_by: actor })
      .where("id", "=", batch.id)
      .where("status", "=", "held")
      .returning("id")
      .executeTakeFirst();
    // Another process was here first: what it holds is the same.
    if (!closed) return false;
    if (failing) await insertBatch(tx, context, source, range, failing);
    const details = toJson({
      source: source.name,
      rows: batch.rows,
      held: failing?.rows ?? 0,
      expectations: expectationsHash(source),
    });
    await tx
      .insertInto("audit")
      .values({ at, actor, action: "quarantine.released", subject: batch.id, details })
      .execute();
    return true;
  });
  if (!isClosed && failing) await blobs.delete(failing.blob);
}
