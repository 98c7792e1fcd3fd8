import type { ColumnKind } from "./column-sketch.ts";
import type { RowSource, SourceColumn } from "./row-source.ts";

/** The columns of a table expression, in their order, with what they hold. */
export async function describeRows({ engine, relation }: Omit<RowSource, "columns">): Promise<readonly SourceColumn[]> {
  const columns: SourceColumn[] = [];
  for await (const table of engine.stream(
    `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${relation})`,
  )) {
    const [names, types] = table.columns;
    for (let row = 0; row < table.rowCount; row += 1)
      columns.push({ name: String(names?.values[row]), kind: kindOf(String(types?.values[row])) });
  }
  return columns;
}

const NUMBER = /^(U?(TINY|SMALL|BIG|HUGE)INT|U?INTEGER|FLOAT|DOUBLE|DECIMAL\(\d+,\d+\)|BIGNUM)$/;
const MOMENT = /^(DATE|TIME|TIMESTAMP(_S|_MS|_NS)?|TIMESTAMP WITH TIME ZONE)$/;
const CATEGORY = /^(VARCHAR|UUID|ENUM\(.*\))$/s;

/** By the engine's name of the type; undefined for lists, structs and bytes, which are not judged. */
function kindOf(type: string): ColumnKind | undefined {
  if (NUMBER.test(type)) return "number";
  if (MOMENT.test(type)) return "moment";
  if (type === "BOOLEAN") return "boolean";
  return CATEGORY.test(type) ? "category" : undefined;
}
