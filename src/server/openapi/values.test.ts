import { expect, test } from "vitest";
import { type DataType, scalarTypes, valueFrom } from "../../core/core.ts";
import { valueExample, valueSchema } from "./values.ts";

const nested: readonly DataType[] = [
  { kind: "decimal", precision: 12, scale: 2 },
  { kind: "decimal", precision: 2, scale: 2 },
  { kind: "decimal", precision: 18, scale: 0 },
  { kind: "list", of: { kind: "list", of: "date" } },
  {
    kind: "struct",
    fields: [
      { name: "at", type: "timestamp", optional: false },
      { name: "raw", type: { kind: "list", of: "bytes" }, optional: true },
    ],
  },
];

test.each([...scalarTypes, ...nested].map((type) => [type]))("the example for %o is a value that is taken", (type) => {
  const refuse = (path: string): never => {
    throw new Error(path);
  };
  expect(valueFrom(type, valueExample(type), true, "x", refuse)).not.toBeNull();
  const { pattern } = valueSchema(type) as { readonly pattern?: string };
  if (pattern !== undefined) expect(valueExample(type)).toMatch(new RegExp(pattern));
});

test("a struct's schema says which fields it needs, and no others", () => {
  expect(valueSchema(nested[4] as DataType)).toEqual({
    type: "object",
    properties: {
      at: { type: "string", format: "date-time", description: "ISO 8601 with its zone." },
      raw: {
        anyOf: [
          {
            type: "array",
            items: { anyOf: [{ type: "string", format: "byte", contentEncoding: "base64" }, { type: "null" }] },
          },
          { type: "null" },
        ],
      },
    },
    additionalProperties: false,
    required: ["at"],
  });
});
