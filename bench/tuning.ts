// How much regret the tuner leaves beside Optuna's samplers: the same tasks, seeds and noise, each side a process behind the ask-tell protocol.
// Both curves, a table by kind of space, and the difference with a bootstrap interval over tasks and seeds. `--only REGEXP` takes some tasks,
// `--seeds N` and `--budget N` say how much, `--against tpe|gp|cmaes|random` which sampler of Optuna, `--sampler NAME` which of ours.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { createOptimiser } from "slipway/tuning";
import { repository } from "./support/project.ts";
import { venvWith } from "./support/venv.ts";
import { drawsOf } from "./tuning/draws.ts";
import { type Curves, difference, meanOf, regrets, type Scale } from "./tuning/paired.ts";
import { type Peer, startPeer } from "./tuning/peer.ts";
import { type Task, tasks } from "./tuning/tasks.ts";

const { values: words } = parseArgs({
  options: {
    only: { type: "string", default: "." },
    seeds: { type: "string", default: "10" },
    budget: { type: "string", default: "100" },
    against: { type: "string", default: "tpe" },
    sampler: { type: "string", default: "auto" },
    out: { type: "string" },
  },
});
const [seeds, budget] = [Number(words.seeds), Number(words.budget)];
const some = tasks.filter(({ name, kind }) => new RegExp(words.only).test(`${kind}: ${name}`));

/** The best of ten random trials, the median of many tens. */
function tenOf({ space, value, kind }: Task): number {
  const bests = Array.from({ length: kind === "real" ? 41 : 201 }, (_, seed) => {
    const study = createOptimiser({ space, sampler: "random", seed });
    return Math.min(...Array.from({ length: 10 }, () => value(study.ask().params)));
  }).sort((left, right) => left - right);
  return bests[(bests.length - 1) / 2]!;
}

async function curvesOf(peer: Peer) {
  const curves: Record<string, (readonly number[])[]> = {};
  for (const task of some) {
    const own: (readonly number[])[] = [];
    for (let seed = 0; seed < seeds; seed += 1) own.push(await peer.run(task, seed, budget));
    curves[task.name] = own;
  }
  const { cpuSeconds, peakBytes } = peer.cost();
  peer.close();
  return {
    curves: curves as Curves,
    cpuMs: (cpuSeconds * 1000) / (some.length * seeds * budget),
    peakMb: peakBytes / 1e6,
  };
}

const python = process.env["OPTUNA_PYTHON"] ?? (await venvWith("optuna", ["optuna==5.0.0", "cmaes", "scipy", "torch"]));
const ours = await curvesOf(
  startPeer([process.execPath, join(repository, "dist/cli/bin.js"), "tune", "serve"], words.sampler),
);
const theirs = await curvesOf(startPeer([python, join(repository, "bench/tuning/optuna_peer.py"), words.against]));
// The optimum of a real task is not known: the best that was ever seen stands for it.
const scales: Readonly<Record<string, Scale>> = Object.fromEntries(
  some.map((task) => {
    const seen = [...ours.curves[task.name]!, ...theirs.curves[task.name]!].map((curve) => curve.at(-1)!);
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
    const [left, right] = [ours, theirs].map(({ curves }) => regrets(pick(curves, kind), scales, trials));
    const { mean, low, high } = difference(left!, right!, drawsOf("resamples", trials).next);
    return { kind, trials, ours: meanOf(left!), theirs: meanOf(right!), difference: mean, low, high };
  }),
);
const fixed = (value: number): string => value.toFixed(3);
process.stdout.write(
  [
    `${words.sampler} beside Optuna's ${words.against}: ${some.length} tasks, ${seeds} seeds, ${budget} trials`,
    `processor time per trial ${ours.cpuMs.toFixed(1)} ms, ${theirs.cpuMs.toFixed(1)} ms; peak memory ${ours.peakMb.toFixed(0)} MB, ${theirs.peakMb.toFixed(0)} MB`,
    "",
    "| kind | trials | Slipway | Optuna | difference | 95 % interval |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map(
      (row) =>
        `| ${row.kind} | ${row.trials} | ${fixed(row.ours)} | ${fixed(row.theirs)} | ${fixed(row.difference)} | ${fixed(row.low)} to ${fixed(row.high)} |`,
    ),
    "",
  ].join("\n"),
);
if (words.out) writeFileSync(words.out, JSON.stringify({ scales, rows, ours, theirs }));
