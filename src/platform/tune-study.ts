// Which study a search goes on with, and what its trials recorded. A study is found again by its name, or, where nobody names one, because it was stopped
// before its budget was spent and is about the same model, rows, space and way to search. Values are only ever compared within one definition and the
// same rows, so a study of others is refused and not bent.

import { SlipwayError } from "../core/core.ts";
import { definitionHash, type ModelSpec } from "../define/define.ts";
import {
  changeStudyPlan,
  childRuns,
  findStudy,
  getRun,
  listStudies,
  type RegistryContext,
  type StudyRecord,
} from "../registry/registry.ts";
import type { KnownTrial, Params, PrunerOptions, SamplerName, Space } from "../tuning/tuning.ts";
import { endedTrials } from "./tuned-trial.ts";

/** What is searched for: a measure by its name, and which way is better. */
export interface Goal {
  readonly name: string;
  readonly better: "lower" | "higher";
}

/** What a study searches, by which measure, and how. */
export interface StudyPlan {
  readonly space: Space;
  readonly goals: readonly Goal[];
  readonly sampler: SamplerName;
  readonly seed: number;
  readonly pruner: PrunerOptions;
  /** So many trials in all. */
  readonly trials: number;
  /** What is known from earlier studies of the same rows. */
  readonly known: readonly KnownTrial[];
  /** What is tried first, after the definition as it stands. */
  readonly first: readonly Params[];
}

/** Which way each of a plan's goals is better. */
export function directionsOf({ goals }: StudyPlan): readonly ("minimize" | "maximize")[] {
  return goals.map(({ better }) => (better === "higher" ? "maximize" : "minimize"));
}

/** A study as the records hold it. */
export type Study = StudyRecord<StudyPlan>;

/** What values depend on beside the parameters that are tried. */
export interface StudySubject {
  readonly model: ModelSpec;
  readonly datasetId: string;
}

/** What somebody asked for, where he did; the rest is as the study has it. */
export interface AskedPlan
  extends Partial<Pick<StudyPlan, "space" | "sampler" | "seed" | "pruner" | "goals" | "trials">> {
  /** A study's name or run to go on with. */
  readonly resume?: string;
  /** The name of the study: an earlier one goes on, or a new one gets it. */
  readonly study?: string;
  /** Begin a new one whatever there is. */
  readonly fresh?: boolean;
  /** Where the study has another space, take this one from now on. */
  readonly migrate?: boolean;
}

/**
 * The study to go on with, brought up to what is asked; undefined where a new one is to begin.
 *
 * @throws SlipwayError `STUDY_NOT_FOUND`, and `INPUT_INVALID` for a study about something else.
 */
export async function earlierStudy(
  registry: RegistryContext,
  subject: StudySubject,
  asked: AskedPlan,
  plan: StudyPlan,
): Promise<Study | undefined> {
  const { resume, study: name, fresh = false, migrate = false } = asked;
  if (migrate && resume === undefined && name === undefined)
    throw new SlipwayError("INPUT_INVALID", "Which study is to be migrated to the space? Name it with --study.");
  if (resume === undefined && name === undefined)
    return fresh ? undefined : await stoppedStudy(registry, subject, plan, asked);
  const found =
    resume === undefined
      ? (await listStudies<StudyPlan>(registry)).find((each) => each.name === name)
      : await findStudy<StudyPlan>(registry, resume);
  if (found === undefined) return undefined;
  if (fresh)
    throw new SlipwayError(
      "ALREADY_EXISTS",
      `There is a study "${found.name}" already, so it cannot be begun anew; choose another name.`,
    );
  requireSame(found, subject, asked);
  const next = {
    ...found.plan,
    ...(asked.space === undefined ? {} : { space: asked.space }),
    ...(asked.trials === undefined ? {} : { trials: asked.trials }),
  };
  if (textOf(next) === textOf(found.plan)) return found;
  if (textOf(next.space) !== textOf(found.plan.space) && !migrate)
    throw otherwise(
      found,
      "searched another space",
      ", or take this space from now on with --migrate: trials that lie in it still count",
    );
  return { ...found, plan: next };
}

/** Records a plan that differs from what the study had. */
export async function keepPlan(registry: RegistryContext, study: Study): Promise<void> {
  const recorded = await findStudy<StudyPlan>(registry, study.runId);
  if (textOf(recorded.plan) !== textOf(study.plan)) await changeStudyPlan(registry, study, study.plan);
}

/** The newest study of the same that was stopped before its budget was spent. */
async function stoppedStudy(
  registry: RegistryContext,
  { model, datasetId }: StudySubject,
  plan: StudyPlan,
  { trials }: AskedPlan,
): Promise<Study | undefined> {
  const way = ({ space, goals, sampler, seed, pruner }: StudyPlan): string =>
    textOf({ space, goals, sampler, seed, pruner });
  const definition = definitionHash(model);
  for (const study of await listStudies<StudyPlan>(registry, model.name)) {
    if (study.definition !== definition || study.datasetId !== datasetId || way(study.plan) !== way(plan)) continue;
    const { status } = await getRun(registry, study.runId);
    if (status === "finished") continue;
    const next = { ...study, plan: { ...study.plan, trials: trials ?? study.plan.trials } };
    if (
      status === "running" ||
      endedTrials(await childRuns(registry, study.runId), next.plan).length < next.plan.trials
    )
      return next;
  }
  return undefined;
}

function requireSame(study: Study, { model, datasetId }: StudySubject, asked: AskedPlan): void {
  const { plan } = study;
  if (study.model !== model.name) throw otherwise(study, "searched for another model");
  if (study.definition !== definitionHash(model))
    throw otherwise(study, "searched with another definition of the model");
  if (study.datasetId !== datasetId) throw otherwise(study, "searched other rows");
  if (asked.goals !== undefined && textOf(asked.goals) !== textOf(plan.goals))
    throw otherwise(study, `searched by ${plan.goals.map(({ name }) => name).join(", ")}, another measure`);
  const pairs = [
    ["seed", plan.seed, asked.seed],
    ["sampler", plan.sampler, asked.sampler],
    ["pruner", plan.pruner.kind, asked.pruner?.kind],
  ] as const;
  for (const [name, has, wanted] of pairs)
    if (wanted !== undefined && wanted !== has)
      throw new SlipwayError(
        "INPUT_INVALID",
        `Study ${study.name} has ${name} ${has}, so it cannot go on with ${wanted}; leave --${name} out, or start a new one with --new.`,
      );
}

function otherwise({ name }: Study, what: string, also = ""): SlipwayError {
  return new SlipwayError(
    "INPUT_INVALID",
    `Study ${name} ${what}; start a new one with --new or under another name${also}.`,
  );
}

/** As JSON writes it: the order of a space's parameters is part of what it is. */
function textOf(value: unknown): string {
  return JSON.stringify(value);
}
