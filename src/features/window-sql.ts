// Aggregates over [tail, t) for every row that asks. Counts and whole-number sums are exact as differences of two running totals:
// one by known time up to t, one by event time up to the tail, plus the few events from before the tail that were not yet known at t.
// The rest cannot be subtracted; it is merged from whole tiles, the part tile before t, and late events: see window-merge-sql.ts for what
// is one value per tile, window-items-sql.ts for what is a row per item.

import { type DataType, isDecimal } from "../core/core.ts";
import type { SqlDialect } from "../ports/ports.ts";
import {
  isRowTerm,
  isSubtractable,
  type Term,
  termsOf,
  type WindowFeature,
  type WindowPlan,
  windowPlan,
} from "./aggregate-terms.ts";
import type { KeyShare } from "./key-shares.ts";
import { bucketValueSql } from "./sketch-sql.ts";
import { type EventValue, timeColumns, type ViewJoin, type ViewRelations } from "./view-events-sql.ts";
import { answerColumn, isRowsTerm, itemRelation, itemWindow } from "./window-items-sql.ts";
import { mergedWindow } from "./window-merge-sql.ts";
import { windowSpans } from "./window-spans-sql.ts";
import {
  type MergedTerm,
  rowOrderSql,
  tailSql,
  termSql,
  type WindowContext,
  wideFloatSql,
} from "./window-terms-sql.ts";

/** The join of a view's window features, of all keys or a share of them, or undefined when it has none. */
export function windowJoin(relations: ViewRelations, share?: KeyShare): ViewJoin | undefined {
  const { dialect, view, name } = relations;
  const plan = windowPlan(view);
  if (plan.features.length === 0) return undefined;
  const isLate = view.source.createdAt !== undefined;
  const asked = share === undefined ? relations.asked : name("asked share");
  const ofShare = share === undefined ? "" : ` WHERE hash(kid) % ${share.of} = ${share.index}`;
  const context: WindowContext = { ...relations, asked, plan, events: name("events"), isLate };
  const values: EventValue[] = plan.terms.flatMap((term, index) =>
    term.kind === "rows" ? [] : [{ name: `v${index}`, value: term.value }],
  );
  const order = plan.terms.some(isRowTerm) ? [rowOrderSql(dialect, view, timeColumns(dialect, view).event)] : [];
  const windows = [...new Set(plan.features.map((feature) => feature.window))];
  const parts = windows.map((window, place) => windowPart(context, window, place));
  const running = runningTotals(context);
  const relation = name("windows");
  const merged = parts.flatMap((part) => part.merged);
  return {
    kept: [],
    isWhole: false,
    ctes: [
      ...(share === undefined ? [] : [`${asked} AS (SELECT * FROM ${relations.asked}${ofShare})`]),
      `${context.events} AS (${share === undefined ? relations.events(values, order) : `SELECT * FROM (${relations.events(values, order)})${ofShare}`})`,
      ...plan.terms.flatMap((term, index) => (isRowsTerm(term) ? [itemRelation(context, term, index)] : [])),
      ...running,
      ...parts.flatMap((part) => part.ctes),
      `${relation} AS (SELECT q.idx, q.t${parts
        .flatMap((part) => part.columns)
        .map((column) => `, ${column}`)
        .join(
          "",
        )} FROM ${context.asked} q${headJoin(context)}${parts.map((part) => part.join).join("")}${merged.map((each) => ` LEFT JOIN ${each} ON ${each}.idx = q.idx`).join("")})`,
    ],
    relation,
    columns: plan.features.map((feature) => ({
      feature: feature.feature.name,
      sql: (alias) => resultSql(dialect, feature, windows.indexOf(feature.window), alias, plan),
    })),
  };
}

const subtractable = (plan: WindowPlan): readonly number[] =>
  plan.terms.flatMap((term, index) => (isSubtractable(term) ? [index] : []));

/** One running total: what a group of events adds to it, and whether a float64 holds it exactly. */
interface Running {
  readonly name: string;
  readonly group: string;
  readonly isFloat: boolean;
}

/**
 * The running totals a term needs. DuckDB adds up float64 three to four times as fast as its 128-bit whole numbers, so whatever stays below
 * 2^53 is float64: counts, and the two 16-bit halves of an int32 (each exact for 2^37 events).
 */
function runningOf(term: MergedTerm, index: number): readonly Running[] {
  if (term.kind !== "wholeSum") return [{ name: `r${index}`, group: termSql(term, index), isFloat: true }];
  if (term.value.type !== "int32") return [{ name: `r${index}`, group: termSql(term, index), isFloat: false }];
  const low = `(v${index}::BIGINT & 65535)`;
  return [
    { name: `r${index}h`, group: `coalesce(sum((v${index}::BIGINT - ${low}) // 65536), 0)`, isFloat: true },
    { name: `r${index}l`, group: `coalesce(sum(${low}), 0)`, isFloat: true },
  ];
}

