// What makes a space impossible, told by name. The words of space.ts and spaces that come as JSON go through the same check, so it trusts nothing.

import { didYouMean, SlipwayError } from "../core/core.ts";
import type { Parameter, Space } from "./space.ts";

/** The most parameters a space may have. */
export const MAX_PARAMETERS = 1000;

/**
 * Takes a value as a space.
 *
 * @throws SlipwayError `DEFINITION_INVALID` naming the parameter, the value and what it should be.
 */
export function checkSpace(given: unknown): asserts given is Space {
  if (!isObject(given)) throw invalid("A space is an object from parameter name to parameter", given);
  const names = Object.keys(given);
  if (names.length === 0) throw invalid("A space needs at least one parameter", given);
  if (names.length > MAX_PARAMETERS)
    throw invalid(`A space has at most ${MAX_PARAMETERS} parameters, not`, names.length);
  names.forEach((name, index) => {
    // Objects list keys that look like array indexes first, so their order would not be the one that was written.
    if (name === "" || name === "__proto__" || /^\d+$/.test(name))
      throw invalid("A parameter's name is a word, not", name);
    checkParameter(name, given[name], given as Space, names.slice(0, index), names);
  });
}

function checkParameter(
  name: string,
  given: unknown,
  space: Space,
  earlier: readonly string[],
  all: readonly string[],
): void {
  const place = `Parameter ${name}`;
  if (!isObject(given)) throw invalid(`${place} must be an object with a kind, not`, given);
  switch (given["kind"]) {
    case "float":
    case "int":
      checkNumber(place, given);
      break;
    case "categorical":
      checkChoices(place, given["choices"]);
      break;
    case "bool":
      break;
    default:
      throw invalid(`${place} has no kind that is known (float, int, categorical, bool):`, given["kind"]);
  }
  if (given["when"] !== undefined) checkWhen(place, given["when"], space, earlier, all);
}

function checkNumber(place: string, { kind, low, high, log, step }: Readonly<Record<string, unknown>>): void {
  if (typeof low !== "number" || !Number.isFinite(low))
    throw invalid(`${place}: low must be a finite number, not`, low);
  if (typeof high !== "number" || !Number.isFinite(high))
    throw invalid(`${place}: high must be a finite number, not`, high);
  if (!(low < high)) throw invalid(`${place}: low must be below high (${high}), not`, low);
  if (!Number.isFinite(high - low)) throw invalid(`${place}: high - low must be finite; low is`, low);
  if (kind === "int" && !(Number.isSafeInteger(low) && Number.isSafeInteger(high)))
    throw invalid(`${place}: the bounds of an int are whole numbers within ±2^53, not`, [low, high]);
  if (log !== undefined && typeof log !== "boolean") throw invalid(`${place}: log is true or false, not`, log);
  if (log === true && kind === "float" && low <= 0) throw invalid(`${place}: with log, low must be above 0, not`, low);
  if (log === true && kind === "int" && low < 1) throw invalid(`${place}: with log, low must be 1 or more, not`, low);
  if (step === undefined) return;
  if (log === true) throw invalid(`${place}: step cannot go with log; step is`, step);
  if (typeof step !== "number" || !Number.isFinite(step) || step <= 0)
    throw invalid(`${place}: step must be a number above 0, not`, step);
  if (kind === "int" && !Number.isSafeInteger(step))
    throw invalid(`${place}: the step of an int is a whole number, not`, step);
  if ((high - low) / step >= 2 ** 53)
    throw invalid(`${place}: step must leave fewer than 2^53 values between low and high; it is`, step);
  if (step > high - low) throw invalid(`${place}: step must be at most high - low (${high - low}), not`, step);
}

function checkChoices(place: string, choices: unknown): void {
  if (!Array.isArray(choices) || choices.length < 2)
    throw invalid(`${place}: choices must be a list of two or more values, not`, choices);
  for (const choice of choices)
    if (!isChoice(choice)) throw invalid(`${place}: a choice is a string, a finite number or a boolean, not`, choice);
  if (new Set(choices).size < choices.length)
    throw invalid(`${place}: choices must differ from each other, but one is there twice in`, choices);
}

function checkWhen(
  place: string,
  when: unknown,
  space: Space,
  earlier: readonly string[],
  all: readonly string[],
): void {
  if (!isObject(when) || Object.keys(when).length === 0)
    throw invalid(`${place}: when is an object from an earlier parameter to a list of its values, not`, when);
  for (const [parent, values] of Object.entries(when)) {
    if (!earlier.includes(parent)) {
      if (all.includes(parent))
        throw invalid(`${place}: its parent ${parent} must stand before it; move it up. Its own condition is`, when);
      throw invalid(`${place}: there is no parameter ${parent}.${didYouMean(parent, earlier)} when is`, when);
    }
    const above = space[parent] as Parameter;
    if (above.kind === "float")
      throw invalid(`${place}: a parent is categorical, bool or int, and ${parent} is a float; when is`, when);
    if (!Array.isArray(values) || values.length === 0)
      throw invalid(`${place}: when.${parent} must be a list of values, not`, values);
    for (const value of values)
      if (!takes(above, value)) throw invalid(`${place}: parent ${parent} never has the value`, value);
  }
}

function takes(parent: Parameter, value: unknown): boolean {
  if (parent.kind === "bool") return typeof value === "boolean";
  if (parent.kind === "categorical") return (parent.choices as readonly unknown[]).includes(value);
  return Number.isInteger(value) && (value as number) >= parent.low && (value as number) <= parent.high;
}

function isChoice(value: unknown): boolean {
  return (
    typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value))
  );
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(what: string, value: unknown): SlipwayError {
  const text = typeof value === "number" ? String(value) : (JSON.stringify(value) ?? String(value));
  return new SlipwayError("DEFINITION_INVALID", `${what} ${text.length > 200 ? `${text.slice(0, 200)}…` : text}.`);
}
