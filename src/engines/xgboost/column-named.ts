import { type Column, SlipwayError, type Table } from "../../core/core.ts";
import type { SplitName } from "./protocol.ts";

/** The column of that name. Throws INPUT_INVALID where a split lacks it. */
export function columnNamed(table: Table, name: string, split: SplitName): Column {
  const column = table.columns.find((candidate) => candidate.name === name);
  if (column) return column;
  throw new SlipwayError("INPUT_INVALID", `The ${split} split has no column "${name}", which the model needs.`);
}
