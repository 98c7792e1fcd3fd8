// Objectives of known kind whose optimum is known, to hold samplers against. Each is a function of params in a space of its own; shifts, turns
// and interactions come from the task's own seed, so that no optimum lies at the centre, at a corner or on an axis.

import { bool, categorical, float, int, type Parameter, type Params, type Space, when } from "slipway/tuning";
import { drawsOf } from "./draws.ts";
import { realTasks } from "./real-tasks.ts";

/** What a sampler is judged on. */
export interface Task {
  readonly name: string;
  readonly kind: "numeric" | "log" | "integer" | "mixed" | "categorical" | "conditional" | "noisy" | "plateau" | "real";
  readonly space: Space;
  /** The true value, to be minimised. */
  readonly value: (params: Params) => number;
  readonly optimum: number;
  /** Standard deviation of what is added to the value that is told. */
  readonly noise: number;
}

export type Vector = readonly number[];
export type Make = (x: Vector) => number;

const { PI, cos, sin, exp, sqrt, floor, abs } = Math;
export const sum = (x: Vector, term: (value: number, index: number) => number): number =>
  x.reduce((total, value, index) => total + term(value, index), 0);

/** A random rotation: Gram and Schmidt on normal draws. */
export function rotation(seed: number, size: number): readonly Vector[] {
  const random = drawsOf("rotation", seed);
  const rows: number[][] = [];
  while (rows.length < size) {
    const row = Array.from({ length: size }, () => random.normal());
    for (const other of rows) {
      const along = sum(row, (value, index) => value * other[index]!);
      row.forEach((value, index) => {
        row[index] = value - along * other[index]!;
      });
    }
    const length = sqrt(sum(row, (value) => value * value));
    rows.push(row.map((value) => value / length));
  }
  return rows;
}

export const turn = (rows: readonly Vector[], x: Vector): Vector =>
  rows.map((row) => sum(row, (value, index) => value * x[index]!));

/** Where the optimum is, per dimension, in the unit cube: at least 0.15 from every wall. */
export const place = (seed: number, size: number): Vector => {
  const random = drawsOf("place", seed);
  return Array.from({ length: size }, () => 0.15 + 0.7 * random.next());
};

/** f around its optimum at 0, on [-width·2, width·2] before the shift: the box is width wide, its optimum inside. */
export function shifted(f: Make, seed: number, size: number, width: number, turned: boolean): Make {
  const [at, rows] = [place(seed, size), rotation(seed, size)];
  return (unit) => {
    const away = unit.map((value, index) => (value - at[index]!) * width);
    return f(turned ? turn(rows, away) : away);
  };
}

export const sphere: Make = (x) => sum(x, (value) => value * value);
export const ellipsoid: Make = (x) =>
  sum(x, (value, index) => 10 ** ((4 * index) / Math.max(1, x.length - 1)) * value * value);
export const rosenbrock: Make = (x) =>
  sum(x.slice(1), (value, index) => 100 * (value + 1 - (x[index]! + 1) ** 2) ** 2 + x[index]! ** 2);
export const rastrigin: Make = (x) => 10 * x.length + sum(x, (value) => value * value - 10 * cos(2 * PI * value));
export const ackley: Make = (x) =>
  20 + Math.E - 20 * exp(-0.2 * sqrt(sphere(x) / x.length)) - exp(sum(x, (value) => cos(2 * PI * value)) / x.length);
const griewank: Make = (x) =>
  1 + sphere(x) / 4000 - x.reduce((product, value, index) => product * cos(value / sqrt(index + 1)), 1);
const levy: Make = (x) => {
  const w = x.map((value) => 1 + value / 4);
  const last = w[w.length - 1]!;
  return (
    sin(PI * w[0]!) ** 2 +
    sum(w.slice(0, -1), (value) => (value - 1) ** 2 * (1 + 10 * sin(PI * value + 1) ** 2)) +
    (last - 1) ** 2 * (1 + sin(2 * PI * last) ** 2)
  );
};
const branin: Make = ([u = 0, v = 0]) => {
  const [x, y] = [15 * u - 5, 15 * v];
  return (y - (5.1 / (4 * PI * PI)) * x * x + (5 / PI) * x - 6) ** 2 + 10 * (1 - 1 / (8 * PI)) * cos(x) + 10;
};
const HARTMANN = {
  a: [1, 1.2, 3, 3.2],
  b: [
    [10, 3, 17, 3.5, 1.7, 8],
    [0.05, 10, 17, 0.1, 8, 14],
    [3, 3.5, 1.7, 10, 17, 8],
    [17, 8, 0.05, 10, 0.1, 14],
  ],
  p: [
    [0.1312, 0.1696, 0.5569, 0.0124, 0.8283, 0.5886],
    [0.2329, 0.4135, 0.8307, 0.3736, 0.1004, 0.9991],
    [0.2348, 0.1451, 0.3522, 0.2883, 0.3047, 0.665],
    [0.4047, 0.8828, 0.8732, 0.5743, 0.1091, 0.0381],
  ],
};
const hartmann: Make = (x) =>
  -sum(
    HARTMANN.a,
    (a, row) => a * exp(-sum(HARTMANN.b[row]!, (b, index) => b * (x[index]! - HARTMANN.p[row]![index]!) ** 2)),
  );

