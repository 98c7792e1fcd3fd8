// The body of a feature read: names and keys. Hand-written because it runs on every request; the reader checks names and key values, this
// checks what is where and how much of it.

import { SlipwayError } from "../core/core.ts";

/** What a body asks for. */
export interface AskedFeatures {
  readonly features: readonly string[];
  readonly keys: readonly Readonly<Record<string, unknown>>[];
}

/** The most keys of one request, unless the server is told otherwise. */
export const KEY_LIMIT = 1000;
/** The most names of one request. */
const NAME_LIMIT = 1000;

/** Reads a body. Throws INPUT_INVALID that names the field. */
export function readAskedFeatures(body: unknown, keyLimit: number): AskedFeatures {
  if (!isObject(body)) throw invalid("The body is not a JSON object");
  for (const name in body)
    if (name !== "features" && name !== "keys")
      throw invalid(`The body has unknown field "${name.slice(0, 64)}"; known are features, keys`);
  const { features, keys } = body;
  if (!Array.isArray(features) || !features.every((name) => typeof name === "string"))
    throw invalid('"features" is not a list of names; write ["view.feature", "view"]');
  if (features.length > NAME_LIMIT) throw invalid(`"features" has ${features.length} names; send up to ${NAME_LIMIT}`);
  if (!Array.isArray(keys)) throw invalid('"keys" is not a list; write [{ "key": "value" }]');
  refuseTooMany(keys.length, keyLimit);
  const stranger = keys.findIndex((key) => !isObject(key));
  if (stranger >= 0) throw invalid(`keys[${stranger}] is not an object`);
  return { features, keys };
}

/** Refuses more keys than the limit: INPUT_INVALID. */
export function refuseTooMany(count: number, keyLimit: number): void {
  if (count > keyLimit)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${count} keys are asked for at once; send up to ${keyLimit} in one request. Nothing was read.`,
      { details: { keys: count, limit: keyLimit } },
    );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(problem: string): SlipwayError {
  return new SlipwayError("INPUT_INVALID", `${problem}.`);
}
