// Searches for a model's parameters while a person watches: each trial as it ends, the best so far, and at the end what to write into the definition.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { type TunedTrial, type TuneOutcome, tuneModel } from "../../platform/platform.ts";
import type { SamplerName, Space } from "../../tuning/tuning.ts";
import type { Line } from "../output.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { countOf, figure, wholeNumber } from "../words.ts";

interface TuneWords {
  readonly trials: string;
  readonly seconds?: string;
  readonly space?: string;
  readonly sampler?: string;
  readonly seed?: string;
  readonly resume?: string;
}

/** As many of the best trials are shown to people. */
const SHOWN = 10;

/** `slipway tune <model>` */
export async function run(context: CommandContext, words: TuneWords, model: string): Promise<void> {
  const { output, progress, signal, host } = context;
  const trials = countOf("--trials", words.trials);
  const seed = words.seed === undefined ? {} : { seed: wholeNumber("--seed", words.seed, 0, Number.MAX_SAFE_INTEGER) };
  const space = words.space === undefined ? {} : { space: spaceIn(resolve(host.cwd, words.space)) };
  await withPlatform(context, async (platform) => {
    const outcome = await progress.step(`Tuning ${model}`, () =>
      tuneModel(platform, {
        model,
        trials,
        ...space,
        ...(words.seconds === undefined ? {} : { seconds: countOf("--seconds", words.seconds) }),
        ...(words.resume === undefined ? {} : { resume: words.resume }),
        ...seed,
        // The optimiser refuses a name that it does not know, and lists those it does.
        ...(words.sampler === undefined ? {} : { sampler: words.sampler as SamplerName }),
        signal,
        onNote: (text) => progress.note(text),
        onStudy: (run) => progress.line(`  study ${run}; go on with --resume ${run}`),
        onTrial: (trial, best) =>
          progress.line(
            `  trial ${trial.number + 1} of ${trials}: ${trial.error ?? figure(trial.value)}; best ${figure(best?.value)} (trial ${(best?.number ?? 0) + 1})`,
          ),
      }),
    );
    output.show(document(outcome), lines(outcome, output.style.good));
  });
}

function spaceIn(file: string): Space {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Space;
  } catch (cause) {
    throw new SlipwayError("INPUT_INVALID", `${file} is no space in JSON: ${(cause as Error).message}.`, { cause });
  }
}

function document({ run, metric, trials, before, best }: TuneOutcome): unknown {
  return { run, metric: metric.name, better: metric.better, trials, before, best };
}

function lines({ run, metric, trials, before, best }: TuneOutcome, good: (text: string) => string): readonly Line[] {
  const sign = metric.better === "lower" ? 1 : -1;
  const shown = trials
    .filter(({ value }) => value !== undefined)
    .sort((left, right) => sign * (left.value! - right.value!))
    .slice(0, SHOWN);
  const names = [...new Set(shown.flatMap(({ params }) => Object.keys(params)))];
  const failed = trials.filter(({ value }) => value === undefined);
  const cell = (trial: TunedTrial, name: string): string => {
    const value = trial.params[name];
    return typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(4) : String(value ?? "");
  };
  return [
    {
      columns: ["trial", metric.name, "on test rows", ...names],
      rows: shown.map((trial) => [
        trial.number + 1,
        figure(trial.value),
        figure(trial.test),
        ...names.map((name) => cell(trial, name)),
      ]),
    },
    ...(failed.length === 0 ? [] : [`${failed.length} failed, the last with: ${failed.at(-1)?.error}`]),
    "",
    good(
      `Best ${metric.name} ${figure(best?.value)}${before?.value === undefined ? "" : `, ${figure(before.value)} with the definition as it stands`}.`,
    ),
    `Trials are runs below ${run}; go on with --resume ${run}.`,
  ];
}
