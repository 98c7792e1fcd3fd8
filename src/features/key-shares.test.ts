import { expect, test } from "vitest";
import { SlipwayError } from "../core/core.ts";
import { inKeyShares } from "./key-shares.ts";

const tooMuch = new SlipwayError("MEMORY_EXHAUSTED", "too much");

test("what needs too much memory is done in more and smaller shares of the keys, until it fits", async () => {
  const tried: number[] = [];
  const done = await inKeyShares(async (shares) => {
    tried.push(shares);
    if (shares < 16) throw tooMuch;
    return "done";
  });
  expect([done, tried]).toEqual(["done", [1, 4, 16]]);
});

test("where even a small share is too much that is said, and other failures are not tried again", async () => {
  const tried: number[] = [];
  const failing = (thrown: Error) =>
    inKeyShares(async (shares) => {
      tried.push(shares);
      throw thrown;
    });
  await expect(failing(tooMuch)).rejects.toBe(tooMuch);
  await expect(failing(new RangeError("another"))).rejects.toThrow("another");
  expect(tried).toEqual([1, 4, 16, 64, 256, 1]);
});
