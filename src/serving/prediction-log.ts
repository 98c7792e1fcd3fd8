// Writing the prediction log: one JSON line per prediction with everything needed to explain it, to join its label, and to audit its
// features. Whole numbers are written as JSON numbers of any size, times as whole microseconds, days as their numbers,
// decimals as their units, bytes as base64, NaN and infinities as text: DuckDB reads all of these back exactly into the declared types.

import {
  formatInstant,
  type Instant,
  isWellFormed,
  lineCell,
  lineName,
  lineObject,
  SlipwayError,
} from "../core/core.ts";
import type { OnlineRead } from "../features/features.ts";
import type { AskedRow, ClassAnswer } from "../scoring/scoring.ts";
import type { RouteName } from "./steering.ts";

/** One prediction as it was made. */
export interface LoggedPrediction {
  readonly id: string;
  readonly at: Instant;
  readonly version: number;
  /** Why that version was asked; a shadow is not heard. */
  readonly route: RouteName | "shadow";
  readonly row: AskedRow;
  readonly score: number;
  readonly classes?: ClassAnswer;
  readonly reads: readonly OnlineRead[];
}

/** A prediction as one line. */
export function logLine({ id, at, version, route, row, score, classes, reads: read }: LoggedPrediction): string {
  let through = "";
  let reads = "";
  // Features are logged per view, as they were read; inputs follow from them and the row.
  for (const { view, values, through: known } of read) {
    through += `${through === "" ? "" : ","}${lineName(view)}${lineCell(known)}`;
    reads += `,${lineName(readsName(view))}${lineObject(values)}`;
  }
  return `{"id":${JSON.stringify(id)},"at":${at},"version":${version},"route":"${route}","score":${lineCell(score)}${classesText(classes)},"row":${lineObject(row)},"through":{${through}}${reads}}`;
}

function classesText(classes: ClassAnswer | undefined): string {
  if (classes === undefined) return "";
  const { likeliest, probabilities } = classes;
  return `,"class":${JSON.stringify(likeliest)},"probabilities":${lineObject(probabilities)}`;
}

/** The object of a line that holds what was read of a view. */
export const readsName = (view: string): string => `read ${view}`;

/** The log's stream of a model, and the part that a time belongs to: one a day. */
export function logPlace(model: string, at: Instant): { readonly stream: string; readonly part: string } {
  return { stream: model, part: formatInstant(at).slice(0, 10) };
}

/** Throws INPUT_INVALID for an id that cannot stand in the log as it is. */
export function checkId(model: string, id: string): void {
  if (!isWellFormed(id))
    throw new SlipwayError(
      "INPUT_INVALID",
      `Model "${model}": the id ${JSON.stringify(id)} has half a surrogate pair in it, which cannot be stored. Send whole characters.`,
      { details: { model, field: "id" } },
    );
}
