// Pushed events as files: a folder per source, in it the append log's segments for what is new, and a Parquet file per range of numbers
// for what was compacted. A range's file appears under its name at once, so which lines are old news follows from the names alone.

import { readdir, rm, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { asSlipwayError } from "../../core/core.ts";
import type { EventFiles, EventLog } from "../../ports/ports.ts";
import { type AppendLogOptions, fileAppendLog } from "./append-log.ts";
import { systemCode } from "./durable.ts";
import { checkedWord } from "./names.ts";
import { copyPath, OPEN, sweepSegments } from "./segment-list.ts";

const PART = "events";
/** What a column file is called while it is written. */
const UNFINISHED = /^\..+\.tmp$/;
const COLUMNS = /^columns\.(\d{15,})-(\d{15,})\.parquet$/;

/** A log of pushed events in a local folder, made when it is missing. */
export function fileEventLog(root: string, options: AppendLogOptions = {}): EventLog {
  const base = resolve(root);
  const log = fileAppendLog(base, options);
  const folderOf = (source: string): string => join(base, checkedWord(source, "a source"));

  const linesOf = async (source: string): Promise<readonly string[]> =>
    (await log.files(source)).map(({ path }) => path);

  return {
    append: (source, lines) => log.append(source, PART, lines),
    async files(source) {
      // Lines first: what a compaction moves in between is then seen twice, which readers expect, and never not at all.
      const lines = await linesOf(source);
      return { lines, columns: await columnsIn(folderOf(source)) };
    },
    async lineBytes(source, besides) {
      const done = new Set(besides.map(segmentNameOf));
      let bytes = 0;
      for (const name of await namesIn(folderOf(source)))
        if (name.startsWith(`${PART}.`) && !done.has(segmentNameOf(name)))
          bytes += await sizeOf(join(folderOf(source), name));
      return bytes;
    },
    columnsPath: (source, first, last) => join(folderOf(source), `columns.${padded(first)}-${padded(last)}.parquet`),
    async sweep(source) {
      // Seals this log's own segments, so that every open one is of a writer before.
      await log.files(source);
      await sweepSegments(folderOf(source));
      for (const name of await namesIn(folderOf(source)))
        if (UNFINISHED.test(name)) await rm(join(folderOf(source), name), { force: true });
    },
    async forget(source, lines) {
      const folder = folderOf(source);
      for (const path of lines) {
        const name = segmentNameOf(path);
        // A copy of the lines was made if they were ever read before their segment was sealed, and a killed writer's never is. The copy goes
        // first: it is found by its name, which a later segment may be given again.
        await rm(copyPath(folder, name), { force: true });
        await rm(join(folder, `${name}${OPEN}`), { force: true });
        await rm(path, { force: true });
      }
    },
    close: () => log.close(),
  };
}

const segmentNameOf = (path: string): string => basename(path).replace(/\.(open|jsonl)$/, "");
const padded = (number: bigint): string => String(number).padStart(15, "0");

async function columnsIn(folder: string): Promise<EventFiles["columns"]> {
  const found = [...(await namesIn(folder))].flatMap((name) => {
    const [, first, last] = COLUMNS.exec(name) ?? [];
    return first === undefined || last === undefined
      ? []
      : [{ path: join(folder, name), first: BigInt(first), last: BigInt(last) }];
  });
  return found.sort((a, b) => Number(a.first - b.first));
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder);
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return [];
    throw asSlipwayError(thrown);
  }
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
