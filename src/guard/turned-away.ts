// Rows that came one at a time and were turned away, as pushed events are. They are nowhere else, so they are kept before their sender is told.
// While one file is written the next rows gather, so that a flood of bad rows makes few files.

import { mkdir } from "node:fs/promises";
import { type Instant, newId, type Value } from "../core/core.ts";
import type { RowExpectationSpec, SourceSpec } from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";
import type { WrittenBatch } from "./batch-file.ts";
import type { GuardContext } from "./context.ts";
import { ownColumns } from "./rejected-sql.ts";
import { insertBatch } from "./set-aside.ts";

/** A row that was turned away. */
export interface TurnedAway {
  /** In the order of the source's columns. */
  readonly values: readonly Value[];
  readonly failed: readonly RowExpectationSpec[];
  /** When it came. */
  readonly at: Instant;
}

/** Keeps rows of any source; ends when they are safe. */
export type KeepTurnedAway = (source: SourceSpec, rows: readonly TurnedAway[]) => Promise<void>;

interface Waiting {
  readonly rows: TurnedAway[];
  readonly written: Promise<void>;
}

/** What keeps rows that are turned away: one writer per source at a time. */
export function keepsTurnedAway(context: GuardContext): KeepTurnedAway {
  const writing = new Map<string, Promise<void>>();
  const waiting = new Map<string, Waiting>();
  return (source, rows) => {
    const gathered = waiting.get(source.name);
    if (gathered) {
      gathered.rows.push(...rows);
      return gathered.written;
    }
    const own: TurnedAway[] = [...rows];
    const before = writing.get(source.name) ?? Promise.resolve();
    const written = before
      .catch(() => undefined)
      .then(() => {
        waiting.delete(source.name);
        return keep(context, source, own);
      });
    waiting.set(source.name, { rows: own, written });
    writing.set(source.name, written);
    written.catch(() => undefined);
    return written;
  };
}

async function keep(context: GuardContext, source: SourceSpec, rows: readonly TurnedAway[]): Promise<void> {
  const { offline, blobs, temporaryFolder, clock, random, records } = context;
  const id = newId(clock.now(), random);
  const file = `${temporaryFolder}/quarantine-${id}.parquet`;
  await mkdir(temporaryFolder, { recursive: true });
  await offline.writeParquet(valuesSql(offline.dialect, source, rows), file);
  const blob = `quarantine/${source.name}/${id}.parquet`;
  await blobs.adopt(blob, file);
  const reasons: Record<string, number> = {};
  for (const { failed } of rows) for (const { text } of failed) reasons[text] = (reasons[text] ?? 0) + 1;
  const batch: WrittenBatch = { id, blob, rows: rows.length, reasons };
  await records.transact((tx) => insertBatch(tx, context, source, { kind: "pushed" }, batch));
}

function valuesSql(dialect: SqlDialect, { columns }: SourceSpec, rows: readonly TurnedAway[]): string {
  const cells = ({ values, failed, at }: TurnedAway): string =>
    [
      ...columns.map(({ type }, index) =>
        dialect.expression({ kind: "literal", value: values[index] ?? null, type }, () => ""),
      ),
      dialect.text(failed.map(({ text }) => text).join("\n")),
      "NULL::VARCHAR",
      `${at}::BIGINT`,
    ].join(", ");
  const names = [...columns.map(({ name }) => name), ownColumns.reasons, ownColumns.file, ownColumns.known];
  return `SELECT * FROM (VALUES ${rows.map((row) => `(${cells(row)})`).join(", ")}) v(${names.map(dialect.identifier).join(", ")})`;
}
