// A source's history: events that did not come by pushing, in Parquet files of the user's. They are taken into the log as a column file, each
// with a number like any other event, so that ids, views and queries follow one thing only. An event is known when the file says it was,
// else when it happened. One whose id was pushed is left out: it counts as it was pushed.

import type { Instant } from "../core/core.ts";
import { historyOf, type PushSpec } from "../define/define.ts";
import type { EventLog, OfflineEngine } from "../ports/ports.ts";

/** The taking in of one source's history. */
export interface History {
  /** Whether the files are others than those that were taken in, or nothing was looked at yet. */
  hasChanged(): Promise<boolean>;
  /**
   * Takes in what the log does not have, with numbers after `last`, acknowledged `at`. There must be no lines in the log that are not
   * columns. Gives the last number.
   */
  take(last: bigint, at: Instant): Promise<bigint>;
}

/** Opens the history of a source. */
export function historyIntake(
  { offline, events: log }: { readonly offline: OfflineEngine; readonly events: EventLog },
  source: PushSpec,
): History {
  const { dialect } = offline;
  const quote = dialect.identifier;
  const files = historyOf(source);
  let taken: string | undefined;
  return {
    hasChanged: async () => files !== undefined && (await offline.fingerprint(files)) !== taken,
    async take(last, at) {
      if (!files) return last;
      const state = await offline.fingerprint(files);
      await offline.check(source);
      let count = 0n;
      for await (const { columns } of offline.stream(
        `SELECT count(*)::BIGINT FROM ${dialect.scanHistory(source)} WHERE ${quote(source.eventTime)} IS NOT NULL`,
      ))
        count = columns[0]?.values[0] as bigint;
      if (count > 0n) {
        const [event, created] = [quote(source.eventTime), quote(source.createdAt)];
        const cells = source.columns.map(({ name }) =>
          name === source.createdAt ? `coalesce(${created}, ${event}) AS ${created}` : quote(name),
        );
        const number = `(row_number() OVER (ORDER BY ${event}, ${quote(source.id)}) + ${last})::BIGINT`;
        const said = `epoch_us(${created})::BIGINT`;
        const rows = `SELECT ${cells.join(", ")}, ${number} AS ${quote("#n")}, ${at}::BIGINT AS ${quote("#at")}, ${said} AS ${quote("#said")} FROM ${dialect.scanHistory(source)} WHERE ${event} IS NOT NULL`;
        // Files that grow meanwhile are looked at again the next time.
        await offline.writeParquet(
          `SELECT * FROM (${rows}) WHERE ${quote("#n")} <= ${last + count} ORDER BY ${quote("#n")}`,
          log.columnsPath(source.name, last + 1n, last + count),
        );
      }
      taken = state;
      return last + count;
    },
  };
}
