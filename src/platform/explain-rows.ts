// The rows that an explanation looks at: a sample of a version's, and the one that somebody names.

import {
  decimalNumber,
  didYouMean,
  isDecimal,
  randomOf,
  rawNames,
  SlipwayError,
  type Table,
  typeText,
  type Value,
  valueFrom,
  valueToJson,
} from "../core/core.ts";
import { streamJudged } from "../datasets/datasets.ts";
import { type ExpressionNode, findDefinition, type InputSpec, type ModelSpec } from "../define/define.ts";
import { type ExplainedRows, namedCells, rowsFrom, valuesAt } from "../explaining/explaining.ts";
import { classesOf, getDataset, type VersionRecord } from "../registry/registry.ts";
import { loggedInputs, logSql } from "../serving/serving.ts";
import { rowsNamed, versionOrChampion } from "./evaluate-operations.ts";
import { type Platform, predictionLog } from "./open.ts";

/** Which version is explained, and with which rows. */
export interface ExplainRequest {
  /** `model@number` or `model@alias`; a model alone means its champion, else its newest version. */
  readonly version: string;
  /** `test`, `validate`, `train`, or a span of prediction time. */
  readonly rows: string;
  /** So many rows are drawn. */
  readonly sample: number;
  readonly seed: number;
  /** Of several classes the one that is meant; default the most probable. */
  readonly class?: string;
  readonly onNote?: (text: string) => void;
}

/** Which row is meant: by its id among the rows, by an id in the prediction log, or by its values. */
export type NamedRow =
  | { readonly key: string }
  | { readonly prediction: string }
  | { readonly values: Readonly<Record<string, unknown>> };

/** The columns that a version's inputs are made from, with the types that they are declared with. */
export function schemaOf({ inputs }: ModelSpec, version: VersionRecord): readonly InputSpec[] {
  return rawNames(version.inputs).map((name) => {
    const found = inputs.find((input) => input.name === name);
    if (found) return found;
    throw new SlipwayError(
      "FEATURES_MISMATCH",
      `${version.model}@${version.number} reads "${name}", which the model has no more. Restore the definition, or explain a newer version.`,
    );
  });
}

/** Rows to explain with. */
export interface Sampled {
  readonly version: VersionRecord;
  readonly definition: ModelSpec;
  readonly rows: ExplainedRows;
  /** 0 or 1, a number, or a class's place. */
  readonly labels: Float64Array;
  readonly notes: string[];
}

/** Rows drawn evenly from all that are named (reservoir sampling: Vitter 1985, Algorithm R), in their order of time. */
export async function sampleOf(platform: Platform, request: ExplainRequest): Promise<Sampled> {
  const version = await versionOrChampion(platform, request.version);
  const definition = findDefinition(platform.project, "model", version.model);
  const schema = schemaOf(definition, version);
  const random = randomOf(request.seed, 0);
  const kept: { readonly place: number; readonly cells: readonly Value[]; readonly label: Value }[] = [];
  let seen = 0;
  for await (const { table } of tablesOf(platform, request, version, definition, schema, [])) {
    const cellsAt = valuesAt(table, schema);
    const labelAt = valuesAt(table, [{ name: "label", type: definition.label.value.type }]);
    for (let row = 0; row < table.rowCount; row += 1) {
      const slot = seen < request.sample ? seen : random.below(seen + 1);
      if (slot < request.sample) kept[slot] = { place: seen, cells: cellsAt(row), label: labelAt(row)[0] ?? null };
      seen += 1;
    }
  }
  if (seen === 0)
    throw new SlipwayError(
      "TRAINING_SET_EMPTY",
      `Model "${version.model}" has no labelled rows among "${request.rows}". Name others with --rows, such as validate or 2025-03-01..2025-04-01.`,
    );
  kept.sort((one, other) => one.place - other.place);
  const classes = classesOf(version);
  return {
    version,
    definition,
    rows: rowsFrom(
      schema,
      kept.map(({ cells }) => cells),
    ),
    labels: Float64Array.from(kept, ({ label }) =>
      classes === undefined ? Number(label) : classes.indexOf(String(label)),
    ),
    notes: seen > request.sample ? [`${request.sample} of ${seen} rows were drawn.`] : [],
  };
}

