// What every Runtime must do, as tests an engine runs on itself: give `runtimeContract` a runtime and an artifact it can load.

import { describe, expect, it } from "vitest";
import { SlipwayError } from "../core/core.ts";
import { isExplainable } from "./contributions.ts";
import { refusal } from "./refusal.ts";
import type { Predictor, Runtime } from "./runtime.ts";

/** A runtime and a model for it. */
export interface RuntimeCase {
  readonly runtime: Runtime;
  readonly artifact: Uint8Array;
  readonly inputCount: number;
  /** Rounds of a boosted model, at least 2; leave out when the model has none. */
  readonly rounds?: number;
}

const SLOW = 60_000;

/** Cells that repeat: the same matrix for the same sizes, with missing values in it. */
function matrixOf(rows: number, width: number): Float32Array {
  return new Float32Array(rows * width).map((_, cell) => (cell % 11 === 7 ? Number.NaN : ((cell * 37) % 101) / 50 - 1));
}

/**
 * Holds a runtime to the port's contract, with a model that it can load. `makeCase` is called once, when the first test needs it.
 *
 * @example
 * runtimeContract("xgboost", async () => ({
 *   runtime: xgboostRuntime(options),
 *   artifact: await readFile("model.ubj"),
 *   inputCount: 3,
 *   rounds: 8,
 * }));
 */
