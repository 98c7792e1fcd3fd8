// Searching runs: filter and order as SQL over the runs' rows, with the last value of each metric. Without an order of its own a search
// goes by start, newest first, and pages by that key, so that a page costs the same wherever it is and new runs move nothing.

import { type RawBuilder, sql } from "kysely";
import { SlipwayError } from "../../core/core.ts";
import type { Records, RunRow } from "../../records/records.ts";
import type { RegistryContext } from "../context.ts";
import { seenRuns, sightOf } from "../sight.ts";
import {
  type Condition,
  compareNumber,
  compareText,
  type DatabaseKind,
  shown,
  TEXT_OR_LIST,
  unknownKey,
} from "./compare-sql.ts";
import type { TrackingContext } from "./context.ts";
import { type Clause, type OrderKey, parseFilter, parseOrder } from "./filter.ts";
import { offsetOf, pageToken, placeOf } from "./page-token.ts";
import { type TrackedRun, trackedRuns } from "./run-rows.ts";
import { bestByMetric, isAmongBest, rarestValue, runsWith, WALKED, type WantedValue } from "./search-start.ts";

/** Which of the runs that were set aside to look at. */
export type LifecycleView = "active" | "deleted" | "all";

/** What to search for. */
export interface RunSearch {
  readonly experimentIds: readonly string[];
  readonly filter?: string | undefined;
  readonly orderBy?: readonly string[];
  readonly view: LifecycleView;
  readonly limit: number;
  readonly pageToken?: string | undefined;
}

/** A page of an answer. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; undefined on the last. */
  readonly next: string | undefined;
}

/** Finds runs. Throws INPUT_INVALID for a filter, order or token that cannot be read. */
export async function searchRuns(context: TrackingContext, search: RunSearch): Promise<Page<TrackedRun>> {
  const { rows, next } = await findRunRows(context, search);
  return { items: await trackedRuns(context.records, rows), next };
}

/** What a search may ask beyond what clients can say. */
export interface RowSearch extends Omit<RunSearch, "experimentIds"> {
  /** Undefined for every experiment. */
  readonly experimentIds: readonly string[] | undefined;
  /** More conditions on a run `r`. */
  readonly also?: readonly Condition[];
  /** What those conditions are about: a page token belongs to it too. */
  readonly about?: unknown;
}

/** Finds the rows of runs. */
export async function findRunRows(
  context: RegistryContext,
  search: RowSearch,
): Promise<{ readonly rows: readonly RunRow[]; readonly next: string | undefined }> {
  const { records } = context;
  const { experimentIds, filter, orderBy = [], view, limit, also = [], about } = search;
  const clauses = parseFilter(filter);
  const order = orderBy.map(parseOrder);
  refuseRepeats(order);
  if (experimentIds?.length === 0) return { rows: [], next: undefined };
  const question = {
    runs: experimentIds === undefined ? "all" : [...experimentIds].sort(),
    filter: filter ?? "",
    orderBy,
    view,
    ...(about === undefined ? {} : { about }),
  };
  const keys = order.map((key, place) => orderSql(key, place));
  const isDefault = keys.length === 0;
  const offset = isDefault ? 0 : offsetOf(search.pageToken, question);
  const after = isDefault ? placeOf(search.pageToken, question) : undefined;
  const always = [
    ...(experimentIds === undefined ? [] : [sql`r.experiment_id in (${sql.join([...new Set(experimentIds)])})`]),
    ...lifecycle(view),
    ...seenRuns(await sightOf(context), "r"),
    ...also,
    ...(after ? [afterPlace(after)] : []),
  ];
  const asked = clauses
    .map(
      (clause): RankedClause => ({
        clause,
        rank: lookups(clause),
        condition: runCondition(records.kind, clause, order),
      }),
    )
    .sort((a, b) => a.rank - b.rank);
  const rows = await rowsOf(records, { always, asked, order, keys, offset, count: limit + 1 });
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  const more = rows.length > limit && last !== undefined;
  return {
    rows: page,
    next: more ? pageToken(question, isDefault ? [last.started_at, last.id] : [offset + limit]) : undefined,
  };
}

interface RankedClause {
  readonly clause: Clause;
  readonly rank: number;
  readonly condition: Condition;
}

interface RowQuestion {
  readonly always: readonly Condition[];
  readonly asked: readonly RankedClause[];
  readonly order: readonly OrderKey[];
  readonly keys: readonly OrderSql[];
  readonly offset: number;
  readonly count: number;
}

