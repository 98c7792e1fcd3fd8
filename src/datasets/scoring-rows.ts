// Rows that are to be scored and have no label: a span of a source's rows, in its order, with the model's inputs as of each row's time.

import type { ColumnSchema, Instant } from "../core/core.ts";
import type { ModelSpec } from "../define/define.ts";
import { keyColumn, keyColumns, pointInTimeTables } from "../features/features.ts";
import type { SqlDialect } from "../ports/ports.ts";
import { inputValues, passedRequest, usedViews } from "./snapshot-sql.ts";

/** Which rows to score. */
export interface ScoringSpan {
  readonly model: ModelSpec;
  /** The rows as a table expression: it has an id, every field of the model's rows, and unless `at` is given the rows' time. */
  readonly rows: string;
  /** The fields of the model's rows. */
  readonly fields: readonly ColumnSchema[];
  /** The time as of which every row is asked; undefined for each row's own. */
  readonly at: Instant | undefined;
  /** The first row, by its place from 0, and how many. */
  readonly from: number;
  readonly count: number;
}

/** The rows as statements of one session. */
export interface ScoringPlan {
  /** Statements that make its tables, to be run in this order. */
  readonly statements: readonly string[];
  /** SELECT: the row's id as `#id`, and every input in order. */
  readonly inputs: string;
  /** SELECT of what is kept of each row, with the columns of a table that has a row for each of them in the same order. */
  readonly beside: (table: string, columns: readonly string[], withInputs: boolean) => string;
}

/** What is kept of a row, in order: its id, its time, its fields, and where they are wanted its inputs. */
export function scoredColumns(
  { rows, inputs }: ModelSpec,
  fields: readonly ColumnSchema[],
  withInputs: boolean,
): readonly ColumnSchema[] {
  const [id, time] = [rows.id ?? "", rows.eventTime ?? ""];
  const typeOf = (name: string): ColumnSchema["type"] =>
    rows.columns.find((column) => column.name === name)?.type ?? "string";
  const own = [
    { name: id, type: typeOf(id), optional: false },
    { name: time, type: "timestamp" as const, optional: false },
    ...fields.filter(({ name }) => name !== id && name !== time),
  ];
  const known = new Set(own.map(({ name }) => name));
  const more = inputs.filter(({ name }) => withInputs && !known.has(name));
  return [...own, ...more.map(({ name, type }) => ({ name, type, optional: true }))];
}

/** Plans the rows. */
export function scoringPlan(dialect: SqlDialect, { model, rows, fields, at, from, count }: ScoringSpan): ScoringPlan {
  const quote = dialect.identifier;
  const views = usedViews(model);
  const [id, time] = [model.rows.id ?? "", model.rows.eventTime ?? ""];
  const keys = keyColumns(views);
  const asking = [
    at === undefined ? `epoch_us(s.${quote(time)}) AS t` : `${at}::BIGINT AS t`,
    `s.${quote(id)} AS ${quote("row id")}`,
    ...keys.map(({ name }) => `s.${quote(name)} AS ${keyColumn(dialect, name)}`),
    ...passedRequest(dialect, model),
  ];
  const span = `(SELECT * FROM ${rows} LIMIT ${count} OFFSET ${from}) s`;
  const plan = pointInTimeTables(dialect, { rows: `SELECT ${asking.join(", ")} FROM ${span}`, views });
  const inputs = inputValues(dialect, model, plan);
  const requested = new Set(model.request.map(({ name }) => name));
  const sqlOf = (name: string): string => {
    if (name === id) return `r.${quote("row id")} AS ${quote(name)}`;
    if (name === time) return `make_timestamp(r.t) AS ${quote(name)}`;
    if (requested.has(name)) return `r.${quote(`request ${name}`)} AS ${quote(name)}`;
    if (fields.some((field) => field.name === name)) return `r.${keyColumn(dialect, name)} AS ${quote(name)}`;
    return inputs[model.inputs.findIndex((input) => input.name === name)] ?? "";
  };
  return {
    statements: plan.statements,
    inputs: `SELECT r.${quote("row id")} AS ${quote("#id")}, ${inputs.join(",\n")} ${plan.from}`,
    beside(table, columns, withInputs) {
      const kept = scoredColumns(model, fields, withInputs).map(({ name }) => sqlOf(name));
      const scored = columns.map((column) => `p.${quote(column)}`);
      return `SELECT ${[...kept, ...scored].join(",\n")} ${plan.from} POSITIONAL JOIN ${quote(table)} p`;
    },
  };
}
