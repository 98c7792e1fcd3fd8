import { expect, test } from "vitest";
import { multiclass, online, regression } from "./define.ts";

test("an online learner's options, with FTRL's only for FTRL", () => {
  expect(online()).toMatchObject({
    kind: "online",
    parameters: { algorithm: "ftrl", rate: 0.1, beta: 1, l1: 0, l2: 0 },
  });
  expect(online({ algorithm: "adagrad", rate: 0.5 }).parameters).toEqual({ algorithm: "adagrad", rate: 0.5 });
});

test.each([
  [{ rate: 0 }, "rate is 0; give a number above 0"],
  [{ rate: -1 }, "rate is -1"],
  [{ rate: Number.NaN }, "rate is NaN"],
  [{ algorithm: "sgd" }, 'the algorithm is "sgd"; give "ftrl" or "adagrad"'],
  [{ algorithm: "adagrad", l1: 1 }, 'l1 is for FTRL, and this is "adagrad"'],
  [{ l2: -1 }, "l2 is -1; give a number from 0 up"],
  [{ rat: 1 }, 'no option "rat". Did you mean "rate"?'],
  [{ task: multiclass() }, "a multiclass task"],
  [{ task: regression({ loss: "absolute" }) }, 'the loss "absolute"'],
])("refuses %j", (options, words) => {
  expect(() => online(options as never)).toThrow(words);
});
