// What is kept of a column of some rows: counts, and no row. Sketches of parts add up to the sketch of the whole.

/** Numbers, dates and times are counted in cells; texts and booleans by value. */
export type ColumnKind = "number" | "moment" | "boolean" | "category";

/** A column of numbers in some rows; its cells are the reference's. */
export interface NumberSketch {
  readonly rows: number;
  /** Null and NaN. */
  readonly missing: number;
  /** By cell. */
  readonly counts: ArrayLike<number>;
  /** Of the finite values; null without any. */
  readonly mean: number | null;
}

/** A column of categories in some rows. */
export interface CategorySketch {
  readonly rows: number;
  readonly missing: number;
  readonly counts: ReadonlyMap<string, number>;
  /** Rows of rare values that the reference never had, and how many of those values came once, where there were too many to be counted. */
  readonly beyond?: { readonly rows: number; readonly single: number };
}
