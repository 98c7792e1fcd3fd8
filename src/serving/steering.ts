// Which version of a model answers a prediction. A key has a place in [0, 100) that depends on the model and the key alone, and a canary
// takes the places below its weight: so a key stays where it is while weights stand, on every server and after every restart, and raising
// a weight only ever moves keys to the canary.

import { lineCell, SlipwayError } from "../core/core.ts";
import type { ModelSpec } from "../define/define.ts";
import type { AskedRow } from "../scoring/scoring.ts";

/** Why a version answered: it is the champion, the canary took the key's place, or the caller asked for it. */
export type RouteName = "champion" | "canary" | "override";

/** What a caller says of who is to answer, and whether with reasons. */
export interface Steering {
  /** Takes the key's place: whatever comes with the same text is answered by the same version. */
  readonly sticky?: string;
  /** The version that is to answer, of those that the model's route names. */
  readonly version?: number;
  /** Whether each answer comes with what every input added to it. */
  readonly explain?: boolean;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Where a text stands in [0, 100) for a model, evenly: FNV-1a with 32 bits (Fowler, Noll, Vo; RFC 9923) over UTF-16 code units, mixed by the
 * finaliser of MurmurHash3 (Appleby). What stands here must never change: it decides who is answered by what.
 */
export function placeOf(model: string, text: string): number {
  let hash = FNV_OFFSET;
  for (const part of [model, "\n", text])
    for (let index = 0; index < part.length; index += 1) hash = Math.imul(hash ^ part.charCodeAt(index), FNV_PRIME);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32) * 100;
}

/** Makes what writes a row's entity keys as one text; without keys undefined. */
export function keyText(model: ModelSpec): ((row: AskedRow) => string) | undefined {
  const names = [...new Set(model.views.flatMap((view) => view.keys.map(({ name }) => name)))].sort();
  if (names.length === 0) return undefined;
  return (row) => names.map((name) => lineCell(row[name] ?? null)).join(",");
}

/** The error for a version that is asked for and that no route names. */
export function notRouted(model: string, asked: number, there: readonly number[]): SlipwayError {
  return new SlipwayError(
    "VERSION_NOT_FOUND",
    `Version ${asked} of "${model}" does not answer here; ${there.length === 1 ? `version ${there[0]} does` : `versions ${there.join(" and ")} do`}. To let testers ask for it: slipway models route ${model} --canary ${asked} --weight 0.`,
    { details: { model, version: asked, answering: there } },
  );
}
