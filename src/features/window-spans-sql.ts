// What every way of merging a window from tiles starts from: for each asking row its window's tail, and the last hop before t, up to which
// whole tiles are taken. Rows with the same tail and the same last hop share their whole tiles: they are one span.

import { windowHop } from "../core/core.ts";
import { tailSql, type WindowContext } from "./window-terms-sql.ts";

/** The relations of one window's spans, and the SQL of what lies on its grid. */
export interface WindowSpans {
  readonly ctes: readonly string[];
  /** idx, kid, tail, t, cutoff, x (up to where events are seen), head (x rounded down to the hop). */
  readonly query: string;
  /** Each kid, tail and head once. */
  readonly spans: string;
  /** `at` rounded down to the hop: the tile it lies in. */
  readonly tile: (at: string) => string;
  /** The bucket of tiles that `at` lies in. Joins are on keys and a bucket, so that they stay hash joins. */
  readonly bucket: (at: string) => string;
  /** Every bucket from one instant to another, a row each, as `bucket`. */
  readonly buckets: (from: string, to: string) => string;
}

/** The spans of a window; `place` is its place among the view's windows. */
export function windowSpans({ name, asked }: WindowContext, window: bigint, place: number): WindowSpans {
  const hop = windowHop(window);
  // Whole tiles, so that each lies in one bucket; a window and its ragged ends then meet three at most.
  const width = ((window + hop - 1n) / hop) * hop;
  const floor = (at: string, step: bigint): string => `(${at} - ((${at} % ${step}) + ${step}) % ${step})`;
  const bucket = (at: string): string => `${floor(at, width)} // ${width}`;
  const tile = (at: string): string => floor(at, hop);
  const query = name(`query ${place}`);
  const spans = name(`spans ${place}`);
  return {
    ctes: [
      `${query} AS (SELECT idx, kid, ${tailSql(window)} AS tail, t, cutoff, least(t, cutoff + 1) AS x, ${tile("least(t, cutoff + 1)")} AS head FROM ${asked})`,
      `${spans} AS (SELECT DISTINCT kid, tail, head FROM ${query})`,
    ],
    query,
    spans,
    tile,
    bucket,
    buckets: (from, to) => `unnest(range(${bucket(from)}, ${bucket(to)} + 1)) AS bucket`,
  };
}
