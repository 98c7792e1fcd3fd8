// A model's feature snapshot in SQL: a row per row of its rows source, in that order, with the features as of its time, request and
// derived values, and the label with the moment it became known. Which rows train is decided later, by filters on this table.

import { type Instant, SlipwayError } from "../core/core.ts";
import {
  type FeatureViewSpec,
  type LeafNode,
  leavesOf,
  type ModelSpec,
  type RowColumnSpec,
  type RowRole,
  rowColumnNames,
  type SourceSpec,
} from "../define/define.ts";
import {
  guardedFeatures,
  inKeyShares,
  keyColumn,
  keyColumns,
  type PointInTimeTables,
  pointInTimeTables,
  sourceExpression,
} from "../features/features.ts";
import type { OfflineEngine, SqlDialect, WrittenFile } from "../ports/ports.ts";

/** A snapshot as statements of one session. */
export interface SnapshotPlan {
  /** Statements that make its tables, to be run in this order. */
  readonly statements: readonly string[];
  /** The tables that are there in the end. */
  readonly names: readonly string[];
  /** SELECT: `part` first where rows are put in parts, then `key`, `t`, every input in order, `label`, `label_known_at`. */
  readonly select: string;
}

/**
 * Plans the snapshot. Only the features that the model uses are computed, from only the columns that they need. With `partition`, SQL over a
 * row's time, rows of one part come together, in their own order; with `shares`, windows are computed for one share of the keys after the other.
 */
export function snapshotPlan(
  dialect: SqlDialect,
  model: ModelSpec,
  { partition, shares = 1 }: { readonly partition?: (time: string) => string; readonly shares?: number } = {},
): SnapshotPlan {
  const { rows } = model;
  const quote = dialect.identifier;
  const views = usedViews(model);
  const passed = passedRequest(dialect, model);
  const keys = keyColumns(views).map(({ name }) => `s.${quote(name)} AS ${keyColumn(dialect, name)}`);
  const asking = [
    `epoch_us(s.${quote(rows.eventTime ?? "")}) AS t`,
    `s.${quote(rows.id ?? "")} AS ${quote("row id")}`,
    ...keys,
    ...passed,
    ...rowColumns(model, "rows").map(
      ({ name, value }) => `${sourceExpression(dialect, value, "s")} AS ${quote(`row ${name}`)}`,
    ),
  ];
  const plan = pointInTimeTables(dialect, {
    rows: `SELECT ${asking.join(", ")} FROM ${dialect.scan(rows)} s`,
    views,
    shares,
    ...(partition === undefined ? {} : { partition: partition("make_timestamp(t)") }),
  }).beside(
    "o",
    ["o.label", "o.known", ...rowColumns(model, "label").map(({ name }) => `o.${quote(name)}`)],
    `LEFT JOIN ${labelsSql(dialect, model)} o ON o.id = r.${quote("row id")}`,
  );
  const values = inputValues(dialect, model, plan);
  const selected = [
    ...(partition === undefined ? [] : ["r.part"]),
    `r.${quote("row id")} AS ${quote("key")}`,
    `make_timestamp(r.t) AS ${quote("t")}`,
    ...values,
    `o.label AS ${quote("label")}`,
    `CASE WHEN o.label IS NOT NULL THEN make_timestamp(o.known) END AS ${quote("label_known_at")}`,
    ...rowColumns(model).map(({ name, from }) =>
      from === "label" ? `o.${quote(name)} AS ${quote(name)}` : `r.${quote(`row ${name}`)} AS ${quote(name)}`,
    ),
  ];
  return { statements: plan.statements, names: plan.names, select: `SELECT ${selected.join(",\n")} ${plan.from}` };
}

/** A row's request values, as {@link inputValues} reads them; the rows are `s`. */
export function passedRequest(dialect: SqlDialect, { request }: ModelSpec): readonly string[] {
  const quote = dialect.identifier;
  return request.map(({ name }) => `s.${quote(name)} AS ${quote(`request ${name}`)}`);
}

