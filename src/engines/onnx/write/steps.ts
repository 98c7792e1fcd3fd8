// Fitted steps as operators, in the arithmetic of core/prepared: float64 until a column goes into the matrix. A missing number is NaN, a missing text the
// empty text, a missing moment the least int64; a text that may be empty and mean something is refused.

import { CROSSED, type FittedOf, type FittedStep, SlipwayError } from "../../../core/core.ts";
import { datePart, daysAndMicros } from "./dates.ts";
import type { GraphWriter, Tensor } from "./graph.ts";

/** The least int64: what a missing moment is written as. */
export const NO_MOMENT = -(2 ** 63);

/** A tensor of shape (rows, 1), or of a block (rows, columns). */
export type Flowing =
  | { readonly kind: "number" | "block"; readonly tensor: Tensor }
  | { readonly kind: "text"; readonly tensor: Tensor; readonly mayMiss: boolean }
  | { readonly kind: "time"; readonly tensor: Tensor; readonly isDate: boolean };

/** Where steps are written, and who is named when one cannot be. */
export interface StepScope {
  readonly graph: GraphWriter;
  readonly input: string;
}

/** What comes out of a step. Throws INPUT_INVALID for one that ONNX has no operators for. */
export function writtenStep(scope: StepScope, step: FittedStep, before: Flowing): Flowing {
  const { graph } = scope;
  switch (step.step) {
    case "impute":
      return imputed(scope, step.value, before);
    case "isMissing":
      return { kind: "number", tensor: graph.cast(missing(graph, before), "double") };
    case "scale":
      return scaled(graph, step, numberOf(before));
    case "bucketize":
      return bucketized(graph, step.edges, numberOf(before));
    case "oneHot":
      return oneHot(scope, step, before);
    case "targetEncode":
      return targetEncoded(scope, step, before);
    case "dateParts":
      return dateParts(graph, step, before);
    case "hash":
    case "ngramHash":
    case "textLength":
      throw new SlipwayError(
        "INPUT_INVALID",
        `The input "${scope.input}" goes through ${step.step}, for which ONNX has no operators. Serve the version with Slipway, or train one without that step: ${step.step === "hash" ? "oneHot() or targetEncode() on the categories themselves" : "leave the input out"}.`,
        { details: { input: scope.input, step: step.step } },
      );
    default:
      return step satisfies never;
  }
}

/** Several texts as one, missing where one of them is. */
export function writtenCross(graph: GraphWriter, texts: readonly Flowing[]): Flowing {
  const none = graph.strings([""]);
  const tensors = texts.map((each) => textOf(graph, each).tensor);
  const [first = none, ...others] = tensors;
  const joined = others.reduce(
    (sum, each) => graph.op("StringConcat", [graph.op("StringConcat", [sum, graph.strings([CROSSED])]), each]),
    first,
  );
  const isMissing = tensors.map((tensor) => graph.op("Equal", [tensor, none])).reduce((a, b) => graph.op("Or", [a, b]));
  return { kind: "text", tensor: graph.op("Where", [isMissing, none, joined]), mayMiss: true };
}

/** Numbers as text, as whole numbers are written; a text as it is. */
export function textOf(graph: GraphWriter, before: Flowing): Extract<Flowing, { readonly kind: "text" }> {
  if (before.kind === "text") return before;
  const number = numberOf(before);
  // −0 is 0.
  const written = graph.cast(graph.op("Add", [number, graph.double([0])]), "string");
  const tensor = graph.op("Where", [graph.op("IsNaN", [number]), graph.strings([""]), written]);
  return { kind: "text", tensor, mayMiss: true };
}

/** Codes of categories as float32, missing for any other. */
export function codesOf({ graph, input }: StepScope, categories: readonly string[], before: Flowing): Tensor {
  const text = textOf(graph, before);
  refuseEmpty(input, categories, text.mayMiss);
  return graph.op(
    "LabelEncoder",
    [text.tensor],
    {
      keys_strings: { strings: categories },
      values_floats: { floats: Float32Array.from(categories, (_, code) => code) },
      default_float: { float: Number.NaN },
    },
    "ai.onnx.ml",
  );
}

function numberOf(before: Flowing): Tensor {
  if (before.kind === "number") return before.tensor;
  throw new TypeError(`A step for numbers was given a ${before.kind}.`);
}

function missing(graph: GraphWriter, before: Flowing): Tensor {
  if (before.kind === "text") return graph.op("Equal", [before.tensor, graph.strings([""])]);
  if (before.kind === "time") return graph.op("Equal", [before.tensor, graph.int64([NO_MOMENT])]);
  return graph.op("IsNaN", [before.tensor]);
}

function refuseEmpty(input: string, categories: readonly string[], mayMiss: boolean): void {
  if (mayMiss && categories.includes(""))
    throw new SlipwayError(
      "INPUT_INVALID",
      `The input "${input}" has a category that is the empty text, which in ONNX stands for a missing one. Impute it first, or train on rows without it.`,
      { details: { input } },
    );
}

