// Group commit: while one batch goes to the disk, further appends gather into the next, so a busy stream pays for one sync per batch
// and not per append. Everything a writer does happens in one chain of promises, one step at a time.

import { type FileHandle, open, readdir, rename } from "node:fs/promises";
import { join } from "node:path";
import { makeFolder, syncPath, systemCode } from "./durable.ts";
import { OPEN, SEALED, segmentName, segmentOf } from "./segment-list.ts";

/** Appends to the segments of one stream's part. */
export interface SegmentWriter {
  append(lines: readonly string[]): Promise<void>;
  /** Ends once everything appended so far is in sealed segments; later appends start another. */
  seal(): Promise<void>;
}

interface Segment {
  readonly handle: FileHandle;
  readonly path: string;
  size: number;
}

interface Batch {
  text: string;
  readonly written: Promise<void>;
}

/** A segment is sealed at this size, so that reading one that is still open copies no more. */
const LARGEST_SEGMENT = 32 * 1024 * 1024;

/** A writer for a part in a stream's folder. */
export function segmentWriter(folder: string, part: string, fsync: boolean): SegmentWriter {
  let segment: Segment | undefined;
  /** A segment whose end was not acknowledged, and could not be taken off yet. Until it is, nothing else is written or handed out. */
  let spoilt: Segment | undefined;
  let gathering: Batch | undefined;
  let chain: Promise<unknown> = Promise.resolve();

  const then = <T>(step: () => Promise<T>): Promise<T> => {
    const done = chain.then(step);
    chain = done.catch(() => undefined);
    return done;
  };

  const write = async (text: string): Promise<void> => {
    const bytes = Buffer.from(text);
    await mend();
    segment ??= await startSegment(folder, part, fsync);
    try {
      await segment.handle.appendFile(bytes);
      if (fsync) await segment.handle.datasync();
      segment.size += bytes.length;
    } catch (thrown) {
      spoilt = segment;
      segment = undefined;
      // The next write tries again, before anything else.
      await mend().catch(() => undefined);
      throw thrown;
    }
    // The lines are safe whatever becomes of the seal: a segment that stays open is read like a killed writer's.
    if (segment.size >= LARGEST_SEGMENT) await seal().catch(() => undefined);
  };

  /** Takes off what was written and not acknowledged, for a reader must not find it, and seals the rest. */
  const mend = async (): Promise<void> => {
    if (!spoilt) return;
    await spoilt.handle.truncate(spoilt.size);
    segment = spoilt;
    spoilt = undefined;
    // What is left of it is whole, sealed or not: a segment that stays open is read like a killed writer's.
    await seal().catch(() => undefined);
  };

  const seal = async (): Promise<void> => {
    await mend();
    const finished = segment;
    segment = undefined;
    if (!finished) return;
    await finished.handle.close();
    await rename(finished.path, sealedPath(finished.path));
    if (fsync) await syncPath(folder);
  };

  return {
    append(lines) {
      const text = `${lines.join("\n")}\n`;
      if (gathering) {
        gathering.text += text;
        return gathering.written;
      }
      const batch: Batch = {
        text,
        written: then(() => {
          if (gathering === batch) gathering = undefined;
          return write(batch.text);
        }),
      };
      gathering = batch;
      return batch.written;
    },
    seal() {
      gathering = undefined;
      return then(seal);
    },
  };
}

async function startSegment(folder: string, part: string, fsync: boolean): Promise<Segment> {
  await makeFolder(folder);
  const taken = (await readdir(folder)).map(segmentOf).filter((other) => other?.part === part);
  for (let number = 1 + Math.max(0, ...taken.map((other) => other?.number ?? 0)); ; number += 1) {
    const path = join(folder, segmentName(part, number, OPEN));
    try {
      const handle = await open(path, "ax");
      if (fsync) await syncPath(folder);
      return { handle, path, size: 0 };
    } catch (thrown) {
      if (systemCode(thrown) !== "EEXIST") throw thrown;
    }
  }
}

function sealedPath(path: string): string {
  return path.slice(0, -OPEN.length) + SEALED;
}