export const names = (size: number): readonly string[] => Array.from({ length: size }, (_, index) => `x${index}`);
export const box = (size: number, parameter: Parameter): Space =>
  Object.fromEntries(names(size).map((name) => [name, parameter]));
export const units = (params: Params, size: number, low: number, high: number): Vector =>
  names(size).map((name) => ((params[name] as number) - low) / (high - low));

export function numeric(name: string, size: number, unit: Make, more: Partial<Task> = {}): Task {
  return {
    name,
    kind: "numeric",
    space: box(size, float(-5, 5)),
    value: (params) => unit(units(params, size, -5, 5)),
    optimum: 0,
    noise: 0,
    ...more,
  };
}

export function logged(name: string, size: number, unit: Make): Task {
  return {
    name,
    kind: "log",
    space: box(size, float(1e-5, 10, { log: true })),
    value: (params) => unit(names(size).map((each) => (Math.log10(params[each] as number) + 5) / 6)),
    optimum: 0,
    noise: 0,
  };
}

/** On a grid the optimum is moved onto it, so that 0 is reached. */
export function onGrid(
  name: string,
  size: number,
  parameter: Parameter & { low: number; high: number; step?: number },
  f: Make,
  seed: number,
): Task {
  const step = parameter.step ?? 1;
  const { low, high } = parameter;
  const at = place(seed, size).map((value) => low + Math.round((value * (high - low)) / step) * step);
  const rows = rotation(seed, size);
  return {
    name,
    kind: "integer",
    space: box(size, parameter),
    value: (params) =>
      f(
        turn(
          rows,
          names(size).map((each, index) => ((params[each] as number) - at[index]!) * (8 / (high - low))),
        ),
      ),
    optimum: 0,
    noise: 0,
  };
}

/** Choices with an effect each and for each pair; the optimum is found by looking at all. */
export function choices(name: string, count: number, levels: number, pairs: number, seed: number): Task {
  const random = drawsOf("choices", seed);
  const single = names(count).map(() => Array.from({ length: levels }, () => random.next()));
  const joint = Array.from({ length: pairs }, () => ({
    left: random.below(count),
    right: random.below(count),
    table: Array.from({ length: levels * levels }, () => random.next() * 1.5),
  }));
  const of = (digits: Vector): number =>
    single.reduce((total, effects, index) => total + effects[digits[index]!]!, 0) +
    joint.reduce((total, { left, right, table }) => total + table[digits[left]! * levels + digits[right]!]!, 0);
  const digits = new Array<number>(count).fill(0);
  let optimum = Number.POSITIVE_INFINITY;
  for (let index = 0; index < levels ** count; index += 1) {
    let rest = index;
    for (let at = 0; at < count; at += 1, rest = floor(rest / levels)) digits[at] = rest % levels;
    optimum = Math.min(optimum, of(digits));
  }
  const words = Array.from({ length: levels }, (_, index) => `c${index}`);
  return {
    name,
    kind: "categorical",
    space: box(count, levels === 2 ? bool() : categorical(words)),
    value: (params) =>
      of(names(count).map((each) => (levels === 2 ? Number(params[each]) : words.indexOf(params[each] as string)))),
    optimum,
    noise: 0,
  };
}

/** Floats, ints and choices together; a choice moves where the best floats are and adds a cost of its own. */
export function mixed(
  name: string,
  floats: number,
  ints: number,
  cats: number,
  f: Make,
  seed: number,
  width: number,
  move: number,
): Task {
  const random = drawsOf("mixed", seed);
  const cost = Array.from({ length: cats }, () => {
    const costs = Array.from({ length: 4 }, () => 0.2 + random.next());
    costs[random.below(4)] = 0;
    return costs;
  });
  const moves = Array.from({ length: cats * 4 }, () =>
    Array.from({ length: floats }, () => move * (random.next() - 0.5)),
  );
  const at = place(seed, floats + ints);
  const intAt = at.slice(floats).map((value) => Math.round(value * 15));
  const scale = f(new Array(floats + ints).fill(width / 3));
  return {
    name,
    kind: "mixed",
    space: {
      ...Object.fromEntries(Array.from({ length: floats }, (_, index) => [`f${index}`, float(0, 1)])),
      ...Object.fromEntries(Array.from({ length: ints }, (_, index) => [`i${index}`, int(0, 15)])),
      ...Object.fromEntries(
        Array.from({ length: cats }, (_, index) => [`c${index}`, categorical(["a", "b", "c", "d"])]),
      ),
    },
    value(params) {
      const picked = Array.from({ length: cats }, (_, index) => "abcd".indexOf(params[`c${index}`] as string));
      const x = [
        ...Array.from({ length: floats }, (_, index) => {
          const moved = picked.reduce((total, choice, cat) => total + moves[cat * 4 + choice]![index]!, at[index]!);
          return ((params[`f${index}`] as number) - Math.min(0.95, Math.max(0.05, moved))) * width;
        }),
        ...intAt.map((best, index) => (((params[`i${index}`] as number) - best) / 15) * width),
      ];
      return f(x) + scale * 0.5 * picked.reduce((total, choice, cat) => total + cost[cat]![choice]!, 0);
    },
    optimum: 0,
    noise: 0,
  };
}

