// SQL whose rows, a key after the other, are what the states of a view are put together from. Two ways lead there:
// - reduced: DuckDB reduces everything known to a row a key (its newest source row, when it was last heard of) and a row for each of its tiles
//   with what was added up there. Few rows cross over, and those of 100 million events are no more than those of the windows.
// - row by row: every source row of a key in the order in which they became known. For what has no partial in SQL that is the same to the
//   last bit: variances of numbers that are not int32, and whatever grows with what it has seen (distinct values, quantiles, first and last).
// A key's tiles reach back from its newest event, not from now: that is what was kept of it by whoever followed it event by event.

import { type ColumnSchema, type DataType, type Instant, isDecimal, isFloat, kindOf } from "../core/core.ts";
import type { ExpressionNode, FeatureViewSpec } from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";
import { type FloatSumTerm, isCellTerm, type Term } from "./aggregate-terms.ts";
import { sumPartSql, sumWeightSql } from "./exact-sum-sql.ts";
import type { KeyShare } from "./key-shares.ts";
import type { OnlineView } from "./online-view.ts";
import { sourceExpression, timeColumns } from "./view-events-sql.ts";

/** A term whose partial in SQL is that of the online store to the last bit. */
export type ReducedTerm =
  | { readonly kind: "rows" }
  | { readonly kind: "count" | "true" | "wholeSum" | "min" | "max"; readonly value: ExpressionNode }
  | FloatSumTerm;

/** Whether a view's states can be put together from reduced rows. */
export function isReducible({ plan }: OnlineView): boolean {
  return plan.terms.every((term) => isReduced(term));
}

function isReduced(term: Term): term is ReducedTerm {
  return isCellTerm(term) && term.kind !== "moments";
}

/** The part of a key that a reduced row is: the row of the key itself, or `group` 0 for moments and 1, 2, ... for the tiles of each grid. */
export const KEY_PART = -1;

/**
 * Reduced rows: the keys, `part`, `moment` (the newest event, or the moment or the tile's start), `n` (of the key's row: how many source rows
 * it has), `total` (source rows of all keys), the slots of each term (sums of float64 as the part's number
 * and its weight in three numbers), then of the key's row the newest source row. Where rows of one moment compete for being the newest
 * a key has several such rows.
 */
