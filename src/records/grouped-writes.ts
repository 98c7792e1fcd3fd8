// A commit that outlives a power cut waits for the disk, and a disk answers a few hundred times a second whatever is asked of it. Writes
// that arrive while one commit is under way therefore share the next: each in a savepoint of its own, so that one that fails takes
// nothing with it, and nobody is answered before the commit that holds his write.

import { sql } from "kysely";
import { isGivenUp, type Records, type RecordsTransaction } from "./open.ts";

/** Runs a write in a transaction that it may share with others. */
export type Write = <T>(work: (tx: RecordsTransaction) => Promise<T>) => Promise<T>;

interface Waiting {
  readonly work: (tx: RecordsTransaction) => Promise<unknown>;
  readonly resolve: (value: never) => void;
  readonly reject: (thrown: unknown) => void;
}

/** Writes per transaction at most, so that readers get their turn. */
const MOST = 64;

/** Collects the writes that wait for each other. */
export function groupedWrites({ transact }: Records): Write {
  const waiting: Waiting[] = [];
  let isWriting = false;

  async function writeAll(): Promise<void> {
    isWriting = true;
    while (waiting.length > 0) {
      const group = waiting.splice(0, MOST);
      try {
        const settle = await transact((tx) => writeGroup(tx, group));
        for (const tell of settle) tell();
      } catch (thrown) {
        for (const { reject } of group) reject(thrown);
      }
    }
    isWriting = false;
  }

  return (work) =>
    new Promise((resolve, reject) => {
      waiting.push({ work, resolve, reject });
      if (!isWriting) void writeAll();
    });
}

async function writeGroup(tx: RecordsTransaction, group: readonly Waiting[]): Promise<readonly (() => void)[]> {
  const settle: (() => void)[] = [];
  const [only] = group;
  if (group.length === 1 && only) {
    const value = await only.work(tx);
    return [() => only.resolve(value as never)];
  }
  for (const { work, resolve, reject } of group) {
    await sql`savepoint write`.execute(tx);
    try {
      const value = await work(tx);
      await sql`release savepoint write`.execute(tx);
      settle.push(() => resolve(value as never));
    } catch (thrown) {
      if (isGivenUp(thrown)) throw thrown;
      await sql`rollback to savepoint write`.execute(tx);
      await sql`release savepoint write`.execute(tx);
      settle.push(() => reject(thrown));
    }
  }
  return settle;
}
