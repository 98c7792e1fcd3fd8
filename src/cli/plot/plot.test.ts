import fc from "fast-check";
import { expect, test } from "vitest";
import { bars } from "./bars.ts";
import { linePlot } from "./line-plot.ts";
import { shortNumber } from "./marks.ts";
import { sparkline } from "./sparkline.ts";

const plain = { width: 40, plain: true };
const fine = { width: 40, plain: false };

test("a sparkline goes from the least to the greatest, with gaps", () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], fine)).toBe("▁▂▃▄▅▆▇█");
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7], plain)).toBe("_.,-~=+#");
  expect(sparkline([1, Number.NaN, 0], fine)).toBe("█ ▁");
  expect(sparkline([2, 2], fine)).toBe("▅▅");
  expect(sparkline([Number.NaN], fine)).toBe("");
  expect(sparkline([0, 0, 1, 1], { width: 2, plain: false })).toBe("▁█");
});

test("bars are as long as their values", () => {
  expect(
    bars(
      [
        { name: "a", value: 2 },
        { name: "long", value: 1 },
        { name: "none", value: Number.NaN },
      ],
      { width: 21, plain: true },
    ),
  ).toEqual(["a     2  ############", "long  1  ######", "none"]);
  expect(bars([{ name: "a", value: 0.5 }], { width: 13, plain: false })[0]).toBe("a  0.5  █████");
});

test("a curve falls from the upper left to the lower right", () => {
  const curve = { name: "loss", points: [0, 1, 2, 3].map((step) => [step, 3 - step] as const) };
  expect(linePlot([curve], { width: 12, plain: true }, 4)).toEqual([
    "3 |**",
    "  |  **",
    "  |    ***",
    "0 |       **",
    "   0       3",
    "   * loss",
  ]);
  const [first, , , last] = linePlot([curve], { width: 12, plain: false }, 4);
  expect(first).toContain("\u2811");
  expect(last).toMatch(/^0 │/);
});

test("nothing finite is no plot; one value is a flat line", () => {
  expect(linePlot([{ name: "x", points: [[0, Number.NaN]] }], plain)).toEqual([]);
  expect(linePlot([{ name: "x", points: [[5, 1]] }], plain)).toHaveLength(12);
});

test("never wider than the canvas, whatever the values", () => {
  const value = fc.oneof(fc.double(), fc.constant(Number.NaN), fc.constant(Number.POSITIVE_INFINITY));
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.integer(), value), { maxLength: 50 }),
      fc.integer({ min: 40, max: 120 }),
      (points, width) => {
        const sorted = [...points].sort((a, b) => a[0] - b[0]);
        for (const line of linePlot([{ name: "x", points: sorted }], { width, plain: true }))
          expect(line.length).toBeLessThanOrEqual(width + 1);
        for (const line of bars(
          points.map(([name, v]) => ({ name: String(name), value: v })),
          { width, plain: true },
        ))
          expect(line.length).toBeLessThanOrEqual(width);
        expect(
          sparkline(
            points.map(([, v]) => v),
            { width: 20, plain: true },
          ).length,
        ).toBeLessThanOrEqual(20);
      },
    ),
  );
});

test("a number is short and keeps four digits", () => {
  expect([0.123456, 1234567, 3, -2.5e-9, 0.7].map(shortNumber)).toEqual([
    "0.1235",
    "1.235e+6",
    "3",
    "-2.500e-9",
    "0.7",
  ]);
});
