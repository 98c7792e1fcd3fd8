// Entities that stand on both sides of a split by shares: what was learnt of one is then asked again, and a test says little of those not yet seen.

import { rowColumnNames } from "../define/define.ts";
import { type Dataset, type DatasetEngines, oneRow, snapshotScan } from "./dataset.ts";
import { splitCondition } from "./split.ts";

/** How far held-out rows are about what training rows are about. */
export interface EntityOverlap {
  /** The columns that name an entity, or the group that is ranked. */
  readonly keys: readonly string[];
  /** Different ones in all, and those that have rows to learn from and rows held out. */
  readonly values: number;
  readonly shared: number;
  /** Rows held out, and those of them whose entity training rows have too. */
  readonly heldOut: number;
  readonly repeated: number;
}

/** Counts by every entity that the model's features are of, and by the group that it ranks in. One pass for each. */
export async function entityOverlaps(
  { offline, blobs }: DatasetEngines,
  { snapshot, bounds }: Dataset,
): Promise<readonly EntityOverlap[]> {
  const { dialect } = offline;
  const { model, blob } = snapshot;
  const condition = (part: "train" | "validate" | "test"): string => `(${splitCondition(dialect, bounds, part)})`;
  const ranked = model.beside?.group === undefined ? [] : [rowColumnNames.group];
  const parts = `SELECT ${["key", ...ranked].map(dialect.identifier).join(", ")}, ${condition("train")} AS trains, ${condition("validate")} OR ${condition("test")} AS held FROM ${snapshotScan(offline, model, blobs.locate(blob))}`;
  const entities = new Map(model.views.map(({ keys }) => [keys.map(({ name }) => name).join(), keys]));
  const asked = [
    ...[...entities.values()].map((keys) => ({ keys: keys.map(({ name }) => name), side: "r" })),
    ...ranked.map((name) => ({ keys: [name], side: "s" })),
  ];
  const found: EntityOverlap[] = [];
  for (const { keys, side } of asked) {
    if (keys.length === 0) continue;
    const columns = keys.map((name) => `${side}.${dialect.identifier(name)}`);
    const join =
      side === "s"
        ? ""
        : ` JOIN ${dialect.scan(model.rows)} r ON r.${dialect.identifier(model.rows.id ?? "")} = s.${dialect.identifier("key")}`;
    const [values, shared, heldOut, repeated] = await oneRow(
      offline,
      `SELECT count(*)::BIGINT, (count(*) FILTER (WHERE trained > 0 AND held > 0))::BIGINT, coalesce(sum(held), 0)::BIGINT, coalesce(sum(held) FILTER (WHERE trained > 0), 0)::BIGINT
       FROM (SELECT count(*) FILTER (WHERE s.trains) AS trained, count(*) FILTER (WHERE s.held) AS held FROM (${parts}) s${join}
         WHERE (s.trains OR s.held) AND ${columns.map((column) => `${column} IS NOT NULL`).join(" AND ")} GROUP BY ${columns.join(", ")})`,
    );
    found.push({
      keys: side === "s" ? ["group"] : keys,
      ...{ values: Number(values), shared: Number(shared), heldOut: Number(heldOut), repeated: Number(repeated) },
    });
  }
  return found;
}
