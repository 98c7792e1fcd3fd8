import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { areaUnderRoc, logLossOf } from "../define/define.ts";
import { compareOnGate, type GateInput, seededRandom } from "./gate.ts";

interface World {
  readonly rows: number;
  readonly days: number;
  readonly seed: number;
  /** Noise on each model's logit; the label follows the logit without noise. */
  readonly championNoise: number;
  readonly challengerNoise: number;
  /** Extra noise of a day's own, for the one model or the other: what makes the differences of a day's rows alike. */
  readonly dayNoise?: number;
}

function gateOf(world: World): GateInput {
  const random = seededRandom(world.seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const chance = (logit: number): number => 1 / (1 + Math.exp(-logit));
  const [labels, champion, challenger, blocks] = [[], [], [], []] as [number[], number[], number[], number[]];
  const dayShift = Array.from({ length: world.days }, () => (world.dayNoise ?? 0) * normal());
  for (let row = 0; row < world.rows; row += 1) {
    const day = row % world.days;
    const logit = -1 + normal();
    labels.push(random() < chance(logit) ? 1 : 0);
    const extra = dayShift[day]!;
    champion.push(chance(logit + (world.championNoise + Math.max(0, extra)) * normal()));
    challenger.push(chance(logit + (world.challengerNoise + Math.max(0, -extra)) * normal()));
    blocks.push(15_000 + day);
  }
  return {
    labels: Uint8Array.from(labels),
    champion: Float32Array.from(champion),
    challenger: Float32Array.from(challenger),
    blocks,
    metric: "auc",
    confidence: 0.95,
    leastRows: 100,
    seed: 7,
  };
}

describe("compareOnGate", () => {
  test.each(["auc", "logLoss"] as const)("agrees with a bootstrap of copied rows: %s", (metric) => {
    const score = fc.constantFrom(0.1, 0.3, 0.5, 0.7, 0.9);
    const row = fc.record({
      label: fc.constantFrom(0, 1),
      champion: score,
      challenger: score,
      day: fc.nat({ max: 6 }),
    });
    fc.assert(
      fc.property(fc.array(row, { minLength: 30, maxLength: 60 }), fc.nat(), (rows, seed) => {
        const days = [...new Set(rows.map((each) => each.day))].sort((a, b) => a - b);
        fc.pre(days.length === 7 && new Set(rows.map((each) => each.label)).size === 2);
        const measured = metric === "auc" ? areaUnderRoc : logLossOf;
        const differenceOf = (chosen: typeof rows): number => {
          const labels = Uint8Array.from(chosen, (each) => each.label);
          const of = (name: "champion" | "challenger") =>
            measured(
              labels,
              Float64Array.from(chosen, (each) => each[name]),
            );
          return of("challenger") - of("champion");
        };
        const random = seededRandom(seed);
        const observed = differenceOf(rows);
        const widening = Math.sqrt(7 / 6) * (1.94318 / 1.644854); // t and z at 0.95, 6 degrees of freedom
        const differences = Array.from({ length: 40 }, () => {
          const drawn = Array.from({ length: 7 }, () => days[Math.floor(random() * 7)]!);
          const difference = differenceOf(drawn.flatMap((day) => rows.filter((each) => each.day === day)));
          return Number.isNaN(difference) ? 0 : observed + widening * (difference - observed);
        }).sort((a, b) => a - b);

        const decision = compareOnGate({
          labels: Uint8Array.from(rows, (each) => each.label),
          champion: Float64Array.from(rows, (each) => each.champion),
          challenger: Float64Array.from(rows, (each) => each.challenger),
          blocks: Int32Array.from(rows, (each) => each.day),
          ...{ metric, confidence: 0.95, leastRows: 1, resamples: 40, seed },
        });
        expect(decision.difference).toBeCloseTo(observed, 12);
        expect(decision.interval?.[0]).toBeCloseTo(differences[2]!, 3);
        expect(decision.interval?.[1]).toBeCloseTo(differences[37]!, 3);
        const clearWins = differences.filter((each) => (metric === "auc" ? each : -each) > 1e-3).length;
        const atMost = differences.filter((each) => (metric === "auc" ? each : -each) > -1e-3).length;
        expect(decision.confidenceBetter).toBeGreaterThanOrEqual(clearWins / 40);
        expect(decision.confidenceBetter).toBeLessThanOrEqual(atMost / 40);
      }),
      { numRuns: 60 },
    );
  });

  test.each([
    { metric: "auc", dayNoise: 0 },
    { metric: "auc", dayNoise: 1 },
    { metric: "logLoss", dayNoise: 1 },
  ] as const)("without a true difference promotes in about 5 %% of gates at most: $metric, $dayNoise", (variant) => {
    const gates = 250;
    const world = { rows: 280, days: 14, championNoise: 1, challengerNoise: 1, dayNoise: variant.dayNoise };
    const decisions = Array.from({ length: gates }, (_, seed) =>
      compareOnGate({ ...gateOf({ ...world, seed }), metric: variant.metric, seed: seed + gates }),
    );
    const promoted = decisions.filter((decision) => decision.verdict === "promote").length;
    expect(promoted / gates).toBeLessThan(0.05 + 3 * Math.sqrt((0.05 * 0.95) / gates));
  });

  test("promotes a clear improvement and refuses a clear decline", () => {
    const better = { rows: 3000, days: 14, championNoise: 2, challengerNoise: 0.5 };
    const worse = { ...better, championNoise: 0.5, challengerNoise: 2 };
    for (const metric of ["auc", "logLoss"] as const)
      for (let seed = 1; seed <= 5; seed += 1) {
        const won = compareOnGate({ ...gateOf({ ...better, seed }), metric });
        expect(won).toMatchObject({ verdict: "promote", confidenceBetter: 1, blockCount: 14, rowCount: 3000 });
        const [low, high] = won.interval!;
        expect(metric === "auc" ? low > 0 : high < 0).toBe(true);
        const lost = compareOnGate({ ...gateOf({ ...worse, seed }), metric });
        expect(lost).toMatchObject({ verdict: "refuse", confidenceBetter: 0 });
      }
  });

  test("the same rows in another order, and the same seed, give the same decision", () => {
    const input = gateOf({ rows: 800, days: 10, seed: 3, championNoise: 1.2, challengerNoise: 1 });
    const order = [...input.labels.keys()].reverse();
    const reversed = {
      labels: Uint8Array.from(order, (row) => input.labels[row]!),
      champion: Float32Array.from(order, (row) => input.champion[row]!),
      challenger: Float32Array.from(order, (row) => input.challenger[row]!),
      blocks: order.map((row) => input.blocks[row]!),
    };
    expect(compareOnGate({ ...input, ...reversed })).toEqual(compareOnGate(input));
  });

  test("identical models are a refusal", () => {
    const input = gateOf({ rows: 800, days: 10, seed: 3, championNoise: 1, challengerNoise: 1 });
    const decision = compareOnGate({ ...input, challenger: input.champion });
    expect(decision).toMatchObject({ verdict: "refuse", difference: 0, interval: [0, 0], confidenceBetter: 0 });
  });

  test("refuses with a reason where nothing can be compared", () => {
    const input = gateOf({ rows: 200, days: 10, seed: 3, championNoise: 1, challengerNoise: 0 });
    const refusal = (change: Partial<GateInput>) => {
      const { verdict, reason, interval } = compareOnGate({ ...input, ...change });
      expect([verdict, interval]).toEqual(["refuse", null]);
      return reason;
    };
    expect(refusal({ leastRows: 201 })).toBe(
      "Refused: 200 labelled rows in the gate window, and at least 201 are needed.",
    );
    expect(refusal({ labels: new Uint8Array(200) })).toContain("all 200 labels of the gate window are 0");
    expect(refusal({ blocks: new Int32Array(200) })).toContain("has 1 blocks, and at least 5");
    expect(refusal({ challenger: new Float32Array(200).fill(Number.NaN) })).toContain("not a number");
    expect(() => compareOnGate({ ...input, champion: new Float32Array(3) })).toThrow(RangeError);
  });

  test("gives its figures in a sentence", () => {
    const input = gateOf({ rows: 3000, days: 14, seed: 1, championNoise: 2, challengerNoise: 0.5 });
    expect(compareOnGate(input).reason).toMatch(
      /^Promoted: AUC 0\.\d{4} against the champion's 0\.\d{4} \(\+0\.\d{4}\) on 3000 rows in 14 blocks, better in 100 % of resamples; 95 % are needed\.$/,
    );
  });
});