export function reducedSql(dialect: SqlDialect, view: OnlineView, to: Instant, share?: KeyShare): string {
  const { spec, plan, keepsRow } = view;
  const { event } = timeColumns(dialect, spec);
  const keys = spec.keys.map(({ name }, index) => ({ source: `s.${dialect.identifier(name)}`, own: `"#k${index}"` }));
  const own = keys.map((key) => key.own);
  const scan = `${dialect.scan(spec.source)} s`;
  const limits = knownBy(dialect, spec, to, share);
  const grouped = keys.map((key) => `${key.source} AS ${key.own}`).join(", ");
  // Marked, because a source may have a column called last or n.
  const heard = `heard AS MATERIALIZED (SELECT ${grouped}, max(${event}) AS "#last", count(*) AS "#n" FROM ${scan} WHERE ${limits} GROUP BY ALL)`;
  const terms = plan.terms.filter(isReduced);
  const noSlots = terms.flatMap((term, index) =>
    slotsSql(term, index).map(({ type, name }) => `NULL::${type} AS ${name}`),
  );
  const about = ['"#last" AS moment', '"#n" AS n', '(SELECT sum("#n") FROM heard)::BIGINT AS total'];
  const columns = spec.source.columns.map(({ name }, index) => ({
    sql: `s.${dialect.identifier(name)}`,
    name: `r${index}`,
  }));
  const happened = `s.${dialect.identifier(spec.source.eventTime ?? "")}`;
  const same = [...keys.map((key) => `${key.source} = h.${key.own}`), `${happened} = make_timestamp(h."#last")`];
  const base = keepsRow
    ? `SELECT ${[...own.map((key) => `h.${key}`), `${KEY_PART} AS part`, ...about, ...noSlots, ...columns.map(({ sql, name }) => `${sql} AS ${name}`)].join(", ")} FROM ${scan} JOIN heard h ON ${same.join(" AND ")} WHERE ${limits}`
    : `SELECT ${[...own, `${KEY_PART} AS part`, ...about, ...noSlots].join(", ")} FROM heard`;
  const values = terms.flatMap((term, index) => valuesSql(dialect, term, index));
  const events = `(SELECT ${[grouped, `${event} AS e`, ...values].join(", ")} FROM ${scan} WHERE ${limits})`;
  const noRow = keepsRow ? columns.map(({ name }) => `NULL AS ${name}`) : [];
  const slots = terms.flatMap((term, index) =>
    slotsSql(term, index).map(({ sql, type, name }) => `(${sql})::${type} AS ${name}`),
  );
  const { hops } = view.shape;
  const coarsest = hops.reduce((most, { hop }) => (hop > most ? hop : most), 1n);
  const finest = hops.reduce((least, { hop }) => (hop < least ? hop : least), coarsest);
  const partial = (part: number, hop: bigint, reach: bigint): string => {
    const floor = (at: string): string => `(${at} - ((${at} % ${hop}) + ${hop}) % ${hop})`;
    const at = part === 0 ? "last_one" : floor("e");
    const since = part === 0 ? floor('"#last"') : floor(`("#last" - ${reach})`);
    const items = terms.flatMap((term, index) => (term.kind === "floatSum" ? [`i${index}`] : []));
    const joined = `${events} e JOIN heard USING (${own.join(", ")}) WHERE e >= ${since}`;
    // Moments before the key's newest are one in each tile of the finest hop, under the time of the last of them.
    const tile = `((e - ((e % ${finest}) + ${finest}) % ${finest}))`;
    const rows =
      part === 0
        ? `(SELECT *, max(e) OVER (PARTITION BY ${own.join(", ")}, ${tile}, e >= "#last") AS last_one FROM ${joined})`
        : joined;
    const shown = [...own, `${part} AS part`, `${at} AS moment`, "NULL::BIGINT AS n", "NULL::BIGINT AS total"];
    return `SELECT ${[...shown, ...slots, ...noRow].join(", ")} FROM ${rows} GROUP BY ${[...own, at, ...items].join(", ")}`;
  };
  const partials =
    hops.length === 0
      ? []
      : [partial(0, coarsest, 0n), ...hops.map(({ hop, longest }, index) => partial(index + 1, hop, longest))];
  const order = [...keyOrder(spec.keys, own), ...(partials.length === 0 ? [] : ["part", "moment"])].join(", ");
  return `WITH ${heard} SELECT * FROM (${[base, ...partials].join(" UNION ALL ")}) ORDER BY ${order}`;
}

/** Every source row known at `to`, a key's own one after the other as they became known: the source's columns, then `e` and `k`. */
export function rowsByKeySql(
  dialect: SqlDialect,
  { spec }: OnlineView,
  to: Instant,
  { only = "", share }: { readonly only?: string; readonly share?: KeyShare | undefined } = {},
): string {
  const columns = spec.source.columns.map(({ name }) => `s.${dialect.identifier(name)}`);
  const { event, known } = timeColumns(dialect, spec);
  const keys = keyOrder(
    spec.keys,
    spec.keys.map(({ name }) => `s.${dialect.identifier(name)}`),
  );
  return `SELECT ${columns.join(", ")}, ${event} AS e, ${known} AS k FROM ${dialect.scan(spec.source)} s ${only} WHERE ${knownBy(dialect, spec, to, share)} ORDER BY ${[...keys, known, event, ...columns].join(", ")}`;
}

/** The rows that have a key and a time and were known at `to`, of all keys or a share of them. */
export function knownBy(dialect: SqlDialect, spec: FeatureViewSpec, to: Instant, share?: KeyShare): string {
  const keys = spec.keys.map(({ name }) => `s.${dialect.identifier(name)}`);
  const happened = `s.${dialect.identifier(spec.source.eventTime ?? "")}`;
  const { known } = timeColumns(dialect, spec);
  return [
    ...(share === undefined || share.of === 1 ? [] : [`hash(${keys.join(", ")}) % ${share.of} = ${share.index}`]),
    ...keys.map((key) => `${key} IS NOT NULL`),
    `${happened} IS NOT NULL`,
    `${known} <= ${to}`,
    // The same bound on the column itself, where it follows: a file's statistics can answer that.
    `${happened} <= make_timestamp(${to})`,
  ].join(" AND ");
}

