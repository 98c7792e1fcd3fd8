// An event as a line of the log: one JSON object with its number `n`, when it was acknowledged `at`, and its values in `row`, as an
// OfflineEngine reads them back exactly.

import { lineCell, type Value } from "../core/core.ts";
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
export function eventLine(number: number | bigint, at: string, row: string): string {
  return `{"n":${number},"at":${at},"row":${row}}`;
}