/** A term over the window: the difference of its running totals `h` (up to t) and `a` (up to the tail). */
function differenceSql(term: MergedTerm, index: number, a: string): string {
  const [first, second] = runningOf(term, index).map(({ name, isFloat }) => {
    const difference = `(coalesce(h.${name}, 0) - coalesce(${a}.${name}, 0))`;
    return isFloat ? `${difference}::BIGINT` : difference;
  });
  return second === undefined ? (first ?? "0") : `(${first} * 65536 + ${second})`;
}

/** Running totals by event time (`by event`) and, where rows come late, by known time. */
function runningTotals(context: WindowContext): readonly string[] {
  const { plan, name, events } = context;
  const running = subtractable(plan).flatMap((index) => runningOf(plan.terms[index] as MergedTerm, index));
  if (running.length === 0) return [];
  const by = (label: string, at: string): string => {
    const groups = running.map((one) => `${one.group}${one.isFloat ? "::DOUBLE" : ""} AS ${one.name}`).join(", ");
    const totals = running.map((one) => `sum(${one.name}) OVER w AS ${one.name}`).join(", ");
    return `${name(label)} AS MATERIALIZED (SELECT kid, moment, ${totals} FROM (SELECT kid, ${at} AS moment, ${groups} FROM ${events} GROUP BY ALL) WINDOW w AS (PARTITION BY kid ORDER BY moment ROWS UNBOUNDED PRECEDING))`;
  };
  // Doubled, so that an event known as it happens counts from just after t on, and one known later from t on.
  return context.isLate ? [by("by event", "e"), by("by known", "2 * k + (k = e)::BIGINT")] : [by("by event", "e")];
}

/** Everything known when asked: the running total just before t, or before what was not yet known. */
function headJoin(context: WindowContext): string {
  const { plan, name, isLate } = context;
  if (subtractable(plan).length === 0) return "";
  return isLate
    ? ` ASOF LEFT JOIN ${name("by known")} h ON q.kid = h.kid AND least(2 * q.t, 2 * q.cutoff + 1) >= h.moment`
    : ` ASOF LEFT JOIN ${name("by event")} h ON q.kid = h.kid AND least(q.t, q.cutoff + 1) > h.moment`;
}

interface WindowPart {
  readonly ctes: readonly string[];
  readonly join: string;
  readonly merged: readonly string[];
  readonly columns: readonly string[];
}

function windowPart(context: WindowContext, window: bigint, place: number): WindowPart {
  const { plan, name, isLate, events, asked } = context;
  const results = plan.features.filter((feature) => feature.window === window).map(({ result }) => result);
  const used = [...new Set(results.flatMap(termsOf))];
  const termAt = (index: number): Term => plan.terms[index] as Term;
  const exact = used.filter((index) => isSubtractable(termAt(index)));
  const items = used.filter((index) => isRowsTerm(termAt(index)));
  const inexact = used.filter((index) => !exact.includes(index) && !items.includes(index));
  const tail = tailSql(window, "q.t");
  const before = isLate ? tail : `least(${tail}, q.cutoff + 1)`;
  const join =
    exact.length === 0
      ? ""
      : ` ASOF LEFT JOIN ${name("by event")} a${place} ON q.kid = a${place}.kid AND ${before} > a${place}.moment`;
  const correction = name(`unknown ${place}`);
  const needsCorrection = isLate && exact.length > 0;
  const corrections = exact.map((index) => `${termSql(termAt(index) as MergedTerm, index)} AS c${index}`).join(", ");
  const gap = `least(2 * t, 2 * cutoff + 1) - 2 * ${tailSql(window)}`;
  const ctes = needsCorrection
    ? [
        `${correction} AS (SELECT q.idx, ${corrections} FROM (SELECT *, ${tailSql(window)} AS tail, least(2 * t, 2 * cutoff + 1) AS x FROM ${asked}) q JOIN (SELECT * FROM ${events} WHERE 2 * k + (k = e)::BIGINT - 2 * e > (SELECT min(${gap}) FROM ${asked})) s ON q.kid = s.kid AND s.e < q.tail AND 2 * s.k + (s.k = s.e)::BIGINT > q.x GROUP BY q.idx)`,
      ]
    : [];
  const columns = exact.map((index) => {
    const back = needsCorrection ? ` + coalesce(${correction}.c${index}, 0)` : "";
    return `${differenceSql(termAt(index) as MergedTerm, index, `a${place}`)}${back} AS w${place}_${index}`;
  });
  const spans = windowSpans(context, window, place);
  const answersOf = (index: number): readonly number[] => [
    ...new Set(
      results.flatMap((result) => {
        if (result.kind === "quantile" && result.of === index) return [result.rank];
        return result.kind === "top" && result.of === index ? [result.size] : [];
      }),
    ),
  ];
  const merges = [
    ...(inexact.length === 0 ? [] : [mergedWindow(context, spans, place, inexact)]),
    ...items.map((index) => itemWindow(context, spans, place, index, answersOf(index))),
  ];
  return {
    ctes: [...ctes, ...(merges.length === 0 ? [] : spans.ctes), ...merges.flatMap((merge) => merge.ctes)],
    join: `${join}${needsCorrection ? ` LEFT JOIN ${correction} ON ${correction}.idx = q.idx` : ""}`,
    merged: merges.map((merge) => merge.relation),
    columns: [...columns, ...merges.flatMap((merge) => merge.columns)],
  };
}

