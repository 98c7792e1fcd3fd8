// A version as one ONNX file: raw values in, scores out. Every raw column is an input of shape (rows, 1), so that it can be fed a table column by column.

import {
  isCategory,
  isDecimal,
  type PreparedInput,
  type RawColumn,
  rawNames,
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
  graph.output("score", corrected, "float", shape);
  const about = [
    `${name}, written by Slipway: raw values in, scores out.`,
    ...declared.map((input) => `${input.name}: ${input.type}, missing is ${input.missing}.`),
    ...(classes === undefined
      ? []
      : [`The columns of score are the classes ${classes.map((each) => JSON.stringify(each)).join(", ")}.`]),
  ].join("\n");
  const bytes = modelBytes(name.replace(/[^A-Za-z0-9_]/g, "_"), about, graph.parts());
  return { bytes, inputs: declared, outputs: [{ name: "score", shape }] };
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
    raw.set(column, rawFlow(type, graph.input(column, element, ["rows", 1])));
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

function rawFlow(type: Type, tensor: Tensor): Flowing {
  if (isCategory(type)) return { kind: "text", tensor, mayMiss: true };
  if (type === "timestamp" || type === "date") return { kind: "time", tensor, isDate: type === "date" };
  return { kind: "number", tensor };
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
  const taken = of.map((column) => takenAs(graph, column, raw));
  const [only] = taken;
  const start = taken.length === 1 && only ? only : writtenCross(graph, taken);
  const end = steps.reduce((before, step) => writtenStep(scope, step, before), start);
  const [column] = columns;
  if (column?.kind === "category") return codesOf(scope, column.categories, end);
  return graph.cast(end.tensor, "float");
}
