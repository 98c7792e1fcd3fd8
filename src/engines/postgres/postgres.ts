// The door of the Postgres engine: records in a database, and tables and views as sources. Of a source each reading is one transaction that sees one state and writes nothing; rows
// come through a cursor, so that a table of any size takes the memory of one batch.

import {
  type ColumnSchema,
  columnFrom,
  didYouMean,
  SlipwayError,
  type Table,
  typeText,
  type Value,
} from "../../core/core.ts";
import type { PostgresTableSpec, SourceSpec } from "../../define/define.ts";
import type { SourceReader } from "../../ports/source-reader.ts";
import { type ColumnReading, catalogColumns, columnReadings, identifier } from "./columns.ts";
import { openReading, type PostgresReading, type TextRow } from "./connection.ts";
import { addedSince, growthMark, type Relation, tableState } from "./table-state.ts";

export { type PostgresOptions, postgresDatabase } from "./database.ts";

/** Reads Postgres tables; connection strings are looked up in `env` by the names that definitions give. */
export function postgresReader(env: Readonly<Record<string, string | undefined>>): SourceReader {
  async function opened<T>(
    spec: SourceSpec,
    use: (source: PostgresTableSpec, reading: PostgresReading) => Promise<T>,
  ): Promise<T> {
    if (spec.format !== "postgres")
      throw new SlipwayError("INTERNAL", `The Postgres reader was given ${spec.format} source "${spec.name}".`);
    return use(spec, await openReading(spec, env));
  }
  return {
    format: "postgres",
    probe: (spec) =>
      opened(spec, async (source, reading) => {
        try {
          await relationOf(reading, source);
        } finally {
          await reading.close();
        }
      }),
    fingerprint: (spec) =>
      opened(spec, async (source, reading) => {
        try {
          const { relation } = await relationOf(reading, source);
          return (await tableState(reading, relation)).fingerprint;
        } finally {
          await reading.close();
        }
      }),
    read: (spec, mark) =>
      opened(spec, async (source, reading) => {
        try {
          const { relation, columns } = await relationOf(reading, source);
          const state = await tableState(reading, relation);
          const added = await addedSince(reading, relation, state, mark);
          const next = await growthMark(reading, relation, state);
          return {
            fingerprint: state.fingerprint,
            isAddition: added !== undefined,
            ...(next === undefined ? {} : { mark: next }),
            tables: () => rowsOf(reading, source, relation, columns, added),
            close: reading.close,
          };
        } catch (thrown) {
          await reading.close();
          throw thrown;
        }
      }),
  };
}

/** The relation a source names. Throws SOURCE_NOT_FOUND, listing those there are, or SOURCE_SCHEMA_MISMATCH. */
async function relationOf(
  reading: PostgresReading,
  source: PostgresTableSpec,
): Promise<{ readonly relation: Relation; readonly columns: readonly ColumnReading[] }> {
  const { name, table } = source;
  const sql = table.split(".").map(identifier).join(".");
  const place = `${reading.address.text}, table ${table}`;
  const [found] = await reading.query(
    "SELECT c.oid, c.relkind, c.relrowsecurity::text, d.oid FROM pg_class c, pg_database d WHERE c.oid = to_regclass($1) AND d.datname = current_database()",
    [sql],
  );
  const [oid, kind, hasPolicy, database] = found ?? [];
  if (!oid || !kind || !"rpvmf".includes(kind)) {
    const listed = await reading.query(
      "SELECT CASE WHEN pg_table_is_visible(c.oid) THEN relname ELSE nspname || '.' || relname END FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace WHERE relkind IN ('r', 'p', 'v', 'm', 'f') AND nspname NOT IN ('pg_catalog', 'information_schema') AND NOT relispartition ORDER BY 1 LIMIT 50",
    );
    const tables = listed.map(([each]) => String(each));
    throw new SlipwayError(
      "SOURCE_NOT_FOUND",
      `Source "${name}" finds no table "${table}" at ${reading.address.text}; there are ${tables.join(", ") || "none"}.${didYouMean(table, tables)}`,
      { details: { source: name, path: reading.address.text, table } },
    );
  }
  const catalog = await catalogColumns(reading, oid);
  const columns = columnReadings(source, place, catalog);
  const system = await systemOf(reading);
  const marks = catalog.filter((each) => columns.some((column) => column.name === each.name)).map(({ mark }) => mark);
  const relation: Relation = {
    oid,
    sql,
    hasVersions: "rpm".includes(kind),
    canGrow: "rp".includes(kind) && hasPolicy === "false" && system !== undefined,
    identity: [system ?? reading.address.text, database, oid, ...marks].join(" "),
  };
  return { relation, columns };
}

/** Which database cluster this is, and which of its histories after a restore; undefined where this role may not ask. */
async function systemOf(reading: PostgresReading): Promise<string | undefined> {
  const [row] = await reading.query(
    "SELECT (has_function_privilege('pg_control_system()', 'execute') AND has_function_privilege('pg_control_checkpoint()', 'execute'))::text",
  );
  if (row?.[0] !== "true") return undefined;
  const [system] = await reading.query(
    "SELECT s.system_identifier, c.timeline_id FROM pg_control_system() s, pg_control_checkpoint() c",
  );
  return system?.join("/");
}

const BATCH_ROWS = 8192;

async function* rowsOf(
  reading: PostgresReading,
  source: PostgresTableSpec,
  { sql }: Relation,
  columns: readonly ColumnReading[],
  condition: string | undefined,
): AsyncIterable<Table> {
  const where = condition === undefined ? "" : ` WHERE ${condition}`;
  await reading.query(
    `DECLARE slipway_rows NO SCROLL CURSOR FOR SELECT ${columns.map((column) => column.sql).join(", ")} FROM ${sql}${where}`,
  );
  for (let before = 0; ; ) {
    const rows = await reading.query(`FETCH FORWARD ${BATCH_ROWS} FROM slipway_rows`);
    if (rows.length === 0) return;
    yield tableOf(source, columns, rows, before);
    before += rows.length;
  }
}

function tableOf(
  source: PostgresTableSpec,
  readings: readonly ColumnReading[],
  rows: readonly TextRow[],
  before: number,
): Table {
  const columns = readings.map(({ name, type, parse }, index) => {
    const cells = rows.map((row, place): Value => {
      const text = row[index] ?? null;
      if (text === null) return null;
      const value = parse(text);
      if (value !== undefined) return value;
      const id = readings.findIndex((reading) => reading.name === source.id);
      const which = id < 0 ? `row ${before + place + 1}` : `the row with ${source.id} ${JSON.stringify(row[id])}`;
      throw new SlipwayError(
        "SOURCE_SCHEMA_MISMATCH",
        `Source "${source.name}": ${which} of table ${source.table} has ${JSON.stringify(text.slice(0, 200))} in column "${name}", which is no ${typeText(type)}, as which it is declared. Correct the row, or the column's type.`,
        {
          details: {
            source: source.name,
            table: source.table,
            column: name,
            declared: typeText(type),
            value: text.slice(0, 200),
          },
        },
      );
    });
    return columnFrom<ColumnSchema["type"]>(name, type, cells as never);
  });
  return { rowCount: rows.length, columns };
}
