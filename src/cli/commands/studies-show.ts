import { showStudy } from "../../platform/platform.ts";
import type { CommandContext } from "../run-command.ts";
import { frontLines, importanceLines, trialTable } from "../trial-table.ts";
import { withPlatform } from "../with-platform.ts";
import { figure, momentText } from "../words.ts";

/** `slipway studies show` */
export async function run(context: CommandContext, _options: object, reference: string): Promise<void> {
  await withPlatform(context, async (platform) => {
    const study = await showStudy(platform, reference);
    const { show, style } = context.output;
    const { name, model, run: id, status, error, trials, best, goals, budget, known } = study;
    show(study, [
      style.bold(`${name}: ${model} by ${goals.map((goal) => goal.name).join(", ")}`),
      `Run ${id}, begun ${momentText(study.startedAt)}, ${status}${error === null ? "" : `: ${error}`}.`,
      `Sampler ${study.sampler}, seed ${study.seed}, pruner ${study.pruner}; ${trials.length} of ${budget} trials, ${study.pruned} pruned, ${study.failed} failed${known === 0 ? "" : `; it knew ${known} from earlier studies`}.`,
      "",
      trials.length === 0 ? "No trial ended yet." : trialTable(trials, goals),
      ...frontLines(study.front, goals),
      ...importanceLines(study.importance),
      ...(best === null
        ? []
        : ["", style.good(`Best ${goals[0]?.name} ${figure(best.value)} (trial ${best.number + 1}).`)]),
      ...(status === "finished" || trials.length >= budget
        ? []
        : [`Go on with: slipway tune ${model} --study ${name}`]),
    ]);
  });
}
