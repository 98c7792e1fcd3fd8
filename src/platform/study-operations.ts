// Studies as documents: what the command line shows of them, and what a program reads.

import { formatInstant } from "../core/core.ts";
import { childRuns, findStudy, getRun, listStudies, type RunRecord } from "../registry/registry.ts";
import { type Importance, importanceOf } from "../tuning/tuning.ts";
import type { Platform } from "./open.ts";
import { requireKnownModel } from "./run-operations.ts";
import type { Goal, Study, StudyPlan } from "./tune-study.ts";
import { bestTrial, endedTrials, frontOfTrials, type TunedTrial } from "./tuned-trial.ts";

/** A study as it is listed. */
export interface ListedStudy {
  readonly name: string;
  readonly run: string;
  readonly model: string;
  readonly status: RunRecord["status"];
  /** ISO 8601. */
  readonly startedAt: string;
  readonly goals: readonly Goal[];
  readonly sampler: string;
  readonly seed: number;
  readonly pruner: string;
  /** How many trials it is to have. */
  readonly budget: number;
  /** How many ended, by how. */
  readonly complete: number;
  readonly pruned: number;
  readonly failed: number;
  readonly best: TunedTrial | null;
}

/** A study with its space and its trials. */
export interface ShownStudy extends ListedStudy {
  readonly error: string | null;
  readonly definition: string;
  readonly dataset: string;
  readonly space: StudyPlan["space"];
  /** How many trials it knew from earlier studies when it began. */
  readonly known: number;
  readonly trials: readonly TunedTrial[];
  /** The trials that no other is better than in every goal. */
  readonly front: readonly TunedTrial[];
  /** Which share of the first goal's variance each parameter explains alone, most important first; empty where too few trials have a value. */
  readonly importance: readonly Importance[];
}

/** The studies of a model, or all, newest first. Throws MODEL_NOT_FOUND for a model that neither the project nor the records know. */
export async function studyList(platform: Platform, model?: string): Promise<readonly ListedStudy[]> {
  if (model !== undefined) await requireKnownModel(platform, model);
  const listed: ListedStudy[] = [];
  for (const study of await listStudies<StudyPlan>(platform.registry, model)) {
    listed.push(summaryOf(study, await recorded(platform, study)));
  }
  return listed;
}

/** One study, by its name or anything that names its run. Throws STUDY_NOT_FOUND. */
export async function showStudy(platform: Platform, reference: string): Promise<ShownStudy> {
  return shown(platform, await findStudy<StudyPlan>(platform.registry, reference));
}

async function shown(platform: Platform, study: Study): Promise<ShownStudy> {
  const found = await recorded(platform, study);
  const { trials } = found;
  const { plan } = study;
  return {
    ...summaryOf(study, found),
    error: found.run.error,
    definition: study.definition,
    dataset: study.datasetId,
    space: plan.space,
    known: plan.known.length,
    trials,
    front: frontOfTrials(trials, plan.goals),
    importance: importanceOf(
      plan.space,
      trials.flatMap(({ params, value }) => (value === undefined ? [] : [{ params, value }])),
    ),
  };
}

interface Recorded {
  readonly run: RunRecord;
  readonly trials: readonly TunedTrial[];
}

async function recorded({ registry }: Platform, { runId, plan }: Study): Promise<Recorded> {
  return { run: await getRun(registry, runId), trials: endedTrials(await childRuns(registry, runId), plan) };
}

function summaryOf({ name, runId, model, plan, at }: Study, { run, trials }: Recorded): ListedStudy {
  const count = (state: TunedTrial["state"]): number => trials.filter((each) => each.state === state).length;
  return {
    name,
    run: runId,
    model,
    status: run.status,
    startedAt: formatInstant(at),
    goals: plan.goals,
    sampler: plan.sampler,
    seed: plan.seed,
    pruner: plan.pruner.kind,
    budget: plan.trials,
    complete: count("complete"),
    pruned: count("pruned"),
    failed: count("failed"),
    best: bestTrial(trials, plan.goals[0]?.better ?? "lower") ?? null,
  };
}