export const log10 = (value: unknown): number => Math.log10(value as number);

const algorithms: Task = {
  name: "which algorithm",
  kind: "conditional",
  space: {
    algo: categorical(["svm", "boosting", "network", "neighbours"]),
    c: when({ algo: ["svm"] }, float(1e-3, 1e3, { log: true })),
    gamma: when({ algo: ["svm"] }, float(1e-5, 10, { log: true })),
    eta: when({ algo: ["boosting"] }, float(1e-3, 1, { log: true })),
    depth: when({ algo: ["boosting"] }, int(1, 12)),
    rows: when({ algo: ["boosting"] }, float(0.3, 1)),
    rate: when({ algo: ["network"] }, float(1e-5, 1e-1, { log: true })),
    layers: when({ algo: ["network"] }, int(1, 5)),
    act: when({ algo: ["network"] }, categorical(["relu", "tanh", "gelu"])),
    k: when({ algo: ["neighbours"] }, int(1, 60, { log: true })),
  },
  value(p) {
    if (p["algo"] === "svm")
      return (
        0.14 + 0.02 * (log10(p["c"]) - 1.3) ** 2 + 0.03 * (log10(p["gamma"]) + 2.2 + 0.4 * (log10(p["c"]) - 1.3)) ** 2
      );
    if (p["algo"] === "boosting")
      return (
        0.1 +
        0.06 * (log10(p["eta"]) + 1.2) ** 2 +
        0.004 * ((p["depth"] as number) - 6) ** 2 +
        0.2 * ((p["rows"] as number) - 0.75) ** 2
      );
    if (p["algo"] === "network")
      return (
        0.12 +
        0.07 * (log10(p["rate"]) + 2.9) ** 2 +
        0.012 * ((p["layers"] as number) - 3) ** 2 +
        (p["act"] === "gelu" ? 0 : 0.03)
      );
    return 0.19 + 0.05 * (log10(p["k"]) - 0.9) ** 2;
  },
  optimum: 0.1,
  noise: 0,
};

const layered: Task = {
  name: "layers of a network",
  kind: "conditional",
  space: {
    layers: int(1, 4),
    ...Object.fromEntries(
      [1, 2, 3, 4].flatMap((layer) => {
        const on = { layers: [1, 2, 3, 4].filter((count) => count >= layer) };
        return [
          [`units${layer}`, when(on, int(8, 512, { log: true }))],
          [`drop${layer}`, when(on, float(0, 0.6))],
        ];
      }),
    ),
    rate: float(1e-5, 1e-1, { log: true }),
  },
  value(p) {
    const count = p["layers"] as number;
    const best = [7, 6.2, 5, 4];
    const drops = [0.1, 0.3, 0.2, 0.4];
    let value = 0.3 * (log10(p["rate"]) + 3.2 + 0.15 * (count - 3)) ** 2 + [0.9, 0.35, 0, 0.25][count - 1]!;
    for (let layer = 1; layer <= count; layer += 1)
      value +=
        0.12 * (Math.log2(p[`units${layer}`] as number) - best[layer - 1]!) ** 2 +
        2.5 * ((p[`drop${layer}`] as number) - drops[layer - 1]!) ** 2;
    return value;
  },
  // The units are whole numbers, so the powers of two that are not are missed by a hair.
  optimum: 0.12 * (Math.log2(74) - 6.2) ** 2,
  noise: 0,
};

