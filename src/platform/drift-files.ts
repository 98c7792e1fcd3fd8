// Two files held against each other without a project: what `slipway drift` does. The reference is read once, each current file once.

import { open, readFile } from "node:fs/promises";
import { formatInstant, type Instant, SlipwayError } from "../core/core.ts";
import {
  type DriftOptions,
  describeRows,
  driftVerdict,
  freshSequence,
  nextVerdict,
  type Reference,
  type RowSource,
  readReference,
  readStoredReference,
  readWindow,
  type SequenceVerdict,
  type Week,
  type Window,
  weekOf,
  writeReference,
} from "../monitoring/monitoring.ts";
import type { OfflineEngine } from "../ports/ports.ts";

/** What is compared, and how. */
export interface CompareOptions extends DriftOptions {
  readonly reference: string;
  /** In time order. */
  readonly current: readonly string[];
  /** A column of moments, which is not judged itself: the reference is then a history of windows. */
  readonly time?: string;
  /** The current files are one ordered run. */
  readonly sequence?: boolean;
}

/** One current file, judged. */
export interface ComparedWindow {
  readonly file: string;
  readonly verdict: Omit<SequenceVerdict, "evidence"> & { readonly evidence?: number };
  readonly reference: Reference;
  readonly window: Window;
  /** Absent where the reference is a stored one. */
  readonly referenceRows?: RowSource;
  readonly windowRows: RowSource;
}

/**
 * Judges each current file against the reference, in order.
 *
 * Throws SOURCE_UNREADABLE for a file that is no Parquet file, SOURCE_SCHEMA_MISMATCH where the time column is missing or holds no
 * moments, and TRAINING_SET_EMPTY for a reference without rows.
 */
export async function* compareFiles(engine: OfflineEngine, options: CompareOptions): AsyncIterable<ComparedWindow> {
  const { time } = options;
  const stored = await storedReference(options.reference);
  if (stored !== undefined && time !== undefined)
    throw new SlipwayError(
      "USAGE",
      `${options.reference} is a stored reference, which has no history for --time ${time}. Give the rows themselves.`,
    );
  const referenceRows = stored === undefined ? await rowsOf(engine, options.reference, time) : undefined;
  const span = time === undefined || referenceRows === undefined ? undefined : await spanOf(referenceRows, time);
  let known = stored === undefined ? undefined : { cut: "", reference: stored };
  let state = freshSequence;
  for (const file of options.current) {
    const windowRows = await rowsOf(engine, file, time);
    const now = time === undefined ? undefined : await spanOf(windowRows, time);
    const week = span && now ? weekOf(span, now) : undefined;
    const cut = week ? `${week.length} ${week.start} ${week.count}` : "";
    // Without a moment in it a window has no part of the week, so that whatever was read last will do.
    if (referenceRows !== undefined && (known === undefined || (known.cut !== cut && week !== undefined)))
      known = { cut, reference: await readReference(referenceRows, week && historyCut(engine, time ?? "", week)) };
    const reference = withRows(known?.reference, options.reference);
    const window = await readWindow(windowRows, reference, week?.phase);
    const judged = options.sequence === true ? nextVerdict(reference, window, state, options) : undefined;
    if (judged) state = judged.state;
    const verdict = judged?.verdict ?? driftVerdict(reference, window, options);
    const note = verdict.note ?? (week && historyNote(week));
    yield {
      file,
      verdict: note === undefined ? verdict : { ...verdict, note },
      reference,
      window,
      ...(referenceRows === undefined ? {} : { referenceRows }),
      windowRows,
    };
  }
}

/** What is counted of a reference's rows, as a document that `compareFiles` takes in their place. Throws as that does. */
export async function storeReference(engine: OfflineEngine, file: string): Promise<string> {
  return writeReference(withRows(await readReference(await rowsOf(engine, file, undefined)), file));
}

function withRows(reference: Reference | undefined, file: string): Reference {
  if (reference !== undefined && reference.rows > 0) return reference;
  throw new SlipwayError(
    "TRAINING_SET_EMPTY",
    `${file} has no rows to hold anything against. Give a reference with rows.`,
  );
}

/** The reference that a document holds; undefined for another kind of file, which its first character tells. */
async function storedReference(file: string): Promise<Reference | undefined> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(1), 0, 1, 0);
    if (bytesRead === 0 || buffer.toString() !== "{") return undefined;
  } finally {
    await handle.close();
  }
  return readStoredReference(await readFile(file, "utf8"), file);
}

async function rowsOf(engine: OfflineEngine, file: string, time: string | undefined): Promise<RowSource> {
  // A path is a path: what the engine would take for a pattern is written so that it stands for itself.
  const relation = engine.dialect.scanOwn([file.replace(/[[*?]/g, "[$&]")]);
  const found = await described(engine, relation, file);
  if (time === undefined) return { engine, relation, columns: found };
  const column = found.find(({ name }) => name === time);
  if (column?.kind !== "moment")
    throw new SlipwayError(
      "SOURCE_SCHEMA_MISMATCH",
      `${file} ${column === undefined ? `has no column "${time}"; it has ${found.map(({ name }) => name).join(", ")}` : `has a column "${time}" that holds no dates or times`}. Name a column of moments with --time, or leave it out.`,
    );
  return { engine, relation, columns: found.filter(({ name }) => name !== time) };
}

async function described(engine: OfflineEngine, relation: string, file: string): Promise<RowSource["columns"]> {
  try {
    return await describeRows({ engine, relation });
  } catch (cause) {
    if (cause instanceof SlipwayError && cause.code === "CANCELLED") throw cause;
    throw new SlipwayError("SOURCE_UNREADABLE", `${file} cannot be read as a Parquet file. Name a whole one.`, {
      cause,
    });
  }
}

async function spanOf(
  { engine, relation }: RowSource,
  time: string,
): Promise<{ from: Instant; to: Instant } | undefined> {
  const at = `epoch_us(${engine.dialect.identifier(time)})`;
  for await (const { columns } of engine.stream(`SELECT min(${at}) AS a, max(${at}) AS b FROM ${relation}`)) {
    const [from, to] = columns;
    if (from?.validity === undefined && to?.validity === undefined && columns.length === 2)
      return { from: from?.values[0] as Instant, to: to?.values[0] as Instant };
  }
  return undefined;
}

function historyCut({ dialect }: OfflineEngine, time: string, { start, length, count, phases }: Week) {
  const past = `(epoch_us(${dialect.identifier(time)}) - ${start})`;
  const index = `CASE WHEN ${past} >= 0 AND ${past} // ${length} < ${count} THEN ${past} // ${length} END`;
  return { index, count, phases };
}

const PROMISED = 8n * 7n * 86_400_000_000n;

function historyNote({ start, length, count }: Week): string | undefined {
  if (BigInt(count) * length >= PROMISED) return undefined;
  return `The reference is a history of only ${count} windows as long as this one, from ${formatInstant(start)} on: the declared rate is promised from 8 weeks on.`;
}
