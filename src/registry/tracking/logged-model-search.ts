// Searching logged models by their attributes, parameters, tags and metrics, the last optionally of one dataset.

import { sql } from "kysely";
import { SlipwayError } from "../../core/core.ts";
import type { Schema } from "../../records/records.ts";
import { VERSIONS_TAG } from "../client-words.ts";
import { seenLoggedModels, sightOf } from "../sight.ts";
import {
  type Condition,
  compareNumber,
  compareText,
  type DatabaseKind,
  TEXT_OR_LIST,
  unknownKey,
} from "./compare-sql.ts";
import type { TrackingContext } from "./context.ts";
import { type Clause, parseFilter } from "./filter.ts";
import { type LoggedModel, loggedModelsOf } from "./logged-models.ts";
import { offsetOf, pageToken } from "./page-token.ts";
import type { Page } from "./run-search.ts";

/** A dataset that metrics must have been measured on. */
export interface DatasetMatch {
  readonly name: string;
  readonly digest?: string | undefined;
}

/** One key to sort logged models by. */
export interface LoggedModelOrder {
  readonly field: string;
  readonly isAscending: boolean;
  readonly dataset?: DatasetMatch | undefined;
}

/** What to search for. */
export interface LoggedModelSearch {
  readonly experimentIds: readonly string[];
  readonly filter?: string | undefined;
  readonly datasets: readonly DatasetMatch[];
  readonly orderBy: readonly LoggedModelOrder[];
  readonly limit: number;
  readonly pageToken?: string | undefined;
}

const TEXTS: Readonly<Record<string, Condition>> = {
  name: sql`l.name`,
  model_id: sql`l.id`,
  model_type: sql`l.type`,
  source_run_id: sql`l.run_id`,
  experiment_id: sql`l.experiment_id`,
};
const NUMBERS: Readonly<Record<string, Condition>> = {
  creation_timestamp: sql`l.created_at`,
  creation_time: sql`l.created_at`,
  last_updated_timestamp: sql`l.updated_at`,
};
// Clients compare the status as a name or as its number in the protocol.
const STATUS_NAME = sql`(case l.status when 'pending' then 'PENDING' when 'ready' then 'READY' else 'FAILED' end)`;
const STATUS_NUMBER = sql`(case l.status when 'pending' then 1 when 'ready' then 2 else 3 end)`;

/** Finds logged models, newest first unless told otherwise. */
export async function searchLoggedModels(
  context: TrackingContext,
  search: LoggedModelSearch,
): Promise<Page<LoggedModel>> {
  const { records } = context;
  const { experimentIds, filter, datasets, orderBy, limit } = search;
  if (experimentIds.length === 0) return { items: [], next: undefined };
  const question = { loggedModels: [...experimentIds].sort(), filter: filter ?? "", datasets, orderBy };
  const offset = offsetOf(search.pageToken, question);
  const clauses = parseFilter(filter);
  const sight = await sightOf(context);
  if (sight && clauses.some(({ entity, key }) => isTag(entity) && key === VERSIONS_TAG))
    throw new SlipwayError(
      "FORBIDDEN",
      `${sight.user} may not search by the tag ${VERSIONS_TAG}, which names models that may be kept from ${sight.user}. Search model versions instead.`,
    );
  const conditions = [
    sql`l.deleted_at is null`,
    sql`l.experiment_id in (${sql.join([...new Set(experimentIds)])})`,
    ...seenLoggedModels(sight, "l"),
    ...clauses.map((clause) => condition(records.kind, clause, datasets)),
    ...(datasets.length > 0 && !clauses.some(isMetric)
      ? [sql`exists (select 1 from logged_model_metrics m where m.model_id = l.id and ${ofDatasets(datasets)})`]
      : []),
  ];
  const sorted = [...orderBy.flatMap(orderSql), sql`l.created_at desc`, sql`l.id asc`];
  const query = sql<
    Schema["logged_models"]
  >`select l.* from logged_models l where ${sql.join(conditions, sql` and `)} order by ${sql.join(sorted)} limit ${limit + 1} offset ${offset}`;
  const { rows } = await query.execute(records.db);
  return {
    items: await loggedModelsOf(context, rows.slice(0, limit)),
    next: rows.length > limit ? pageToken(question, [offset + limit]) : undefined,
  };
}

