// A version as one ONNX file: raw values in, scores out. Every raw column is an input of shape (rows, 1), so that it can be fed a table column by column.

import {
  CROSSED,
  isCategory,
  isDecimal,
  type PreparedInput,
  type RawColumn,
  rawNames,
  SlipwayError,
  typeText,
  type VersionInput,
} from "../../../core/core.ts";
import type { ModelWriter, WholeModel, WrittenModel } from "../../../ports/model-writer.ts";
import { writtenCalibration } from "./calibration.ts";
import { writtenFormula } from "./formula.ts";
import { type GraphWriter, graphWriter, type Tensor } from "./graph.ts";
import { type ElementType, modelBytes } from "./messages.ts";
import { codesOf, type Flowing, NO_MOMENT, textOf, writtenCross, writtenStep } from "./steps.ts";

/** Writes versions as ONNX (operators 20 and ai.onnx.ml 3). */
export function onnxWriter(): ModelWriter {
  return { format: "onnx", write };
}

type Type = RawColumn["type"];

function write({ name, inputs, types, formula, calibration, classes }: WholeModel): WrittenModel {
  const graph = graphWriter();
  const { matrix, declared } = writtenMatrix(graph, inputs, types);
  const outputs = formula.kind === "linear" ? 1 : formula.base.length;
  const shape = ["rows", outputs] as const;
  const scores = writtenFormula(graph, formula, matrix);
  const corrected = calibration === undefined ? scores : writtenCalibration(graph, calibration, scores);
  const output = freeName("score", declared);
  graph.output(output, corrected, "float", shape);
  const about = [
    `${name}, written by Slipway: raw values in, scores out.`,
    ...declared.map((input) => `${input.name}: ${input.type}, missing is ${input.missing}.`),
    ...(classes === undefined
      ? []
      : [`The columns of ${output} are the classes ${classes.map((each) => JSON.stringify(each)).join(", ")}.`]),
  ].join("\n");
  const bytes = modelBytes(name.replace(/[^A-Za-z0-9_]/g, "_"), about, graph.parts());
  return { bytes, inputs: declared, outputs: [{ name: output, shape }] };
}

/** What the scores are called: `score`, unless an input is, for a graph names everything once. */
function freeName(name: string, declared: WrittenModel["inputs"]): string {
  let free = name;
  for (let number = 2; declared.some((input) => input.name === free); number += 1) free = `${name}_${number}`;
  return free;
}

/** The matrix of raw values, float32 of shape (rows, columns), and what goes in. */
export function writtenMatrix(
  graph: GraphWriter,
  inputs: readonly VersionInput[],
  types: WholeModel["types"],
): { readonly matrix: Tensor; readonly declared: WrittenModel["inputs"] } {
  const raw = new Map<string, Flowing>();
  const declared = rawNames(inputs).map((column) => {
    const type = typeOf(inputs, types, column);
    const [element, missing] = elementOf(type);
    raw.set(column, rawFlow(graph, type, graph.input(column, element, ["rows", 1])));
    return { name: column, type: element, missing };
  });
  const columns = inputs.map((input) => columnsOf(graph, input, raw));
  return { matrix: graph.op("Concat", columns, { axis: 1 }), declared };
}

function typeOf(inputs: readonly VersionInput[], types: WholeModel["types"], column: string): Type {
  for (const input of inputs)
    if (input.kind === "prepared") {
      const found = input.of.find(({ name }) => name === column);
      if (found) return found.type;
    }
  return types[column] ?? "float64";
}

/** What a raw column is given as, and what stands for a missing value. */
function elementOf(type: Type): readonly [ElementType, string] {
  if (isCategory(type)) return ["string", 'the empty text ""'];
  if (type === "timestamp") return ["int64", `${BigInt(NO_MOMENT)}; else microseconds since 1970, UTC`];
  if (type === "date") return ["int64", `${BigInt(NO_MOMENT)}; else days since 1970`];
  return [
    "double",
    `NaN${type === "bool" ? "; else 0 or 1" : isDecimal(type) ? `; else the value of the ${typeText(type)}` : ""}`,
  ];
}

