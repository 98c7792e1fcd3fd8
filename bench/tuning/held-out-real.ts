// Two small trainings as tasks: boosted stumps, and a regression by stochastic descent. Their optimum is not known.

import { categorical, float, int, type Params, when } from "slipway/tuning";
import { drawsOf } from "./draws.ts";
import type { Task } from "./tasks.ts";

interface Rows {
  readonly x: readonly Float64Array[];
  readonly y: Float64Array;
}

const WIDTH = 6;

function made(seed: number, count: number): Rows {
  const random = drawsOf("held-out rows", seed);
  const x = Array.from({ length: count }, () => Float64Array.from({ length: WIDTH }, () => random.normal()));
  const y = Float64Array.from(
    x,
    (row) =>
      (row[0]! > 0.3 ? 1.5 : 0) +
      row[1]! * 0.7 -
      Math.abs(row[2]!) +
      (row[3]! > 0 === row[4]! > 0 ? 0.8 : 0) +
      0.6 * random.normal(),
  );
  return { x, y };
}

const train = made(1, 150);
const held = made(2, 200);
const orders = Array.from({ length: WIDTH }, (_, column) =>
  train.y.map((_value, row) => row).toSorted((left, right) => train.x[left]![column]! - train.x[right]![column]!),
);

function squares(predicted: Float64Array, { y }: Rows): number {
  return y.reduce((sum, value, row) => sum + (value - predicted[row]!) ** 2, 0) / y.length;
}

/** Boosted stumps: each round the split of some rows that lowers the squares most. */
function boosting(p: Params): number {
  const [rate, rounds, leaf, penalty, share] = [
    p["rate"],
    p["rounds"],
    p["leaf"],
    p["penalty"],
    p["share"],
  ] as number[];
  const random = drawsOf("held-out rounds", 1);
  const [own, out] = [new Float64Array(train.y.length), new Float64Array(held.y.length)];
  for (let round = 0; round < rounds!; round += 1) {
    const used = own.map(() => Number(random.next() < share!));
    let best = { gain: 0, column: 0, at: 0, low: 0, high: 0 };
    const [all, count] = used.reduce(
      ([sum, n], use, row) => [sum! + use * (train.y[row]! - own[row]!), n! + use],
      [0, 0],
    );
    for (let column = 0; column < WIDTH; column += 1) {
      let [left, n] = [0, 0];
      for (const row of orders[column]!) {
        if (n >= leaf! && count! - n >= leaf!) {
          const right = all! - left;
          const gain =
            left ** 2 / (n + penalty!) + right ** 2 / (count! - n + penalty!) - all! ** 2 / (count! + penalty!);
          if (gain > best.gain)
            best = {
              gain,
              column,
              at: train.x[row]![column]!,
              low: left / (n + penalty!),
              high: right / (count! - n + penalty!),
            };
        }
        left += used[row]! * (train.y[row]! - own[row]!);
        n += used[row]!;
      }
    }
    if (best.gain === 0) break;
    const add = (x: Float64Array): number => rate! * (x[best.column]! < best.at ? best.low : best.high);
    train.x.forEach((x, row) => {
      own[row]! += add(x);
    });
    held.x.forEach((x, row) => {
      out[row]! += add(x);
    });
  }
  return squares(out, held);
}

/** Boosted stumps on 150 rows. */
export const boosted: Task = {
  name: "boosted stumps",
  kind: "real",
  space: {
    rate: float(0.005, 1, { log: true }),
    rounds: int(5, 120, { log: true }),
    leaf: int(1, 40),
    penalty: float(0.01, 100, { log: true }),
    share: float(0.3, 1),
  },
  value: boosting,
  optimum: Number.NaN,
  noise: 0,
};

/** Features of a row: itself, its squares or its steps. */
function basis(kind: unknown, degree: number, x: Float64Array): number[] {
  if (kind === "plain") return [1, ...x];
  if (kind === "powers")
    return [
      1,
      ...x,
      ...Array.from({ length: degree - 1 }, (_, power) => [...x].map((v) => Math.tanh(v) ** (power + 2))).flat(),
    ];
  return [
    1,
    ...[...x].flatMap((v) =>
      Array.from({ length: degree }, (_, step) => Number(v > ((step + 1) / (degree + 1)) * 3 - 1.5)),
    ),
  ];
}

function descent(p: Params): number {
  const degree = (p["degree"] ?? p["steps"] ?? 1) as number;
  const rows = train.x.map((x) => basis(p["basis"], degree, x));
  const weights = new Float64Array(rows[0]!.length);
  const speed = new Float64Array(weights.length);
  const random = drawsOf("held-out descent", 1);
  const [rate, decay, momentum, epochs] = [p["rate"], p["decay"], p["momentum"], p["epochs"]] as number[];
  for (let step = 0; step < epochs! * rows.length; step += 1) {
    const row = random.below(rows.length);
    const error = rows[row]!.reduce((sum, value, index) => sum + value * weights[index]!, -train.y[row]!);
    for (let index = 0; index < weights.length; index += 1) {
      speed[index] = momentum! * speed[index]! - rate! * (error * rows[row]![index]! + decay! * weights[index]!);
      weights[index]! += speed[index]!;
    }
  }
  const out = Float64Array.from(held.x, (x) =>
    basis(p["basis"], degree, x).reduce((sum, value, index) => sum + value * weights[index]!, 0),
  );
  const loss = squares(out, held);
  return Number.isFinite(loss) ? Math.min(10, loss) : 10;
}

/** A regression by stochastic descent, on one of three sets of features. */
export const descended: Task = {
  name: "regression by descent",
  kind: "real",
  space: {
    basis: categorical(["plain", "powers", "steps"]),
    degree: when({ basis: ["powers"] }, int(2, 5)),
    steps: when({ basis: ["steps"] }, int(2, 8)),
    rate: float(1e-4, 0.3, { log: true }),
    decay: float(1e-5, 0.3, { log: true }),
    momentum: float(0, 0.95),
    epochs: int(1, 20),
  },
  value: descent,
  optimum: Number.NaN,
  noise: 0,
};
