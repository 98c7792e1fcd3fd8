// How much regret the tuner leaves beside Optuna's samplers: the same tasks, seeds and noise, each side a process behind the ask-tell protocol.
// Both curves, a table by kind of space, and the difference with a bootstrap interval over tasks and seeds. `--set held|own|all` says which tasks
// (held-out ones are those that no rule was chosen on), `--only REGEXP` takes some of them, `--seeds N`, `--budget N` and `--pending N` say how much,
// `--against tpe|gp|cmaes|random` which sampler of Optuna, `--sampler NAME` which of ours. Runs are kept in `--store FOLDER` as they end, by the hash of
// the code that made them, so that a change is measured anew; with `--minutes N` it stops after so many, to go on another time. `--plot FILE` draws the curves.

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createOptimiser } from "slipway/tuning";
import { repository } from "./support/project.ts";
import { venvWith } from "./support/venv.ts";
import { codeHash } from "./tuning/code-hash.ts";
import { drawsOf } from "./tuning/draws.ts";
import { heldOutTasks } from "./tuning/held-out.ts";
import { type Curves, difference, meanOf, regrets, type Scale } from "./tuning/paired.ts";
import { keptRuns, runPiece, type Side } from "./tuning/piece.ts";
import { regretPlot } from "./tuning/plot.ts";
import { type Task, tasks } from "./tuning/tasks.ts";

const { values: words } = parseArgs({
  options: {
    set: { type: "string", default: "held" },
    only: { type: "string", default: "." },
    seeds: { type: "string", default: "10" },
    budget: { type: "string", default: "100" },
    pending: { type: "string", default: "1" },
    against: { type: "string", default: "tpe" },
    sampler: { type: "string", default: "auto" },
    minutes: { type: "string", default: "600" },
    store: { type: "string", default: join(repository, "node_modules/.cache/slipway-bench-tuning") },
    plot: { type: "string" },
  },
});
const [seeds, budget, pending] = [Number(words.seeds), Number(words.budget), Number(words.pending)];
const sets: Readonly<Record<string, readonly Task[]>> = {
  own: tasks,
  held: heldOutTasks,
  all: [...tasks, ...heldOutTasks],
};
const some = (sets[words.set] ?? []).filter(({ name, kind }) => new RegExp(words.only).test(`${kind}: ${name}`));
const python = process.env["OPTUNA_PYTHON"] ?? (await venvWith("optuna", ["optuna==5.0.0", "cmaes", "scipy", "torch"]));
const about = { tasks: some, seeds, budget, pending };
/** What a run comes of on either side: the tasks, their noise, and how a peer is asked. */
const asked = ["tasks", "held-out", "real-tasks", "held-out-real", "draws", "peer"];
const named = (name: string, code: string): string => {
  const paths = [code, ...asked.map((file) => `bench/tuning/${file}.ts`)].map((path) => join(repository, path));
  return join(words.store, `${name}-${budget}-${pending}-${codeHash(paths)}.jsonl`);
};
const ours: Side = {
  ...about,
  file: named(`slipway-${words.sampler}`, "dist/tuning"),
  command: [process.execPath, join(repository, "dist/cli/bin.js"), "tune", "serve"],
  sampler: words.sampler,
};
const theirs: Side = {
  ...about,
  file: named(`optuna-${words.against}`, "bench/tuning/optuna_peer.py"),
  command: [python, join(repository, "bench/tuning/optuna_peer.py"), words.against],
};
const until = performance.now() + Number(words.minutes) * 60_000;
const left = await Promise.all([ours, theirs].map((side) => runPiece(side, () => performance.now() < until)));
if (left.some((count) => count > 0)) {
  process.stderr.write("Not all runs are there yet: run it again.\n");
  process.exit(75);
}

/** The best of ten random trials, the median of many tens. */
function tenOf({ space, value, kind }: Task): number {
  const bests = Array.from({ length: kind === "real" ? 41 : 201 }, (_, seed) => {
    const study = createOptimiser({ space, sampler: "random", seed });
    return Math.min(...Array.from({ length: 10 }, () => value(study.ask().params)));
  }).sort((left, right) => left - right);
  return bests[(bests.length - 1) / 2]!;
}

