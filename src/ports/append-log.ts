// An engine must: end `append` only when the lines survive kill -9, in the order given; write whole lines, so that a reader never sees half
// of one (a torn last line from a crash is cut off before the next append); and keep streams apart. Many appends may share one flush.

/** Lines of text, appended for good. One writer per stream and process; many processes may write streams of their own. */
export interface AppendLog {
  /** Appends lines (without line breaks in them) to a stream's part, e.g. stream `flight_delay`, part `2013-07-01`. */
  append(stream: string, part: string, lines: readonly string[]): Promise<void>;
  /** Files that hold a stream's parts, oldest part first: newline-delimited text an OfflineEngine can scan. */
  files(stream: string): Promise<readonly { readonly part: string; readonly path: string }[]>;
  /** Ends once everything appended is durable and the files are closed. */
  close(): Promise<void>;
}
