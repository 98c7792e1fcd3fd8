// Lines of the log become columns once there are enough of them. The new file appears whole and at once, and from then on its numbers say
// that the lines are old news; the lines themselves go at the next compaction, because a query may still be reading them.

import type { Instant } from "../core/core.ts";
import type { PushSpec } from "../define/define.ts";
import type { EventFiles, EventLog, OfflineEngine } from "../ports/ports.ts";

/** The compaction of one source's events. */
export interface Compaction {
  /** The number of the last event that the log had when this was opened; 0 when it had none. */
  last(): bigint;
  /** When that one was acknowledged; before every instant when there was none. */
  lastAt(): Instant;
  /** Bytes of lines that are not columns yet. */
  bytes(): number;
  grew(lines: readonly string[]): void;
  isDue(): boolean;
  /** Makes columns of the lines in `files`, which must be everything up to event `last` and nothing later; one at a time. */
  run(files: Pick<EventFiles, "lines">, last: bigint): Promise<void>;
}

/** Before every instant. */
export const NEVER: Instant = -(2n ** 62n);

/** Lines are compacted when there are this many bytes of them. */
const LARGEST_LINES = 32 * 1024 * 1024;

/** What compaction works with. */
interface CompactionEngines {
  readonly offline: OfflineEngine;
  readonly events: EventLog;
  /** How many bytes of lines make compaction worth while; default 32 MiB. */
  readonly compactBytes?: number;
}

/** Opens the compaction of a source. */
export async function compacting(
  { offline, events: log, compactBytes = LARGEST_LINES }: CompactionEngines,
  source: PushSpec,
): Promise<Compaction> {
  const { dialect } = offline;
  const quote = dialect.identifier;
  const [number, at] = [quote("#n"), quote("#at")];

  await offline.check(source);
  let [last, lastAt] = [0n, NEVER];
  const newest = `SELECT coalesce(max(${number}), 0)::BIGINT, coalesce(max(${at}), ${NEVER})::BIGINT FROM ${dialect.scanEvents(source)}`;
  for await (const { columns } of offline.stream(newest))
    [last, lastAt] = [columns[0]?.values[0] as bigint, columns[1]?.values[0] as bigint];
  let bytes = await log.lineBytes(source.name, []);
  let old: readonly string[] = [];

  let running: Promise<unknown> = Promise.resolve();

  const compact = async (lines: readonly string[], until: bigint): Promise<void> => {
    const done = (await log.files(source.name)).columns.at(-1)?.last ?? 0n;
    if (until > done) {
      await offline.check(source);
      const sql = `SELECT * FROM ${dialect.scanEvents(source)} WHERE ${number} > ${done} AND ${number} <= ${until} ORDER BY ${number}`;
      await offline.writeParquet(sql, log.columnsPath(source.name, done + 1n, until));
    }
    await log.forget(source.name, old);
    old = lines;
    bytes = await log.lineBytes(source.name, lines);
  };

  return {
    last: () => last,
    lastAt: () => lastAt,
    bytes: () => bytes,
    grew(lines) {
      for (const line of lines) bytes += line.length + 1;
    },
    isDue: () => bytes >= compactBytes,
    run({ lines }, until) {
      const done = running.then(() => compact(lines, until));
      running = done.catch(() => undefined);
      return done;
    },
  };
}