function curvesOf(side: Side): Curves {
  const kept = keptRuns(side).toSorted((one, other) => one.seed - other.seed);
  return Object.fromEntries(
    some.map(({ name }) => [name, kept.filter(({ task }) => task === name).map(({ curve }) => curve)]),
  );
}

const milliseconds = (side: Side): number => {
  const kept = keptRuns(side);
  return (kept.reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0) * 1000) / (kept.length * budget);
};
const sides = [curvesOf(ours), curvesOf(theirs)] as const;
// The optimum of a real task is not known: the best that was ever seen stands for it.
const scales: Readonly<Record<string, Scale>> = Object.fromEntries(
  some.map((task) => {
    const seen = sides.flatMap((curves) => curves[task.name]!).map((curve) => curve.at(-1)!);
    return [task.name, { optimum: Number.isNaN(task.optimum) ? Math.min(...seen) : task.optimum, ten: tenOf(task) }];
  }),
);
const points = [10, 20, 30, 50, 100].filter((trials) => trials <= budget);
const pick = (curves: Curves, kind: string): Curves =>
  Object.fromEntries(
    some.filter((task) => kind === "all" || task.kind === kind).map(({ name }) => [name, curves[name]!]),
  );
const kinds = [...new Set(some.map(({ kind }) => kind)), "all"];
const rows = kinds.flatMap((kind) =>
  points.map((trials) => {
    const [left, right] = sides.map((curves) => regrets(pick(curves, kind), scales, trials));
    const { mean, low, high } = difference(left!, right!, drawsOf("resamples", trials).next);
    const count = Object.keys(pick(sides[0], kind)).length;
    return {
      kind: `${kind} (${count})`,
      trials,
      ours: meanOf(left!),
      theirs: meanOf(right!),
      difference: mean,
      low,
      high,
    };
  }),
);
const fixed = (value: number): string => value.toFixed(3);
process.stdout.write(
  [
    `${words.sampler} beside Optuna's ${words.against}: ${some.length} tasks (${words.set}), ${seeds} seeds, ${budget} trials, ${pending} at once`,
    `processor time per trial ${milliseconds(ours).toFixed(1)} ms, ${milliseconds(theirs).toFixed(1)} ms`,
    "",
    "| kind (tasks) | trials | Slipway | Optuna | difference | 95 % interval |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map(
      (row) =>
        `| ${row.kind} | ${row.trials} | ${fixed(row.ours)} | ${fixed(row.theirs)} | ${fixed(row.difference)} | ${fixed(row.low)} to ${fixed(row.high)} |`,
    ),
    "",
    "worst of ours at the end, by task:",
    ...some
      .map(({ name }) => {
        const [left, right] = sides.map((curves) => meanOf(regrets({ [name]: curves[name]! }, scales, budget)));
        return { name, left: left!, right: right! };
      })
      .toSorted((one, other) => other.left - other.right - (one.left - one.right))
      .slice(0, 6)
      .map(({ name, left, right }) => `  ${name}: ${fixed(left)} against ${fixed(right)}`),
    "",
  ].join("\n"),
);
if (words.plot) {
  const curve = (curves: Curves) =>
    Array.from({ length: budget }, (_, index) => {
      const all = regrets(curves, scales, index + 1);
      const { low, high } = difference(
        all,
        all.map((seeds) => seeds.map(() => 0)),
        drawsOf("band", index).next,
        400,
      );
      return { mean: meanOf(all), low, high };
    });
  writeFileSync(
    words.plot,
    regretPlot([
      { name: `Slipway ${words.sampler}`, points: curve(sides[0]) },
      { name: `Optuna ${words.against}`, points: curve(sides[1]) },
    ]),
  );
  process.stderr.write(`${words.plot}: ${readFileSync(words.plot).length} bytes\n`);
}
