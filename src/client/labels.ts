/** What became of one prediction. */
export interface ClientLabel {
  readonly model: string;
  /** The prediction's. */
  readonly id: string;
  /** True or false, a number, or the name of a class. */
  readonly label: boolean | number | string;
  /** When it was known; default when it arrives. */
  readonly at?: Date | string;
}

/** What became of pushed labels. */
export interface ClientLabels {
  /** How many are kept, and safe on the server's disk. */
  readonly taken: number;
  /** How many of these belong to no prediction that is logged there; they are kept all the same. */
  readonly unknown: number;
}