export function runtimeContract(name: string, makeCase: () => Promise<RuntimeCase>): void {
  describe(`Runtime contract: ${name}`, { timeout: SLOW }, () => {
    let made: Promise<RuntimeCase> | undefined;
    const theCase = (): Promise<RuntimeCase> => {
      made ??= makeCase();
      return made;
    };
    const withPredictor = async (use: (predictor: Predictor, width: number) => Promise<void>): Promise<void> => {
      const { runtime, artifact, inputCount } = await theCase();
      const predictor = await runtime.load(artifact);
      try {
        await use(predictor, inputCount);
      } finally {
        predictor.close();
      }
    };

    it("knows how many inputs the model takes", () =>
      withPredictor(async (predictor, width) => expect(predictor.inputCount).toBe(width)));

    it("answers each row from that row alone", () =>
      withPredictor(async (predictor, width) => {
        const rows = 20;
        const matrix = matrixOf(rows, width);
        const together = await predictor.predict(matrix, rows);
        const outputs = together.length / rows;
        expect(Number.isInteger(outputs)).toBe(true);
        for (let row = 0; row < rows; row += 1) {
          const alone = await predictor.predict(matrix.slice(row * width, (row + 1) * width), 1);
          expect([...alone]).toEqual([...together.slice(row * outputs, (row + 1) * outputs)]);
        }
      }));

    it("reads a matrix that is a view into a larger one", () =>
      withPredictor(async (predictor, width) => {
        const matrix = matrixOf(5, width);
        const whole = await predictor.predict(matrix, 5);
        const view = await predictor.predict(matrix.subarray(width), 4);
        expect([...view]).toEqual([...whole.slice(whole.length / 5)]);
      }));

    it("returns memory of its own", () =>
      withPredictor(async (predictor, width) => {
        const first = await predictor.predict(matrixOf(3, width), 3);
        const before = [...first];
        await predictor.predict(matrixOf(3, width).fill(Number.NaN), 3);
        expect([...first]).toEqual(before);
      }));

    it("may be called again before an earlier call has ended", () =>
      withPredictor(async (predictor, width) => {
        const sizes = [1, 7, 300, 2, 50];
        const apart: number[][] = [];
        for (const rows of sizes) apart.push([...(await predictor.predict(matrixOf(rows, width), rows))]);
        const together = await Promise.all(sizes.map((rows) => predictor.predict(matrixOf(rows, width), rows)));
        expect(together.map((scores) => [...scores])).toEqual(apart);
      }));

    it("scores no rows as no scores", () =>
      withPredictor(async (predictor) => expect(await predictor.predict(new Float32Array(0), 0)).toHaveLength(0)));

    it("explains a row from that row alone, and adds up to what it answers, where it explains at all", () =>
      withPredictor(async (predictor, width) => {
        if (!isExplainable(predictor)) return;
        const rows = 70;
        const matrix = matrixOf(rows, width);
        const { values, margins } = await predictor.contributions(matrix, rows);
        const scores = await predictor.predict(matrix, rows);
        const outputs = margins.length / rows;
        expect(scores).toHaveLength(margins.length);
        expect(values).toHaveLength(margins.length * (width + 1));
        for (const [place, margin] of margins.entries()) {
          const sum = values.slice(place * (width + 1), (place + 1) * (width + 1)).reduce((all, each) => all + each, 0);
          expect(Math.abs(sum - margin)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(margin)));
          if (predictor.link === "identity") expect(scores[place]).toBe(margin);
          if (predictor.link === "logistic") expect(scores[place]).toBeCloseTo(1 / (1 + Math.exp(-margin)), 6);
          if (predictor.link === "exponential") expect(scores[place]).toBeCloseTo(Math.exp(margin), 5);
        }
        for (const row of [0, 3, rows - 1]) {
          const alone = await predictor.contributions(matrix.slice(row * width, (row + 1) * width), 1);
          const size = outputs * (width + 1);
          expect([...alone.values]).toEqual([...values.slice(row * size, (row + 1) * size)]);
        }
        expect(await predictor.contributions(new Float32Array(0), 0)).toEqual({
          values: new Float32Array(0),
          margins: new Float32Array(0),
        });
        expect((await refusal(predictor.contributions(new Float32Array(width), 2))).code).toBe("INPUT_INVALID");
      }));

    it("refuses a matrix of the wrong size", () =>
      withPredictor(async (predictor, width) => {
        expect((await refusal(predictor.predict(new Float32Array(width), 2))).code).toBe("INPUT_INVALID");
        expect((await refusal(predictor.predict(new Float32Array(width + 1), 1))).code).toBe("INPUT_INVALID");
        expect((await refusal(predictor.predict(new Float32Array(0), -1))).code).toBe("INPUT_INVALID");
      }));

    it("ends a call under way before it closes, and then takes no more", async () => {
      const { runtime, artifact, inputCount } = await theCase();
      const predictor = await runtime.load(artifact);
      const rows = 200_000;
      const scores = predictor.predict(matrixOf(rows, inputCount), rows);
      predictor.close();
      predictor.close();
      expect((await scores).length).toBeGreaterThanOrEqual(rows);
      await expect(predictor.predict(matrixOf(1, inputCount), 1)).rejects.toBeInstanceOf(SlipwayError);
    });

    it("refuses bytes it cannot load", async () => {
      const { runtime, artifact } = await theCase();
      const cut = [0, 1, artifact.length >> 2, artifact.length >> 1, artifact.length - 1];
      const broken = cut.map((length) => artifact.slice(0, length));
      broken.push(new TextEncoder().encode("this is no model"), new TextEncoder().encode("[1, 2]"));
      for (let seed = 1; seed <= 20; seed += 1)
        broken.push(new Uint8Array(500).map((_, index) => ((index + seed) * 2654435761) >>> (seed % 24)));
      for (const bytes of broken) expect((await refusal(runtime.load(bytes))).code).toBe("ARTIFACT_CORRUPT");
    });

    it("loads beside other work what it loads otherwise, and refuses the same", async () => {
      const { runtime, artifact, inputCount } = await theCase();
      const matrix = matrixOf(20, inputCount);
      const scores: number[][] = [];
      for (const beside of [false, true]) {
        const predictor = await runtime.load(artifact, { beside });
        scores.push(Array.from(await predictor.predict(matrix, 20)));
        predictor.close();
      }
      expect(scores[1]).toEqual(scores[0]);
      for (const length of [0, artifact.length >> 1, artifact.length - 1])
        expect((await refusal(runtime.load(artifact.slice(0, length), { beside: true }))).code).toBe(
          "ARTIFACT_CORRUPT",
        );
    });

    it("uses only the rounds it is told to", async (context) => {
      const { runtime, artifact, inputCount, rounds } = await theCase();
      if (rounds === undefined) return context.skip();
      const matrix = matrixOf(50, inputCount);
      const scores = async (limit?: number): Promise<number[]> => {
        const predictor = await runtime.load(artifact, limit === undefined ? {} : { rounds: limit });
        const result = [...(await predictor.predict(matrix, 50))];
        predictor.close();
        return result;
      };
      expect(await scores(rounds)).toEqual(await scores());
      expect(await scores(1)).not.toEqual(await scores());
      expect((await refusal(scores(rounds + 1))).code).toBe("INPUT_INVALID");
      expect((await refusal(scores(0))).code).toBe("INPUT_INVALID");
    });
  });
}
