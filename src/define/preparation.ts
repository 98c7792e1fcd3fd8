// What a model's inputs come to once its preprocessing is read: one entry for each input of the matrix, its steps held to what they are given. What is
// known of a step without data is said here, as the project is opened; what depends on data is said by the fit.

import {
  type DataType,
  didYouMean,
  isCategory,
  isDecimal,
  isNumeric,
  kindOf,
  type RawColumn,
  typeText,
} from "../core/core.ts";
import { type Dropped, listed, type NewInput, type StepSpec, type Steps } from "./preprocess.ts";
import type { TaskSpec } from "./task.ts";
import { type TrainerSpec, takesNumbersAlone } from "./trainer.ts";

/** One prepared input as plain data: from which columns, through which steps. */
export interface PreparationSpec {
  readonly name: string;
  readonly of: readonly RawColumn[];
  readonly steps: readonly StepSpec[];
}

/** What is done to a model's inputs: those that are prepared, old and new, and those that are left out. */
export interface PreprocessSpec {
  readonly prepared: readonly PreparationSpec[];
  readonly dropped: readonly string[];
}

interface Input {
  readonly name: string;
  readonly type: DataType;
}

type Fail = (problem: string) => never;

/** What flows between steps: like a signal, but buckets (small whole numbers) may be taken for categories too. */
type Flow = "number" | "bucket" | "text" | "time" | "block";

const FLOW_WORDS: Readonly<Record<Flow, string>> = {
  number: "numbers",
  bucket: "whole numbers",
  text: "texts",
  time: "moments",
  block: "several columns",
};

/** A model's preprocessing; undefined where there is none. A linear model gets steps for what has none: numbers standardised, categories one-hot. */
export function preprocessOf(
  given: Readonly<Record<string, Steps | NewInput | Dropped | undefined>>,
  inputs: readonly Input[],
  trainer: TrainerSpec,
  task: TaskSpec,
  fail: Fail,
): PreprocessSpec | undefined {
  const entries = { ...(takesNumbersAlone(trainer) ? linearDefaults(inputs) : {}), ...given };
  const names = inputs.map(({ name }) => name);
  const find = (name: string, where: string): Input =>
    inputs.find((each) => each.name === name) ??
    fail(`preprocess: ${where} names "${name}", which is no input.${didYouMean(name, names)}`);
  const prepared: PreparationSpec[] = [];
  const dropped: string[] = [];
  for (const [name, entry] of Object.entries(entries)) {
    if (entry === undefined) continue;
    if ("drop" in entry) {
      dropped.push(find(name, "drop").name);
      continue;
    }
    const isNew = "of" in entry;
    if (isNew && names.includes(name))
      fail(
        `preprocess: "${name}" is an input already; give what is made from ${entry.of.join(" and ")} a name of its own.`,
      );
    const of = isNew ? entry.of.map((each) => find(each, `"${name}"`)) : [find(name, "an entry")];
    prepared.push(preparation(name, of, isNew ? entry.steps : listed(entry), { trainer, task, fail }));
  }
  if (dropped.length > 0 && names.every((name) => dropped.includes(name)) && prepared.length === 0)
    fail("preprocess drops every input; a model needs at least one.");
  if (prepared.length === 0 && dropped.length === 0) return undefined;
  const placeOf = (name: string): number => (names.includes(name) ? names.indexOf(name) : names.length);
  return { prepared: [...prepared].sort((a, b) => placeOf(a.name) - placeOf(b.name)), dropped };
}

function linearDefaults(inputs: readonly Input[]): Readonly<Record<string, StepSpec>> {
  return Object.fromEntries(
    inputs
      .filter(({ type }) => isCategory(type) || isNumber(type))
      .map(({ name, type }): readonly [string, StepSpec] => [
        name,
        isCategory(type) ? { step: "oneHot", maxCategories: 100, rare: "together" } : { step: "standardize" },
      ]),
  );
}

interface Scope {
  readonly trainer: TrainerSpec;
  readonly task: TaskSpec;
  readonly fail: Fail;
}

function preparation(
  name: string,
  inputs: readonly Input[],
  steps: readonly StepSpec[],
  scope: Scope,
): PreparationSpec {
  const fail: Fail = (problem) => scope.fail(`preprocess: "${name}" ${problem}`);
  if (steps.length === 0 && inputs.length === 1) fail("has no step; leave it out, or name one.");
  const as = readAs(inputs, steps, fail);
  let flow: Flow = as;
  for (const [place, step] of steps.entries()) {
    if (steps.slice(0, place).some((before) => before.step === "impute" && step.step === "impute"))
      fail("is imputed twice, and nothing is missing after the first time.");
    flow = flowAfter(flow, step, scope.task, fail);
  }
  if (flow === "time") fail("is a moment, which no model takes as it is: end its steps with dateParts([...]).");
  if (flow === "text" && takesNumbersAlone(scope.trainer))
    fail(
      "is still a text after its steps, and a linear model takes numbers: end them with oneHot() or targetEncode().",
    );
  return { name, of: inputs.map((each) => ({ name: each.name, type: each.type, as })), steps };
}

