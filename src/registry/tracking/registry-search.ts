// Searching registered models and versions.

import { sql } from "kysely";
import { SlipwayError } from "../../core/core.ts";
import type { VersionRow } from "../../records/records.ts";
import { seenModels, sightOf } from "../sight.ts";
import {
  type Condition,
  compareNumber,
  compareText,
  type DatabaseKind,
  TEXT_OR_LIST,
  unknownKey,
} from "./compare-sql.ts";
import type { TrackingContext } from "./context.ts";
import { type Clause, parseFilter, parseOrder } from "./filter.ts";
import { type ModelVersion, modelVersionsOf } from "./model-versions.ts";
import { offsetOf, pageToken } from "./page-token.ts";
import { type RegisteredModel, registeredModelsOf } from "./registered-models.ts";
import type { Page } from "./run-search.ts";

/** What to search for. */
export interface RegistrySearch {
  readonly filter?: string | undefined;
  readonly orderBy?: readonly string[];
  readonly limit: number;
  readonly pageToken?: string | undefined;
}

type Columns = Readonly<Record<string, Condition>>;

const MODEL_COLUMNS: Columns = {
  name: sql`m.name`,
  creation_timestamp: sql`m.created_at`,
  last_updated_timestamp: sql`coalesce(m.updated_at, m.created_at)`,
};

/** Finds registered models, by name unless told otherwise. */
export async function searchRegisteredModels(
  context: TrackingContext,
  search: RegistrySearch,
): Promise<Page<RegisteredModel>> {
  const { records } = context;
  const { filter, orderBy = [], limit } = search;
  const question = { models: filter ?? "", orderBy };
  const offset = offsetOf(search.pageToken, question);
  const seen = seenModels(await sightOf(context), sql`m.name`);
  const conditions = parseFilter(filter).map((clause) => {
    if (isTag(clause)) return tagged(records.kind, sql`model_tags t where t.model = m.name`, clause);
    if (clause.key !== "name" || clause.entity !== "") throw unknownKey(clause, ["name", "tags.<key>"]);
    return compareText(records.kind, sql`m.name`, clause);
  });
  const sorted = [...orderBy.map((text) => orderSql(MODEL_COLUMNS, text)), sql`m.name asc`];
  const query = sql<{
    name: string;
  }>`select m.name from models m ${whereSql([...seen, ...conditions])} order by ${sql.join(sorted)} limit ${limit + 1} offset ${offset}`;
  const { rows } = await query.execute(records.db);
  const names = rows.slice(0, limit).map(({ name }) => name);
  return {
    items: await registeredModelsOf(context, names),
    next: rows.length > limit ? pageToken(question, [offset + limit]) : undefined,
  };
}

const VERSION_COLUMNS: Columns = {
  name: sql`v.model`,
  version_number: sql`v.number`,
  creation_timestamp: sql`v.created_at`,
  last_updated_timestamp: sql`coalesce(v.updated_at, v.created_at)`,
};

/** Finds versions, the last changed first unless told otherwise. */
export async function searchModelVersions(
  context: TrackingContext,
  search: RegistrySearch,
): Promise<Page<ModelVersion>> {
  const { records } = context;
  const { filter, orderBy = [], limit } = search;
  const question = { versions: filter ?? "", orderBy };
  const offset = offsetOf(search.pageToken, question);
  const conditions = [
    ...seenModels(await sightOf(context), sql`v.model`),
    ...parseFilter(filter).map((clause) => versionCondition(records.kind, clause)),
  ];
  const sorted = [
    ...(orderBy.length === 0
      ? [sql`coalesce(v.updated_at, v.created_at) desc`]
      : orderBy.map((text) => orderSql(VERSION_COLUMNS, text))),
    sql`v.model asc`,
    sql`v.number desc`,
  ];
  const query = sql<VersionRow>`select v.* from versions v ${whereSql(conditions)} order by ${sql.join(sorted)} limit ${limit + 1} offset ${offset}`;
  const { rows } = await query.execute(records.db);
  return {
    items: await modelVersionsOf(context, rows.slice(0, limit)),
    next: rows.length > limit ? pageToken(question, [offset + limit]) : undefined,
  };
}

function versionCondition(kind: DatabaseKind, clause: Clause): Condition {
  if (isTag(clause)) return tagged(kind, sql`version_tags t where t.model = v.model and t.number = v.number`, clause);
  const texts: Columns = {
    name: sql`v.model`,
    run_id: sql`v.run_id`,
    source_path: sql`v.source`,
    model_id: sql`v.logged_model_id`,
  };
  if (clause.entity === "" && Object.hasOwn(texts, clause.key))
    return compareText(kind, texts[clause.key] as Condition, clause, TEXT_OR_LIST);
  if (clause.entity === "" && clause.key === "version_number") return compareNumber(sql`v.number`, clause);
  throw unknownKey(clause, [...Object.keys(texts), "version_number", "tags.<key>"]);
}

const isTag = ({ entity }: Clause): boolean => entity === "tag" || entity === "tags";

const PROMPT_MARK = "mlflow.prompt.is_prompt";

function tagged(kind: DatabaseKind, from: Condition, clause: Clause): Condition {
  const here = sql`select 1 from ${from} and t.key = ${clause.key}`;
  if (clause.comparator === "IS NULL") return sql`not exists (${here})`;
  if (clause.comparator === "IS NOT NULL") return sql`exists (${here})`;
  // Clients leave prompts out in this way, and mean every model that was never marked as one.
  if (clause.key === PROMPT_MARK && clause.comparator === "!=")
    return sql`not exists (${here} and ${compareText(kind, sql`t.value`, { ...clause, comparator: "=" })})`;
  return sql`exists (${here} and ${compareText(kind, sql`t.value`, clause)})`;
}

function whereSql(conditions: readonly Condition[]): Condition {
  return conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`;
}

function orderSql(columns: Columns, text: string): Condition {
  const { entity, key, isAscending } = parseOrder(text);
  const name = key === "timestamp" ? "last_updated_timestamp" : key;
  const column = entity === "" && Object.hasOwn(columns, name) ? columns[name] : undefined;
  if (!column)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Invalid order by key '${text}' specified. Valid keys are: ${Object.keys(columns).join(", ")}.`,
    );
  return sql`${column} ${sql.raw(isAscending ? "asc" : "desc")}`;
}
