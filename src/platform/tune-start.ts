// What a search knows before it begins: the trials that it had, and what earlier studies of the model found. Values of the same definition and the same
// rows are taken as they are; of others only which parameters did best is, and those are tried again first.

import { definitionHash, type ModelSpec } from "../define/define.ts";
import { childRuns, listStudies, metricHistory, type RegistryContext } from "../registry/registry.ts";
import { LOSS } from "../training/training.ts";
import { configurationOf, type KnownTrial, type Params } from "../tuning/tuning.ts";
import type { Study, StudyPlan, StudySubject } from "./tune-study.ts";
import { endedTrials, knownTrial, type TunedTrial } from "./tuned-trial.ts";

/** So many of the best of other rows are tried again. */
const AGAIN = 3;

/** The trials of a study as the optimiser may know them, with their curves where a pruner looks at them. */
export async function toldTrials(
  registry: RegistryContext,
  { space, pruner, goals: [goal] }: StudyPlan,
  trials: readonly TunedTrial[],
): Promise<readonly KnownTrial[]> {
  const sign = goal?.better === "higher" ? -1 : 1;
  const known: KnownTrial[] = [];
  for (const trial of trials) {
    const losses =
      pruner.kind === "none" || trial.runId === undefined ? [] : await metricHistory(registry, trial.runId, LOSS);
    const curve = losses.map(({ step, value }) => ({ step, value: sign * value }));
    const one = knownTrial(space, trial, curve.length > 0 ? curve : undefined);
    if (one) known.push(one);
  }
  return known;
}

/** What the earlier studies of a model bring to a new one. */
export async function warmStart(
  registry: RegistryContext,
  { model, datasetId, plan }: StudySubject & { readonly plan: StudyPlan },
): Promise<Pick<StudyPlan, "known" | "first">> {
  const known = new Map<string, KnownTrial>();
  const first = new Map<string, Params>();
  for (const study of await listStudies<StudyPlan>(registry, model.name)) {
    const [goal] = study.plan.goals;
    if (JSON.stringify(study.plan.goals) !== JSON.stringify(plan.goals)) continue;
    const isSame = study.definition === definitionHash(model) && study.datasetId === datasetId;
    const sign = goal?.better === "lower" ? 1 : -1;
    const ended = endedTrials(await childRuns(registry, study.runId), study.plan)
      .filter(({ value }) => value !== undefined)
      .toSorted((left, right) => sign * (left.value! - right.value!));
    for (const trial of ended) {
      const params = carriedOver(model, study, plan, trial);
      if (params === undefined) continue;
      const text = JSON.stringify(params);
      const one = isSame ? knownTrial(plan.space, { ...trial, params }, undefined) : undefined;
      if (one) known.set(text, one);
      else if (first.size < AGAIN) first.set(text, params);
    }
  }
  for (const text of known.keys()) first.delete(text);
  return { known: [...known.values()], first: [...first.values()] };
}

/** An earlier trial's parameters in another space: what it did not search was as the definition says, and what is not searched now must be so still. */
function carriedOver(model: ModelSpec, study: Study, { space }: StudyPlan, { params }: TunedTrial): Params | undefined {
  const { parameters } = model.trainer;
  const isLost = Object.entries(params).some(
    ([name, value]) =>
      !Object.hasOwn(space, name) && Object.hasOwn(study.plan.space, name) && parameters[name] !== value,
  );
  return isLost ? undefined : configurationOf(space, { ...parameters, ...params });
}