/** A model's inputs by name, in order, out of a join whose asking rows have {@link passedRequest}. */
export function inputValues(
  dialect: SqlDialect,
  { inputs }: ModelSpec,
  plan: Pick<PointInTimeTables, "feature">,
): readonly string[] {
  const quote = dialect.identifier;
  const leaf = (node: LeafNode): string =>
    node.kind === "feature" ? plan.feature(node.view, node.name) : `r.${quote(`request ${node.name}`)}`;
  return inputs.map((input) => {
    if (input.from === "feature") return `${plan.feature(input.view, input.name)} AS ${quote(input.name)}`;
    if (input.from === "request") return `r.${quote(`request ${input.name}`)} AS ${quote(input.name)}`;
    return `(${dialect.expression(input.value, leaf)})::${dialect.typeName(input.type)} AS ${quote(input.name)}`;
  });
}

/** Writes the snapshot to one Parquet file, view by view, so that memory is needed for one view at a time, and where that is too much for a share of its keys. */
export function writeSnapshot(offline: OfflineEngine, model: ModelSpec, file: string): Promise<WrittenFile> {
  return inKeyShares((shares) => {
    const { statements, select } = snapshotPlan(offline.dialect, model, { shares });
    return offline.session(async (session) => {
      for (const statement of statements) await session.run(statement);
      return session.writeParquet(select, file);
    });
  });
}

/** The model's views with the features that it uses, and those that say whether these may be used. */
export function usedViews({ views, inputs }: ModelSpec): readonly FeatureViewSpec[] {
  const used = inputs.flatMap((input) => {
    if (input.from === "feature") return [{ view: input.view, name: input.name }];
    return input.from === "derived" ? leavesOf(input.value).filter((leaf) => leaf.kind === "feature") : [];
  });
  return views.map((view) => {
    const own = used.filter((each) => each.view === view.name).flatMap(({ name }) => guardedFeatures(view, name));
    return { ...view, features: view.features.filter(({ name }) => own.includes(name)) };
  });
}

/** What a model's training rows carry besides inputs and label, by column; with `from`, those of one source. */
export function rowColumns(
  { beside = {} }: Pick<ModelSpec, "beside">,
  from?: RowColumnSpec["from"],
): readonly (RowColumnSpec & { readonly name: string })[] {
  const roles = Object.keys(rowColumnNames) as RowRole[];
  const all = roles.flatMap((role) =>
    beside[role] === undefined ? [] : [{ ...beside[role], name: rowColumnNames[role] }],
  );
  return from === undefined ? all : all.filter((each) => each.from === from);
}

/** A model's labels as a table expression: `id`, `label`, and when each was `known` (microseconds); with `since`, of later events only. */
export function labelsSql(dialect: SqlDialect, model: ModelSpec, since?: Instant): string {
  const { source, value } = model.label;
  const id = `s.${dialect.identifier(source.id ?? "")}`;
  const recent =
    since === undefined ? "" : ` WHERE s.${dialect.identifier(source.eventTime ?? "")} >= make_timestamp(${since})`;
  const more = rowColumns(model, "label")
    .map((each) => `, ${sourceExpression(dialect, each.value, "s")} AS ${dialect.identifier(each.name)}`)
    .join("");
  return `(SELECT ${id} AS id, ${sourceExpression(dialect, value, "s")} AS label, ${labelKnownSql(dialect, source)} AS known${more} FROM ${dialect.scan(source)} s${recent})`;
}

function labelKnownSql(dialect: SqlDialect, { eventTime, createdAt }: SourceSpec): string {
  const event = `epoch_us(s.${dialect.identifier(eventTime ?? "")})`;
  return createdAt === undefined
    ? event
    : `greatest(${event}, coalesce(epoch_us(s.${dialect.identifier(createdAt)}), ${event}))`;
}

/** Checks every source that a model's snapshot reads, and that it has rows at all. */
export async function checkSources(offline: OfflineEngine, model: ModelSpec): Promise<void> {
  const sources = [model.rows, model.label.source, ...model.views.map((view) => view.source)];
  for (const source of new Map(sources.map((each) => [each.name, each])).values()) await offline.check(source);
  const count = `SELECT count(*)::BIGINT AS n FROM ${offline.dialect.scan(model.rows)}`;
  for await (const table of offline.stream(count))
    if (table.columns[0]?.values[0] === 0n)
      throw new SlipwayError(
        "TRAINING_SET_EMPTY",
        `Model "${model.name}" has no rows: source "${model.rows.name}" is empty.`,
      );
}
