// Held to scikit-learn, and to what calibration is for.

import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { calibrateScores, calibrationFrom, interpolated, logOdds, randomOf } from "../../core/core.ts";
import { isotonic, platt } from "../../define/define.ts";
import { fitCalibration } from "./fit-calibration.ts";
import { heldInside, isotonicStep } from "./isotonic.ts";
import { plattStep } from "./platt.ts";

interface Oracle {
  readonly binary: readonly {
    readonly scores: readonly number[];
    readonly labels: readonly number[];
    readonly platt: { readonly slope: number; readonly intercept: number };
    readonly isotonic: { readonly at: readonly number[]; readonly is: readonly number[] };
  }[];
  readonly multiclass: readonly {
    readonly scores: readonly number[];
    readonly labels: readonly number[];
    readonly sigmoid: readonly number[];
    readonly isotonic: readonly number[];
  }[];
}

const oracle = JSON.parse(readFileSync(new URL("scikit-learn.fixture.json", import.meta.url), "utf8")) as Oracle;

const binaryRows = oracle.binary.map((each) => ({
  ...each,
  came: Uint8Array.from(each.labels),
  said: Float64Array.from(each.scores),
}));

/** What Platt's curve is the least of. */
function plattLoss(came: Uint8Array, values: Float64Array, { slope, intercept }: { slope: number; intercept: number }) {
  const positives = came.reduce((sum, each) => sum + each, 0);
  const [high, low] = [(positives + 1) / (positives + 2), 1 / (came.length - positives + 2)];
  return values.reduce((sum, value, row) => {
    const probability = 1 / (1 + Math.exp(-(slope * value + intercept)));
    const target = came[row] === 1 ? high : low;
    return sum - target * Math.log(probability) - (1 - target) * Math.log(1 - probability);
  }, 0);
}

// scikit-learn stops its search at a gradient of 1e-6 and we at 1e-12 a row: where the two part, ours is the lower place.
test.each(binaryRows)(
  "a logistic curve is scikit-learn's to 1e-5, and no worse than it",
  ({ came, said, platt: theirs }) => {
    const values = said.map(logOdds);
    const ours = plattStep(came, values);
    expect(Math.abs(ours.slope - theirs.slope)).toBeLessThan(1e-5);
    expect(Math.abs(ours.intercept - theirs.intercept)).toBeLessThan(1e-5);
    expect(plattLoss(came, values, ours)).toBeLessThanOrEqual(plattLoss(came, values, theirs) + 1e-10);
  },
);

test.each(binaryRows)("a rising curve is scikit-learn's to 1e-9 everywhere", ({ came, said, isotonic: theirs }) => {
  const step = isotonicStep(came, said);
  theirs.at.forEach((score, place) => {
    expect(Math.abs(interpolated(step, score) - (theirs.is[place] ?? Number.NaN))).toBeLessThan(1e-9);
  });
});

test.each(oracle.multiclass)(
  "several classes are calibrated one by one and add up to 1, as CalibratedClassifierCV does",
  (each) => {
    const names = ["a", "b", "c"];
    const rows = { labels: Float64Array.from(each.labels), scores: Float32Array.from(each.scores) };
    for (const [spec, theirs, tolerance] of [
      [platt(), each.sigmoid, 1e-5],
      // Answers are float32.
      [isotonic(), each.isotonic, 1e-7],
    ] as const) {
      const fitted = fitCalibration(spec, rows, names, "m");
      // Its curves as they are pooled: theirs promise certainty at the ends, and what is fitted here does not.
      const steps = names.map((_, own) =>
        isotonicStep(
          Uint8Array.from(each.labels, (label) => Number(label === own)),
          Float64Array.from(each.labels, (__, row) => rows.scores[row * names.length + own] ?? 0),
        ),
      );
      const pooled = spec.kind === "platt" ? fitted : ({ kind: "isotonic", rows: fitted.rows, steps } as const);
      const ours = calibrateScores(pooled, rows.scores);
      expect(ours).toHaveLength(theirs.length);
      theirs.forEach((value, place) => {
        expect(Math.abs((ours[place] ?? Number.NaN) - value)).toBeLessThan(tolerance);
      });
    }
  },
);

test("any rising curve rises, and its mean is that of what came", () => {
  const score = fc.oneof(fc.constantFrom(0, 0.25, 0.5, 1), fc.double({ min: 0, max: 1, noNaN: true }));
  fc.assert(
    fc.property(fc.array(fc.tuple(score, fc.nat(1)), { minLength: 1, maxLength: 40 }), (rows) => {
      const said = Float64Array.from(rows, ([each]) => each);
      const came = Uint8Array.from(rows, ([, each]) => each);
      const step = isotonicStep(came, said);
      const answers = Array.from(said, (each) => interpolated(step, each));
      const sorted = Array.from(said, (each, row) => [each, answers[row] ?? 0] as const).sort(([a], [b]) => a - b);
      for (let row = 1; row < sorted.length; row += 1)
        expect(sorted[row]?.[1]).toBeGreaterThanOrEqual((sorted[row - 1]?.[1] ?? 0) - 1e-12);
      const mean = (values: Iterable<number>): number => [...values].reduce((sum, each) => sum + each, 0) / rows.length;
      expect(mean(answers)).toBeCloseTo(mean(came), 9);
      expect(
        calibrationFrom(JSON.parse(JSON.stringify({ kind: "isotonic", rows: rows.length, steps: [step] })), 1),
      ).toEqual({
        kind: "isotonic",
        rows: rows.length,
        steps: [step],
      });
    }),
  );
});