async function* tablesOf(
  platform: Platform,
  { rows, onNote }: ExplainRequest,
  version: VersionRecord,
  definition: ModelSpec,
  schema: readonly InputSpec[],
  beside: readonly ExpressionNode[],
): AsyncGenerator<{ readonly table: Table }> {
  const { registry, engines } = platform;
  const record = version.datasetId === null ? undefined : await getDataset(registry, version.datasetId);
  const { blob, columns, span } = await rowsNamed(platform, definition, version, record, rows, onNote);
  const inputs = schema.map(({ name }) => name);
  for await (const table of streamJudged(engines, { model: definition, blob, columns, span, inputs, beside }))
    yield { table };
}

/** The values of the row that is meant. Throws INPUT_INVALID where there is none. */
export async function rowNamed(
  platform: Platform,
  request: ExplainRequest & { readonly row: NamedRow },
  version: VersionRecord,
  definition: ModelSpec,
  schema: readonly InputSpec[],
): Promise<readonly Value[]> {
  const { row, rows } = request;
  if ("values" in row) return cellsFrom(version, schema, row.values);
  if ("prediction" in row) return loggedRow(platform, definition, schema, row.prediction);
  const { id } = definition.rows;
  const type = definition.rows.columns.find(({ name }) => name === id)?.type;
  if (id === undefined || type === undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `The rows of "${definition.name}" have no id to name one by. Give its values: --row '{"${schema[0]?.name}": …}'.`,
    );
  const leaf: ExpressionNode = { kind: "row", name: id, type };
  for await (const { table } of tablesOf(platform, request, version, definition, schema, [leaf])) {
    const idAt = valuesAt(table, [{ name: "#0", type }]);
    for (let place = 0; place < table.rowCount; place += 1)
      if (String(idAt(place)[0]) === row.key) return valuesAt(table, schema)(place);
  }
  throw new SlipwayError(
    "INPUT_INVALID",
    `No labelled row of "${definition.name}" has the ${id} ${JSON.stringify(row.key)} among the ${rows} rows. Look among others with --rows, or give its values with --row.`,
    { details: { model: definition.name, key: row.key } },
  );
}

async function loggedRow(
  platform: Platform,
  definition: ModelSpec,
  schema: readonly InputSpec[],
  id: string,
): Promise<readonly Value[]> {
  const source = predictionLog(platform);
  const logged = await logSql(source, definition);
  if (logged !== undefined) {
    const { dialect } = source.offline;
    const sql = `SELECT * FROM ${loggedInputs(dialect, definition, logged)} WHERE "#id" = ${dialect.text(id)} ORDER BY "#at" DESC LIMIT 1`;
    for await (const table of source.offline.stream(sql)) if (table.rowCount > 0) return valuesAt(table, schema)(0);
  }
  throw new SlipwayError(
    "INPUT_INVALID",
    `No prediction of "${definition.name}" is logged under the id ${JSON.stringify(id)}. List them: slipway predictions list ${definition.name}.`,
    { details: { model: definition.name, id } },
  );
}

/** A row from its values as JSON; inputs that are left out are missing. */
function cellsFrom(
  { model }: VersionRecord,
  schema: readonly InputSpec[],
  given: Readonly<Record<string, unknown>>,
): readonly Value[] {
  const names = schema.map(({ name }) => name);
  const unknown = Object.keys(given).find((name) => !names.includes(name));
  if (unknown !== undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `Model "${model}" has no input "${unknown}"; it has: ${names.join(", ")}.${didYouMean(unknown, names)}`,
      { details: { model, field: unknown } },
    );
  const read = schema.map(({ name, type }): Value => {
    const value = given[name];
    if (value === undefined || value === null) return null;
    return valueFrom(type, value, true, name, (path, found, wanted, problem) => {
      const why = problem ?? `is no ${typeText(wanted)}`;
      throw new SlipwayError("INPUT_INVALID", `Model "${model}": "${path}" = ${JSON.stringify(found)} ${why}.`, {
        details: { model, field: name },
      });
    });
  });
  // Numbers are numbers here, whatever they were declared as.
  return read.map((value, place) => (typeof value === "bigint" ? asNumber(schema[place], value) : value));
}

function asNumber(input: InputSpec | undefined, value: bigint): Value {
  if (input === undefined || input.type === "timestamp") return value;
  return isDecimal(input.type) ? decimalNumber(value, input.type.scale) : Number(value);
}

/** A row for people and for JSON. */
export function shownCells({ inputs }: ModelSpec, row: ExplainedRows): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(namedCells(row, 0)).map(([name, cell]) => {
      const type = inputs.find((input) => input.name === name)?.type;
      return [
        name,
        type === undefined || typeof cell === "number" || typeof cell === "string" ? cell : valueToJson(type, cell),
      ];
    }),
  );
}
