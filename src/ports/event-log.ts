// An engine must: end `append` only when the disk has the lines, whatever happens to the process or the machine afterwards; when it cannot
// (no space), fail and keep nothing of them, and work again once it can; let any process read what is there, whole lines only, while one
// writes; and never change or remove a file that `files` named, save when `forget` is told to, at least one compaction later.

/** The events of one source, as files that an OfflineEngine can scan. Each event has a number; numbers only grow. */
export interface EventFiles {
  /** Parquet files, each with all events that are kept of `first` to `last`; in order, and none overlaps another. */
  readonly columns: readonly { readonly path: string; readonly first: bigint; readonly last: bigint }[];
  /** Files of JSON lines with what came later, in order; events up to the last column file's `last` may be in them too. */
  readonly lines: readonly string[];
}

/** Pushed events, appended for good. One process writes a source at a time; any may read. */
export interface EventLog {
  /** Appends lines (without line breaks in them) to a source's events. Many appends may share one flush. */
  append(source: string, lines: readonly string[]): Promise<void>;
  /** Where a source's events lie now. What `append` has ended for is in them. */
  files(source: string): Promise<EventFiles>;
  /** How many bytes of lines there are in other files than these. */
  lineBytes(source: string, besides: readonly string[]): Promise<number>;
  /** Where a column file with events `first` to `last` is to be written, whole and at once. */
  columnsPath(source: string, first: bigint, last: bigint): string;
  /**
   * Removes what killed writers of a source began and nobody can read: no line of the log is in it. Only who alone writes the source may ask
   * for it; readers may be at work.
   */
  sweep(source: string): Promise<void>;
  /** Removes files of lines, all of whose events are in column files. */
  forget(source: string, lines: readonly string[]): Promise<void>;
  /** Ends once everything appended is durable and the files are closed. */
  close(): Promise<void>;
}
