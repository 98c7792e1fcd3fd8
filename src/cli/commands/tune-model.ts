// Searches for a model's parameters while a person watches: each trial as it ends, the best so far, and at the end what to write into the definition.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { SlipwayError } from "../../core/core.ts";
import { type Goal, type TuneOutcome, tuneModel } from "../../platform/platform.ts";
import type { PrunerOptions, SamplerName, Space } from "../../tuning/tuning.ts";
import { type LiveSearch, liveTrials } from "../live-trials.ts";
import { type Line, styleFor } from "../output.ts";
import type { CommandContext } from "../run-command.ts";
import { frontLines, trialTable } from "../trial-table.ts";
import { withPlatform } from "../with-platform.ts";
import { countOf, figure, wholeNumber } from "../words.ts";

interface TuneWords {
  readonly trials?: string;
  readonly seconds?: string;
  readonly patience?: string;
  readonly timeout?: string;
  readonly parallel?: string;
  readonly pruner?: string;
  readonly space?: string;
  readonly goals?: string;
  readonly sampler?: string;
  readonly seed?: string;
  readonly study?: string;
  readonly resume?: string;
  readonly new?: boolean;
  readonly migrate?: boolean;
  readonly warmStart?: boolean;
}

/** As many of the best trials are shown to people. */
const SHOWN = 10;

/** `slipway tune <model>` */
export async function run(context: CommandContext, words: TuneWords, model: string): Promise<void> {
  const { output, progress, signal, host } = context;
  const count = (name: "trials" | "seconds" | "patience" | "timeout" | "parallel"): object => {
    const text = words[name];
    return text === undefined ? {} : { [name]: countOf(`--${name}`, text) };
  };
  const asked = {
    ...count("trials"),
    ...count("seconds"),
    ...count("patience"),
    ...count("timeout"),
    ...count("parallel"),
    ...(words.space === undefined ? {} : { space: spaceIn(resolve(host.cwd, words.space)) }),
    ...(words.seed === undefined ? {} : { seed: wholeNumber("--seed", words.seed, 0, Number.MAX_SAFE_INTEGER) }),
    // The optimiser refuses a name that it does not know, and lists those it does.
    ...(words.sampler === undefined ? {} : { sampler: words.sampler as SamplerName }),
    ...(words.pruner === undefined ? {} : { pruner: words.pruner as PrunerOptions["kind"] }),
    ...(words.goals === undefined ? {} : { goals: words.goals.split(",").map((each) => each.trim()) }),
    ...(words.study === undefined ? {} : { study: words.study }),
    ...(words.resume === undefined ? {} : { resume: words.resume }),
    fresh: words.new === true,
    migrate: words.migrate === true,
    warm: words.warmStart === true,
  };
  await withPlatform(context, async (platform) => {
    let begun: (LiveSearch & { readonly name: string }) | undefined;
    const style = styleFor(host.stderr, host.env);
    signal.addEventListener("abort", () => {
      if (begun) progress.line(`  Study ${begun.name} keeps the trials that ended; the same command goes on with it.`);
    });
    const outcome = await progress.step(`Tuning ${model}`, () =>
      tuneModel(platform, {
        model,
        ...asked,
        signal,
        onNote: (text) => progress.note(text),
        onStudy(study) {
          const { name, run, earlier, trials } = study;
          begun = { ...study, ...count("seconds") };
          progress.line(
            `  study ${name}, run ${run}${earlier === 0 ? "" : `, goes on after ${earlier} of ${trials} trials`}`,
          );
        },
        onState(state) {
          if (begun && progress.isLive) progress.live(liveTrials(state, begun, style));
        },
        onTrial(trial, best) {
          if (progress.isLive) return;
          progress.line(
            `  trial ${trial.number + 1} of ${begun?.trials}: ${trial.error ?? figure(trial.value)}; best ${figure(best?.value)} (trial ${(best?.number ?? 0) + 1})`,
          );
        },
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

function document({ goals, ...outcome }: TuneOutcome): unknown {
  const [goal] = goals;
  return { metric: goal?.name, better: goal?.better, goals, ...outcome };
}

/** Why a search ended before its trials were all made, in words. */
const ENDS = { seconds: "its time was over", patience: "nothing got better for a while" } as const;

function lines(
  { study, goals, trials, before, best, front, end }: TuneOutcome,
  good: (text: string) => string,
): readonly Line[] {
  const [metric] = goals as readonly [Goal];
  const sign = metric.better === "lower" ? 1 : -1;
  const shown = trials
    .filter(({ value }) => value !== undefined)
    .sort((left, right) => sign * (left.value! - right.value!))
    .slice(0, SHOWN);
  const failed = trials.filter(({ state }) => state === "failed");
  const pruned = trials.filter(({ state }) => state === "pruned");
  return [
    trialTable(shown, goals),
    ...frontLines(front, goals),
    ...(pruned.length === 0 ? [] : [`${pruned.length} pruned.`]),
    ...(failed.length === 0 ? [] : [`${failed.length} failed, the last with: ${failed.at(-1)?.error}`]),
    "",
    good(
      `Best ${metric.name} ${figure(best?.value)}${before?.value === undefined ? "" : `, ${figure(before.value)} with the definition as it stands`}.`,
    ),
    ...(end === "trials" ? [] : [`The search ended after ${trials.length} trials, for ${ENDS[end]}.`]),
    `slipway studies show ${study} has all trials; go on with --study ${study} --trials ${trials.length * 2}.`,
  ];
}
