import { expect, test } from "vitest";
import type { PreparedInput } from "../../core/core.ts";
import { inputFrom } from "./input-shape.ts";

const prepared: PreparedInput = {
  name: "x",
  kind: "prepared",
  of: [
    { name: "x", type: "float64", as: "number" },
    { name: "y", type: { kind: "decimal", precision: 9, scale: 2 }, as: "number" },
  ],
  steps: [
    { step: "impute", value: "none" },
    { step: "impute", value: 2 },
    { step: "isMissing" },
    { step: "scale", by: "minMaxScale", center: 1, scale: 2, clip: true },
    { step: "bucketize", edges: [1, 2] },
    { step: "oneHot", categories: ["a"], missing: true, others: true },
    { step: "oneHot", categories: ["a"], unseen: "refuse" },
    { step: "targetEncode", categories: ["a"], outputs: 1, values: [0.5], missing: [0.1], others: [0.2] },
    { step: "textLength" },
    { step: "ngramHash", n: 3, buckets: 8 },
    { step: "hash", buckets: 8 },
    { step: "dateParts", parts: ["hourOfDay", "year"] },
  ],
  columns: [
    { name: "x=a", kind: "number" },
    { name: "x", kind: "category", categories: ["a"], unseen: "refuse" },
  ],
};

test("prepared inputs come back from an archive as they went in", () => {
  expect(inputFrom(JSON.parse(JSON.stringify(prepared)))).toEqual(prepared);
});

test.each<[string, object]>([
  ["a step that does something else", { steps: [{ step: "evaluate", code: "1" }] }],
  ["a step without its number", { steps: [{ step: "scale", by: "standardize", center: null, scale: 1 }] }],
  ["an unknown scaling", { steps: [{ step: "scale", by: "other", center: 0, scale: 1 }] }],
  [
    "a table of another size",
    {
      steps: [{ step: "targetEncode", categories: ["a"], outputs: 2, values: [1], missing: [1], others: [1] }],
    },
  ],
  ["a category that is no text", { steps: [{ step: "oneHot", categories: [1] }] }],
  ["buckets beyond measure", { steps: [{ step: "ngramHash", n: 3, buckets: 1e12 }] }],
  ["an unknown part", { steps: [{ step: "dateParts", parts: ["century"] }] }],
  ["no columns to read", { of: [] }],
  ["a column without a type", { of: [{ name: "x", type: 3, as: "number" }] }],
  ["a column read as something else", { of: [{ name: "x", type: "float64", as: "bytes" }] }],
  ["nothing that comes of it", { columns: [] }],
])("%s is refused", (_, changes) => {
  expect(() => inputFrom({ ...prepared, ...changes })).toThrowError(
    expect.objectContaining({ code: "ARCHIVE_INVALID" }),
  );
});
