// Predictions as JSON text, written by hand: it runs on every request, and every part of it is a number, a known name or one escaped id.

import { explanationJson, formatInstant, type Instant } from "../core/core.ts";
import type { Prediction } from "../platform/platform.ts";

// Views move on once in a while and are answered thousands of times in between.
const remembered = new Map<Instant, string>();

function instantText(instant: Instant): string {
  const known = remembered.get(instant);
  if (known !== undefined) return known;
  if (remembered.size >= 64) remembered.clear();
  const text = `"${formatInstant(instant)}"`;
  remembered.set(instant, text);
  return text;
}

function featureText({ view, status, age, through }: Prediction["reads"][number]): string {
  const seconds = age === null ? "null" : Number(age) / 1e6;
  const until = through === null ? "null" : instantText(through);
  return `"${view}":{"status":"${status}","age_seconds":${seconds},"materialized_through":${until}}`;
}

function classesText({ likeliest, probabilities }: NonNullable<Prediction["classes"]>): string {
  return `,"class":${JSON.stringify(likeliest)},"probabilities":${JSON.stringify(probabilities)}`;
}

/** One prediction as JSON; a score that is not a number is null. */
export function predictionText({
  id,
  model,
  version,
  route,
  score,
  classes,
  explanation,
  at,
  reads,
}: Prediction): string {
  const number = Number.isFinite(score) ? score : "null";
  const features = reads.map(featureText).join(",");
  return `{"id":${JSON.stringify(id)},"model":"${model}","version":${version},"route":"${route}","score":${number}${classes ? classesText(classes) : ""},"at":"${formatInstant(at)}","features":{${features}}${explanation ? `,"explanation":${JSON.stringify(explanationJson(explanation))}` : ""}}`;
}

/** Predictions as `{ "predictions": [...] }`. */
export function predictionsText(predictions: readonly Prediction[]): string {
  return `{"predictions":[${predictions.map(predictionText).join(",")}]}`;
}
