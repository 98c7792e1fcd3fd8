// What a study leaves behind so that it can go on: on its own run the facts that may not differ, and on a run below it each trial. Nothing else is kept,
// so a study that was killed is read the way one that ended is.

import { contentHash, SlipwayError } from "../core/core.ts";
import { definitionHash, type MetricSpec, type ModelSpec } from "../define/define.ts";
import { findRuns, type RegistryContext, type RunRecord } from "../registry/registry.ts";
import {
  configurationOf,
  type KnownTrial,
  type Parameter,
  type Params,
  type SamplerName,
  type Space,
} from "../tuning/tuning.ts";

/** One trial. */
export interface TunedTrial {
  readonly number: number;
  readonly runId: string | undefined;
  readonly params: Params;
  /** On the validation rows; undefined where the trial failed. */
  readonly value: number | undefined;
  /** On the test rows, which the search does not look at. */
  readonly test: number | undefined;
  readonly error: string | undefined;
}

/** What must be the same for values to be comparable. */
export interface StudySubject {
  readonly model: ModelSpec;
  readonly metric: MetricSpec;
  readonly space: Space;
  readonly datasetId: string;
}

/** By the name of a fact, what a study that has another one did. */
const OTHERWISE = {
  "study.model": "searched for another model",
  "study.definition": "searched with another definition of the model",
  "study.space": "searched another space",
  "study.metric": "searched by another metric",
  "study.dataset": "searched other rows",
} as const;

/** The facts as a study's run has them among its params. */
export function studyFacts({
  model,
  metric,
  space,
  datasetId,
}: StudySubject): Readonly<Record<keyof typeof OTHERWISE, string>> {
  return {
    "study.model": model.name,
    "study.definition": definitionHash(model),
    "study.space": contentHash(space),
    "study.metric": metric.name,
    "study.dataset": datasetId,
  };
}

/** How a study searches. */
export interface StudyPlan {
  readonly seed: number;
  readonly sampler: SamplerName;
}

/** The plan of a new study. */
export function firstPlan({ seed = 0, sampler = "auto" }: Partial<StudyPlan>): StudyPlan {
  return { seed, sampler };
}

/** The plan as a study's run has it among its params. */
export function planFacts({ seed, sampler }: StudyPlan): Readonly<Record<string, string | number>> {
  return { "study.seed": seed, "study.sampler": sampler };
}

/**
 * The plan that a study recorded.
 *
 * @throws SlipwayError `INPUT_INVALID` for a run that is no study, and where another seed or sampler is asked for.
 */
export function recordedPlan(study: RunRecord, asked: Partial<StudyPlan>): StudyPlan {
  requireStudy(study);
  const plan = { seed: Number(study.params["study.seed"]), sampler: study.params["study.sampler"] as SamplerName };
  for (const name of ["seed", "sampler"] as const)
    if (asked[name] !== undefined && asked[name] !== plan[name])
      throw new SlipwayError(
        "INPUT_INVALID",
        `Study ${study.id} has ${name} ${plan[name]}, so it cannot go on with ${asked[name]}; leave --${name} out, or start a new one without --resume.`,
      );
  return plan;
}

function requireStudy(run: RunRecord): void {
  if (run.kind !== "tune") throw new SlipwayError("INPUT_INVALID", `Run ${run.id} is no study but a ${run.kind}.`);
}

/**
 * What the trials of a study recorded, in their order; one that was interrupted counts for nothing and is tried anew.
 *
 * @throws SlipwayError `INPUT_INVALID` for a run that is no study, or one about something else.
 */
export async function earlierTrials(
  registry: RegistryContext,
  study: RunRecord,
  subject: StudySubject,
): Promise<readonly TunedTrial[]> {
  requireStudy(study);
  for (const [name, fact] of Object.entries(studyFacts(subject)))
    if (study.params[name] !== fact)
      throw new SlipwayError(
        "INPUT_INVALID",
        `Study ${study.id} ${OTHERWISE[name as keyof typeof OTHERWISE]}; start a new one without --resume.`,
      );
  const { runs } = await findRuns(registry, {
    filter: `tags.\`mlflow.parentRunId\` = '${study.id}'`,
    limit: 10_000,
  });
  // By the number in their names: clocks may stand still.
  const numberOf = ({ name }: RunRecord): number => Number(name.replace("trial ", ""));
  return runs
    .toSorted((left, right) => numberOf(left) - numberOf(right))
    .filter(({ status, error }) => status === "finished" || (status === "failed" && !error?.startsWith("interrupted")))
    .map((run, number) => recordedTrial(run, number, subject));
}

function recordedTrial(run: RunRecord, number: number, { space, metric }: StudySubject): TunedTrial {
  const params = Object.fromEntries(
    Object.entries(space).flatMap(([name, parameter]) => {
      const text = run.params[name];
      return text === undefined ? [] : [[name, recordedValue(parameter, text)] as const];
    }),
  );
  const value = run.metrics[`validate.${metric.name}`];
  return {
    number,
    runId: run.id,
    params: configurationOf(space, params) ?? params,
    value: run.status === "finished" && Number.isFinite(value) ? value : undefined,
    test: run.metrics[`test.${metric.name}`],
    error: run.error ?? undefined,
  };
}

/** A recorded value as it was; text that is no choice stays as it is. */
function recordedValue(parameter: Parameter, text: string): string | number | boolean {
  if (parameter.kind === "categorical") return parameter.choices.find((choice) => String(choice) === text) ?? text;
  return parameter.kind === "bool" ? text === "true" : Number(text);
}

/** A trial as the optimiser may know it. The definition's own parameters may be none of the space's: then they are a record to be beaten, nothing more. */
export function knownTrial(space: Space, { params, value }: TunedTrial): readonly KnownTrial[] {
  const own = configurationOf(space, params);
  if (own === undefined) return [];
  return [value === undefined ? { params: own } : { params: own, value }];
}
