// Times among what a model is given that lie after the moment of the row: the end of a thing that had only begun when its prediction was asked for.

import { type Dataset, type DatasetEngines, oneRow, snapshotScan } from "./dataset.ts";
import { splitCondition } from "./split.ts";

/** A time that is later than its row's in some training rows. */
export interface LaterTime {
  /** An input, or a value that is asked for with a prediction. */
  readonly name: string;
  /** Training rows that have it, and those of them in which it is later than the row. */
  readonly rows: number;
  readonly later: number;
}

/** Counts them, of every time among the inputs and the values that are asked for; one pass over the training rows, none where there is no time. */
export async function laterTimes(
  { offline, blobs }: DatasetEngines,
  { snapshot, bounds }: Dataset,
): Promise<readonly LaterTime[]> {
  const { dialect } = offline;
  const { model, blob } = snapshot;
  const inputs = model.inputs.filter(({ type }) => type === "timestamp").map(({ name }) => name);
  const asked = model.request
    .filter(({ name, type }) => type === "timestamp" && !inputs.includes(name))
    .map(({ name }) => name);
  const names = [...inputs, ...asked];
  if (names.length === 0) return [];
  const columns = names.map((name) => `${inputs.includes(name) ? "s" : "r"}.${dialect.identifier(name)}`);
  const t = `s.${dialect.identifier("t")}`;
  const join =
    asked.length === 0
      ? ""
      : ` JOIN ${dialect.scan(model.rows)} r ON r.${dialect.identifier(model.rows.id ?? "")} = s.${dialect.identifier("key")}`;
  const counts = columns.flatMap((column) => [
    `count(${column})::BIGINT`,
    `(count(*) FILTER (WHERE ${column} > ${t}))::BIGINT`,
  ]);
  const cells = await oneRow(
    offline,
    `SELECT ${counts.join(", ")} FROM (SELECT * FROM ${snapshotScan(offline, model, blobs.locate(blob))} WHERE ${splitCondition(dialect, bounds, "train")}) s${join}`,
  );
  return names.map((name, place) => ({ name, rows: Number(cells[2 * place]), later: Number(cells[2 * place + 1]) }));
}
