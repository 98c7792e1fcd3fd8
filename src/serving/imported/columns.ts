// Named columns in, values by name out: how rows of a table become the tensors that a model takes, and its answers rows again. A model takes
// its columns either as one tensor each, or side by side as one matrix.

import { didYouMean, SlipwayError } from "../../core/core.ts";
import type { Tensor, TensorInfo, TensorModel } from "../../ports/ports.ts";
import { elementsFrom, elementToJson, valueFromText } from "../../scoring/scoring.ts";
import type { NamedColumn } from "./mlmodel.ts";

/** A row by column name, as JSON has it. */
export type JsonRow = Readonly<Record<string, unknown>>;

/** How named columns reach a model. */
export type ColumnBinding =
  | { readonly kind: "each"; readonly columns: readonly NamedColumn[]; readonly inputs: readonly TensorInfo[] }
  | { readonly kind: "matrix"; readonly columns: readonly NamedColumn[]; readonly input: TensorInfo };

/** Finds how a signature's columns, or else the model's own names, reach its inputs; undefined when they do not. */
export function bindColumns(
  { inputs }: Pick<TensorModel, "inputs">,
  signature: readonly NamedColumn[] | undefined,
  inputNames: readonly string[] = [],
): ColumnBinding | undefined {
  const [only] = inputs;
  const width = only?.shape[1] ?? -1;
  if (signature) {
    const found = signature.map(({ name }) => inputs.find((input) => input.name === name && isColumn(input)));
    if (found.every((input) => input !== undefined) && found.length === inputs.length)
      return { kind: "each", columns: signature, inputs: found };
    if (only && inputs.length === 1 && isMatrix(only) && (width === -1 || width === signature.length))
      return { kind: "matrix", columns: signature, input: only };
    return undefined;
  }
  const named = (name: string): NamedColumn => ({ name, type: "", required: true });
  if (only && inputs.length === 1 && inputNames.length > 0 && inputNames.length === width)
    return { kind: "matrix", columns: inputNames.map((name) => ({ ...named(name), required: false })), input: only };
  if (inputs.length > 0 && inputs.every(isColumn))
    return { kind: "each", columns: inputs.map(({ name }) => named(name)), inputs };
  return undefined;
}

/** One value a row: shape [rows] or [rows, 1]. */
function isColumn({ shape }: TensorInfo): boolean {
  return shape[0] === -1 && (shape.length === 1 || (shape.length === 2 && shape[1] === 1));
}

function isMatrix({ shape, datatype }: TensorInfo): boolean {
  return shape.length === 2 && shape[0] === -1 && datatype !== "FP16";
}

/** A cell of text as the value of a column, for {@link tensorsOfRows} to judge. */
export function cellFromText(binding: ColumnBinding, place: number, text: string): unknown {
  const datatype = datatypeOf(binding, place);
  return valueFromText(isWhole(binding.columns[place]) && isFloat(datatype) ? "INT64" : datatype, text);
}

function datatypeOf(binding: ColumnBinding, place: number): TensorInfo["datatype"] {
  return binding.kind === "matrix" ? binding.input.datatype : (binding.inputs[place]?.datatype ?? "BYTES");
}

function isFloat(datatype: TensorInfo["datatype"]): boolean {
  return datatype === "FP32" || datatype === "FP64";
}

/** Whether the signature asks for whole numbers, whatever the model computes with. */
function isWhole(column: NamedColumn | undefined): boolean {
  return column?.type === "long" || column?.type === "integer";
}

/** Rows as the tensors that the model takes. INPUT_INVALID that names the row and the column. */
export function tensorsOfRows(model: string, binding: ColumnBinding, rows: readonly JsonRow[]): readonly Tensor[] {
  const names = binding.columns.map(({ name }) => name);
  const known = new Set(names);
  rows.forEach((row, place) => {
    for (const name of Object.keys(row))
      if (!known.has(name))
        throw new SlipwayError(
          "INPUT_INVALID",
          `Model "${model}": row ${place} has "${name.slice(0, 64)}", which is not a column of it. ${didYouMean(name, names) ?? ""} Its columns are: ${names.join(", ")}.`,
          { details: { model, row: place, field: name.slice(0, 64) } },
        );
  });
  const what = (column: string, place: number): string => `Model "${model}": "${column}" of row ${place}`;
  const cellOf = (column: NamedColumn, place: number, datatype: TensorInfo["datatype"]): unknown => {
    const { name, required, type } = column;
    const row = rows[place] ?? {};
    const value = Object.hasOwn(row, name) ? row[name] : undefined;
    if (value === undefined && required)
      throw new SlipwayError("INPUT_INVALID", `Model "${model}": row ${place} has no "${name}".`, {
        details: { model, row: place, field: name },
      });
    if (value === null && isWhole(column))
      throw new SlipwayError(
        "INPUT_INVALID",
        `${what(name, place)} is null; the signature calls it ${type}, which has no word for a missing value. Log the model with a signature that says double.`,
        { details: { model, row: place, field: name } },
      );
    if (value !== undefined && value !== null && isWhole(column) && isFloat(datatype) && !holds(datatype, value))
      throw new SlipwayError(
        "INPUT_INVALID",
        `${what(name, place)} is ${JSON.stringify(value).slice(0, 64)}; the signature calls it ${type}, so send a whole number that ${datatype} holds exactly.`,
        { details: { model, row: place, field: name } },
      );
    return value ?? null;
  };
  if (binding.kind === "each")
    return binding.columns.map((column, index) => {
      const input = binding.inputs[index] as TensorInfo;
      const values = rows.map((_, place) => cellOf(column, place, input.datatype));
      return {
        name: input.name,
        datatype: input.datatype,
        shape: input.shape.length === 1 ? [rows.length] : [rows.length, 1],
        data: elementsFrom(input.datatype, values, (place) => what(column.name, place)),
      };
    });
  const { input, columns } = binding;
  const cells = rows.flatMap((_, place) => columns.map((column) => numeric(cellOf(column, place, input.datatype))));
  const data = elementsFrom(input.datatype, cells, (place) =>
    what(columns[place % columns.length]?.name ?? "", Math.floor(place / columns.length)),
  );
  return [{ name: input.name, datatype: input.datatype, shape: [rows.length, columns.length], data }];
}

/** Whether a float holds a whole number exactly, as far as JSON told it exactly. */
function holds(datatype: TensorInfo["datatype"], value: unknown): boolean {
  if (typeof value === "boolean") return true;
  return Number.isSafeInteger(value) && (datatype === "FP64" || Math.fround(value as number) === value);
}

/** In a matrix of numbers true is 1. */
function numeric(value: unknown): unknown {
  return typeof value === "boolean" ? Number(value) : value;
}

/** What a model gave, row by row: outputs by name, each a value or a list of them. */
export function rowsOfTensors(tensors: readonly Tensor[], rows: number): readonly JsonRow[] {
  return Array.from({ length: rows }, (_, row) =>
    Object.fromEntries(
      tensors.map(({ name, datatype, shape, data }) => {
        const width = shape[0] === rows ? data.length / rows : data.length;
        const from = shape[0] === rows ? row * width : 0;
        const values = Array.from({ length: width }, (_each, place) => elementToJson(datatype, data[from + place]));
        return [name, width === 1 ? values[0] : values];
      }),
    ),
  );
}
