// Entities that stand on both sides of a split by shares: what was learnt of one is then asked again, and a test says little of those not yet seen.

import { valueAt } from "../core/core.ts";
import { rowColumnNames } from "../define/define.ts";
import { type Dataset, type DatasetEngines, snapshotScan } from "./dataset.ts";
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

/** Counts by every entity that the model's features are of, and by the group that it ranks in; each row's part is worked out once for all of them. */
export async function entityOverlaps(
  { offline, blobs }: DatasetEngines,
  { snapshot, bounds }: Dataset,
): Promise<readonly EntityOverlap[]> {
  const { dialect } = offline;
  const { identifier: quote } = dialect;
  const { model, blob } = snapshot;
  const entities = [...new Map(model.views.map(({ keys }) => [keys.map(({ name }) => name).join(), keys])).values()]
    .map((keys) => keys.map(({ name }) => name))
    .filter(({ length }) => length > 0);
  const isRanked = model.beside?.group !== undefined;
  const asked = [
    ...entities.map((keys) => ({ keys, columns: keys.map((name) => quote(`key ${name}`)) })),
    ...(isRanked ? [{ keys: ["group"], columns: [quote("group")] }] : []),
  ];
  if (asked.length === 0) return [];
  const condition = (part: "train" | "validate" | "test"): string => `(${splitCondition(dialect, bounds, part)})`;
  const scan = snapshotScan(offline, model, blobs.locate(blob));
  const own = isRanked ? `, ${quote(rowColumnNames.group)} AS ${quote("group")}` : "";
  const parts = `SELECT ${quote("key")}, ${condition("train")} AS trains, ${condition("validate")} OR ${condition("test")} AS held${own} FROM ${scan}`;
  const names = [...new Set(entities.flat())].map((name) => `, r.${quote(name)} AS ${quote(`key ${name}`)}`).join("");
  const join =
    entities.length === 0
      ? ""
      : ` JOIN ${dialect.scan(model.rows)} r ON r.${quote(model.rows.id ?? "")} = s.${quote("key")}`;
  const counts = asked.map(
    ({ columns }, place) =>
      `SELECT ${place} AS place, count(*)::BIGINT AS n, (count(*) FILTER (WHERE trained > 0 AND held > 0))::BIGINT AS shared, coalesce(sum(held), 0)::BIGINT AS held, coalesce(sum(held) FILTER (WHERE trained > 0), 0)::BIGINT AS repeated
       FROM (SELECT count(*) FILTER (WHERE trains) AS trained, count(*) FILTER (WHERE held) AS held FROM parts WHERE ${columns.map((column) => `${column} IS NOT NULL`).join(" AND ")} GROUP BY ${columns.join(", ")})`,
  );
  const sql = `WITH parts AS MATERIALIZED (SELECT s.trains, s.held${isRanked ? `, s.${quote("group")}` : ""}${names} FROM (${parts}) s${join} WHERE s.trains OR s.held)
    ${counts.join(" UNION ALL ")} ORDER BY place`;
  const found: EntityOverlap[] = [];
  for await (const { columns, rowCount } of offline.stream(sql))
    for (let row = 0; row < rowCount; row += 1) {
      const [place = 0, values, shared, heldOut, repeated] = columns.map((column) => Number(valueAt(column, row)));
      found.push({
        keys: asked[place]?.keys ?? [],
        ...{ values: values ?? 0, shared: shared ?? 0, heldOut: heldOut ?? 0, repeated: repeated ?? 0 },
      });
    }
  return found;
}