async function rowsOf(
  records: Records,
  { always, asked, order, keys, offset, count }: RowQuestion,
): Promise<readonly RunRow[]> {
  const isSqlite = records.kind === "sqlite";
  const byStart = [sql`r.started_at desc`, sql`r.id asc`];
  const start = isSqlite
    ? await rarestValue(
        records,
        asked.flatMap(({ clause }) => wantedValue(clause)),
      )
    : undefined;
  const [first, ...others] = keys;
  const metric = order[0] && entityOf(order[0]) === "metric" ? order[0] : undefined;
  if (isSqlite && (!start || start.count > WALKED) && first && metric && offset === 0) {
    const best = await bestByMetric(records, {
      ...metric,
      joins: joinsOf(others),
      conditions: [
        ...asked.flatMap(({ clause }) => wantedValue(clause).flatMap(isAmongBest)),
        ...always,
        ...asked
          .filter(({ clause }) => wantedValue(clause).flatMap(isAmongBest).length === 0)
          .map((one) => one.condition),
      ],
      ties: [...others.flatMap(({ by }) => by), ...byStart],
      count,
    });
    if (best) return best;
  }
  const begun = start ? runsWith(start) : { from: sql`runs r`, where: sql`1 = 1` };
  const rest = [...always, ...asked.filter(({ clause }) => clause !== start?.clause).map(({ condition }) => condition)];
  const sorted = [...keys.flatMap(({ by }) => by), ...byStart];
  const query = sql<RunRow>`select r.* from ${begun.from} ${sql.join(joinsOf(keys), sql` `)} where ${sql.join([begun.where, ...rest], sql` and `)} order by ${sql.join(sorted)} limit ${count}${offset === 0 ? sql`` : sql` offset ${offset}`}`;
  return (await query.execute(records.db)).rows;
}

const joinsOf = (keys: readonly OrderSql[]): readonly Condition[] => keys.flatMap(({ join }) => (join ? [join] : []));

/** What a clause asks for, when runs can be looked up by it. */
function wantedValue(clause: Clause): readonly (WantedValue & { readonly clause: Clause })[] {
  const entity = entityOf(clause);
  const { comparator, key, value } = clause;
  if ((entity !== "param" && entity !== "tag") || comparator !== "=" || typeof value !== "string") return [];
  return [{ table: entity === "param" ? "params" : "tags", key, value, clause }];
}

function lifecycle(view: LifecycleView): readonly Condition[] {
  if (view === "all") return [sql`1 = 1`];
  return [view === "active" ? sql`r.deleted_at is null` : sql`r.deleted_at is not null`];
}

function afterPlace([start, id]: readonly (string | number)[]): Condition {
  if (typeof start !== "number" || typeof id !== "string")
    throw new SlipwayError("INPUT_INVALID", "Invalid page token: it names no place.");
  return sql`(r.started_at < ${start} or (r.started_at = ${start} and r.id > ${id}))`;
}

function refuseRepeats(order: readonly OrderKey[]): void {
  const seen = new Set<string>();
  for (const key of order) {
    const id = `${entityOf(key)}.${key.key}`;
    if (seen.has(id))
      throw new SlipwayError("INPUT_INVALID", `\`order_by\` contains duplicate fields: ${shown(key)} is there twice.`);
    seen.add(id);
  }
}

type Entity = "metric" | "param" | "tag" | "attribute" | "dataset";

const ENTITIES: Readonly<Record<string, Entity>> = {
  "": "attribute",
  attribute: "attribute",
  attributes: "attribute",
  attr: "attribute",
  run: "attribute",
  metric: "metric",
  metrics: "metric",
  param: "param",
  params: "param",
  parameter: "param",
  parameters: "param",
  tag: "tag",
  tags: "tag",
  dataset: "dataset",
  datasets: "dataset",
};

function entityOf(clause: { readonly entity: string; readonly key: string }): Entity {
  const entity = Object.hasOwn(ENTITIES, clause.entity) ? ENTITIES[clause.entity] : undefined;
  if (entity) return entity;
  throw new SlipwayError(
    "INPUT_INVALID",
    `Invalid entity type '${clause.entity}'. Valid entity types are: attribute, metric, param, tag, dataset.`,
  );
}

/** A run's artifact root as clients are told it. */
const ARTIFACT_URI = sql`(coalesce((select x.artifact_root from experiments x where x.id = r.experiment_id), 'mlflow-artifacts:/' || r.experiment_id) || '/' || r.id || '/artifacts')`;
const STATUS = sql`(case r.status when 'running' then case r.scheduled when 1 then 'SCHEDULED' else 'RUNNING' end when 'finished' then 'FINISHED' when 'failed' then 'FAILED' else 'KILLED' end)`;

const TEXTS: Readonly<Record<string, Condition>> = {
  run_id: sql`r.id`,
  run_name: sql`r.name`,
  user_id: sql`r.actor`,
  status: STATUS,
  artifact_uri: ARTIFACT_URI,
  experiment_id: sql`r.experiment_id`,
};
const NUMBERS: Readonly<Record<string, Condition>> = { start_time: sql`r.started_at`, end_time: sql`r.ended_at` };
const ALIASES: Readonly<Record<string, string>> = {
  "run id": "run_id",
  "run name": "run_name",
  name: "run_name",
  user: "user_id",
  created: "start_time",
  "start time": "start_time",
  "end time": "end_time",
};

function attributeOf(key: string): string {
  const lower = key.toLowerCase();
  return Object.hasOwn(ALIASES, lower) ? (ALIASES[lower] ?? lower) : lower;
}

