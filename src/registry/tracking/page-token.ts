// Where a search goes on: a place, bound to the question it belongs to. What a client sends back is read like any other input, so a token
// that was changed, or belongs to another search, is refused and nothing else.

import { contentHash, SlipwayError } from "../../core/core.ts";

/** A page token for a place in the answer of a question. */
export function pageToken(question: unknown, place: readonly (string | number)[]): string {
  const mark = contentHash(question).slice(0, 16);
  return Buffer.from(JSON.stringify([mark, ...place])).toString("base64url");
}

/** The place that a token names; INPUT_INVALID when it is none of this question's. */
export function placeOf(token: string | undefined, question: unknown): readonly (string | number)[] | undefined {
  if (token === undefined || token === "") return undefined;
  const refuse = (): never => {
    throw new SlipwayError(
      "INPUT_INVALID",
      "Invalid page token: it does not belong to this search. Repeat the search with the same filter and order, without a token.",
    );
  };
  if (token.length > 4096) return refuse();
  let parsed: unknown;
  try {
    parsed = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
  } catch {
    return refuse();
  }
  if (!Array.isArray(parsed)) return refuse();
  const [mark, ...place] = parsed as unknown[];
  if (mark !== contentHash(question).slice(0, 16)) return refuse();
  if (!place.every((part) => typeof part === "string" || (typeof part === "number" && Number.isSafeInteger(part))))
    return refuse();
  return place as (string | number)[];
}

/** The offset that a token names. */
export function offsetOf(token: string | undefined, question: unknown): number {
  const [offset = 0] = placeOf(token, question) ?? [];
  if (typeof offset === "number" && offset >= 0) return offset;
  throw new SlipwayError("INPUT_INVALID", "Invalid page token: it names no place.");
}
