// Rows to judge by, as parallel arrays, and parts of them.

/** Labelled rows with what a model said of them. */
export interface TaskRows {
  /** 0 or 1, a number, or a class's place; shape (rows). */
  readonly labels: Float64Array;
  /** Shape (rows), or of several classes (rows, classes), row-major. */
  readonly scores: Float64Array;
  /** Which group a row is ranked in; rows of one need not stand together. Shape (rows). */
  readonly groups?: Int32Array;
  /** By when a row had ended, infinite while it goes on. Shape (rows). */
  readonly upper?: Float64Array;
}

/** Some rows of them, in the order that is asked for. */
export function rowsOf({ labels, scores, groups, upper }: TaskRows, rows: Uint32Array): TaskRows {
  const width = labels.length === 0 ? 1 : scores.length / labels.length;
  return {
    labels: taken(labels, rows),
    scores: width === 1 ? taken(scores, rows) : takenRows(scores, rows, width),
    ...(groups === undefined ? {} : { groups: Int32Array.from(rows, (row) => groups[row]!) }),
    ...(upper === undefined ? {} : { upper: taken(upper, rows) }),
  };
}

/** Values of some rows. */
export function taken(values: Float64Array, rows: Uint32Array): Float64Array {
  const own = new Float64Array(rows.length);
  for (let place = 0; place < rows.length; place += 1) own[place] = values[rows[place]!]!;
  return own;
}

function takenRows(values: Float64Array, rows: Uint32Array, width: number): Float64Array {
  const own = new Float64Array(rows.length * width);
  for (let place = 0; place < rows.length; place += 1)
    own.set(values.subarray(rows[place]! * width, (rows[place]! + 1) * width), place * width);
  return own;
}
