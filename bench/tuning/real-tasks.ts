// Real model tuning, small enough to run thousands of times: kernel ridge regression and nearest neighbours on made-up tables, by their error on
// rows held out. The optimum is
// not known, so it is NaN: who measures takes the best that any side found.

import { bool, categorical, float, int, type Params, when } from "slipway/tuning";
import { drawsOf } from "./draws.ts";
import type { Task } from "./tasks.ts";

interface Rows {
  readonly x: readonly (readonly number[])[];
  readonly y: readonly number[];
}

function made(seed: number, count: number, width: number): Rows {
  const random = drawsOf("rows", seed);
  const x = Array.from({ length: count }, () => Array.from({ length: width }, () => random.normal()));
  const y = x.map(
    (row) =>
      Math.sin(2 * row[0]!) + 0.5 * row[1]! * row[2]! + 0.3 * row[3]! ** 2 - Math.abs(row[4]!) + 0.3 * random.normal(),
  );
  return { x, y };
}

const train = made(1, 90, 7);
const held = made(2, 120, 7);
const mean = train.y.reduce((sum, value) => sum + value, 0) / train.y.length;

function meanSquare(predict: (row: readonly number[]) => number): number {
  return held.x.reduce((sum, row, index) => sum + (predict(row) - held.y[index]!) ** 2, 0) / held.x.length;
}

const squared = (left: readonly number[], right: readonly number[], scale: readonly number[]): number =>
  left.reduce((sum, value, index) => sum + ((value - right[index]!) * scale[index]!) ** 2, 0);

function ridge(kernel: (left: readonly number[], right: readonly number[]) => number, penalty: number): number {
  const size = train.x.length;
  const lower = train.x.map((row, at) => train.x.map((other, to) => kernel(row, other) + (at === to ? penalty : 0)));
  const alpha = train.y.map((value) => value - mean);
  for (let row = 0; row < size; row += 1)
    for (let column = 0; column <= row; column += 1) {
      let sum = lower[row]![column]!;
      for (let inner = 0; inner < column; inner += 1) sum -= lower[row]![inner]! * lower[column]![inner]!;
      if (row === column && sum <= 0) return 10;
      lower[row]![column] = row === column ? Math.sqrt(sum) : sum / lower[column]![column]!;
    }
  for (let row = 0; row < size; row += 1) {
    for (let inner = 0; inner < row; inner += 1) alpha[row]! -= lower[row]![inner]! * alpha[inner]!;
    alpha[row]! /= lower[row]![row]!;
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    for (let inner = row + 1; inner < size; inner += 1) alpha[row]! -= lower[inner]![row]! * alpha[inner]!;
    alpha[row]! /= lower[row]![row]!;
  }
  return Math.min(
    10,
    meanSquare((row) => mean + train.x.reduce((sum, other, index) => sum + alpha[index]! * kernel(row, other), 0)),
  );
}

function neighbours(scale: readonly number[], count: number, power: number): number {
  return meanSquare((row) => {
    const near = train.x
      .map((other, index) => [squared(row, other, scale), train.y[index]!] as const)
      .sort((a, b) => a[0] - b[0]);
    let [weight, total] = [0, 0];
    for (const [distance, value] of near.slice(0, count)) {
      const own = (distance + 1e-6) ** (-power / 2);
      weight += own;
      total += own * value;
    }
    return total / weight;
  });
}

const n = (value: unknown): number => value as number;
const ones = new Array<number>(7).fill(1);

/** Tasks that train something. */
export const realTasks: readonly Task[] = [
  {
    name: "kernel ridge, a width per column",
    kind: "real",
    space: {
      penalty: float(1e-5, 10, { log: true }),
      ...Object.fromEntries(ones.map((_, index) => [`width${index}`, float(0.01, 10, { log: true })])),
    },
    value: (p) => {
      const scale = ones.map((_, index) => n(p[`width${index}`]));
      return ridge((left, right) => Math.exp(-0.5 * squared(left, right, scale)), n(p["penalty"]));
    },
    optimum: Number.NaN,
    noise: 0,
  },
  {
    name: "which regression",
    kind: "real",
    space: {
      model: categorical(["neighbours", "rbf", "poly"]),
      standard: bool(),
      count: when({ model: ["neighbours"] }, int(1, 40, { log: true })),
      power: when({ model: ["neighbours"] }, float(0, 4)),
      penalty: when({ model: ["rbf", "poly"] }, float(1e-5, 100, { log: true })),
      width: when({ model: ["rbf"] }, float(0.01, 10, { log: true })),
      degree: when({ model: ["poly"] }, int(1, 5)),
      offset: when({ model: ["poly"] }, float(0, 3)),
      last: float(0, 1),
    },
    value: (p: Params) => {
      const scale = ones.map(
        (_, index) => (index > 4 ? n(p["last"]) : 1) * (p["standard"] ? 0.8 : [1, 0.4, 2.5, 1, 0.5, 1, 1][index]!),
      );
      if (p["model"] === "neighbours") return neighbours(scale, n(p["count"]), n(p["power"]));
      if (p["model"] === "rbf")
        return ridge((left, right) => Math.exp(-n(p["width"]) * squared(left, right, scale)), n(p["penalty"]));
      const dot = (left: readonly number[], right: readonly number[]): number =>
        left.reduce((sum, value, index) => sum + value * right[index]! * scale[index]! ** 2, n(p["offset"])) / 4;
      return ridge((left, right) => dot(left, right) ** n(p["degree"]), n(p["penalty"]));
    },
    optimum: Number.NaN,
    noise: 0,
  },
];
