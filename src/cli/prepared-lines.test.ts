import { expect, test } from "vitest";
import { preparedLines } from "./prepared-lines.ts";

test("every prepared input is a row with its fitted steps in words", () => {
  const [, table] = preparedLines([
    { name: "plain", kind: "number" },
    {
      name: "route",
      kind: "prepared",
      of: [
        { name: "origin", type: "string", as: "text" },
        { name: "dest", type: "string", as: "text" },
      ],
      steps: [
        { step: "impute", value: "none" },
        { step: "oneHot", categories: ["a\u001fb"], others: true },
      ],
      columns: [
        { name: "route=a×b", kind: "number" },
        { name: "route:others", kind: "number" },
      ],
    },
  ]);
  expect(table).toEqual({
    columns: ["input", "made from", "steps", "columns"],
    rows: [["route", "origin × dest", 'impute ("none"), then oneHot (a×b, others)', 2]],
  });
  expect(preparedLines([{ name: "plain", kind: "number" }])).toEqual([]);
});
