// Inputs that a model computes from other inputs, computed anew in rows whose values somebody changed.

import { isDecimal, type Value } from "../core/core.ts";
import { type InputSpec, type LeafNode, leavesOf, rowFunction } from "../define/define.ts";
import { type Cell, cellAt, type ExplainedModel, type ExplainedRows, withCells } from "../explaining/explaining.ts";

/** How to compute the inputs that are made of others here alone; nothing where there is none. */
export function computedInputs(schema: readonly InputSpec[]): Pick<ExplainedModel, "settled" | "computed"> {
  const types = new Map(schema.map((input) => [input.name, input.type]));
  const computed = schema.flatMap((input) =>
    input.from === "derived" && leavesOf(input.value).every(({ name, type }) => types.has(name) && !isDecimal(type))
      ? [
          {
            name: input.name,
            valueOf: rowFunction<ReadonlyMap<string, Value>>(
              input.value,
              ({ name }) =>
                (row) =>
                  row.get(name) ?? null,
            ),
          },
        ]
      : [],
  );
  if (computed.length === 0) return {};
  const read = new Set(
    schema.flatMap((input) =>
      input.from === "derived" ? leavesOf(input.value).map(({ name }: LeafNode) => name) : [],
    ),
  );
  return {
    computed: new Set(computed.map(({ name }) => name)),
    settled: (rows: ExplainedRows): ExplainedRows => {
      const sources = rows.columns.filter(({ name }) => read.has(name));
      const scopes = Array.from(
        { length: rows.count },
        (_, row) =>
          new Map(sources.map((column) => [column.name, declared(cellAt(column, row), types.get(column.name))])),
      );
      const columns = rows.columns.map((column) => {
        const own = computed.find(({ name }) => name === column.name);
        return own === undefined
          ? column
          : withCells(
              column,
              scopes.map((scope) => own.valueOf(scope)),
            );
      });
      return { ...rows, columns };
    },
  };
}

/** A cell as an expression takes it: whole numbers of 64 bits are bigints there, and truth is no text. */
function declared(cell: Cell, type: InputSpec["type"] | undefined): Value {
  if (type === "int64" && typeof cell === "number") return BigInt(Math.round(cell));
  return type === "bool" && typeof cell === "string" ? cell === "true" : cell;
}