/** A sum as the nearest float64. */
function floatSql(sum: string, term: Term | undefined): string {
  const isWide = term?.kind === "wholeSum" && term.value.type !== "int32";
  return isWide ? wideFloatSql(sum) : `${sum}::DOUBLE`;
}

/** A count times the units of a decimal: what a sum of units is divided by. */
const scaledCount = (count: string, scale: number | undefined): string =>
  scale === undefined ? count : `(${count} * 1e${scale}::DOUBLE)`;

/** A whole-number sum as its feature's type, null where it does not fit. */
function fittedSum(dialect: SqlDialect, sum: string, type: DataType): string {
  return isDecimal(type) ? dialect.decimalOf(sum, type) : `TRY(CAST(${sum} AS ${dialect.typeName(type)}))`;
}

function resultSql(
  dialect: SqlDialect,
  { feature, window, result }: WindowFeature,
  place: number,
  alias: string,
  plan: WindowPlan,
): string {
  const term = (index: number): string => `${alias}.w${place}_${index}`;
  const type = dialect.typeName(feature.type);
  switch (result.kind) {
    case "count":
      return `coalesce(${term(result.of)}, 0)::${type}`;
    case "ratio":
      return `(CASE WHEN ${term(result.count)} > 0 THEN ${floatSql(term(result.top), plan.terms[result.top])} / ${scaledCount(term(result.count), result.scale)} END)`;
    case "value": {
      const fits =
        plan.terms[result.of]?.kind === "wholeSum"
          ? fittedSum(dialect, term(result.of), feature.type)
          : `${term(result.of)}::${type}`;
      return `(CASE WHEN ${term(result.count)} > 0 THEN ${fits} END)`;
    }
    case "rate": {
      const covered = `(${alias}.t - ${tailSql(window, `${alias}.t`)})`;
      return `coalesce(${term(result.of)}::DOUBLE / (${covered}::DOUBLE / ${result.unit}::DOUBLE), 0)`;
    }
    case "since":
      return `((${alias}.t - epoch_us(${term(result.of)})) // ${result.unit})::${type}`;
    case "wholeVariance": {
      const n = `${term(result.count)}::HUGEINT`;
      const sum = `${term(result.of)}::HUGEINT`;
      const top = wideFloatSql(`(${n} * ${term(result.squares)}::HUGEINT - ${sum} * ${sum})`);
      const variance = `${top} / (${n} * (${n} - 1))::BIGINT::DOUBLE`;
      return `(CASE WHEN ${n} > 1 THEN ${result.isRoot ? `sqrt(${variance})` : variance} END)`;
    }
    case "variance": {
      const { of, isRoot } = result;
      const variance = `${term(of)}.m2 / (${term(of)}.n - 1)`;
      const finite = `CASE WHEN isfinite(${variance}) THEN ${variance} ELSE 'NaN' END`;
      return `(CASE WHEN ${term(of)}.n > 1 THEN ${isRoot ? `sqrt(${finite})` : finite} END)::DOUBLE`;
    }
    case "distinct":
      return `coalesce(${term(result.of)}, 0)::${type}`;
    case "quantile":
      return bucketValueSql(
        `${alias}.${dialect.identifier(answerColumn(place, result.of, result.rank))}`,
        result.isWhole,
      );
    case "top":
      return `${alias}.${dialect.identifier(answerColumn(place, result.of, result.size))}::${type}`;
    case "row":
      return `${term(result.of)}.v::${type}`;
    case "rows":
      return `list_transform(${term(result.of)}, lambda r: r.v)::${type}`;
    default:
      return result satisfies never;
  }
}
