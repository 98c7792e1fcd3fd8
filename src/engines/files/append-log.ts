// A stream's part is a row of segments, files that are written once: `<part>.<number>.open` while its writer appends, `.jsonl` once
// it is sealed and never changes again. Every log writes segments of its own, so any number of processes share a stream, nobody has
// to know who else is alive, and what a killed writer left behind is read up to its last whole line.

import { join, resolve } from "node:path";
import { asSlipwayError, SlipwayError } from "../../core/core.ts";
import type { AppendLog } from "../../ports/ports.ts";
import { checkedWord } from "./names.ts";
import { listSegments, wholeLines } from "./segment-list.ts";
import { type SegmentWriter, segmentWriter } from "./segment-writer.ts";

/** How an append log treats the disk. */
export interface AppendLogOptions {
  /** Whether `append` ends only when the disk has the lines. Without it they outlive kill -9 but not a power cut. Default true. */
  readonly fsync?: boolean;
}

/** Parts a log keeps open at once; time moves on, so an older part is rarely written again. */
const OPEN_PARTS = 16;

/** An append log in a local folder, made when it is missing. */
export function fileAppendLog(root: string, options: AppendLogOptions = {}): AppendLog {
  const base = resolve(root);
  const fsync = options.fsync ?? true;
  const writers = new Map<string, SegmentWriter>();
  let closed = false;

  const writerOf = (stream: string, part: string): SegmentWriter => {
    const key = `${checkedWord(stream, "a stream")}/${checkedWord(part, "a part")}`;
    const known = writers.get(key);
    if (known) return known;
    for (const [oldest, writer] of writers) {
      if (writers.size < OPEN_PARTS) break;
      writers.delete(oldest);
      // A failure to seal loses nothing: the segment stays open and is read like a killed writer's.
      writer.seal().catch(() => undefined);
    }
    const writer = segmentWriter(join(base, stream), part, fsync);
    writers.set(key, writer);
    return writer;
  };

  return {
    async append(stream, part, lines) {
      if (closed) throw new SlipwayError("INTERNAL", "The append log is closed.");
      const writer = writerOf(stream, part);
      if (lines.some((line) => line.includes("\n")))
        throw new SlipwayError("INPUT_INVALID", "A line of an append log cannot hold a line break.");
      if (lines.length > 0) await writer.append(lines).catch(fail);
    },
    async files(stream) {
      const folder = join(base, checkedWord(stream, "a stream"));
      const own = [...writers].filter(([key]) => key.startsWith(`${stream}/`));
      await Promise.all(own.map(([, writer]) => writer.seal())).catch(fail);
      const segments = await listSegments(folder);
      const paths = await Promise.all(segments.map(wholeLines)).catch(fail);
      return segments.flatMap(({ part }, index) => {
        const path = paths[index];
        return path === undefined ? [] : [{ part, path }];
      });
    },
    async close() {
      closed = true;
      await Promise.all([...writers.values()].map((writer) => writer.seal())).catch(fail);
      writers.clear();
    },
  };
}

function fail(thrown: unknown): never {
  throw asSlipwayError(thrown);
}
