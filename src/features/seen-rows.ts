// Which rows a view had seen up to where it stands. A row that says no time of its own at which it became known counts as known when it happened, so a file
// that is put there a day later brings rows from before the watermark, which going by known time alone never finds. So a view remembers, for each
// of many shares of its keys, how many rows there were and a sum of hashes of their keys and times; where these differ from what the source holds now, rows came or
// went, and the keys of those shares are folded anew. Values are not in it: a row that was corrected keeps its times, and
// what lets it in again is the quarantine's replay.

import { createHash } from "node:crypto";
import { type Instant, isValid } from "../core/core.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import type { OnlineView } from "./online-view.ts";
import { knownBy } from "./states-sql.ts";
import { timeColumns } from "./view-events-sql.ts";

/** Shares of the keys: a few late keys are found among a thousandth of all each, and the memory of it is 16 KiB a view. */
const SHARES = 1024;

/** The rows of each share of the keys: how many, and the sum of the hashes of their keys and times modulo 2^64, in which rows that are there twice count twice. */
export interface SeenRows {
  readonly counts: BigUint64Array;
  readonly marks: BigUint64Array;
}

/** Rows seen up to a time, in one state of the source. */
export interface Seen extends SeenRows {
  readonly at: Instant;
  /** The source's state then, as 32 bytes. */
  readonly state: Uint8Array;
}

/** The state of a source as few bytes. */
export function stateOf(fingerprint: string): Uint8Array {
  return createHash("sha256").update(fingerprint).digest();
}

/** The share that a row's key falls into, in SQL. */
export function shareSql({ dialect }: OfflineEngine, { spec }: OnlineView): string {
  return `(hash(${spec.keys.map(({ name }) => `s.${dialect.identifier(name)}`).join(", ")}) % ${SHARES})::INTEGER`;
}

/** No rows at all. */
export function noRows(): SeenRows {
  return { counts: new BigUint64Array(SHARES), marks: new BigUint64Array(SHARES) };
}

/** The rows that were known in (from, to], or by `to`; those that expectations reject too, since a mended row keeps its times. */
export async function rowsSeen(
  offline: OfflineEngine,
  view: OnlineView,
  to: Instant,
  from?: Instant,
): Promise<SeenRows> {
  const { dialect } = offline;
  const { spec } = view;
  const { event, known } = timeColumns(dialect, spec);
  const { eventTime = "", createdAt } = spec.source;
  const after = [
    ...(from === undefined ? [] : [`${known} > ${from}`]),
    // On the column itself, where it follows, for the files' statistics.
    ...(from === undefined || createdAt !== undefined
      ? []
      : [`s.${dialect.identifier(eventTime)} > make_timestamp(${from})`]),
  ];
  const keys = spec.keys.map(({ name }) => `s.${dialect.identifier(name)}`);
  const sql = `SELECT ${shareSql(offline, view)} AS share, count(*)::BIGINT AS n, (sum(hash(${[...keys, event, known].join(", ")})::HUGEINT) % ${2n ** 64n})::VARCHAR AS mark
    FROM ${dialect.scanAll(spec.source)} s WHERE ${[knownBy(dialect, spec, to), ...after].join(" AND ")} GROUP BY share`;
  const seen = noRows();
  for await (const { rowCount, columns } of offline.stream(sql)) {
    const [share, n, mark] = columns;
    for (let row = 0; row < rowCount; row += 1) {
      if (!share || !n || !mark || !isValid(share, row)) continue;
      const place = Number(share.values[row]);
      seen.counts[place] = n.values[row] as bigint;
      seen.marks[place] = BigInt(mark.values[row] as string);
    }
  }
  return seen;
}

/** The rows of two spans together. */
export function together(a: SeenRows, b: SeenRows): SeenRows {
  return {
    counts: a.counts.map((count, share) => count + (b.counts[share] ?? 0n)),
    marks: a.marks.map((mark, share) => mark + (b.marks[share] ?? 0n)),
  };
}

/** The shares of which rows came or went. */
export function sharesChanged(before: SeenRows, now: SeenRows): readonly number[] {
  return Array.from({ length: SHARES }, (_, share) => share).filter(
    (share) => before.counts[share] !== now.counts[share] || before.marks[share] !== now.marks[share],
  );
}

/** More rows than any share has. */
const IN_DOUBT = 2n ** 64n - 1n;

/** What was seen, of which some shares may or may not be online: the next run finds these changed, whatever is in the source, and looks. */
export function inDoubt(seen: SeenRows, at: Instant, shares: readonly number[]): Seen {
  const counts = seen.counts.slice();
  for (const share of shares) counts[share] = IN_DOUBT;
  return { at, state: new Uint8Array(32), counts, marks: seen.marks };
}

const HEAD = 8 + 32;
const BYTES = HEAD + 16 * SHARES;

/** What was seen, as bytes. */
export function encodeSeen({ at, state, counts, marks }: Seen): Uint8Array {
  const bytes = new Uint8Array(BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigInt64(0, at);
  bytes.set(state, 8);
  for (let share = 0; share < SHARES; share += 1) {
    view.setBigUint64(HEAD + 16 * share, counts[share] ?? 0n);
    view.setBigUint64(HEAD + 16 * share + 8, marks[share] ?? 0n);
  }
  return bytes;
}

/** What {@link encodeSeen} wrote; undefined for bytes of another length, of a version that has other shares. */
export function decodeSeen(bytes: Uint8Array | undefined): Seen | undefined {
  if (bytes?.length !== BYTES) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { counts, marks } = noRows();
  for (let share = 0; share < SHARES; share += 1) {
    counts[share] = view.getBigUint64(HEAD + 16 * share);
    marks[share] = view.getBigUint64(HEAD + 16 * share + 8);
  }
  return { at: view.getBigInt64(0), state: bytes.slice(8, HEAD), counts, marks };
}
