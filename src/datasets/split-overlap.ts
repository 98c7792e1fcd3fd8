// Rows that stand on both sides of a split: the same inputs and the same label, whatever their ids say.

import { type Dataset, type DatasetEngines, oneRow, snapshotScan } from "./dataset.ts";
import { splitCondition } from "./split.ts";

/** How much of what is held out was trained on. */
export interface SplitOverlap {
  /** Validation and test rows, and those of them whose inputs and label a training row has too. */
  readonly heldOut: number;
  readonly repeated: number;
  /** Training rows, and different ones of them by inputs and label. */
  readonly trained: number;
  readonly distinct: number;
}

/** Counts rows that stand on both sides, in one pass over the snapshot; rows are told apart by a 64-bit hash of their values. */
export async function splitOverlap(
  { offline, blobs }: DatasetEngines,
  { snapshot, bounds }: Dataset,
): Promise<SplitOverlap> {
  const { dialect } = offline;
  const { model } = snapshot;
  const scan = snapshotScan(offline, model, blobs.locate(snapshot.blob));
  const values = [...model.inputs.map(({ name }) => name), "label"].map((name) => dialect.identifier(name));
  const condition = (part: "train" | "validate" | "test"): string => `(${splitCondition(dialect, bounds, part)})`;
  const isHeldOut = `(${condition("validate")} OR ${condition("test")})`;
  // Grouped by position: an input may be called as the hash is.
  const [heldOut, repeated, trained, distinct] = await oneRow(
    offline,
    `WITH groups AS (SELECT hash(${values.join(", ")}) AS h, count(*) FILTER (WHERE ${isHeldOut}) AS held, count(*) FILTER (WHERE ${condition("train")}) AS trained FROM ${scan} GROUP BY 1)
     SELECT coalesce(sum(held), 0)::BIGINT, coalesce(sum(held) FILTER (WHERE trained > 0), 0)::BIGINT, coalesce(sum(trained), 0)::BIGINT, (count(*) FILTER (WHERE trained > 0))::BIGINT FROM groups`,
  );
  return { heldOut: Number(heldOut), repeated: Number(repeated), trained: Number(trained), distinct: Number(distinct) };
}
