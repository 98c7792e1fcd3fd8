// What a terminal can show: fine marks and colour where a person watches, plain ASCII everywhere else.

/** Where something is drawn. */
export interface Canvas {
  /** Characters in a line. */
  readonly width: number;
  /** ASCII only, without colour. */
  readonly plain: boolean;
}

/** A value as short as it can be told apart from its like: four significant digits. */
export function shortNumber(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  const text = value.toPrecision(4);
  return text.includes("e") ? text : String(Number(text));
}

/** The least and the greatest finite value; undefined when there is none. */
export function extent(values: Iterable<number>): readonly [number, number] | undefined {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low > high ? undefined : [low, high];
}
