// Pushed labels in the order in which they stand in the log, from where a reader was before. A place is how many lines of each segment have been read: segments only
// grow, and two processes that push at once write to segments of their own, so that nothing comes in behind a place without being seen.

import { createReadStream } from "node:fs";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import type { ModelSpec } from "../define/define.ts";
import { labelPlace } from "./label-log.ts";
import type { LogSource } from "./log-query.ts";

/** How many lines of each segment of a model's labels have been read. */
export type LabelPlace = Readonly<Record<string, number>>;

/** A label as it was pushed: true or false, or a number. */
export interface ReadLabel {
  readonly id: string;
  readonly label: boolean | number;
}

/** What was read, and where that ends. */
export interface ReadLabels {
  /** Of several labels for one id the first; none for ids whose label was read before. */
  readonly labels: readonly ReadLabel[];
  readonly place: LabelPlace;
  /** Lines read. */
  readonly lines: number;
}

/** The next labels of a model after a place, of `most` lines. Labels of classes are not for this. */
export async function readLabelsAfter(
  { log }: Pick<LogSource, "log">,
  { name }: Pick<ModelSpec, "name">,
  after: LabelPlace,
  most = Number.POSITIVE_INFINITY,
): Promise<ReadLabels> {
  const files = (await log.files(labelPlace(name, 0n).stream)).map(({ path }) => path);
  const fresh = new Map<string, boolean | number>();
  const place: Record<string, number> = { ...after };
  let lines = 0;
  for (const path of files) {
    if (lines >= most) break;
    const segment = basename(path);
    let line = 0;
    for await (const text of linesOf(path)) {
      line += 1;
      if (line <= (after[segment] ?? 0)) continue;
      if (lines >= most) break;
      const { id, label } = JSON.parse(text) as ReadLabel;
      lines += 1;
      place[segment] = line;
      // Numbers that JSON does not know are texts in the log.
      const value = typeof label === "boolean" ? label : Number(label);
      if (!fresh.has(id)) fresh.set(id, value);
    }
  }
  if (fresh.size > 0)
    for (const path of files) {
      const read = after[basename(path)] ?? 0;
      let line = 0;
      if (read > 0)
        for await (const text of linesOf(path)) {
          line += 1;
          if (line > read) break;
          fresh.delete((JSON.parse(text) as ReadLabel).id);
        }
    }
  return { labels: [...fresh].map(([id, label]) => ({ id, label })), place, lines };
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const stream = createReadStream(path, "utf8");
  try {
    yield* createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  } finally {
    stream.destroy();
  }
}
