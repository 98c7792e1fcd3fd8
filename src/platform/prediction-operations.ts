// Logged predictions as documents, each with the labels that were pushed for it.

import { formatInstant, type Instant, SlipwayError, type Table } from "../core/core.ts";
import { findDefinition, type ModelSpec } from "../define/define.ts";
import { labelHistorySql, logSql, newestLabelsSql } from "../serving/serving.ts";
import { type Platform, predictionLog } from "./open.ts";

/** Which predictions to list; those left out do not matter. */
export interface PredictionFilter {
  readonly from?: Instant;
  /** Up to, not including. */
  readonly to?: Instant;
  readonly version?: number;
  readonly route?: string;
  readonly id?: string;
  readonly limit: number;
}

/** A logged prediction. */
export interface LoggedDocument {
  readonly id: string;
  readonly at: string;
  readonly version: number;
  /** Why that version was asked; null in logs of earlier releases. */
  readonly route: string | null;
  readonly score: number | null;
  /** The label that counts of those that were pushed; null while none was. */
  readonly label: boolean | number | string | null;
  readonly labelAt: string | null;
}

/** Predictions of a model, newest first, those of shadows among them. Throws DEFINITION_NOT_FOUND with the nearest name. */
export async function listPredictions(
  platform: Platform,
  name: string,
  { from, to, version, route, id, limit }: PredictionFilter,
): Promise<readonly LoggedDocument[]> {
  const model = findDefinition(platform.project, "model", name);
  const source = predictionLog(platform);
  const { dialect } = source.offline;
  const predictions = await logSql(source, model, {
    ...(from === undefined ? {} : { from }),
    ...(to === undefined ? {} : { to }),
    shadows: true,
  });
  if (predictions === undefined) return [];
  const history = await labelHistorySql(source, model);
  const labels =
    history === undefined
      ? `(SELECT NULL AS id, NULL AS label, NULL::BIGINT AS "at" WHERE false)`
      : newestLabelsSql(history, platform.engines.clock.now());
  const conditions = [
    ...(version === undefined ? [] : [`p.version = ${version}`]),
    ...(route === undefined ? [] : [`p.route = ${dialect.text(route)}`]),
    ...(id === undefined ? [] : [`p.id = ${dialect.text(id)}`]),
  ];
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  const json = `to_json({'id': p.id, 'at': p."at", 'version': p.version, 'route': p.route, 'score': CASE WHEN isfinite(p.score) THEN p.score END, 'label': l.label, 'labelAt': l."at"})::VARCHAR`;
  const sql = `SELECT ${json} AS document FROM ${predictions} p LEFT JOIN ${labels} l ON l.id = p.id${where} ORDER BY p."at" DESC, p.id, p.version LIMIT ${limit}`;
  const found: LoggedDocument[] = [];
  for await (const table of source.offline.stream(sql)) found.push(...textsOf(table).map(documentOf));
  return found;
}

/** One prediction by its id: every line that the log has of it, and every label that was pushed for it, newest first. */
export interface ShownPrediction {
  readonly model: string;
  readonly id: string;
  readonly predictions: readonly LoggedDocument[];
  readonly labels: readonly {
    readonly label: boolean | number | string;
    readonly at: string;
    readonly received: string;
  }[];
}

/** Shows what is logged under an id. Throws INPUT_INVALID when nothing is. */
export async function showPrediction(platform: Platform, name: string, id: string): Promise<ShownPrediction> {
  const model = findDefinition(platform.project, "model", name);
  const predictions = await listPredictions(platform, name, { id, limit: 1000 });
  const labels = await labelsOfId(platform, model, id);
  if (predictions.length + labels.length === 0)
    throw new SlipwayError(
      "INPUT_INVALID",
      `No prediction of "${name}" is logged under the id ${JSON.stringify(id)}. List them: slipway predictions list ${name}.`,
      {
        details: { model: name, id },
      },
    );
  return { model: name, id, predictions, labels };
}

async function labelsOfId(platform: Platform, model: ModelSpec, id: string): Promise<ShownPrediction["labels"]> {
  const source = predictionLog(platform);
  const history = await labelHistorySql(source, model);
  if (history === undefined) return [];
  const json = `to_json({'label': label, 'at': "at", 'received': received})::VARCHAR`;
  const sql = `SELECT ${json} AS document FROM ${history} WHERE id = ${source.offline.dialect.text(id)} ORDER BY "at" DESC, received DESC, place DESC`;
  const found: ShownPrediction["labels"][number][] = [];
  for await (const table of source.offline.stream(sql))
    for (const text of textsOf(table)) {
      const { label, at, received } = JSON.parse(text) as {
        label: boolean | number | string;
        at: number;
        received: number;
      };
      found.push({ label, at: formatInstant(BigInt(at)), received: formatInstant(BigInt(received)) });
    }
  return found;
}

function textsOf(table: Table): readonly string[] {
  return Array.from({ length: table.rowCount }, (_, row) => String(table.columns[0]?.values[row]));
}

function documentOf(text: string): LoggedDocument {
  const { at, labelAt, ...rest } = JSON.parse(text) as Omit<LoggedDocument, "at" | "labelAt"> & {
    readonly at: number;
    readonly labelAt: number | null;
  };
  return { ...rest, at: formatInstant(BigInt(at)), labelAt: labelAt === null ? null : formatInstant(BigInt(labelAt)) };
}
