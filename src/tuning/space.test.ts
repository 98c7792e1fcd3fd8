import { describe, expect, expectTypeOf, test } from "vitest";
import { bool, categorical, float, int, type ParamsOf, type Space, space, when } from "./space.ts";

const refused = (parameters: unknown): string => {
  try {
    space(parameters as Space);
  } catch (thrown) {
    return (thrown as Error).message;
  }
  return "accepted";
};

describe("a space", () => {
  test("gives its trials' params their types", () => {
    const given = space({
      rate: float(0, 1),
      kernel: categorical(["rbf", "poly"]),
      quick: bool(),
      degree: when({ kernel: ["poly"] }, int(2, 5)),
    });
    type Got = ParamsOf<typeof given>;
    expectTypeOf<Got["rate"]>().toEqualTypeOf<number>();
    expectTypeOf<Got["kernel"]>().toEqualTypeOf<"rbf" | "poly">();
    expectTypeOf<Got["quick"]>().toEqualTypeOf<boolean>();
    expectTypeOf<Got["degree"]>().toEqualTypeOf<number | undefined>();
    expect(Object.keys(given)).toEqual(["rate", "kernel", "quick", "degree"]);
  });

  test.each<[string, unknown, RegExp]>([
    ["nothing", {}, /at least one parameter/],
    ["a list", [], /object from parameter name/],
    ["low above high", { a: float(2, 1) }, /Parameter a: low must be below high \(1\), not 2/],
    ["low equal to high", { a: int(2, 2) }, /low must be below high/],
    ["NaN", { a: float(Number.NaN, 1) }, /finite/],
    ["a width that overflows", { a: float(-1.7e308, 1.7e308) }, /high - low must be finite/],
    ["a logarithm through 0", { a: float(0, 1, { log: true }) }, /with log, low must be above 0, not 0/],
    ["an int's logarithm from 0", { a: int(0, 8, { log: true }) }, /low must be 1 or more/],
    ["half an int", { a: int(0.5, 8) }, /whole numbers/],
    ["step and log", { a: float(1, 2, { log: true, step: 0.1 }) }, /step cannot go with log/],
    ["a step of 0", { a: float(1, 2, { step: 0 }) }, /above 0/],
    ["a step beyond the range", { a: int(1, 2, { step: 5 }) }, /at most high - low/],
    ["a step of more values than can be counted", { a: float(0, 1, { step: 1e-17 }) }, /fewer than 2\^53 values/],
    ["one choice", { a: categorical(["x"]) }, /two or more/],
    ["a choice twice", { a: categorical(["x", "x"]) }, /twice/],
    ["an object as a choice", { a: { kind: "categorical", choices: [{}, 1] } }, /a choice is/],
    ["an unknown kind", { a: { kind: "real" } }, /no kind that is known/],
    ["a child before its parent", { b: when({ a: [true] }, bool()), a: bool() }, /parent a must stand before it/],
    ["a child of nobody", { kernel: bool(), b: when({ kernal: [true] }, bool()) }, /Did you mean "kernel"/],
    ["a child of a float", { a: float(0, 1), b: when({ a: [0.5] }, bool()) }, /a is a float/],
    ["a value the parent never has", { a: categorical(["x", "y"]), b: when({ a: ["z"] }, bool()) }, /never has .*"z"/],
    ["a name that is a number", { 7: bool() }, /name is a word/],
  ])("refuses %s by name", (_, parameters, message) => {
    expect(refused(parameters)).toMatch(message);
  });
});
