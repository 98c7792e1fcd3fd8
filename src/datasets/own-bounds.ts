// The bounds that a model's own split comes to, on the rows of a snapshot.

import { type Instant, SlipwayError, valueAt } from "../core/core.ts";
import { isByShares } from "../define/define.ts";
import { type DatasetEngines, type Snapshot, snapshotScan } from "./dataset.ts";
import {
  ABOVE_ALL,
  placeSql,
  type ShareBorder,
  type ShareBounds,
  type ShareSplit,
  shareBorder,
  strataColumn,
} from "./share-bounds.ts";
import { type SplitBounds, splitBounds } from "./split.ts";

const MOST_STRATA = 1000;

/** The bounds of a model's own split; with `knownBy`, as they would have been then. Throws DEFINITION_INVALID for too many strata. */
export async function ownBounds(engines: DatasetEngines, snapshot: Snapshot, knownBy?: Instant): Promise<SplitBounds> {
  const { model, newest } = snapshot;
  const { split } = model;
  const known = knownBy === undefined ? {} : { until: knownBy, knownBy };
  if (isByShares(split)) return { ...(await shareBounds(engines, snapshot, split, knownBy)), ...known };
  const last = knownBy === undefined || knownBy > newest ? newest : knownBy - 1n;
  return { ...splitBounds(split, last), ...known };
}

async function shareBounds(
  { offline, blobs }: DatasetEngines,
  { model, blob }: Snapshot,
  split: ShareSplit,
  knownBy: Instant | undefined,
): Promise<ShareBounds> {
  const { seed, test, validate } = split;
  const strata = strataColumn(split);
  const unit = split.kind === "group" ? "group" : "row";
  if (strata === undefined)
    return { unit, seed, borders: [{ test: shareBorder(test), validate: shareBorder(test + validate) }] };
  const { dialect } = offline;
  const until =
    knownBy === undefined
      ? ""
      : ` AND epoch_us(${dialect.identifier("label_known_at")}) <= ${knownBy} AND epoch_us(${dialect.identifier("t")}) < ${knownBy}`;
  const sql = `WITH placed AS (SELECT v, h, row_number() OVER (PARTITION BY v ORDER BY h) AS n, count(*) OVER (PARTITION BY v) AS total
    FROM (SELECT ${dialect.identifier(strata)}::${dialect.typeName("string")} AS v, ${placeSql(dialect, { unit, seed })} AS h
      FROM ${snapshotScan(offline, model, blobs.locate(blob))} WHERE ${dialect.identifier("label")} IS NOT NULL${until}))
    SELECT v, min(h) FILTER (WHERE n > round(total * ${test}::DOUBLE)) AS test, min(h) FILTER (WHERE n > round(total * ${test + validate}::DOUBLE)) AS validate
    FROM placed GROUP BY v ORDER BY v LIMIT ${MOST_STRATA + 1}`;
  const borders: ShareBorder[] = [];
  for await (const { columns, rowCount } of offline.stream(sql))
    for (let row = 0; row < rowCount; row += 1) {
      const [of = null, below = null, upTo = null] = columns.map((column) => valueAt(column, row) as string | null);
      borders.push({ of, test: below ?? ABOVE_ALL, validate: upTo ?? ABOVE_ALL });
    }
  if (borders.length > MOST_STRATA)
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `Model "${model.name}": stratified would keep the shares of more than ${MOST_STRATA} different values, such as ${JSON.stringify(borders[0]?.of)}. Put rare ones together in its expression.`,
    );
  return { unit, seed, strata, borders: borders.length === 0 ? [{ test: ABOVE_ALL, validate: ABOVE_ALL }] : borders };
}
