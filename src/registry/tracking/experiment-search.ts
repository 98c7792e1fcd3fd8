// Searching experiments by name, time and tags.

import { sql } from "kysely";
import { SlipwayError } from "../../core/core.ts";
import type { Schema } from "../../records/records.ts";
import { seenExperiments, sightOf } from "../sight.ts";
import { type Condition, compareNumber, compareText, type DatabaseKind, unknownKey } from "./compare-sql.ts";
import type { TrackingContext } from "./context.ts";
import { type TrackedExperiment, withTags } from "./experiments.ts";
import { type Clause, parseFilter, parseOrder } from "./filter.ts";
import { offsetOf, pageToken } from "./page-token.ts";
import type { LifecycleView, Page } from "./run-search.ts";

const COLUMNS: Readonly<Record<string, Condition>> = {
  name: sql`e.name`,
  experiment_id: sql`e.id`,
  creation_time: sql`e.created_at`,
  last_update_time: sql`coalesce(e.updated_at, e.created_at)`,
};

/** Finds experiments, newest first unless told otherwise. */
export async function searchExperiments(
  context: TrackingContext,
  search: {
    readonly filter?: string | undefined;
    readonly orderBy?: readonly string[];
    readonly view: LifecycleView;
    readonly limit: number;
    readonly pageToken?: string | undefined;
  },
): Promise<Page<TrackedExperiment>> {
  const { records } = context;
  const { filter, orderBy = [], view, limit } = search;
  const question = { experiments: filter ?? "", orderBy, view };
  const offset = offsetOf(search.pageToken, question);
  const conditions = [
    ...(view === "all" ? [] : [view === "active" ? sql`e.deleted_at is null` : sql`e.deleted_at is not null`]),
    ...seenExperiments(await sightOf(context), sql`e.id`),
    ...parseFilter(filter).map((clause) => condition(records.kind, clause)),
  ];
  const order = orderBy.map((text) => {
    const { entity, key, isAscending } = parseOrder(text);
    const column = isAttribute(entity) && Object.hasOwn(COLUMNS, key) ? COLUMNS[key] : undefined;
    if (!column) throw unknownKey({ entity, key }, Object.keys(COLUMNS));
    return sql`${column} ${sql.raw(isAscending ? "asc" : "desc")}`;
  });
  const sorted = order.length === 0 ? [sql`e.created_at desc`, sql`e.id asc`] : [...order, sql`e.id desc`];
  const where = conditions.length === 0 ? sql`` : sql`where ${sql.join(conditions, sql` and `)}`;
  const query = sql<
    Schema["experiments"]
  >`select e.* from experiments e ${where} order by ${sql.join(sorted)} limit ${limit + 1} offset ${offset}`;
  const { rows } = await query.execute(records.db);
  return {
    items: await withTags(records.db, rows.slice(0, limit)),
    next: rows.length > limit ? pageToken(question, [offset + limit]) : undefined,
  };
}

const isAttribute = (entity: string): boolean => ["", "attribute", "attributes", "attr", "experiment"].includes(entity);

function condition(kind: DatabaseKind, clause: Clause): Condition {
  const { entity, key } = clause;
  if (entity === "tag" || entity === "tags") {
    const here = sql`select 1 from experiment_tags t where t.experiment_id = e.id and t.key = ${key}`;
    if (clause.comparator === "IS NULL") return sql`not exists (${here})`;
    if (clause.comparator === "IS NOT NULL") return sql`exists (${here})`;
    return sql`exists (${here} and ${compareText(kind, sql`t.value`, clause)})`;
  }
  if (!isAttribute(entity))
    throw new SlipwayError("INPUT_INVALID", `Invalid entity type '${entity}'. Valid entity types are: attribute, tag.`);
  const column = Object.hasOwn(COLUMNS, key) ? COLUMNS[key] : undefined;
  if (!column) throw unknownKey(clause, Object.keys(COLUMNS));
  if (key === "name" || key === "experiment_id") return compareText(kind, column, clause);
  return compareNumber(column, clause, 1000);
}
