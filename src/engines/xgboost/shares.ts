// Which worker gets which rows. Runs of rows go to the workers in turn, the first ones short and every turn twice as long as the last, up to a limit: who gets a
// row depends on its place alone and not on the batches it came in, every worker has rows as soon as there are as many rows as workers, and shares
// stay alike however many come. Rows of one group are never parted.

/** Rows of one table that go to one worker: from `start` to before `end`. */
export interface RowRun {
  readonly worker: number;
  readonly start: number;
  readonly end: number;
}

/** Deals the rows of one table after another. */
export interface RowDealer {
  /** The runs of the next table's rows, in order; `groups` has each row's group. */
  deal(rows: number, groups?: Float32Array): Iterable<RowRun>;
}

const LONGEST_RUN = 2 ** 14;

/** A dealer for one split. */
export function rowDealer(workers: number): RowDealer {
  let worker = 0;
  let length = 1;
  let left = length;
  let lastGroup: number | undefined;
  const turn = (): void => {
    worker = (worker + 1) % workers;
    if (worker === 0) length = Math.min(2 * length, LONGEST_RUN);
    left = length;
  };
  return {
    deal: function* (rows, groups) {
      let start = 0;
      const goesOn = (row: number): boolean => groups !== undefined && groups[row] === lastGroup;
      while (start < rows) {
        if (workers === 1) left = Infinity;
        else if (left <= 0 && !goesOn(start)) turn();
        let end = Math.min(rows, start + Math.max(left, 1));
        if (groups !== undefined) {
          while (end < rows && groups[end] === groups[end - 1]) end += 1;
          lastGroup = groups[end - 1];
        }
        yield { worker, start, end };
        left -= end - start;
        start = end;
      }
    },
  };
}
