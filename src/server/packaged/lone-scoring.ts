// One loaded version as something that predicts: rows in, predictions out. Features that the model reads come with the row.

import { type Instant, newId, type RandomBytes, SlipwayError } from "../../core/core.ts";
import type { Prediction } from "../../platform/platform.ts";
import {
  answersIn,
  answersOf,
  cellMaker,
  explaining,
  type LoadedVersion,
  type LoneModel,
  parseRow,
  requireExplainable,
} from "../../scoring/scoring.ts";
import { readRequestTimeout } from "../admitted.ts";
import { type Asked, type BodyShape, readBody } from "../asked-body.ts";
import { predictionsText, predictionText } from "../prediction-text.ts";
import { readExplain, readSteering } from "../steering.ts";
import type { LoneRequest } from "./request.ts";

/** What a version needs to answer. */
export interface LoneScoring {
  readonly lone: LoneModel;
  readonly predictor: LoadedVersion;
  readonly now: () => Instant;
  readonly random: RandomBytes;
}

/** Answers the native predict request with JSON text. What it throws is INPUT_INVALID or VERSION_NOT_FOUND. */
export function lonePredict({
  lone,
  predictor,
  now,
  random,
}: LoneScoring): (request: Pick<LoneRequest, "headers" | "query">, body: unknown) => Promise<string> {
  const { model, number, fields, views, inputs } = lone;
  const classes = lone.classes ?? undefined;
  const names = new Set(fields.map(({ name }) => name));
  const shape: BodyShape = { model: model.name, keys: new Set(), request: names, row: names };
  const cellsOf = cellMaker(model, inputs);

  const explain = explaining(inputs, predictor, classes);

  const predict = async (asked: readonly Asked[], withReasons: boolean): Promise<readonly Prediction[]> => {
    const at = now();
    const width = predictor.inputCount;
    const matrix = new Float32Array(asked.length * width);
    const rows = asked.map(({ row: given }, index) => {
      const row = parseRow(model.name, fields, given, { isJson: true });
      matrix.set(cellsOf({ row, reads: new Map(views.map((view) => [view, { values: row }])) }), index * width);
      return row;
    });
    const reasonsOf = withReasons ? requireExplainable({ model, version: number, explain }) : undefined;
    const answers = answersOf(answersIn(await predictor.predict(matrix, asked.length), asked.length), classes);
    const matrixRow = (index: number): Float32Array => matrix.subarray(index * width, (index + 1) * width);
    const reasons = (await reasonsOf?.(asked.map((_, index) => matrixRow(index)))) ?? [];
    return answers.map((answer, index) => ({
      id: asked[index]?.id ?? newId(at, random),
      model: model.name,
      version: number,
      route: "champion",
      at,
      ...answer,
      ...(reasons[index] === undefined ? {} : { explanation: reasons[index] }),
      reads: [],
      row: rows[index] ?? {},
    }));
  };

  return async ({ headers, query }, body) => {
    const withReasons = readExplain(queryOf(query));
    const { version } = readSteering(headers);
    if (version !== undefined && version !== number)
      throw new SlipwayError(
        "VERSION_NOT_FOUND",
        `Version ${version} of "${model.name}" does not answer here; version ${number} does, and no other.`,
      );
    // Nothing waits here, so nothing comes too late; what is no time is refused all the same.
    readRequestTimeout(headers);
    const { rows, isBatch } = readBody(shape, body);
    const predictions = await predict(rows, withReasons);
    const [only] = predictions;
    return isBatch || !only ? predictionsText(predictions) : predictionText(only);
  };
}

/** A query as its names and values; of a name that stands there more than once, all its values. */
function queryOf(text: string): Readonly<Record<string, unknown>> {
  const query = new URLSearchParams(text);
  return Object.fromEntries(
    [...new Set(query.keys())].map((name) => {
      const [value, ...more] = query.getAll(name);
      return [name, more.length > 0 ? [value, ...more] : value];
    }),
  );
}
