// The Open Inference Protocol over one version: ready-made matrices in, scores out. A file of its own because what it needs takes longer to
// load than everything else together, and is loaded when it is first asked.

import { SlipwayError } from "../../core/core.ts";
import { readRequestTimeout } from "../admitted.ts";
import { type AnswerForm, answerBody } from "../inference/answer.ts";
import { readAsked } from "../inference/asked.ts";
import { JSON_LENGTH_HEADER, readInferBody } from "../inference/body.ts";
import { EXTENSIONS, RAW_FORM } from "../inference/inference.ts";
import { readMatrix } from "../inference/matrix.ts";
import { JSON_TYPE } from "../refusal.ts";
import type { LoneScoring } from "./lone-scoring.ts";
import type { LoneReply, LoneRequest } from "./request.ts";

const MODEL = /^\/v2\/models\/([^/]+)(?:\/versions\/([^/]+))?(\/ready|\/infer)?$/;

/** Answers what is below /v2, but for health; undefined for a route that there is not. */
export async function loneInference(
  scoring: LoneScoring,
  slipway: string,
  request: LoneRequest,
): Promise<LoneReply | undefined> {
  const { method, path } = request;
  const { model, number } = scoring.lone;
  if (method === "GET" && /^\/v2\/?$/.test(path))
    return json({ name: "slipway", version: slipway, extensions: EXTENSIONS });
  if (method === "GET" && path === "/v2/models") return json({ models: [model.name] });
  const [found, name = "", version, verb] = MODEL.exec(path) ?? [];
  if (found === undefined || method !== (verb === "/infer" ? "POST" : "GET")) return undefined;
  if (decoded(name) !== model.name)
    throw new SlipwayError("MODEL_NOT_FOUND", "Request for unknown model. GET /v2/models lists those there are.");
  if (version !== undefined && version !== String(number))
    throw new SlipwayError(
      "VERSION_NOT_FOUND",
      `Request for unknown model: of "${model.name}" version ${number} is served, and no other.`,
    );
  if (verb === "/ready") return json({ name: model.name, ready: true });
  return verb === "/infer" ? infer(scoring, request) : json(metadata(scoring));
}

async function infer({ lone, predictor }: LoneScoring, { headers, body }: LoneRequest): Promise<LoneReply> {
  // Nothing waits here, so nothing comes too late; what is no time is refused all the same.
  readRequestTimeout(headers);
  const asked = readAsked(await readInferBody(headers, body));
  const form: AnswerForm = "raw" in asked ? RAW_FORM : asked;
  const { values, rows } = readMatrix(asked, predictor.inputCount);
  const scores = await predictor.predict(values, rows);
  const shape = scores.length === rows ? [rows] : [rows, scores.length / rows];
  const outputs = [{ name: "score", datatype: "FP32" as const, shape, data: scores }];
  const answer = answerBody({ model: lone.model.name, version: lone.number, outputs }, form);
  if (!answer.binary) return { status: 200, headers: { "content-type": JSON_TYPE }, body: answer.json };
  const head = Buffer.from(answer.json);
  return {
    status: 200,
    headers: { "content-type": "application/octet-stream", [JSON_LENGTH_HEADER]: String(head.length) },
    body: Buffer.concat([head, answer.binary]),
  };
}

function metadata({ lone, predictor }: LoneScoring): unknown {
  return {
    name: lone.model.name,
    versions: [String(lone.number)],
    platform: "slipway",
    inputs: [{ name: "input", datatype: "FP32", shape: [-1, predictor.inputCount] }],
    outputs: [{ name: "score", datatype: "FP32", shape: lone.classes ? [-1, lone.classes.length] : [-1] }],
  };
}

function json(document: unknown): LoneReply {
  return { status: 200, headers: { "content-type": JSON_TYPE }, body: JSON.stringify(document) };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}
