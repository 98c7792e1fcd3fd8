// Expectations as questions to a source, each one SELECT of a single row: how many rows or values fail, how many were looked at, and the least
// example of a failure as text.

import type { Instant } from "../core/core.ts";
import { floorTo } from "../core/core.ts";
import type { RowExpectationSpec, SetRule, SourceSpec } from "../define/define.ts";
import { timeColumns } from "../features/features.ts";
import type { SqlDialect } from "../ports/ports.ts";
import { failsSql } from "./rejected-sql.ts";

/** An example as text: `carrier = null, dep_delay = 2001`. */
function exampleSql(dialect: SqlDialect, columns: readonly string[], row: string): string {
  const parts = columns.map((name) => {
    const value = `coalesce(${row}.${dialect.identifier(name)}::VARCHAR, 'null')`;
    return `${dialect.text(`${name} = `)} || ${value}`;
  });
  return parts.join(" || ', ' || ");
}

/** The columns that a condition looks at, each once. */
export function columnsOf(expectation: RowExpectationSpec): readonly string[] {
  const names = new Set<string>();
  const walk = (node: RowExpectationSpec["condition"]): void => {
    if (node.kind === "call") node.args.forEach(walk);
    else if (node.kind !== "literal") names.add(node.name);
  };
  walk(expectation.condition);
  return [...names];
}

/** One pass for all row expectations: the number of rows, then per expectation how many fail and an example. */
export function rowCountsSql(
  dialect: SqlDialect,
  source: SourceSpec,
  expectations: readonly RowExpectationSpec[],
): string {
  const each = expectations.flatMap((expectation, index) => {
    const fails = failsSql(dialect, expectation);
    return [
      `(count(*) FILTER (WHERE ${fails}))::BIGINT AS n${index}`,
      `min(CASE WHEN ${fails} THEN ${exampleSql(dialect, columnsOf(expectation), "s")} END) AS x${index}`,
    ];
  });
  return `SELECT ${["count(*)::BIGINT AS n", ...each].join(", ")} FROM ${dialect.scanAll(source)} s`;
}

/** A rule's question: rows looked at, how many fail, an example. */
export function ruleSql(dialect: SqlDialect, source: SourceSpec, rule: SetRule, at: Instant): string {
  const scan = dialect.scan(source);
  switch (rule.check) {
    case "unique": {
      const names = rule.columns.map(dialect.identifier);
      const present = names.map((name) => `${name} IS NOT NULL`).join(" AND ");
      return `SELECT coalesce(sum(n), 0)::BIGINT AS n, coalesce(sum(n) FILTER (WHERE n > 1), 0)::BIGINT AS failing, min(CASE WHEN n > 1 THEN ${exampleSql(dialect, rule.columns, "g")} END) AS example FROM (SELECT ${names.join(", ")}, count(*) AS n FROM ${scan} WHERE ${present} GROUP BY ALL) g`;
    }
    case "references": {
      const column = dialect.identifier(rule.column);
      const target = dialect.identifier(rule.target);
      const orphan = `s.${column} IS NOT NULL AND r.v IS NULL`;
      return `SELECT count(*)::BIGINT AS n, (count(*) FILTER (WHERE ${orphan}))::BIGINT AS failing, min(CASE WHEN ${orphan} THEN ${exampleSql(dialect, [rule.column], "s")} END) AS example FROM ${scan} s LEFT JOIN (SELECT DISTINCT ${target} AS v FROM ${dialect.scan(rule.source)}) r ON s.${column} = r.v`;
    }
    case "fresh": {
      const { known } = timeColumns(dialect, { source });
      return `SELECT count(*)::BIGINT AS n, max(${known})::BIGINT AS newest FROM ${scan} s WHERE ${known} <= ${at}`;
    }
    case "rowCount": {
      if (rule.per === undefined) return `SELECT count(*)::BIGINT AS n FROM ${scan}`;
      const { event, known } = timeColumns(dialect, { source });
      const end = floorTo(at, rule.per);
      const start = end - rule.per * BigInt(rule.of + 1);
      // The periods before the first event were not quiet: there was nothing yet.
      return `WITH x AS (SELECT ${event} AS e FROM ${scan} s WHERE ${known} <= ${at}), f AS (SELECT min(e) AS first FROM x), p AS (SELECT unnest(range(${rule.of + 1})) AS i), c AS (SELECT (${end} - 1 - e) // ${rule.per} AS i, count(*) AS n FROM x WHERE e >= ${start} AND e < ${end} GROUP BY ALL) SELECT coalesce(max(CASE WHEN p.i = 0 THEN coalesce(c.n, 0) END), 0)::BIGINT AS n, (median(coalesce(c.n, 0)) FILTER (WHERE p.i > 0))::DOUBLE AS before, (count(*) FILTER (WHERE p.i > 0))::BIGINT AS periods FROM p JOIN f ON f.first < ${end} - p.i * ${rule.per} LEFT JOIN c ON c.i = p.i`;
    }
    default:
      return rule satisfies never;
  }
}