test("a fitted curve promises no certainty: as many rows as came to the same hold its ends inside 0 and 1", () => {
  const said = Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7);
  const rows = (came: readonly number[]) => ({ labels: Float64Array.from(came), scores: Float32Array.from(said) });
  const ends = (came: readonly number[]) => {
    const [step] = fitCalibration(isotonic(), rows(came), undefined, "m").steps as [ReturnType<typeof isotonicStep>];
    return step.probabilities;
  };
  // Three that never came, two of which one did, and two that always did.
  expect(ends([0, 0, 0, 1, 0, 1, 1])).toEqual([1 / 5, 1 / 5, 1 / 2, 1 / 2, 3 / 4, 3 / 4]);
  expect(ends([0, 0, 0, 0, 1, 1, 1])).toEqual([1 / 6, 1 / 6, 4 / 5, 4 / 5]);
  // Never beyond the next level.
  expect(ends([0, 1, 0, 0, 0, 0, 1])).toEqual([1 / 5, 1 / 5, 1 / 5, 1 - 1 / 3]);
  const score = fc.constantFrom(0, 0.25, 0.5, 0.75, 1);
  fc.assert(
    fc.property(fc.array(fc.tuple(score, fc.nat(1)), { minLength: 1, maxLength: 40 }), (each) => {
      const values = Float64Array.from(each, ([one]) => one);
      const pooled = isotonicStep(
        Uint8Array.from(each, ([, came]) => came),
        values,
      );
      const { scores, probabilities } = heldInside(pooled, values);
      expect(scores).toEqual(pooled.scores);
      probabilities.forEach((level, place) => {
        const before = pooled.probabilities[place] ?? Number.NaN;
        if (before > 0 && before < 1) expect(level).toBe(before);
        expect(level).toBeGreaterThan(0);
        expect(level).toBeLessThan(1);
        expect(level).toBeGreaterThanOrEqual(probabilities[place - 1] ?? 0);
      });
    }),
  );
});

test("scores that were twice as sure as they should be come back to what they mean", () => {
  const random = randomOf(5, 0);
  const labels: number[] = [];
  const scores: number[] = [];
  for (let row = 0; row < 20_000; row += 1) {
    const truth = 4 * random.next() - 2;
    labels.push(Number(random.next() < 1 / (1 + Math.exp(-truth))));
    scores.push(1 / (1 + Math.exp(-2 * truth)));
  }
  const rows = { labels: Float64Array.from(labels), scores: Float32Array.from(scores) };
  const fitted = fitCalibration(platt(), rows, undefined, "m");
  expect(fitted.steps).toHaveLength(1);
  expect((fitted.steps[0] as { slope: number }).slope).toBeCloseTo(0.5, 1);
  const certain = calibrateScores(fitted, Float32Array.of(0, 1, Number.NaN));
  expect(certain[0]).toBeGreaterThan(0);
  expect(certain[1]).toBeLessThan(1);
  expect(certain[2]).toBeNaN();
});

test("rows of one class, and what is no calibration, are refused", () => {
  const rows = { labels: Float64Array.of(1, 1), scores: Float32Array.of(0.2, 0.4) };
  expect(() => fitCalibration(platt(), rows, undefined, "m")).toThrow(
    expect.objectContaining({ code: "LABEL_SINGLE_CLASS" }),
  );
  const classes = { labels: Float64Array.of(0, 1), scores: Float32Array.of(0.2, 0.4, 0.4, 0.1, 0.1, 0.8) };
  expect(() => fitCalibration(isotonic(), classes, ["a", "b", "c"], "m")).toThrow('0 of the 2 validation rows are "c"');
  for (const wrong of [
    null,
    { kind: "platt", rows: 3, steps: [{ slope: 1, intercept: null }] },
    { kind: "platt", rows: 3, steps: [] },
    { kind: "beta", rows: 3, steps: [{}] },
    { kind: "isotonic", rows: 3, steps: [{ scores: [0, 1], probabilities: [0.5, 0.4] }] },
    { kind: "isotonic", rows: 3, steps: [{ scores: [1, 1], probabilities: [0.4, 0.5] }] },
    { kind: "isotonic", rows: 3, steps: [{ scores: [0, 1], probabilities: [0.4, 1.5] }] },
    { kind: "isotonic", rows: 3, steps: [{ scores: [], probabilities: [] }] },
  ])
    expect(calibrationFrom(wrong, 1)).toBeUndefined();
});
