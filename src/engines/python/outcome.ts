// What a script left behind: one model file and what its framework says of the sample. Both are read as data from outside: nothing in them
// is run, and what does not fit is named.

import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { SlipwayError } from "../../core/core.ts";

/** File names of models, and the formats they hold. */
const FORMATS = { "model.onnx": "onnx", "model.ubj": "xgboost-ubj", "model.json": "xgboost-json" } as const;

/** A model and how its own framework scores the sample. */
export interface Outcome {
  readonly file: string;
  readonly format: string;
  readonly artifact: Uint8Array;
  /** As many for each row of the sample as the model has outputs. */
  readonly scores: readonly number[];
  /** Rounds of a boosted model to use; 1 for other models. */
  readonly bestRound: number;
  readonly importance: readonly { readonly input: string; readonly gain: number }[];
}

/** Reads what a script left in `folder`. Throws TRAINER_FAILED with what is missing or wrong. */
export async function readOutcome(folder: string, inputs: readonly string[]): Promise<Outcome> {
  const names = await readdir(folder);
  const models = Object.keys(FORMATS).filter((name) => names.includes(name)) as (keyof typeof FORMATS)[];
  const [file, second] = models;
  if (!file)
    refuse(
      `it left no model; it must write model.onnx, model.ubj or model.json into the folder "output" of the job${names.length > 0 ? ` (it left ${names.join(", ")})` : ""}`,
    );
  if (second) refuse(`it left ${models.join(" and ")}; it must write one model`);
  const artifact = new Uint8Array(await readFile(join(folder, file)));
  if (artifact.length === 0) refuse(`its ${file} is empty`);
  const format = FORMATS[file];
  const text = await readFile(join(folder, "result.json"), "utf8").catch(() =>
    refuse('it left no result.json with the scores of the sample, such as {"scores": [0.1, 0.7]}'),
  );
  return { file, format, artifact, ...resultOf(text, format, inputs) };
}

function refuse(problem: string): never {
  throw new SlipwayError("TRAINER_FAILED", `The script ended without an error, but ${problem}.`);
}

function resultOf(
  text: string,
  format: string,
  inputs: readonly string[],
): Pick<Outcome, "scores" | "bestRound" | "importance"> {
  let result: unknown;
  try {
    // Python writes NaN and Infinity, which are no JSON: they are no scores either.
    result = JSON.parse(text);
  } catch (thrown) {
    refuse(`its result.json is no JSON: ${thrown instanceof Error ? thrown.message : thrown}`);
  }
  if (typeof result !== "object" || result === null || Array.isArray(result)) refuse("its result.json is no object");
  const { scores, best_round: bestRound, importance = {} } = result as Readonly<Record<string, unknown>>;
  if (!Array.isArray(scores) || !scores.every((score) => typeof score === "number"))
    refuse('"scores" in its result.json is no list of numbers');
  const isBoosted = format !== "onnx";
  if (isBoosted && !(Number.isSafeInteger(bestRound) && (bestRound as number) >= 1))
    refuse('its result.json must say with "best_round", from 1, how many rounds of the XGBoost model to use');
  if (typeof importance !== "object" || importance === null) refuse('"importance" in its result.json is no object');
  const gains = Object.entries(importance).map(([input, gain]) => {
    if (!inputs.includes(input) || typeof gain !== "number")
      refuse(`"importance" in its result.json names "${input}", which is no input, or gives it no number`);
    return { input, gain };
  });
  return {
    scores: scores as readonly number[],
    bestRound: isBoosted ? (bestRound as number) : 1,
    importance: gains.filter(({ gain }) => gain > 0).sort((a, b) => b.gain - a.gain),
  };
}
