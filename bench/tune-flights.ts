// The flights model tuned: what is gained over its definition, on validation and test rows, and what it costs. The study is kept in `--state FOLDER`, so it
// may be made of pieces of `--minutes N`; `--pruner NAME` says what is stopped early, `--trials N` how many there are.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { getRun, metricHistory, type TunedTrial, tuneModel } from "slipway/platform";
import { flightsYear, openFlights } from "./support/project.ts";

const { values: words } = parseArgs({
  options: {
    state: { type: "string", default: "node_modules/.cache/slipway-bench-tune-flights" },
    trials: { type: "string", default: "30" },
    minutes: { type: "string", default: "600" },
    pruner: { type: "string", default: "none" },
  },
});
await flightsYear();
const state = join(process.cwd(), words.state);
mkdirSync(state, { recursive: true });
const platform = await openFlights(state);
const pruner = words.pruner as "none";
const outcome = await tuneModel(platform, {
  model: "flight_delay",
  study: `bench ${pruner}`,
  trials: Number(words.trials),
  seconds: Number(words.minutes) * 60,
  pruner,
  onTrial: ({ number, value, error }) => process.stderr.write(`trial ${number}: ${value ?? error}\n`),
});

/** Rounds that a trial trained, and the seconds that it took. */
async function costOf({ runId }: TunedTrial): Promise<{ readonly rounds: number; readonly seconds: number }> {
  if (runId === undefined) return { rounds: 0, seconds: 0 };
  const { startedAt, endedAt, metrics, tags } = await getRun(platform.registry, runId);
  const [series] = Object.keys(metrics).filter((key) => key.startsWith("validate-"));
  const history = series === undefined ? [] : await metricHistory(platform.registry, runId, series);
  return {
    rounds: Number(tags["slipway.pruned"] ?? history.at(-1)?.step ?? 0),
    seconds: Number((endedAt ?? startedAt) - startedAt) / 1e6,
  };
}

const costs = await Promise.all(outcome.trials.map(costOf));
const total = (name: "rounds" | "seconds"): number => costs.reduce((sum, each) => sum + each[name], 0);
const { best, before, trials, end } = outcome;
process.stdout.write(
  [
    `flight_delay, ${trials.length} trials, pruner ${pruner}, ended for ${end}`,
    `validation AUC ${before?.value?.toFixed(4)} as defined, ${best?.value?.toFixed(4)} best (trial ${best?.number})`,
    `test AUC ${before?.test?.toFixed(4)} as defined, ${best?.test?.toFixed(4)} of that trial`,
    `${total("rounds")} rounds, ${total("seconds").toFixed(0)} s of trials; ${trials.filter(({ state }) => state === "pruned").length} pruned, ${trials.filter(({ state }) => state === "failed").length} failed`,
    `best parameters ${JSON.stringify(best?.params)}`,
    "",
  ].join("\n"),
);
await platform.close();
process.exit(end === "seconds" ? 75 : 0);
