// What pruners save and what they lose, on curves of real trainings: XGBoost with random parameters on four tables, the loss after each round. A study is 30
// trials in an order of its own; what counts is the lowest loss that was reached, as early stopping keeps it, and how many rounds were trained.

import { parseArgs } from "node:util";
import { createOptimiser, float, type PrunerOptions, space } from "slipway/tuning";
import { runChild } from "./support/child.ts";
import { python } from "./support/venv.ts";
import { drawsOf } from "./tuning/draws.ts";

const { values: words } = parseArgs({
  options: {
    configs: { type: "string", default: "80" },
    rounds: { type: "string", default: "150" },
    seeds: { type: "string", default: "50" },
    // Nothing is judged before this share of the rounds.
    least: { type: "string", default: "0.5" },
  },
});
const [configs, rounds, seeds, trials] = [Number(words.configs), Number(words.rounds), Number(words.seeds), 30];
const script = new URL("./tuning/curves.py", import.meta.url).pathname;
const interpreter = process.env["CURVES_PYTHON"] ?? (await python());
const { stdout } = await runChild([interpreter, script, String(configs), String(rounds)]);
const curves = JSON.parse(stdout) as Readonly<Record<string, readonly (readonly number[])[]>>;

interface Outcome {
  readonly rounds: number;
  /** The lowest loss of any complete trial. */
  readonly best: number;
  readonly pruned: number;
}

function study(table: string, all: readonly (readonly number[])[], kind: PrunerOptions["kind"], seed: number): Outcome {
  const draws = drawsOf(`order ${table}`, seed);
  const order = all.map((curve) => ({ curve, key: draws.next() })).toSorted((one, other) => one.key - other.key);
  const pruner = { kind, minSteps: Math.max(1, Math.floor(rounds * Number(words.least))), maxSteps: rounds };
  const optimiser = createOptimiser({ space: space({ x: float(0, 1) }), sampler: "random", pruner });
  let [trained, best, pruned] = [0, Number.POSITIVE_INFINITY, 0];
  for (const { curve } of order.slice(0, trials)) {
    const { id } = optimiser.ask();
    const stop = curve.findIndex((loss, round) => optimiser.report(id, round + 1, loss)) + 1;
    trained += stop > 0 ? stop : curve.length;
    const value = Math.min(...curve);
    if (stop > 0 && stop < curve.length) {
      optimiser.tell(id, { state: "pruned" });
      pruned += 1;
    } else {
      optimiser.tell(id, { value });
      best = Math.min(best, value);
    }
  }
  return { rounds: trained, best, pruned };
}

const kinds = ["none", "asha", "hyperband", "median", "patience"] as const;
const mean = (list: readonly number[]): number => list.reduce((sum, each) => sum + each, 0) / list.length;
const rows = Object.entries(curves).flatMap(([table, all]) => {
  const finals = all.map((curve) => Math.min(...curve)).toSorted((one, other) => one - other);
  const span = finals[Math.floor(finals.length / 2)]! - finals[0]!;
  const whole = Array.from({ length: seeds }, (_, seed) => study(table, all, "none", seed));
  return kinds.map((kind) => {
    const own = whole.map((_, seed) => study(table, all, kind, seed));
    return {
      table,
      kind,
      cost: mean(own.map((each, seed) => each.rounds / whole[seed]!.rounds)),
      lost: mean(own.map((each, seed) => (each.best - whole[seed]!.best) / span)),
      same: mean(own.map((each, seed) => Number(each.best === whole[seed]!.best))),
      pruned: mean(own.map((each) => each.pruned)),
    };
  });
});
const line = (table: string, kind: string, some: typeof rows): string =>
  `| ${table} | ${kind} | ${mean(some.map(({ cost }) => cost)).toFixed(2)} | ${mean(some.map(({ lost }) => lost)).toFixed(3)} | ${(100 * mean(some.map(({ same }) => same))).toFixed(0)} % | ${mean(some.map(({ pruned }) => pruned)).toFixed(1)} |`;
process.stdout.write(
  [
    `${trials} trials, ${configs} trainings of ${rounds} rounds on each table, ${seeds} orders`,
    "",
    "| table | pruner | rounds of all | lost | same best | pruned of 30 |",
    "| --- | --- | --- | --- | --- | --- |",
    ...rows.map((row) => line(row.table, row.kind, [row])),
    ...kinds.map((kind) =>
      line(
        "all",
        kind,
        rows.filter((row) => row.kind === kind),
      ),
    ),
    "",
    "lost: how much worse than without a pruner, in parts of the way from the best training to the median one",
    "",
  ].join("\n"),
);
