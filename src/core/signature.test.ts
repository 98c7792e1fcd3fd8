// Training encodes tables and serving encodes single values: both must give the same cells, or a model is asked about other numbers than
// it learned from.

import fc from "fast-check";
import { expect, it } from "vitest";
import { cellEncoders, encodeTable, type ModelInput } from "./signature.ts";
import { tableFrom } from "./table.ts";
import type { Value } from "./types.ts";

const inputs: readonly ModelInput[] = [
  { name: "float", kind: "number" },
  { name: "whole", kind: "number" },
  { name: "flag", kind: "number" },
  { name: "text", kind: "category", categories: ["a", "b", "null"] },
  { name: "code", kind: "category", categories: ["1", "2"] },
  { name: "absent", kind: "number" },
];
const orNull = <T extends Value>(values: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(values, { nil: null });
const row = fc.record({
  float: orNull(fc.double()),
  whole: orNull(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  flag: orNull(fc.boolean()),
  text: orNull(fc.constantFrom("a", "b", "null", "unseen")),
  code: orNull(fc.integer({ min: 0, max: 3 })),
});
const schema = [
  { name: "float", type: "float64", optional: true },
  { name: "whole", type: "int64", optional: true },
  { name: "flag", type: "bool", optional: true },
  { name: "text", type: "string", optional: true },
  { name: "code", type: "int32", optional: true },
] as const;

it("gives the same cells for a table as for its values one by one", () => {
  const encoders = cellEncoders(inputs);
  fc.assert(
    fc.property(fc.array(row, { maxLength: 20 }), (rows: readonly Readonly<Record<string, Value>>[]) => {
      const cells = rows.flatMap((each) =>
        inputs.map(({ name }, place) => encoders[place]?.(each[name]) ?? Number.NaN),
      );
      expect(encodeTable(inputs, tableFrom(schema, rows))).toEqual(Float32Array.from(cells));
    }),
  );
});

it("keeps every row in its place when a table is longer than a block", () => {
  const rows = Array.from({ length: 3000 }, (_, index) => ({ float: index % 7 === 0 ? null : index }));
  const matrix = encodeTable(inputs.slice(0, 1), tableFrom(schema, rows));
  expect([...matrix]).toEqual(rows.map(({ float }) => float ?? Number.NaN));
});