/** Whether one number comes of an input, and not several columns or a category. */
export function becomesNumber({ of, steps }: PreparationSpec, task: TaskSpec): boolean {
  const refuse: Fail = (problem) => {
    throw new TypeError(problem);
  };
  const flow = steps.reduce((before, step) => flowAfter(before, step, task, refuse), of[0]?.as ?? ("number" as Flow));
  return flow === "number" || flow === "bucket";
}

/** What the raw values are taken for: what the first step with an opinion needs. */
function readAs(inputs: readonly Input[], steps: readonly StepSpec[], fail: Fail): RawColumn["as"] {
  const [first] = inputs;
  const isCrossed = inputs.length > 1;
  const wanted = isCrossed ? "text" : steps.map(needOf).find((need) => need !== undefined);
  const kinds = inputs.map(({ type }) => kindsOf(type));
  const as = wanted ?? kinds[0]?.[0] ?? "number";
  for (const [place, { name, type }] of inputs.entries())
    if (kinds[place]?.includes(as) !== true)
      fail(
        isCrossed
          ? `crosses "${name}", which is ${typeText(type)}; only texts, whole numbers and bools are crossed.`
          : `is ${typeText(first?.type ?? type)}, and ${steps.find((step) => needOf(step) === as)?.step ?? "its steps"} takes ${FLOW_WORDS[as]}.`,
      );
  return as;
}

function kindsOf(type: DataType): readonly RawColumn["as"][] {
  if (isCategory(type)) return ["text"];
  if (type === "date" || type === "timestamp") return ["time"];
  if (type === "bool" || type === "int32" || type === "int64") return ["number", "text"];
  return isNumber(type) ? ["number"] : [];
}

function needOf(step: StepSpec): RawColumn["as"] | undefined {
  switch (step.step) {
    case "standardize":
    case "robustScale":
    case "minMaxScale":
    case "bucketize":
      return "number";
    case "impute":
      if ("value" in step) return typeof step.value === "string" ? "text" : "number";
      return step.by === "mostFrequent" ? undefined : "number";
    case "isMissing":
      return undefined;
    case "dateParts":
      return "time";
    default:
      return "text";
  }
}

function flowAfter(flow: Flow, step: StepSpec, task: TaskSpec, fail: Fail): Flow {
  if (flow === "block")
    return fail(`goes on with ${step.step} after a step that gave several columns, which must be the last.`);
  const need = (...flows: readonly Flow[]): void => {
    if (!flows.includes(flow))
      fail(
        `has ${FLOW_WORDS[flow]} where ${step.step} takes ${flows.map((each) => FLOW_WORDS[each]).join(" or ")}${flow === "number" && flows.includes("bucket") ? "; make buckets of them first: bucketize({ quantiles: 10 })" : ""}.`,
      );
  };
  switch (step.step) {
    case "standardize":
    case "robustScale":
    case "minMaxScale":
      need("number", "bucket");
      return "number";
    case "bucketize":
      need("number");
      return "bucket";
    case "impute": {
      const isText = "value" in step && typeof step.value === "string";
      need(
        ...(isText
          ? (["text"] as const)
          : "value" in step || step.by !== "mostFrequent"
            ? (["number", "bucket"] as const)
            : (["number", "bucket", "text"] as const)),
      );
      return flow;
    }
    case "isMissing":
      need("number", "bucket", "text", "time");
      return "bucket";
    case "oneHot":
      need("text", "bucket");
      return "block";
    case "targetEncode":
      need("text", "bucket");
      if (task.kind === "ranking" || task.kind === "survival")
        fail(
          `is target encoded, and the labels of a ${task.kind} task have no mean to encode by; use oneHot() or hash().`,
        );
      return task.kind === "multiclass" ? "block" : "number";
    case "hash":
      need("text");
      return "text";
    case "textLength":
      need("text");
      return "bucket";
    case "ngramHash":
      need("text");
      return "block";
    case "dateParts":
      need("time");
      return step.parts.length === 1 ? "bucket" : "block";
    default:
      return step satisfies never;
  }
}

function isNumber(type: DataType): boolean {
  return type === "bool" || isNumeric(type) || isDecimal(type) || kindOf(type) === "decimal";
}
