// Where the rows of a batch prediction come from: a source of the definitions, or a file that has the same columns.

import { type ColumnSchema, didYouMean, type Instant, SlipwayError } from "../../core/core.ts";
import { findDefinition, type ModelSpec, type SourceSpec } from "../../define/define.ts";
import { rowFields } from "../../scoring/scoring.ts";
import type { Platform } from "../open.ts";

/** Where the rows are, as a user says it; neither is the model's own rows. */
export interface BatchPlace {
  /** The absolute path of a file, or a glob: .parquet, .csv, .jsonl or .ndjson, the last three also with .gz. */
  readonly input?: string;
  /** The name of a source in the definitions. */
  readonly source?: string;
  /** As of when every row is asked; undefined for each row's own time. */
  readonly at: Instant | undefined;
}

/** The source that is read, with only the columns that are needed. Throws USAGE or INPUT_INVALID. */
export function batchSource({ project }: Platform, model: ModelSpec, { input, source, at }: BatchPlace): SourceSpec {
  const needed = neededColumns(model, at);
  if (input !== undefined && source !== undefined)
    throw new SlipwayError("USAGE", "Give --input or --source, not both.");
  if (input !== undefined) return fileSource(model, needed, input, at);
  const declared = source === undefined ? model.rows : findDefinition(project, "source", source);
  for (const { name } of needed)
    if (!declared.columns.some((column) => column.name === name)) {
      const names = declared.columns.map((column) => column.name);
      const advice =
        name === model.rows.eventTime
          ? ` Or ask all its rows as of one time: --at 2025-03-01.`
          : didYouMean(name, names);
      throw new SlipwayError(
        "INPUT_INVALID",
        `Source "${declared.name}" has no column "${name}", which rows of model "${model.name}" need.${advice}`,
      );
    }
  return declared;
}

function neededColumns(model: ModelSpec, at: Instant | undefined): readonly ColumnSchema[] {
  const { rows } = model;
  const fields = new Map(rowFields(model).map((field) => [field.name, field]));
  const names = [rows.id ?? "", ...(at === undefined ? [rows.eventTime ?? ""] : []), ...fields.keys()];
  return [...new Set(names)].map((name) => {
    const declared = rows.columns.find((column) => column.name === name);
    const field = fields.get(name);
    if (field) return { ...field, ...(declared ? { type: declared.type } : {}) };
    return declared ?? { name, type: "string", optional: false };
  });
}

const FORMATS = { parquet: "parquet", csv: "csv", jsonl: "jsonLines", ndjson: "jsonLines" } as const;

function fileSource(
  { rows }: ModelSpec,
  columns: readonly ColumnSchema[],
  path: string,
  at: Instant | undefined,
): SourceSpec {
  const [, ending = ""] = /\.(parquet|csv|jsonl|ndjson)(?:\.gz)?$/.exec(path) ?? [];
  const format = FORMATS[ending as keyof typeof FORMATS];
  if (format === undefined || (format === "parquet" && path.endsWith(".gz")))
    throw new SlipwayError(
      "USAGE",
      `--input ${path}: rows are read from .parquet, .csv, .jsonl or .ndjson. Rows elsewhere, such as in Postgres, are declared as a source: --source NAME.`,
    );
  const core = {
    kind: "source" as const,
    name: path.replace(/^.*[/\\]/, ""),
    columns,
    ...(rows.id === undefined ? {} : { id: rows.id }),
    ...(at === undefined && rows.eventTime !== undefined ? { eventTime: rows.eventTime } : {}),
  };
  switch (format) {
    case "parquet":
      return { ...core, format, path };
    case "csv":
      return { ...core, format, path, delimiter: ",", header: true, quote: '"', nulls: [""] };
    default:
      return { ...core, format, path };
  }
}