const nested: Task = {
  name: "branches in branches",
  kind: "conditional",
  space: {
    scaled: bool(),
    method: categorical(["a", "b", "c"]),
    ridge: when({ method: ["a", "b"] }, float(1e-6, 1e2, { log: true })),
    kernel: when({ method: ["b"] }, categorical(["rbf", "poly", "line"])),
    width: when({ kernel: ["rbf"] }, float(0.01, 10, { log: true })),
    degree: when({ kernel: ["poly"] }, int(1, 6)),
    share: when({ method: ["c"] }, float(0, 1)),
    size: when({ method: ["c"] }, int(5, 200, { step: 5 })),
    shift: float(-1, 1),
  },
  value(p) {
    const rest = 0.4 * ((p["shift"] as number) - 0.37) ** 2 + (p["scaled"] ? 0 : 0.12);
    if (p["method"] === "a") return rest + 0.35 + 0.02 * (log10(p["ridge"]) + 1) ** 2;
    if (p["method"] === "c")
      return rest + 0.12 + 1.2 * ((p["share"] as number) - 0.62) ** 2 + (((p["size"] as number) - 120) / 150) ** 2;
    const ridge = 0.015 * (log10(p["ridge"]) + 3.3) ** 2;
    if (p["kernel"] === "rbf") return rest + ridge + 0.3 * (log10(p["width"]) - 0.1) ** 2;
    if (p["kernel"] === "poly") return rest + ridge + 0.08 + 0.03 * ((p["degree"] as number) - 3) ** 2;
    return rest + ridge + 0.25;
  },
  optimum: 0,
  noise: 0,
};

export const noisy = (task: Task, name: string, noise: number): Task => ({ ...task, name, kind: "noisy", noise });

/** Every task, the same on each machine. */
export const tasks: readonly Task[] = [
  numeric("branin", 2, branin, { optimum: 0.39788735772973816 }),
  numeric("hartmann 6", 6, hartmann, { optimum: -3.322368011391339 }),
  numeric("sphere 10", 10, shifted(sphere, 3, 10, 10, false)),
  numeric("rosenbrock 5, turned", 5, shifted(rosenbrock, 4, 5, 4, true)),
  numeric("ackley 6", 6, shifted(ackley, 5, 6, 30, true)),
  numeric("rastrigin 4", 4, shifted(rastrigin, 6, 4, 5, true)),
  numeric("levy 8", 8, shifted(levy, 7, 8, 20, true)),
  numeric("griewank 5", 5, shifted(griewank, 8, 5, 60, true)),
  numeric("ellipsoid 6, turned", 6, shifted(ellipsoid, 9, 6, 4, true)),
  numeric("rosenbrock 10", 10, shifted(rosenbrock, 10, 10, 4, false)),
  numeric("sphere 20, root", 20, (unit) => shifted(sphere, 11, 20, 4, true)(unit) ** 0.5),
  logged("bowl over decades 4", 4, shifted(sphere, 12, 4, 6, true)),
  logged(
    "valley over decades 3",
    3,
    shifted((x) => exp(2 * sqrt(sphere(x))) - 1, 13, 3, 6, true),
  ),
  logged(
    "sharp pit over decades 5",
    5,
    shifted((x) => 1 - exp(-0.25 * ellipsoid(x.map((v) => v / 6)) ** 0.5), 14, 5, 6, true),
  ),
  onGrid("whole sphere 6", 6, int(0, 20), sphere, 15),
  onGrid("whole rosenbrock 4", 4, int(-30, 30), (x) => rosenbrock(x.map((v) => v / 3)), 16),
  onGrid("stepped rastrigin 4", 4, float(-2, 2, { step: 0.1 }), (x) => rastrigin(x.map((v) => v / 2)), 17),
  onGrid("whole ackley 8", 8, int(1, 12), (x) => ackley(x), 18),
  mixed("mixed ackley 3+2+2", 3, 2, 2, ackley, 19, 12, 0.2),
  mixed("mixed sphere 4+3+3", 4, 3, 3, sphere, 20, 4, 0.3),
  mixed("mixed rosenbrock 3+1+1", 3, 1, 1, rosenbrock, 21, 2, 0.3),
  choices("eight choices of four", 8, 4, 8, 22),
  choices("fourteen switches", 14, 2, 20, 23),
  choices("five choices of eight", 5, 8, 4, 24),
  algorithms,
  layered,
  nested,
  noisy(numeric("", 5, shifted(sphere, 25, 5, 4, true)), "noisy sphere 5", 0.8),
  noisy(numeric("", 6, hartmann, { optimum: -3.322368011391339 }), "noisy hartmann 6", 0.2),
  noisy(mixed("", 3, 2, 2, sphere, 26, 4, 0.2), "noisy mixed sphere", 0.6),
  {
    ...numeric(
      "stairs 5",
      5,
      shifted((x) => sum(x, (v) => floor(abs(v) + 0.3) ** 2), 27, 5, 12, false),
    ),
    kind: "plateau",
  },
  {
    ...numeric(
      "pit in a plain 4",
      4,
      shifted((x) => Math.min(1, 0.2 * sqrt(sphere(x))), 28, 4, 14, true),
    ),
    kind: "plateau",
  },
  ...realTasks,
];