function rawFlow(graph: GraphWriter, type: Type, tensor: Tensor): Flowing {
  if (isCategory(type)) return { kind: "text", tensor, mayMiss: true };
  if (type === "timestamp" || type === "date") return { kind: "time", tensor, isDate: type === "date" };
  // Whoever serves it holds it in float32 before any step sees it.
  return { kind: "number", tensor: type === "float32" ? graph.cast(graph.cast(tensor, "float"), "double") : tensor };
}

/** A raw column taken for what an input's steps need. */
function takenAs(graph: GraphWriter, { name, type, as }: RawColumn, raw: ReadonlyMap<string, Flowing>): Flowing {
  const flow = raw.get(name);
  if (flow === undefined) throw new TypeError(`There is no raw column ${name}.`);
  if (as !== "text" || flow.kind === "text") return flow;
  if (type !== "bool") return textOf(graph, flow);
  const isTrue = graph.op("Equal", [flow.tensor, graph.double([1])]);
  const written = graph.op("Where", [isTrue, graph.strings(["true"]), graph.strings(["false"])]);
  const isMissing = graph.op("IsNaN", [flow.tensor]);
  return { kind: "text", tensor: graph.op("Where", [isMissing, graph.strings([""]), written]), mayMiss: true };
}

/** An input's columns of the matrix, as float32. */
function columnsOf(graph: GraphWriter, input: VersionInput, raw: ReadonlyMap<string, Flowing>): Tensor {
  if (input.kind === "prepared") return preparedColumns(graph, input, raw);
  const flow = raw.get(input.name);
  if (flow === undefined) throw new TypeError(`There is no raw column ${input.name}.`);
  if (input.kind === "category") return codesOf({ graph, input: input.name }, input.categories, flow);
  if (flow.kind !== "time") return graph.cast(flow.tensor, "float");
  const isMissing = graph.op("Equal", [flow.tensor, graph.int64([NO_MOMENT])]);
  return graph.op("Where", [
    isMissing,
    graph.float([Number.NaN]),
    graph.cast(graph.cast(flow.tensor, "double"), "float"),
  ]);
}

function preparedColumns(
  graph: GraphWriter,
  { name, of, steps, columns }: PreparedInput,
  raw: ReadonlyMap<string, Flowing>,
): Tensor {
  const scope = { graph, input: name };
  refuseWide(name, of, steps, columns);
  const taken = of.map((column) => takenAs(graph, column, raw));
  const [only] = taken;
  const start = taken.length === 1 && only ? only : writtenCross(graph, taken);
  const end = steps.reduce((before, step) => writtenStep(scope, step, before), start);
  const [column] = columns;
  if (column?.kind === "category") return codesOf(scope, column.categories, end);
  return graph.cast(end.tensor, "float");
}

/** Throws INPUT_INVALID for categories that are whole numbers from 2^53 on: ONNX Runtime writes such a number as another text than it is known by here. */
function refuseWide(
  input: string,
  of: readonly RawColumn[],
  steps: PreparedInput["steps"],
  columns: PreparedInput["columns"],
): void {
  const categories = [...steps, ...columns].flatMap((each) => ("categories" in each ? each.categories : []));
  for (const [place, { type, as }] of of.entries()) {
    if (as !== "text" || isCategory(type) || type === "bool") continue;
    const wide = categories
      .map((each) => (of.length === 1 ? each : (each.split(CROSSED)[place] ?? "")))
      .find((each) => Math.abs(Number(each)) >= 2 ** 53);
    if (wide !== undefined)
      throw new SlipwayError(
        "INPUT_INVALID",
        `The input "${input}" has the category ${wide}, a whole number beyond 2^53, which ONNX Runtime does not write as the same text. Serve the version with Slipway, or train one whose ids are texts.`,
        { details: { input, category: wide } },
      );
  }
}
