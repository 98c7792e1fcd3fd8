// Two goals at once beside Optuna's samplers: how much of what lies before a reference point is dominated (hypervolume) after so many trials, as a share of what
// the true front dominates.

import { parseArgs } from "node:util";
import { createOptimiser, float, type SamplerName, space } from "slipway/tuning";
import { runChild } from "./support/child.ts";
import { venvWith } from "./support/venv.ts";
import { type GoalTask, INSIDE, MOVED, type Pair, goalTasks as tasks } from "./tuning/goal-tasks.ts";

const { values: words } = parseArgs({
  options: { trials: { type: "string", default: "60" }, seeds: { type: "string", default: "5" } },
});
const [trials, seeds] = [Number(words.trials), Number(words.seeds)];

function dominated(points: readonly (readonly number[])[], [right, top]: Pair): number {
  let [sum, level] = [0, top];
  for (const [a = 0, b = 0] of points.toSorted((one, other) => one[0]! - other[0]!)) {
    if (a >= right || b >= level) continue;
    sum += (right - a) * (level - b);
    level = b;
  }
  return sum;
}

function searched({ size, value }: GoalTask, sampler: SamplerName, seed: number): readonly Pair[] {
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
const sides: [string, (name: keyof typeof tasks) => Promise<readonly (readonly Pair[])[]>][] = [
  ...(["auto", "tpe", "random"] as const).map((sampler): (typeof sides)[number] => [
    `Slipway ${sampler}`,
    async (name) => Array.from({ length: seeds }, (_, seed) => searched(tasks[name], sampler, seed)),
  ]),
];
for (const sampler of ["tpe", "nsgaii"]) {
  const { stdout } = await runChild([
    python,
    script,
    sampler,
    String(trials),
    String(seeds),
    JSON.stringify([INSIDE, ...MOVED]),
  ]);
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
  for (const name of Object.keys(tasks) as (keyof typeof tasks)[]) {
    const task = tasks[name];
    const whole = dominated(
      Array.from({ length: 2001 }, (_, index) => task.value(task.best(index / 2000))),
      task.reference,
    );
    const own = (await runs(name)).map((points) => dominated(points, task.reference) / whole);
    cells.push((own.reduce((sum, each) => sum + each, 0) / own.length).toFixed(3));
  }
  process.stdout.write(`| ${side} | ${cells.join(" | ")} |\n`);
}
