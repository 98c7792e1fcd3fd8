// The parity audit: what online reads gave, held against what the offline join gives for the same key, time and state of knowledge.
// A read that lagged behind (the store was materialised up to an earlier moment) is compared with what was known by then: the audit
// finds skew, and leaves staleness to the ages that every read carries.

import { type Value, valueAt } from "../core/core.ts";
import type { FeatureSpec, FeatureViewSpec } from "../define/define.ts";
import type { OfflineEngine } from "../ports/ports.ts";
import { dependsOnOrder } from "./aggregate-terms.ts";
import { pointInTimePlan } from "./point-in-time-sql.ts";

/** Logged reads of one view as SQL: `id`, `t` and `cutoff` (microseconds), the view's keys (as keyColumn), and its features as `read_<name>`. */
export interface LoggedReads {
  readonly view: FeatureViewSpec;
  readonly sql: string;
  /** The features that were logged; the others are not compared. */
  readonly features: readonly string[];
}

/** One value that was not what it should have been. */
export interface Mismatch {
  readonly id: string;
  readonly view: string;
  readonly feature: string;
  readonly online: Value;
  readonly offline: Value;
}

/** What an audit of one view found. */
export interface AuditResult {
  readonly view: string;
  readonly reads: number;
  /** Reads in which at least one value differed. */
  readonly mismatches: number;
  readonly examples: readonly Mismatch[];
}

/** What is added up in float64 depends on the order of addition; everything else must be equal to the last bit. */
function differs(feature: FeatureSpec, online: string, offline: string): string {
  const close = `abs(${online} - ${offline}) <= 1e-9 * greatest(1, abs(${offline}))`;
  return `(${online} IS DISTINCT FROM ${offline}${dependsOnOrder(feature.rule) ? ` AND NOT coalesce(${close}, false)` : ""})`;
}

/** Audits one view's logged reads. */
export async function auditView(offline: OfflineEngine, logged: LoggedReads): Promise<AuditResult> {
  const { dialect } = offline;
  const { view } = logged;
  await offline.check(view.source);
  const plan = pointInTimePlan(dialect, { rows: logged.sql, hasCutoff: true, views: [view] });
  const compared = view.features.filter(({ name }) => logged.features.includes(name));
  const pairs = compared.map((feature, index) => ({
    feature,
    online: `r.${dialect.identifier(`read_${feature.name}`)}`,
    offline: plan.feature(view.name, feature.name),
    flag: `d${index}`,
  }));
  const flags = pairs.map((pair) => `${differs(pair.feature, pair.online, pair.offline)} AS ${pair.flag}`);
  const values = pairs.map((pair, index) => `${pair.online} AS a${index}, ${pair.offline} AS b${index}`);
  const any = pairs.map((pair) => pair.flag).join(" OR ");
  const all = `${plan.with} SELECT r.id, ${[...values, ...flags].join(", ")} ${plan.from}`;
  let reads = 0;
  let mismatches = 0;
  const counted = `SELECT count(*)::BIGINT AS reads, count(*) FILTER (WHERE ${any})::BIGINT AS mismatches FROM (${all})`;
  for await (const table of offline.stream(counted)) {
    reads = Number(table.columns[0]?.values[0] ?? 0);
    mismatches = Number(table.columns[1]?.values[0] ?? 0);
  }
  if (mismatches === 0) return { view: view.name, reads, mismatches, examples: [] };
  const examples: Mismatch[] = [];
  const shown = pairs.map(
    (pair, index) =>
      `SELECT id, ${dialect.text(pair.feature.name)} AS feature, a${index}::VARCHAR AS online, b${index}::VARCHAR AS offline FROM wrong WHERE ${pair.flag}`,
  );
  const wrong = `WITH wrong AS MATERIALIZED (SELECT * FROM (${all}) WHERE ${any}) SELECT * FROM (${shown.join(" UNION ALL ")}) ORDER BY id, feature LIMIT 10`;
  for await (const table of offline.stream(wrong)) {
    const [ids, features, online, expected] = table.columns;
    for (let row = 0; row < table.rowCount; row += 1)
      examples.push({
        id: String(ids?.values[row]),
        view: view.name,
        feature: String(features?.values[row]),
        online: online === undefined ? null : valueAt(online, row),
        offline: expected === undefined ? null : valueAt(expected, row),
      });
  }
  return { view: view.name, reads, mismatches, examples };
}
