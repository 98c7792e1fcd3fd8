// Two goals at once beside Optuna's samplers: how much of what lies before a reference point is dominated (hypervolume) after so many trials, as a share of what
// the true front dominates. Functions of Zitzler, Deb and Thiele (2000) and of Fonseca and Fleming (1995).

import { parseArgs } from "node:util";
import { createOptimiser, float, type SamplerName, space } from "slipway/tuning";
import { runChild } from "./support/child.ts";
import { venvWith } from "./support/venv.ts";

const { values: words } = parseArgs({
  options: { trials: { type: "string", default: "60" }, seeds: { type: "string", default: "5" } },
});
const [trials, seeds] = [Number(words.trials), Number(words.seeds)];

type Pair = readonly [number, number];
interface Task {
  readonly size: number;
  readonly value: (x: readonly number[]) => Pair;
  readonly reference: Pair;
  /** Points along the true front. */
  readonly front: (share: number) => Pair;
}

const spread = (x: readonly number[]): number => 1 + (9 * x.slice(1).reduce((sum, v) => sum + v, 0)) / (x.length - 1);
const fonseca = (x: readonly number[]): Pair => {
  const side = (sign: number): number =>
    1 - Math.exp(-x.reduce((sum, v) => sum + (8 * v - 4 + sign / Math.sqrt(x.length)) ** 2, 0));
  return [side(-1), side(1)];
};
const tasks: Readonly<Record<string, Task>> = {
  zdt1: {
    size: 5,
    value: (x) => [x[0]!, spread(x) * (1 - Math.sqrt(x[0]! / spread(x)))],
    reference: [1.1, 6],
    front: (share) => [share, 1 - Math.sqrt(share)],
  },
  zdt2: {
    size: 5,
    value: (x) => [x[0]!, spread(x) * (1 - (x[0]! / spread(x)) ** 2)],
    reference: [1.1, 6],
    front: (share) => [share, 1 - share ** 2],
  },
  fonseca: {
    size: 3,
    value: fonseca,
    reference: [1.05, 1.05],
    front: (share) => fonseca(new Array<number>(3).fill(0.5 + (2 * share - 1) / (8 * Math.sqrt(3)))),
  },
};

function dominated(points: readonly (readonly number[])[], [right, top]: Pair): number {
  let [sum, level] = [0, top];
  for (const [a = 0, b = 0] of points.toSorted((one, other) => one[0]! - other[0]!)) {
    if (a >= right || b >= level) continue;
    sum += (right - a) * (level - b);
    level = b;
  }
  return sum;
}

function searched({ size, value }: Task, sampler: SamplerName, seed: number): readonly Pair[] {
  const names = Array.from({ length: size }, (_, index) => `x${index}`);
  const box = space(Object.fromEntries(names.map((name) => [name, float(0, 1)])));
  const study = createOptimiser({ space: box, directions: ["minimize", "minimize"], sampler, seed });
  return Array.from({ length: trials }, () => {
    const { id, params } = study.ask();
    const values = value(names.map((name) => params[name]!));
    study.tell(id, { values });
    return values;
  });
}

const python = process.env["OPTUNA_PYTHON"] ?? (await venvWith("optuna", ["optuna==5.0.0", "cmaes", "scipy", "torch"]));
const script = new URL("./tuning/optuna_goals.py", import.meta.url).pathname;
const sides: [string, (name: string) => Promise<readonly (readonly Pair[])[]>][] = [
  ...(["auto", "tpe", "random"] as const).map((sampler): (typeof sides)[number] => [
    `Slipway ${sampler}`,
    async (name) => Array.from({ length: seeds }, (_, seed) => searched(tasks[name]!, sampler, seed)),
  ]),
];
for (const sampler of ["tpe", "nsgaii"]) {
  const { stdout } = await runChild([python, script, sampler, String(trials), String(seeds)]);
  const told = JSON.parse(stdout) as Readonly<Record<string, readonly (readonly Pair[])[]>>;
  sides.push([`Optuna ${sampler}`, async (name) => told[name]!]);
}
process.stdout.write(`${trials} trials, ${seeds} seeds: share of what the true front dominates\n\n`);
process.stdout.write(
  `| | ${Object.keys(tasks).join(" | ")} |\n| --- | ${Object.keys(tasks)
    .map(() => "---")
    .join(" | ")} |\n`,
);
for (const [side, runs] of sides) {
  const cells: string[] = [];
  for (const [name, task] of Object.entries(tasks)) {
    const whole = dominated(
      Array.from({ length: 2001 }, (_, index) => task.front(index / 2000)),
      task.reference,
    );
    const own = (await runs(name)).map((points) => dominated(points, task.reference) / whole);
    cells.push((own.reduce((sum, each) => sum + each, 0) / own.length).toFixed(3));
  }
  process.stdout.write(`| ${side} | ${cells.join(" | ")} |\n`);
}