function runCondition(kind: DatabaseKind, clause: Clause, order: readonly OrderKey[]): Condition {
  switch (entityOf(clause)) {
    case "metric": {
      // What the answer is sorted by is at hand already.
      const place = order.findIndex((key) => entityOf(key) === "metric" && key.key === clause.key);
      if (place >= 0) return compareNumber(sql.raw(`o${place}.value`), clause);
      return sql`exists (select 1 from latest_metrics m where m.run_id = r.id and m.key = ${clause.key} and ${compareNumber(sql`m.value`, clause)})`;
    }
    case "param":
      return noted(kind, sql`params`, clause);
    case "tag":
      return noted(kind, sql`tags`, clause);
    case "dataset":
      return datasetCondition(kind, clause);
    case "attribute": {
      const key = attributeOf(clause.key);
      if (Object.hasOwn(NUMBERS, key)) return compareNumber(NUMBERS[key] as Condition, clause, 1000);
      if (!Object.hasOwn(TEXTS, key)) throw unknownKey(clause, [...Object.keys(TEXTS), ...Object.keys(NUMBERS)]);
      const lists = key === "run_id" || key === "experiment_id" ? TEXT_OR_LIST : undefined;
      return compareText(kind, TEXTS[key] as Condition, clause, lists);
    }
  }
}

/** Where a condition comes among the others: each costs a look-up for every run that those before it let through, and equality lets through least. */
function lookups(clause: Clause): number {
  const entity = entityOf(clause);
  if (entity === "attribute") return 0;
  if (entity === "dataset") return 3;
  return clause.comparator === "=" ? 1 : 2;
}

function noted(kind: DatabaseKind, table: RawBuilder<unknown>, clause: Clause): Condition {
  const here = sql`select 1 from ${table} n where n.run_id = r.id and n.key = ${clause.key}`;
  if (clause.comparator === "IS NULL") return sql`not exists (${here})`;
  if (clause.comparator === "IS NOT NULL") return sql`exists (${here})`;
  return sql`exists (${here} and ${compareText(kind, sql`n.value`, clause)})`;
}

function datasetCondition(kind: DatabaseKind, clause: Clause): Condition {
  const from = sql`select 1 from run_inputs ri join inputs i on i.id = ri.input_id where ri.run_id = r.id`;
  const key = clause.key.toLowerCase();
  if (key === "name") return sql`exists (${from} and ${compareText(kind, sql`i.name`, clause, TEXT_OR_LIST)})`;
  if (key === "digest") return sql`exists (${from} and ${compareText(kind, sql`i.digest`, clause, TEXT_OR_LIST)})`;
  if (key !== "context") throw unknownKey(clause, ["name", "digest", "context"]);
  const tags =
    kind === "sqlite"
      ? sql`select 1 from json_each(ri.tags) t where json_extract(t.value, '$[0]') = 'mlflow.data.context' and ${compareText(kind, sql`json_extract(t.value, '$[1]')`, clause, TEXT_OR_LIST)}`
      : sql`select 1 from json_array_elements(ri.tags::json) t where t->>0 = 'mlflow.data.context' and ${compareText(kind, sql`(t->>1)`, clause, TEXT_OR_LIST)}`;
  return sql`exists (${from} and exists (${tags}))`;
}

interface OrderSql {
  readonly join?: Condition;
  readonly by: readonly Condition[];
}

/** Values first, then NaN, then runs without the key. */
function orderSql(key: OrderKey, place: number): OrderSql {
  const direction = sql.raw(key.isAscending ? "asc" : "desc");
  const o = sql.raw(`o${place}`);
  switch (entityOf(key)) {
    case "metric":
      return {
        join: sql`left join latest_metrics ${o} on ${o}.run_id = r.id and ${o}.key = ${key.key}`,
        by: [
          sql`case when ${o}.run_id is null then 2 when ${o}.value is null then 1 else 0 end`,
          sql`${o}.value ${direction}`,
        ],
      };
    case "param":
    case "tag": {
      const table = sql.raw(entityOf(key) === "param" ? "params" : "tags");
      return {
        join: sql`left join ${table} ${o} on ${o}.run_id = r.id and ${o}.key = ${key.key}`,
        by: [sql`case when ${o}.value is null then 1 else 0 end`, sql`${o}.value ${direction}`],
      };
    }
    case "attribute": {
      const name = attributeOf(key.key);
      const column = Object.hasOwn(NUMBERS, name)
        ? NUMBERS[name]
        : Object.hasOwn(TEXTS, name)
          ? TEXTS[name]
          : undefined;
      if (!column) throw unknownKey(key, [...Object.keys(TEXTS), ...Object.keys(NUMBERS)]);
      return { by: [sql`case when ${column} is null then 1 else 0 end`, sql`${column} ${direction}`] };
    }
    case "dataset":
      throw new SlipwayError(
        "INPUT_INVALID",
        "Runs cannot be sorted by a dataset; sort by a metric, param, tag or attribute.",
      );
  }
}
