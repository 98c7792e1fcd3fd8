import { describe, expect, test } from "vitest";
import { columnPicture } from "./column-picture.ts";
import { cutCells } from "./sketch/number-cells.ts";
import { numberCounter } from "./sketch/number-counter.ts";
import type { ColumnReference, ColumnWindow, Window } from "./sketch/table-sketch.ts";

const windowOf = (name: string, column: ColumnWindow): Window => ({
  rows: 1,
  columns: new Map([[name, column]]),
  pairs: [],
  ignored: [],
  phase: undefined,
});

describe("columnPicture", () => {
  test.each([
    ["spread evenly", Array.from({ length: 3000 }, (_, at) => at / 7)],
    ["with a heavy tail", Array.from({ length: 3000 }, (_, at) => Math.exp(at / 200))],
    ["of a few whole numbers", Array.from({ length: 3000 }, (_, at) => at % 5)],
    ["of one value", Array.from({ length: 3000 }, () => 4)],
  ])("of numbers %s has every row once on both sides", (_, values) => {
    const cells = cutCells(Float64Array.from(values));
    const sketch = (of: readonly number[]) => {
      const counter = numberCounter(cells);
      counter.add({ name: "x", type: "float64", values: Float64Array.from(of) });
      return counter.finish()[0]!;
    };
    const column: ColumnReference = { name: "x", kind: "number", cells, whole: sketch(values) };
    const picture = columnPicture(column, windowOf("x", { kind: "number", sketch: sketch(values.slice(0, 500)) }));
    const total = (of: "before" | "now"): number => picture?.bars.reduce((sum, bar) => sum + bar[of], 0) ?? 0;
    expect(total("before")).toBeCloseTo(1, 9);
    expect(total("now")).toBeCloseTo(1, 9);
    expect(picture?.bars.every(({ before, now }) => before >= 0 && now >= 0)).toBe(true);
  });

  test("of categories has the most frequent, and the others together", () => {
    const counts = new Map(Array.from({ length: 30 }, (_, at) => [`v${at}`, 31 - at] as const));
    const column: ColumnReference = { name: "c", kind: "category", whole: { rows: 500, missing: 0, counts } };
    const picture = columnPicture(
      column,
      windowOf("c", { kind: "category", sketch: { rows: 9, missing: 0, counts: new Map([["new", 9]]) } }),
    );
    expect(picture?.bars).toHaveLength(13);
    expect(picture?.bars[0]).toEqual({ label: "new", before: 0, now: 1 });
    expect(picture?.bars.at(-1)?.label).toBe("19 others");
  });
});