function imputed(scope: StepScope, value: number | string, before: Flowing): Flowing {
  const { graph } = scope;
  if (typeof value === "string") {
    const text = textOf(graph, before);
    const tensor = graph.op("Where", [missing(graph, text), graph.strings([value]), text.tensor]);
    return { kind: "text", tensor, mayMiss: false };
  }
  const number = numberOf(before);
  return { kind: "number", tensor: graph.op("Where", [graph.op("IsNaN", [number]), graph.double([value]), number]) };
}

function scaled(graph: GraphWriter, { center, scale, clip }: FittedOf<"scale">, number: Tensor): Flowing {
  const moved = graph.op("Div", [graph.op("Sub", [number, graph.double([center])]), graph.double([scale])]);
  if (!clip) return { kind: "number", tensor: moved };
  const held = graph.op("Clip", [moved, graph.double([0], []), graph.double([1], [])]);
  return { kind: "number", tensor: graph.op("Where", [graph.op("IsNaN", [number]), number, held]) };
}

function bucketized(graph: GraphWriter, edges: readonly number[], number: Tensor): Flowing {
  const reached =
    edges.length === 0
      ? graph.double([0])
      : sumOfRow(
          graph,
          graph.cast(graph.op("GreaterOrEqual", [number, graph.double(edges, [1, edges.length])]), "double"),
        );
  return { kind: "number", tensor: graph.op("Where", [graph.op("IsNaN", [number]), number, reached]) };
}

function sumOfRow(graph: GraphWriter, tensor: Tensor): Tensor {
  return graph.op("ReduceSum", [tensor, graph.int64([1])], { keepdims: 1 });
}

/** 1 where a row has each category, of shape (rows, categories), and 1 where it has none of them though it has one, and where it has none at all. */
function flags({ graph, input }: StepScope, categories: readonly string[], before: Flowing) {
  const isText = before.kind === "text";
  if (isText) refuseEmpty(input, categories, before.mayMiss);
  const shape = [1, categories.length];
  const names = isText ? graph.strings(categories, shape) : graph.double(categories.map(Number), shape);
  const own = graph.cast(graph.op("Equal", [before.tensor, names]), "double");
  const isMissing =
    isText && !before.mayMiss
      ? graph.op("Mul", [sumOfRow(graph, own), graph.double([0])])
      : graph.cast(missing(graph, before), "double");
  const others = graph.op("Sub", [graph.op("Sub", [graph.double([1]), sumOfRow(graph, own)]), isMissing]);
  return { own, isMissing, others };
}

function oneHot(scope: StepScope, step: FittedOf<"oneHot">, before: Flowing): Flowing {
  const { graph } = scope;
  const { own, isMissing, others } = flags(scope, step.categories, before);
  const columns = [
    ...(step.categories.length > 0 ? [own] : []),
    ...(step.missing ? [isMissing] : []),
    ...(step.others ? [others] : []),
  ];
  return { kind: "block", tensor: graph.op("Concat", columns, { axis: 1 }) };
}

function targetEncoded(scope: StepScope, step: FittedOf<"targetEncode">, before: Flowing): Flowing {
  const { graph, input } = scope;
  const { categories, outputs, values, others } = step;
  const text = textOf(graph, before);
  refuseEmpty(input, categories, text.mayMiss);
  const keys = text.mayMiss ? [...categories, ""] : categories;
  const place = graph.op(
    "LabelEncoder",
    [text.tensor],
    {
      keys_strings: { strings: keys },
      values_int64s: { ints: keys.map((_, code) => code) },
      default_int64: categories.length + 1,
    },
    "ai.onnx.ml",
  );
  const table = graph.double([...values, ...step.missing, ...others], [categories.length + 2, outputs]);
  const rows = graph.op("Reshape", [graph.op("Gather", [table, place], { axis: 0 }), graph.int64([-1, outputs])]);
  return { kind: outputs === 1 ? "number" : "block", tensor: rows };
}

function dateParts(graph: GraphWriter, { parts }: FittedOf<"dateParts">, before: Flowing): Flowing {
  if (before.kind !== "time") throw new TypeError(`dateParts was given a ${before.kind}.`);
  const isMissing = missing(graph, before);
  const [days, micros] = before.isDate ? [before.tensor, graph.int64([0])] : daysAndMicros(graph, before.tensor);
  const columns = parts.map((part) =>
    graph.op("Where", [
      isMissing,
      graph.double([Number.NaN]),
      graph.cast(datePart(graph, part, days, micros), "double"),
    ]),
  );
  const [only] = columns;
  return columns.length === 1 && only
    ? { kind: "number", tensor: only }
    : { kind: "block", tensor: graph.op("Concat", columns, { axis: 1 }) };
}
