// A version's inputs as an archive tells them, steps of preprocessing and all. They decide what every row becomes, so each number and text is held to
// its shape before it is believed.

import {
  dateParts,
  type FittedStep,
  type ModelInput,
  type PreparedInput,
  type RawColumn,
  typeText,
  type VersionInput,
} from "../../core/core.ts";
import { list, type Members, object, text, whole } from "./members.ts";
import { invalidArchive } from "./tar.ts";

/** An input of a version. Throws ARCHIVE_INVALID. */
export function inputFrom(value: unknown): VersionInput {
  const input = object(value, "an input");
  return input["kind"] === "prepared" ? preparedFrom(input) : plainFrom(input);
}

function plainFrom(input: Members): ModelInput {
  const name = text(input, "name");
  if (input["kind"] === "category") {
    const categories = texts(input["categories"], `a category of ${JSON.stringify(name)}`);
    const refuses = input["unseen"] === "refuse" ? ({ unseen: "refuse" } as const) : {};
    return { name, kind: "category", categories, ...refuses };
  }
  if (input["kind"] !== "number")
    throw invalidArchive(`the input ${JSON.stringify(name)} is neither a number nor a category`);
  return input["scale"] === undefined
    ? { name, kind: "number" }
    : { name, kind: "number", scale: whole(input, "scale") };
}

function preparedFrom(input: Members): PreparedInput {
  const name = text(input, "name");
  const of = list(input["of"], `the columns of ${name}`).map(rawFrom);
  const columns = list(input["columns"], `what comes of ${name}`).map((each) => plainFrom(object(each, "a column")));
  if (of.length === 0 || columns.length === 0) throw invalidArchive(`the input ${JSON.stringify(name)} has no columns`);
  return { name, kind: "prepared", of, steps: list(input["steps"], `the steps of ${name}`).map(stepFrom), columns };
}

function rawFrom(value: unknown): RawColumn {
  const raw = object(value, "a column");
  const { type, as } = raw;
  if (as !== "number" && as !== "text" && as !== "time")
    throw invalidArchive(`a column is read as ${JSON.stringify(as)?.slice(0, 60)}`);
  try {
    if (typeof type !== "string") typeText(object(type, "a type") as unknown as RawColumn["type"]);
  } catch {
    throw invalidArchive("a column has no type");
  }
  return { name: text(raw, "name"), type: type as RawColumn["type"], as };
}

function stepFrom(value: unknown): FittedStep {
  const step = object(value, "a step");
  const kind = step["step"];
  const refuses = step["unseen"] === "refuse" ? ({ unseen: "refuse" } as const) : {};
  switch (kind) {
    case "impute": {
      const filled = step["value"];
      return { step: kind, value: typeof filled === "string" ? filled : number(filled) };
    }
    case "isMissing":
    case "textLength":
      return { step: kind };
    case "scale": {
      const by = step["by"];
      if (by !== "standardize" && by !== "robustScale" && by !== "minMaxScale") break;
      const clips = step["clip"] === true ? ({ clip: true } as const) : {};
      return { step: kind, by, center: number(step["center"]), scale: number(step["scale"]), ...clips };
    }
    case "bucketize":
      return { step: kind, edges: numbers(step["edges"]) };
    case "oneHot": {
      const own = { ...(step["missing"] === true ? { missing: true as const } : {}) };
      const others = step["others"] === true ? { others: true as const } : {};
      return { step: kind, categories: texts(step["categories"], "a category"), ...own, ...others, ...refuses };
    }
    case "targetEncode": {
      const categories = texts(step["categories"], "a category");
      const outputs = whole(step, "outputs");
      const values = numbers(step["values"]);
      const [missing, others] = [numbers(step["missing"]), numbers(step["others"])];
      if (values.length !== categories.length * outputs || missing.length !== outputs || others.length !== outputs)
        break;
      return { step: kind, categories, outputs, values, missing, others, ...refuses };
    }
    case "ngramHash":
      return { step: kind, n: sized(step, "n"), buckets: sized(step, "buckets") };
    case "hash":
      return { step: kind, buckets: sized(step, "buckets") };
    case "dateParts": {
      const parts = dateParts.filter((part) => list(step["parts"], "parts").includes(part));
      if (parts.length !== list(step["parts"], "parts").length) break;
      return { step: kind, parts: list(step["parts"], "parts") as typeof parts };
    }
    default:
  }
  throw invalidArchive(`it has a step ${JSON.stringify(kind)?.slice(0, 60)} that this Slipway does not know`);
}

const MOST_BUCKETS = 2 ** 24;

function sized(step: Members, name: string): number {
  const value = whole(step, name);
  if (value < 1 || value > MOST_BUCKETS) throw invalidArchive(`${name} is ${value}`);
  return value;
}

function number(value: unknown): number {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  throw invalidArchive("a step has something else where a number belongs");
}

function numbers(value: unknown): readonly number[] {
  return list(value, "the numbers of a step").map(number);
}

function texts(value: unknown, what: string): readonly string[] {
  return list(value, what).map((each) => {
    if (typeof each !== "string") throw invalidArchive(`${what} is not text`);
    return each;
  });
}
