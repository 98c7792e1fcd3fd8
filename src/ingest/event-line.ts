// An event as a line of the log: one JSON object with its number `n`, when it was acknowledged `at`, and its values in `row`, as an
// OfflineEngine reads them back exactly.

import { type Instant, lineCell, sha256, type Value } from "../core/core.ts";
import type { PushSpec } from "../define/define.ts";

/** Writes the values of a source's events. */
export interface RowWriter {
  /** The values as JSON, the same for the same values. */
  text(values: readonly Value[]): string;
}

/** A writer for a source's rows. */
export function rowWriter({ columns }: PushSpec): RowWriter {
  const names = columns.map(({ name }) => `${JSON.stringify(name)}:`);
  return {
    text(values) {
      let text = "";
      for (let index = 0; index < names.length; index += 1)
        text += `${index === 0 ? "{" : ","}${names[index]}${lineCell(values[index] ?? null)}`;
      return `${text}}`;
    },
  };
}

/** A line of the log. */
export function eventLine(number: bigint, at: Instant, row: string): string {
  return `{"n":${number},"at":${at},"row":${row}}`;
}

/** What tells the contents of two events apart: 128 bits of a hash over the values as they were sent. */
export function contentMark(row: string): Uint8Array {
  return Buffer.from(sha256(row).slice(0, 32), "hex");
}
