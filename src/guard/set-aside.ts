// Setting bad rows aside. A source's scan leaves them out by itself; this keeps a copy with the reasons, once, so that rows in are always
// rows let in plus rows set aside. It moves by known time with a mark of its own, like materialisation: the copy is a file that appears
// whole, and the batch and the mark are one transaction, so that a killed run is simply done again. Rows that say that they were known before, but
// were put there since, are found by what fails as a whole: where that has changed, those are copied of which there is no copy.

import { contentHash, type Instant } from "../core/core.ts";
import { letInCondition, type SourceSpec } from "../define/define.ts";
import {
  instantFromSql,
  instantToSql,
  type QuarantineKind,
  type RecordsTransaction,
  toJson,
} from "../records/records.ts";
import { copiesOf, forgetMarks, type WrittenBatch, writeBatch } from "./batch-file.ts";
import type { GuardContext } from "./context.ts";
import { failingSql, type RowRange, rejecting } from "./rejected-sql.ts";

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
  else {
    // Before any row is read: what is put there meanwhile is looked at the next time.
    const filesState = contentHash(await context.offline.fingerprint(source));
    for (const look of [lookAtLate, lookAtKnown, lookAtTimeless]) {
      const found = await look(context, source, to, filesState);
      rows += found?.rows ?? 0;
      for (const [text, count] of Object.entries(found?.reasons ?? {})) reasons[text] = (reasons[text] ?? 0) + count;
    }
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
  await forgetMarks(context, source.name);
}

/** How far a source was looked through. */
interface Mark {
  readonly through: Instant | undefined;
  readonly filesState: string | undefined;
  readonly failing: Failing | undefined;
}

/** How many rows fail, and the sum of their hashes modulo 2^64. */
interface Failing {
  readonly count: bigint;
  readonly mark: bigint;
}

type Look = (
  context: GuardContext,
  source: SourceSpec,
  to: Instant,
  filesState: string,
) => Promise<WrittenBatch | undefined>;

const mayLackTimes = ({ eventTime, columns }: SourceSpec): boolean =>
  eventTime === undefined || columns.some(({ name, optional }) => name === eventTime && optional);

/** Rows that say they were known when the source was last looked through, but were not there then. */
const lookAtLate: Look = async (context, source, _to, filesState) => {
  const before = await markOf(context.records.db, source);
  if (before?.through === undefined || before.filesState === filesState) return undefined;
  const range = { kind: "known", from: undefined, to: before.through } as const;
  const failing = await failingOf(context, source, range);
  // Where rows may lack times, the look at those comes last and says that the files were looked at.
  const after = { ...before, failing, ...(mayLackTimes(source) ? {} : { filesState }) };
  const batch =
    isSameFailing(before.failing, failing) || failing.count === 0n
      ? undefined
      : await writeBatch(context, source, range, await copiesOf(context, source, expectationsHash(source), range));
  const { first = 0n, last = 0n } = batch?.known ?? {};
  return record(context, source, { range: { kind: "known", from: first - 1n, to: last }, before, after, batch });
};

/** Rows that became known since. */
const lookAtKnown: Look = async (context, source, to, filesState) => {
  const before = await markOf(context.records.db, source);
  if (source.eventTime === undefined || (before?.through !== undefined && before.through >= to)) return undefined;
  const range = { kind: "known", from: before?.through, to } as const;
  const { count, mark } = await failingOf(context, source, range);
  const known = before?.through === undefined ? { count: 0n, mark: 0n } : before.failing;
  const after = {
    through: to,
    filesState: before?.filesState ?? (mayLackTimes(source) ? undefined : filesState),
    failing: known && { count: known.count + count, mark: (known.mark + mark) % 2n ** 64n },
  };
  const batch = count === 0n ? undefined : await writeBatch(context, source, range);
  return record(context, source, { range, before, after, batch });
};

/** Rows without times, as a whole. */
const lookAtTimeless: Look = async (context, source, _to, filesState) => {
  const before = await markOf(context.records.db, source);
  if (!mayLackTimes(source) || before?.filesState === filesState) return undefined;
  const range = { kind: "timeless" } as const;
  const after = { through: before?.through, failing: before?.failing, filesState };
  return record(context, source, { range, before, after, batch: await writeBatch(context, source, range) });
};

async function failingOf({ offline }: GuardContext, source: SourceSpec, range: RowRange): Promise<Failing> {
  for await (const { columns } of offline.stream(failingSql(offline.dialect, source, range)))
    return { count: columns[0]?.values[0] as bigint, mark: BigInt(columns[1]?.values[0] as string) };
  return { count: 0n, mark: 0n };
}

type Connection = GuardContext["records"]["db"] | RecordsTransaction;

async function markOf(db: Connection, source: SourceSpec): Promise<Mark | undefined> {
  const found = await db
    .selectFrom("quarantine_marks")
    .select(["through", "files_state", "failing"])
    .where("source", "=", source.name)
    .where("expectations_hash", "=", expectationsHash(source))
    .executeTakeFirst();
  if (!found) return undefined;
  const [count, mark] = found.failing?.split(" ").map(BigInt) ?? [];
  return {
    through: found.through === null ? undefined : instantFromSql(found.through),
    filesState: found.files_state ?? undefined,
    failing: count === undefined || mark === undefined ? undefined : { count, mark },
  };
}

const isSameMark = (a: Mark | undefined, b: Mark | undefined): boolean =>
  a?.through === b?.through && a?.filesState === b?.filesState && isSameFailing(a?.failing, b?.failing);

const isSameFailing = (a: Failing | undefined, b: Failing | undefined): boolean =>
  a?.count === b?.count && a?.mark === b?.mark;

/** One pass over some rows, with the mark that must stand before it and the one that stands after. */
interface Looked {
  readonly range: RowRange;
  readonly before: Mark | undefined;
  readonly after: Mark;
  readonly batch: WrittenBatch | undefined;
}

/** Moves the mark and keeps the batch, as one; the batch is undefined where there was none or where another process was first. */
async function record(context: GuardContext, source: SourceSpec, looked: Looked): Promise<WrittenBatch | undefined> {
  const { batch, before, after, range } = looked;
  const gone = await context.records.transact(async (tx) => {
    const mark = await markOf(tx, source);
    // Another process was here first: what it set aside is the same.
    if (!isSameMark(mark, before)) return undefined;
    await moveMark(tx, context, source, after);
    const replaced = await replace(tx, context, source, looked);
    if (batch) await insertBatch(tx, context, source, range, batch);
    return replaced;
  });
  if (gone === undefined) {
    if (batch) await context.blobs.delete(batch.blob);
    return undefined;
  }
  for (const blob of gone) await context.blobs.delete(blob);
  if (before === undefined) await forgetMarks(context, source.name);
  return batch;
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
    failing: mark.failing === undefined ? null : `${mark.failing.count} ${mark.failing.mark}`,
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
  { range, before }: Looked,
): Promise<readonly string[]> {
  const hash = expectationsHash(source);
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