const isMetric = ({ entity }: Clause): boolean => entity === "metric" || entity === "metrics";
const isTag = (entity: string): boolean => entity === "tag" || entity === "tags";
const isAttribute = (entity: string): boolean =>
  ["", "attribute", "attributes", "attr", "model", "models"].includes(entity);

function condition(kind: DatabaseKind, clause: Clause, datasets: readonly DatasetMatch[]): Condition {
  const { entity, key } = clause;
  if (isMetric(clause))
    return sql`exists (select 1 from logged_model_metrics m where m.model_id = l.id and m.key = ${key} and ${compareNumber(sql`m.value`, clause)} and ${ofDatasets(datasets)})`;
  if (["param", "params", "parameter", "parameters"].includes(entity))
    return noted(kind, sql`logged_model_params`, clause);
  if (isTag(entity)) return noted(kind, sql`logged_model_tags`, clause);
  if (!isAttribute(entity))
    throw new SlipwayError(
      "INPUT_INVALID",
      `Invalid entity type '${entity}'. Valid entity types are: attributes, metrics, params, tags.`,
    );
  if (key === "status")
    return typeof clause.value === "number"
      ? compareNumber(STATUS_NUMBER, clause)
      : compareText(kind, STATUS_NAME, clause);
  if (Object.hasOwn(NUMBERS, key)) return compareNumber(NUMBERS[key] as Condition, clause, 1000);
  if (Object.hasOwn(TEXTS, key)) return compareText(kind, TEXTS[key] as Condition, clause, TEXT_OR_LIST);
  throw unknownKey(clause, [...Object.keys(TEXTS), "status", ...Object.keys(NUMBERS)]);
}

function noted(kind: DatabaseKind, table: Condition, clause: Clause): Condition {
  const here = sql`select 1 from ${table} n where n.model_id = l.id and n.key = ${clause.key}`;
  if (clause.comparator === "IS NULL") return sql`not exists (${here})`;
  if (clause.comparator === "IS NOT NULL") return sql`exists (${here})`;
  return sql`exists (${here} and ${compareText(kind, sql`n.value`, clause)})`;
}

function ofDatasets(datasets: readonly DatasetMatch[]): Condition {
  if (datasets.length === 0) return sql`1 = 1`;
  const each = datasets.map(({ name, digest }) =>
    digest === undefined
      ? sql`m.dataset_name = ${name}`
      : sql`(m.dataset_name = ${name} and m.dataset_digest = ${digest})`,
  );
  return sql`(${sql.join(each, sql` or `)})`;
}

function orderSql({ field, isAscending, dataset }: LoggedModelOrder): readonly Condition[] {
  const direction = sql.raw(isAscending ? "asc" : "desc");
  const [entity = "", ...rest] = field.split(".");
  if (rest.length > 0 && (entity === "metrics" || entity === "metric")) {
    const value = sql`(select m.value from logged_model_metrics m where m.model_id = l.id and m.key = ${rest.join(".")} and ${ofDatasets(dataset ? [dataset] : [])} order by m.step desc, m.at desc limit 1)`;
    return [sql`case when ${value} is null then 1 else 0 end`, sql`${value} ${direction}`];
  }
  const column = Object.hasOwn(NUMBERS, field)
    ? NUMBERS[field]
    : Object.hasOwn(TEXTS, field)
      ? TEXTS[field]
      : undefined;
  if (!column)
    throw unknownKey({ entity: "", key: field }, [...Object.keys(TEXTS), ...Object.keys(NUMBERS), "metrics.<key>"]);
  return [sql`case when ${column} is null then 1 else 0 end`, sql`${column} ${direction}`];
}
