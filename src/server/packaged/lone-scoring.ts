// One loaded version as something that predicts: rows in, predictions out. Features that the model reads come with the row.

import { type Instant, newId, type RandomBytes, SlipwayError } from "../../core/core.ts";
import type { Prediction } from "../../platform/platform.ts";
import type { Predictor } from "../../ports/ports.ts";
import { answersIn, answersOf, cellMaker, type LoneModel, parseRow } from "../../scoring/scoring.ts";
import { type Asked, type BodyShape, readBody } from "../asked-body.ts";
import { predictionsText, predictionText } from "../prediction-text.ts";
import { readSteering } from "../steering.ts";
import type { LoneRequest } from "./request.ts";

/** What a version needs to answer. */
export interface LoneScoring {
  readonly lone: LoneModel;
  readonly predictor: Predictor;
  readonly now: () => Instant;
  readonly random: RandomBytes;
}

/** Answers the native predict request with JSON text. What it throws is INPUT_INVALID or VERSION_NOT_FOUND. */
export function lonePredict({
  lone,
  predictor,
  now,
  random,
}: LoneScoring): (request: Pick<LoneRequest, "headers">, body: unknown) => Promise<string> {
  const { model, number, fields, views, inputs } = lone;
  const classes = lone.classes ?? undefined;
  const names = new Set(fields.map(({ name }) => name));
  const shape: BodyShape = { model: model.name, keys: new Set(), request: names, row: names };
  const cellsOf = cellMaker(model, inputs);

  const predict = async (asked: readonly Asked[]): Promise<readonly Prediction[]> => {
    const at = now();
    const width = predictor.inputCount;
    const matrix = new Float32Array(asked.length * width);
    const rows = asked.map(({ row: given }, index) => {
      const row = parseRow(model.name, fields, given, { isJson: true });
      matrix.set(cellsOf({ row, reads: new Map(views.map((view) => [view, { values: row }])) }), index * width);
      return row;
    });
    const answers = answersOf(answersIn(await predictor.predict(matrix, asked.length), asked.length), classes);
    return answers.map((answer, index) => ({
      id: asked[index]?.id ?? newId(at, random),
      model: model.name,
      version: number,
      route: "champion",
      at,
      ...answer,
      reads: [],
      row: rows[index] ?? {},
    }));
  };

  return async ({ headers }, body) => {
    const { version } = readSteering(headers);
    if (version !== undefined && version !== number)
      throw new SlipwayError(
        "VERSION_NOT_FOUND",
        `Version ${version} of "${model.name}" does not answer here; version ${number} does, and no other.`,
      );
    const { rows, isBatch } = readBody(shape, body);
    const predictions = await predict(rows);
    const [only] = predictions;
    return isBatch || !only ? predictionsText(predictions) : predictionText(only);
  };
}
