import { expect, test } from "vitest";
import type { Trainer } from "../ports/ports.ts";
import { classesOfBase, continuing } from "./continuation.ts";

test("classes stay those of the version in its order, and a new one is refused by name", () => {
  const found = [
    { name: "late", rows: 3, weight: 6 },
    { name: "early", rows: 1, weight: 1 },
  ];
  expect(classesOfBase("how_late", ["early", "in time", "late"], found)).toEqual([
    { name: "early", rows: 1, weight: 1 },
    { name: "in time", rows: 0, weight: 0 },
    { name: "late", rows: 3, weight: 6 },
  ]);
  expect(() => classesOfBase("how_late", ["early", "in time"], found)).toThrow('the class "late" is new');
});

test("a trainer that begins from the beginning each time is refused by its kind", () => {
  const trainer: Trainer = { kind: "linear", fit: () => Promise.reject(new Error("not asked")) };
  expect(() => continuing(trainer)).toThrow('"linear" cannot go on');
});
