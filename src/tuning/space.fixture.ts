import fc from "fast-check";
import { bool, categorical, float, int, type Space, space, when } from "./space.ts";

/** A space with every kind of parameter and two levels of branches. */
export const everyKind = space({
  rate: float(1e-4, 1, { log: true }),
  share: float(-2, 3),
  tenth: float(0, 1, { step: 0.1 }),
  depth: int(2, 12),
  rounds: int(1, 1000, { log: true }),
  even: int(2, 21, { step: 2 }),
  kernel: categorical(["rbf", "poly", "linear"]),
  size: categorical([16, 32, 64]),
  quick: bool(),
  gamma: when({ kernel: ["rbf", "poly"] }, float(1e-5, 10, { log: true })),
  degree: when({ kernel: ["poly"] }, int(2, 5)),
  offset: when({ degree: [3, 4] }, float(0, 1)),
});

/** Spaces of a few parameters with any bounds. */
export const anySpace: fc.Arbitrary<Space> = fc
  .array(
    fc.oneof(
      fc
        .tuple(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.double({ min: 1e-3, max: 1e6, noNaN: true }))
        .map(([low, width]) => float(low, low + width)),
      fc
        .tuple(fc.double({ min: 1e-9, max: 1e3, noNaN: true }), fc.double({ min: 1.01, max: 1e6, noNaN: true }))
        .map(([low, times]) => float(low, low * times, { log: true })),
      fc
        .tuple(fc.integer({ min: -1000, max: 1000 }), fc.integer({ min: 1, max: 500 }))
        .map(([low, width]) => int(low, low + width)),
      fc
        .tuple(fc.integer({ min: 1, max: 1000 }), fc.integer({ min: 1, max: 100_000 }))
        .map(([low, width]) => int(low, low + width, { log: true })),
      fc
        .tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 1, max: 9 }), fc.integer({ min: 9, max: 99 }))
        .map(([low, step, width]) => int(low, low + width, { step })),
      fc.integer({ min: 1, max: 40 }).map((levels) => float(0.3, 0.3 + levels * 0.1, { step: 0.1 })),
      fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 5 }).map((choices) => categorical(choices)),
      fc.constant(bool()),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((parameters) => space(Object.fromEntries(parameters.map((each, index) => [`p${index}`, each]))));
