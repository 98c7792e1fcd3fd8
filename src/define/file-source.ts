// Sources from files: Parquet, CSV and JSON lines. A path may be a glob, and folders such as `day=2024-01-01` above a file are columns.

import { SlipwayError } from "../core/core.ts";
import type { Fields } from "./field.ts";
import {
  type CsvSpec,
  declareSource,
  type JsonLinesSpec,
  type ParquetSpec,
  type Source,
  type SourceOptions,
  type TimeText,
} from "./source.ts";
import { timeText } from "./source-time.ts";

/** The options of a Parquet source. */
export interface ParquetOptions<C extends Fields> extends SourceOptions<C> {
  /** A file or glob, relative to the project's folder. `**` crosses folders. */
  readonly path: string;
}

/** Rows from Parquet files. Nothing is read until an engine needs it; columns not declared are ignored. */
export function parquet<const C extends Fields>(name: string, options: ParquetOptions<C>): Source<C> {
  return declareSource<C, ParquetSpec>(name, options, { format: "parquet", path: options.path });
}

/** The options of a CSV source. */
export interface CsvOptions<C extends Fields> extends SourceOptions<C>, TimeText {
  /** A file or glob, relative to the project's folder; `.gz` is unpacked. */
  readonly path: string;
  /** One character; default `,`. */
  readonly delimiter?: string;
  /** Whether the first line names the columns; default true. Without it the declared columns are all there are, in this order. */
  readonly header?: boolean;
  /** One character, doubled inside a quoted cell; default `"`. */
  readonly quote?: string;
  /** Cells that mean null; default the empty one. In quotes they are text. */
  readonly nulls?: readonly string[];
}

/** Rows from CSV files. The declared types decide what a cell means, never a guess; columns not declared are ignored. */
export function csv<const C extends Fields>(name: string, options: CsvOptions<C>): Source<C> {
  const { path, delimiter = ",", header = true, quote = '"', nulls = [""] } = options;
  for (const [field, text] of Object.entries({ delimiter, quote }))
    if (text.length !== 1 || text === "\n" || text === "\r")
      throw new SlipwayError(
        "DEFINITION_INVALID",
        `source "${name}": ${field} must be one character, not ${JSON.stringify(text)}.`,
      );
  if (delimiter === quote)
    throw new SlipwayError("DEFINITION_INVALID", `source "${name}": delimiter and quote are both ${quote}.`);
  return declareSource<C, CsvSpec>(name, options, {
    format: "csv",
    path,
    delimiter,
    header,
    quote,
    nulls: [...nulls],
    ...timeText(name, options),
  });
}

/** The options of a JSON lines source. */
export interface JsonLinesOptions<C extends Fields> extends SourceOptions<C>, TimeText {
  /** A file or glob, relative to the project's folder; `.gz` is unpacked. */
  readonly path: string;
}

/** Rows from files of one JSON object a line. A key that is missing is null; keys not declared are ignored. */
export function jsonLines<const C extends Fields>(name: string, options: JsonLinesOptions<C>): Source<C> {
  return declareSource<C, JsonLinesSpec>(name, options, {
    format: "jsonLines",
    path: options.path,
    ...timeText(name, options),
  });
}
