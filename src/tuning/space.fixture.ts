import fc from "fast-check";
import {
  bool,
  categorical,
  float,
  int,
  type Parameter,
  type ParameterValue,
  type Space,
  space,
  when,
} from "./space.ts";

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

/** Any parameter of its own. */
const anyParameter: fc.Arbitrary<Parameter> = fc.oneof(
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
);

/** Spaces of a few parameters with any bounds, some of them in branches of earlier ones. */
export const anySpace: fc.Arbitrary<Space> = fc
  .array(fc.tuple(anyParameter, fc.nat(), fc.nat(), fc.boolean()), { minLength: 1, maxLength: 6 })
  .map((drawn) => {
    const parameters: Record<string, Parameter> = {};
    drawn.forEach(([parameter, which, value, isChild], index) => {
      const parents = Object.entries(parameters).filter(([, { kind }]) => kind !== "float");
      const parent = parents[which % Math.max(1, parents.length)];
      parameters[`p${index}`] =
        isChild && parent ? when({ [parent[0]]: [someValue(parent[1], value)] }, parameter) : parameter;
    });
    return space(parameters);
  });

function someValue(parameter: Parameter, which: number): ParameterValue {
  if (parameter.kind === "bool") return which % 2 === 0;
  if (parameter.kind === "categorical") return parameter.choices[which % parameter.choices.length]!;
  const { low, high, step = 1 } = parameter;
  return low + (which % (Math.floor((high - low) / step) + 1)) * step;
}
