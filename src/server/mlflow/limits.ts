// What keys, values and batches may be. Long values are cut, as clients expect; what would be lost without a trace otherwise is refused.

import { SlipwayError } from "../../core/core.ts";
import type { tracking } from "../../platform/platform.ts";

// Letters and digits of every script, as clients let through.
const KEY = /^[\p{L}\p{N}_./ :-]+$/u;
const MOST_KEY = 250;

/** Values as long as they may be, in characters. */
const MOST_PARAM = 6000;
const MOST_TAG = 8000;

function refuse(message: string): never {
  throw new SlipwayError("INPUT_INVALID", message);
}

/** Refuses a key that is empty, too long, has other characters, or would be two paths at once. */
export function checkKey(key: string, what: string, path: string): void {
  if (key === "") refuse(`Missing value for required parameter '${path}'.`);
  if (key.length > MOST_KEY) refuse(`'${path}' exceeds the maximum length of ${MOST_KEY} characters (${key.length}).`);
  if (!KEY.test(key))
    refuse(
      `Invalid value "${key}" for parameter '${path}' supplied: Names may only contain alphanumerics, underscores (_), dashes (-), periods (.), spaces ( ), colon(:) and slashes (/).`,
    );
  const isPlain = !key.startsWith("/") && !key.split("/").some((word) => word === "" || word === "." || word === "..");
  if (!isPlain)
    refuse(
      `Invalid value "${key}" for parameter '${path}' supplied: ${what} names may be paths, but plain ones: without empty, '.' or '..' parts.`,
    );
}

/** A parameter, its value cut to what is kept. */
export function checkedParam(param: tracking.Tag, path = "key"): tracking.Tag {
  checkKey(param.key, "Param", path);
  return param.value.length <= MOST_PARAM ? param : { key: param.key, value: param.value.slice(0, MOST_PARAM) };
}

/** A tag, its value cut to what is kept. */
export function checkedTag(tag: tracking.Tag, path = "key"): tracking.Tag {
  checkKey(tag.key, "Tag", path);
  return tag.value.length <= MOST_TAG ? tag : { key: tag.key, value: tag.value.slice(0, MOST_TAG) };
}

/** Refuses an experiment's tag that is too long. */
export function checkExperimentTag({ key, value }: tracking.Tag): void {
  if (key.length > MOST_KEY) refuse(`'key' exceeds the maximum length of ${MOST_KEY} characters (${key.length}).`);
  if (value.length > 20_000) refuse(`'value' exceeds the maximum length of 20000 characters (${value.length}).`);
}

/** Refuses a batch that is too large. */
export function checkBatch(metrics: number, params: number, tags: number): void {
  for (const [what, count, most] of [
    ["metrics", metrics, 1000],
    ["params", params, 100],
    ["tags", tags, 100],
    ["metrics, params, and tags", metrics + params + tags, 1000],
  ] as const)
    if (count > most)
      refuse(
        `A batch logging request can contain at most ${most} ${what}. Got ${count} ${what}. Please split up ${what} across multiple requests and try again.`,
      );
}

/** Refuses a batch that gives a parameter two values. */
export function checkDistinct(params: readonly tracking.Tag[]): void {
  const seen = new Map<string, string>();
  for (const { key, value } of params) {
    const before = seen.get(key);
    if (before !== undefined && before !== value)
      refuse(
        `Duplicate parameter keys have been submitted: ${key}. Please ensure the request contains only one param value per param key.`,
      );
    seen.set(key, value);
  }
}

// In microseconds such a time still fits a float64 exactly.
const MOST_MILLIS = 9_000_000_000_000;

/** Refuses a time that is no time in milliseconds. */
export function checkMillis(millis: number, path: string): number {
  if (Math.abs(millis) <= MOST_MILLIS) return millis;
  return refuse(
    `Invalid value ${millis} for parameter '${path}' supplied: give milliseconds since the epoch, at most ${MOST_MILLIS}.`,
  );
}

/** A page size within bounds. */
export function checkedPageSize(given: number | undefined, byDefault: number, most: number): number {
  const size = given ?? byDefault;
  if (size >= 1 && size <= most) return size;
  return refuse(
    `Invalid value ${size} for parameter 'max_results' supplied: it must be at least 1 and at most ${most}.`,
  );
}

/** Refuses an experiment name that is empty or too long. */
export function checkExperimentName(name: string): void {
  if (name.trim() === "") refuse(`Invalid experiment name: '${name}'`);
  if (name.length > 500) refuse(`'name' exceeds the maximum length of 500 characters (${name.length}).`);
}

/** Refuses a name that a registered model cannot have. */
export function checkModelName(name: string): void {
  if (name.trim() === "") refuse("Missing value for required parameter 'name'.");
  if (/[/:]/.test(name)) refuse(`Invalid model name '${name}'. Names cannot contain '/' or ':'.`);
  if (name === "." || name === ".." || name.length > 256 || hasControl(name))
    refuse(`Invalid model name '${name.slice(0, 256)}'. Use up to 256 printable characters.`);
}

/** Refuses a name that a logged model cannot have. */
export function checkLoggedModelName(name: string): void {
  if (/[/:.%"']/.test(name) || hasControl(name))
    refuse(
      `Invalid model name ('${name}') provided. Model name must be a non-empty string and cannot contain the following characters: ['/', ':', '.', '%', '\\"', "'"]`,
    );
}

function hasControl(text: string): boolean {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what is looked for.
  return /[\u0000-\u001f\u007f]/.test(text);
}

/** A version's number from its text. */
export function versionNumber(text: string | number): number {
  const number = typeof text === "number" ? text : /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isInteger(number) && number > 0) return number;
  return refuse(`Parameter 'version' must be an integer, got '${text}'.`);
}
