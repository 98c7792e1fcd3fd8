// Pushed events: compacted ones from Parquet, newer ones from lines, each once. Which lines are in a column file already follows from the
// numbers in its name. Where the files lie is looked up when a source is checked, so that all parts of a query see the same.

import { stat } from "node:fs/promises";
import { type ColumnSchema, SlipwayError } from "../../core/core.ts";
import { historyOf, type ParquetSpec, type PushSpec } from "../../define/define.ts";
import type { EventFiles, EventLog, SqlDialect } from "../../ports/ports.ts";
import { identifier, quote } from "./sql-text.ts";
import { fromLine, typeName } from "./values.ts";

/** The events of push sources. */
export interface PushedEvents {
  /** Looks up where a source's events are now; gives a text that changes when there are more. */
  look(source: PushSpec): Promise<string>;
  /** The rows of a source that was looked up: its events, and those of its history whose id was never pushed. */
  relation(source: PushSpec, fileColumn?: string): string;
  /** The events alone, as `SqlDialect.scanEvents` has them. */
  events(source: PushSpec): string;
  /** The rest of the history, as `SqlDialect.scanHistory` has it. */
  rest(source: PushSpec): string;
}

/** Access to events in a log; `history` gives the relation of files with events from elsewhere. */
export function pushedEvents(
  log: Pick<EventLog, "files"> | undefined,
  scanLines: SqlDialect["scanLines"],
  history: (source: ParquetSpec, fileColumn?: string) => string,
): PushedEvents {
  const found = new Map<string, EventFiles>();

  const filesOf = ({ name }: PushSpec): EventFiles => {
    const files = found.get(name);
    if (files) return files;
    throw new SlipwayError(
      "INTERNAL",
      `Source "${name}" was to be scanned before its events were looked up: check it first.`,
    );
  };

  const events = (source: PushSpec): string => {
    const { columns, lines } = filesOf(source);
    const names = source.columns.map(({ name }) => identifier(name));
    const parts: string[] = [];
    if (columns.length > 0) {
      const files = columns.map(({ path }) => quote(path)).join(", ");
      parts.push(`SELECT ${[...names, '"#n"', '"#at"', '"#said"'].join(", ")} FROM read_parquet([${files}])`);
    }
    if (lines.length > 0) {
      const scan = scanLines(lines, whole("n", "at"), { row: source.columns });
      const said = `l."row".${identifier(source.createdAt)}`;
      const compacted = columns.at(-1)?.last ?? 0n;
      parts.push(
        `SELECT ${source.columns.map((column) => lineCell(source, column)).join(", ")}, l.n AS "#n", l."at" AS "#at", ${said} AS "#said" FROM ${scan} l WHERE l.n > ${compacted}`,
      );
    }
    return `(${parts.length === 0 ? nothing(source) : parts.join(" UNION ALL ")})`;
  };

  const rest = (source: PushSpec, fileColumn?: string): string => {
    const earlier = historyOf(source);
    if (earlier === undefined) return `(${nothing(source)})`;
    const cells = source.columns.map(({ name, type }) => {
      const cell = earlier.columns.some((column) => column.name === name) ? `h.${identifier(name)}` : "NULL";
      return `${cell}::${typeName(type)} AS ${identifier(name)}`;
    });
    const file = fileColumn === undefined ? "" : `, h.${identifier(fileColumn)}`;
    const id = identifier(source.id);
    return `(SELECT ${cells.join(", ")}${file} FROM ${history(earlier, fileColumn)} h WHERE NOT EXISTS (SELECT 1 FROM ${events(source)} p WHERE p.${id} = h.${id}))`;
  };

  return {
    async look(source) {
      if (!log)
        throw new SlipwayError(
          "ENGINE_NOT_INSTALLED",
          `Source "${source.name}" takes pushed events, which the engines of this project do not keep. Use local() of slipway/presets.`,
        );
      const files = await log.files(source.name);
      found.set(source.name, files);
      // Compaction changes it too: a copy made before is right, and is made once more.
      const sizes = await Promise.all(files.lines.map(async (file) => `${file} ${(await stat(file)).size}`));
      return [...files.columns.map(({ path }) => path), ...sizes].join("\n");
    },
    events,
    relation(source, fileColumn) {
      const names = source.columns.map(({ name }) => identifier(name)).join(", ");
      const file = fileColumn === undefined ? "" : `, 'pushed' AS ${identifier(fileColumn)}`;
      const pushed = `SELECT ${names}${file} FROM ${events(source)}`;
      if (source.history === undefined) return `(${pushed})`;
      return `(${pushed} UNION ALL SELECT ${names}${file === "" ? "" : `, ${identifier(fileColumn ?? "")}`} FROM ${rest(source, fileColumn)})`;
    },
    rest,
  };
}

/** A value out of a line. An event that does not say when it became known became so when it was acknowledged. */
function lineCell({ createdAt }: PushSpec, { name, type }: ColumnSchema): string {
  const value = fromLine(`l."row".${identifier(name)}`, type);
  return `${name === createdAt ? `coalesce(${value}, make_timestamp(l."at"))` : value} AS ${identifier(name)}`;
}

function nothing({ columns }: PushSpec): string {
  const typed = columns.map(({ name, type }) => `NULL::${typeName(type)} AS ${identifier(name)}`);
  return `SELECT ${typed.join(", ")}, NULL::BIGINT AS "#n", NULL::BIGINT AS "#at", NULL::BIGINT AS "#said" WHERE false`;
}

const whole = (...names: readonly string[]): readonly ColumnSchema[] =>
  names.map((name) => ({ name, type: "int64", optional: false }));
