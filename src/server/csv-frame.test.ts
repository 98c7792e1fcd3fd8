import fc from "fast-check";
import { expect, it } from "vitest";
import { csvCells, csvFrame } from "./csv-frame.ts";

const written = (cell: string): string =>
  /[",\r\n]/.test(cell) || cell === "" ? `"${cell.replaceAll('"', '""')}"` : cell;

it("reads back every table that a writer of RFC 4180 writes, with either line end", () => {
  const cell = fc.string({ unit: fc.constantFrom("a", '"', ",", "\n", "\r", " ", "ü") });
  const table = fc
    .integer({ min: 1, max: 4 })
    .chain((width) => fc.array(fc.array(cell, { minLength: width, maxLength: width }), { minLength: 1, maxLength: 5 }));
  fc.assert(
    fc.property(table, fc.constantFrom("\n", "\r\n"), fc.boolean(), (rows, end, isEnded) => {
      const text = rows.map((row) => row.map(written).join(",")).join(end) + (isEnded ? end : "");
      expect(csvCells(text)).toEqual(rows);
    }),
  );
});

it("passes over a byte order mark and empty lines, and keeps empty cells", () => {
  expect(csvFrame("\uFEFFa,b\n\n1,\n,2\n\n")).toEqual({
    names: ["a", "b"],
    rows: [
      ["1", ""],
      ["", "2"],
    ],
  });
});

it.each([
  ["", /empty/],
  ["a,b\n1", /Row 0 .* 1 cells/],
  ['a\n"1', /not closed/],
  ['a\n"1"2', /behind a quoted cell/],
])("refuses %j in words", (text, reason) => {
  expect(() => csvFrame(text)).toThrow(reason);
});
