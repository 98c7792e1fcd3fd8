// Looking at a view as its expectations ask: its values as they were known at a sample of moments, before anything was made null.

import type { Instant, Table, Value } from "../core/core.ts";
import { valueAt } from "../core/core.ts";
import { type FeatureViewSpec, rowExpectations } from "../define/define.ts";
import { sampledValues, viewQuery } from "../features/features.ts";
import type { GuardContext } from "./context.ts";
import { type Finding, share } from "./look.ts";
import { columnsOf } from "./set-sql.ts";

/** So many moments are looked at. */
const SAMPLE = 100_000;

/** Looks at all expectations of a view, as of `at`. */
export async function lookAtView(
  { offline }: GuardContext,
  view: FeatureViewSpec,
  at: Instant,
): Promise<readonly Finding[]> {
  const expectations = rowExpectations(view.expect);
  if (expectations.length === 0) return [];
  const { dialect } = offline;
  const { expect: _, ...bare } = view;
  const { sql } = await sampledValues(offline, viewQuery(bare), { now: at, atMost: SAMPLE });
  const place = new Map(view.features.map(({ name }, index) => [name, `f${index}`]));
  const each = expectations.flatMap((expectation, index) => {
    const fails = `(${dialect.expression(expectation.condition, (leaf) => place.get(leaf.name) ?? "NULL")}) IS FALSE`;
    const example = columnsOf(expectation).map(
      (name) => `${dialect.text(`${name} = `)} || coalesce(${place.get(name)}::VARCHAR, 'null')`,
    );
    return [
      `(count(*) FILTER (WHERE ${fails}))::BIGINT AS n${index}`,
      `min(CASE WHEN ${fails} THEN ${example.join(" || ', ' || ")} END) AS x${index}`,
    ];
  });
  const [rows, ...cells] = await oneRow(offline.stream(`SELECT count(*)::BIGINT AS n, ${each.join(", ")} FROM ${sql}`));
  return expectations.map(({ text, severity }, index) => {
    const failing = Number(cells[index * 2] ?? 0);
    const seen = share(failing, Number(rows ?? 0), "values", cells[index * 2 + 1]);
    return { source: view.name, expectation: text, severity, passed: failing === 0, seen, failing };
  });
}

async function oneRow(tables: AsyncIterable<Table>): Promise<readonly Value[]> {
  for await (const table of tables) return table.columns.map((column) => valueAt(column, 0));
  return [];
}
