// A reader must: give exactly the declared columns, with the declared types or a refusal that names the row or column (SOURCE_NOT_FOUND,
// SOURCE_UNREADABLE, SOURCE_SCHEMA_MISMATCH); read one consistent state of the rows, whatever is written meanwhile; hold a bounded number
// of rows in memory; read only; and never put a password into an error or a fingerprint.

import type { Table } from "../core/core.ts";
import type { SourceSpec } from "../define/define.ts";

/** The rows of a source, in one state. */
export interface SourceRows {
  /** The fingerprint of exactly these rows. */
  readonly fingerprint: string;
  /** Whether these are only the rows that were added since the mark; all others are as they were. */
  readonly isAddition: boolean;
  /** What a later reading may be asked to go on from. */
  readonly mark?: string;
  /** The rows, in batches; may be empty. */
  tables(): AsyncIterable<Table>;
  /** Ends the reading, at any point. */
  close(): Promise<void>;
}

/** Reads sources that SQL engines cannot scan by themselves. */
export interface SourceReader {
  readonly format: SourceSpec["format"];
  /** Reaches a source and looks at its table and columns, without reading rows. */
  probe(source: SourceSpec): Promise<void>;
  /** A text that changes when the rows do. */
  fingerprint(source: SourceSpec): Promise<string>;
  /** Opens the rows as they are now; with an earlier reading's mark, if it can be exact, only what was added since. */
  read(source: SourceSpec, mark?: string): Promise<SourceRows>;
}