/** The order of the keys' bytes (entity-key.ts), in which a store has them and takes them fastest. */
export function keyOrder(keys: readonly ColumnSchema[], sql: readonly string[]): readonly string[] {
  return keys.flatMap(({ type }, index) => {
    const key = sql[index] as string;
    switch (kindOf(type)) {
      case "string":
        return [`strlen(${key})`, key];
      case "int32":
      case "int64":
        return [`${key} < 0`, key];
      case "date":
        return [`${key} < DATE '1970-01-01'`, key];
      case "timestamp":
        return [`${key} < TIMESTAMP '1970-01-01'`, key];
      default:
        return [key];
    }
  });
}

/** What a term needs of an event: its value and, of a float64 that is added up, in which part of the sum it is and what it weighs there. */
function valuesSql(dialect: SqlDialect, term: ReducedTerm, index: number): readonly string[] {
  if (term.kind === "rows") return [];
  const isUnits = isDecimal(term.value.type);
  const kept: ExpressionNode = isUnits
    ? { kind: "call", operator: "units", args: [term.value], type: "int64" }
    : term.value;
  const value = sourceExpression(dialect, kept, "s");
  if (term.kind !== "floatSum") return [`${value} AS v${index}`];
  // Zeros weigh nothing in any part: there is no need for a part of their own.
  const item = `CASE WHEN (${value}) = 0 THEN 32 ELSE ${sumPartSql(`(${value})`)} END`;
  return [`${item} AS i${index}`, `${sumWeightSql(`(${value})`)} AS w${index}`];
}

interface SlotSql {
  readonly name: string;
  readonly sql: string;
  readonly type: "DOUBLE" | "BIGINT";
}

/** How many columns a term's partial has in reduced rows. */
export function slotColumns(term: ReducedTerm): number {
  return slotsSql(term, 0).length;
}

function slotsSql(term: ReducedTerm, index: number): readonly SlotSql[] {
  const value = `v${index}`;
  const slot = (sql: string, part = 0, type: SlotSql["type"] = "DOUBLE"): SlotSql => ({
    name: `c${index}_${part}`,
    sql,
    type,
  });
  switch (term.kind) {
    case "rows":
      return [slot("count(*)")];
    case "count":
      return [slot(`count(${value})`)];
    case "true":
      return [slot(`count(*) FILTER (WHERE ${value})`)];
    case "wholeSum":
      // The limbs of online-cells.ts. Whole numbers below 2^53, which float64 adds up exactly.
      return [`${value}::BIGINT & 4194303`, `(${value}::BIGINT >> 22) & 4194303`, `${value}::BIGINT >> 44`].map(
        (limb, part) => slot(`coalesce(sum((${limb})::DOUBLE), 0)`, part),
      );
    case "min":
    case "max": {
      const { type } = term.value;
      if (isFloat(type)) return [slot(`${term.kind}(${value}::DOUBLE + 0)`)];
      return [slot(wholeSql(`${term.kind}(${value})`, type), 0, "BIGINT")];
    }
    case "floatSum": {
      const weight = `sum(w${index})`;
      const size = `abs(${weight})`;
      const limbs = [
        `${size} % ${2n ** 50n}`,
        `(${size} // ${2n ** 50n}) % ${2n ** 50n}`,
        `${size} // ${2n ** 100n}::HUGEINT`,
      ];
      return [
        slot(`i${index}`),
        ...limbs.map((limb, part) => slot(`(${limb})::DOUBLE * sign(${weight})::DOUBLE`, part + 1)),
      ];
    }
    default:
      return term satisfies never;
  }
}

/** A value as the whole number that the online store keeps of it. */
function wholeSql(value: string, type: DataType): string {
  if (type === "timestamp") return `epoch_us(${value})`;
  if (type === "date") return `(${value} - DATE '1970-01-01')`;
  return value;
}
