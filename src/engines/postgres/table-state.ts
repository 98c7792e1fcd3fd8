// The state of a table, known without its rows leaving the server. Every change makes a row version with a place (ctid) and a transaction
// (xmin) of its own, so a hash of these over all visible versions changes with the table. Of two states it can also be told whether the
// table only grew, and which rows are new, if it is said which transactions the first one had seen: those below its oldest running one,
// and those of its rows from there on. That is exact: if a row went or changed, the numbers of rows do not add up.

import type { PostgresReading } from "./connection.ts";

/** A relation that is read. */
export interface Relation {
  readonly oid: string;
  /** As SQL writes it. */
  readonly sql: string;
  /** Whether rows have versions: tables and partitioned ones; not views. */
  readonly hasVersions: boolean;
  /** Whether it can be told what was added: not where a policy decides which rows are seen. */
  readonly canGrow: boolean;
  /** The database and the declared columns: another one, or others, and nothing else compares. */
  readonly identity: string;
}

/** What a state is compared by. */
export interface TableState {
  readonly fingerprint: string;
  readonly rowCount: bigint;
}

/** The state of a relation as the reading sees it. */
export async function tableState(reading: PostgresReading, relation: Relation): Promise<TableState> {
  const hash = relation.hasVersions
    ? "bit_xor(hashtextextended(ctid::text, xmin::text::bigint # (tableoid::bigint << 32)))"
    : "sum(hashtextextended(r::text, 0)::numeric)";
  const [row] = await reading.query(`SELECT count(*), coalesce(${hash}, 0) FROM ${relation.sql} r`);
  const [count, sum] = row ?? [];
  return { fingerprint: `${relation.identity} ${count} ${sum}`, rowCount: BigInt(count ?? 0) };
}

/** More running transactions than this are not remembered: the next reading is a whole one. */
const MOST_SEEN = 10_000;

interface Mark {
  readonly identity: string;
  readonly rows: string;
  /** Transactions below this were over. */
  readonly from: string;
  /** Those from there on whose rows were seen. */
  readonly seen: readonly string[];
}

/** What a later reading needs to know of this one; undefined where that cannot be told. */
export async function growthMark(
  reading: PostgresReading,
  relation: Relation,
  { rowCount }: TableState,
): Promise<string | undefined> {
  if (!relation.canGrow) return undefined;
  const { oldest, transaction } = await snapshotOf(reading);
  const seen = await reading.query(
    `SELECT DISTINCT ${transaction} FROM ${relation.sql} WHERE ${transaction} >= ${oldest} LIMIT ${MOST_SEEN + 1}`,
  );
  if (seen.length > MOST_SEEN) return undefined;
  const mark: Mark = {
    identity: relation.identity,
    rows: String(rowCount),
    from: String(oldest),
    seen: seen.map(([id]) => String(id)),
  };
  return JSON.stringify(mark);
}

/** The condition for rows that were added since a mark; undefined when anything else happened too. */
export async function addedSince(
  reading: PostgresReading,
  relation: Relation,
  { rowCount }: TableState,
  text: string | undefined,
): Promise<string | undefined> {
  if (text === undefined || !relation.canGrow) return undefined;
  const { identity, rows, from, seen } = JSON.parse(text) as Mark;
  if (identity !== relation.identity) return undefined;
  const { transaction } = await snapshotOf(reading);
  const others = seen.length === 0 ? "" : ` AND ${transaction} NOT IN (${seen.map((id) => BigInt(id)).join(", ")})`;
  const condition = `${transaction} >= ${BigInt(from)}${others}`;
  const [row] = await reading.query(`SELECT count(*) FROM ${relation.sql} WHERE ${condition}`);
  return BigInt(rows) + BigInt(row?.[0] ?? 0) === rowCount ? condition : undefined;
}

/** The oldest transaction that still runs, and SQL for the one a row is from, both as 64-bit numbers, which do not wrap around. */
async function snapshotOf(
  reading: PostgresReading,
): Promise<{ readonly oldest: bigint; readonly transaction: string }> {
  const [row] = await reading.query(
    "SELECT pg_snapshot_xmin(pg_current_snapshot()), pg_snapshot_xmax(pg_current_snapshot())",
  );
  const [oldest, next] = (row ?? []).map((id) => BigInt(id ?? 0));
  const epoch = (next ?? 0n) & ~0xffffffffn;
  const x = "xmin::text::bigint";
  // A row's own number has 32 bits; 0 to 2 stand for the beginning of time.
  const transaction = `(CASE WHEN ${x} < 3 THEN 0 WHEN ${x} > ${(next ?? 0n) & 0xffffffffn} THEN ${epoch - 0x100000000n} + ${x} ELSE ${epoch} + ${x} END)`;
  return { oldest: oldest ?? 0n, transaction };
}
