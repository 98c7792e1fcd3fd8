// The file of a batch: bad rows of a range, copied once. What was copied before is known by the batches' own files, and of those that were let go by a
// few bytes a row, so that a row that was dropped is not copied again.

import { mkdir, unlink } from "node:fs/promises";
import { type Instant, newId } from "../core/core.ts";
import type { SourceSpec } from "../define/define.ts";
import { instantToSql } from "../records/records.ts";
import type { GuardContext } from "./context.ts";
import { type Copied, copiedSql, marksSql, type RowRange, rejectedRowsSql, rejecting } from "./rejected-sql.ts";

/** A batch's file and what it holds. */
export interface WrittenBatch {
  readonly id: string;
  readonly blob: string;
  readonly rows: number;
  readonly reasons: Readonly<Record<string, number>>;
  /** When the first and the last of its rows became known; absent for rows without times. */
  readonly known?: { readonly first: Instant; readonly last: Instant };
}

/** Writes the bad rows of a range of which there is no copy to a file of their own; undefined when there are none. */
export async function writeBatch(
  { offline, blobs, temporaryFolder, clock, random }: GuardContext,
  source: SourceSpec,
  range: RowRange,
  copied?: Copied,
): Promise<WrittenBatch | undefined> {
  const { dialect } = offline;
  const id = newId(clock.now(), random);
  const file = `${temporaryFolder}/quarantine-${id}.parquet`;
  await mkdir(temporaryFolder, { recursive: true });
  const { rowCount: rows } = await offline.writeParquet(rejectedRowsSql(dialect, source, range, copied), file);
  if (rows === 0) {
    await unlink(file);
    return undefined;
  }
  const figures: (bigint | null)[] = [];
  for await (const table of offline.stream(copiedSql(dialect, source, file)))
    figures.push(...table.columns.map(({ values }) => values[0] as bigint | null));
  const [, first, last, ...each] = figures;
  const blob = `quarantine/${source.name}/${id}.parquet`;
  await blobs.adopt(blob, file);
  const reasons = rejecting(source).map(({ text }, index) => [text, Number(each[index] ?? 0)] as const);
  return {
    id,
    blob,
    rows,
    reasons: Object.fromEntries(reasons.filter(([, count]) => count > 0)),
    ...(typeof first === "bigint" && typeof last === "bigint" ? { known: { first, last } } : {}),
  };
}

const marksFolder = (source: string): string => `dropped/${source}/`;
const marksBlob = (source: string, batch: string): string => `${marksFolder(source)}${batch}.parquet`;

/** Keeps what tells the rows of a batch from others, before its file is deleted; doing it again changes nothing. */
export async function keepMarks(
  { offline, blobs, temporaryFolder, clock, random }: GuardContext,
  source: SourceSpec,
  { id, blob }: { readonly id: string; readonly blob: string },
): Promise<void> {
  const file = `${temporaryFolder}/dropped-${newId(clock.now(), random)}.parquet`;
  await mkdir(temporaryFolder, { recursive: true });
  await offline.writeParquet(`${marksSql(offline.dialect, source, [blobs.locate(blob)])} ORDER BY ALL`, file);
  await blobs.adopt(marksBlob(source.name, id), file);
}

/** Forgets what was dropped of a source, where all is looked at anew. */
export async function forgetMarks({ blobs }: GuardContext, source: string): Promise<void> {
  for (const blob of await blobs.list(marksFolder(source))) await blobs.delete(blob);
}

/** The copies that were made of a source's rows with times, under expectations, held or let go; of those known within a range, without one batch. */
export async function copiesOf(
  { records, blobs }: GuardContext,
  source: SourceSpec,
  expectations: string,
  { from, to }: Extract<RowRange, { kind: "known" }>,
  except?: string,
): Promise<Copied> {
  let query = records.db
    .selectFrom("quarantine_batches")
    .select(["id", "blob", "status"])
    .where("source", "=", source.name)
    .where("expectations_hash", "=", expectations)
    .where("kind", "=", "known")
    .where("status", "in", ["held", "dropped"])
    .where((is) => is.or([is("known_from", "is", null), is("known_from", "<", instantToSql(to))]));
  if (from !== undefined) query = query.where("known_to", ">", instantToSql(from));
  const batches = (await query.execute()).filter(({ id }) => id !== except);
  const kept = new Set(await blobs.list(marksFolder(source.name)));
  return {
    rows: batches.filter(({ status }) => status === "held").map(({ blob }) => blobs.locate(blob)),
    marks: batches
      .map(({ id, status }) => ({ status, name: marksBlob(source.name, id) }))
      .filter(({ status, name }) => status === "dropped" && kept.has(name))
      .map(({ name }) => blobs.locate(name)),
  };
}
