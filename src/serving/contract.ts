// What a version was trained to be given: its inputs, request values and the meaning of every view it reads. A project whose definitions
// have moved on does not serve the version; the differences are named.

import type { ColumnSchema } from "../core/core.ts";
import { canonicalJson, SlipwayError, sameType, typeText } from "../core/core.ts";
import {
  definitionHash,
  featureHash,
  featuresRead,
  type InputSpec,
  type ModelSpec,
  type TaskSpec,
  taskText,
} from "../define/define.ts";

/** The part of a model's definition that a version depends on when it is served. */
export interface ServingContract {
  readonly inputs: readonly InputSpec[];
  readonly request: readonly ColumnSchema[];
  /** Definition hash by view name: where the online values lie that it was trained to find. */
  readonly views: Readonly<Record<string, string>>;
  /** The hash of each feature's own meaning, as `view.feature`; versions of earlier releases have none, and are held to whole views. */
  readonly features?: Readonly<Record<string, string>>;
  /** Absent, as in versions of earlier releases, it is binary. */
  readonly task?: TaskSpec;
  /** What a multi-class version tells apart, in the order of its answers. */
  readonly classes?: readonly string[];
}

/**
 * The contract of a model as it is defined now, in values that come back from the records as they went in: a whole number inside a derived
 * value is a bigint, which JSON does not have.
 */
export function servingContract(model: ModelSpec, classes?: readonly string[]): ServingContract {
  return {
    task: model.task,
    ...(classes === undefined ? {} : { classes }),
    inputs: JSON.parse(canonicalJson(model.inputs)) as readonly InputSpec[],
    request: model.request,
    views: Object.fromEntries(model.views.map((view) => [view.name, definitionHash(view)])),
    features: Object.fromEntries(
      featuresRead(model.inputs).map(({ view, feature }) => {
        const found = model.views.find(({ name }) => name === view);
        return [`${view}.${feature}`, (found && featureHash(found, feature)) ?? ""];
      }),
    ),
  };
}

/** The differences between what a version was trained with and what is defined now, in words; empty when it can be served. */
export function contractDifferences(trained: ServingContract, now: ServingContract): readonly string[] {
  const differences: string[] = [];
  const before = new Map(trained.inputs.map((input) => [input.name, input]));
  const after = new Map(now.inputs.map((input) => [input.name, input]));
  for (const [name, input] of before) {
    const current = after.get(name);
    if (!current) differences.push(`input "${name}" is no longer defined`);
    else if (canonicalJson(current) !== canonicalJson(input))
      differences.push(
        sameType(current.type, input.type)
          ? `input "${name}" is defined differently`
          : `input "${name}" was ${typeText(input.type)} and is now ${typeText(current.type)}`,
      );
  }
  for (const name of after.keys()) if (!before.has(name)) differences.push(`input "${name}" is new`);
  const [what, then, today] = trained.features
    ? ["feature", trained.features, now.features ?? {}]
    : ["feature view", trained.views, now.views];
  for (const [name, hash] of Object.entries(then)) {
    const current = today[name];
    if (current === undefined) differences.push(`${what} "${name}" is gone`);
    else if (current !== hash) differences.push(`${what} "${name}" has changed`);
  }
  const [was, is]: readonly TaskSpec[] = [trained.task ?? BINARY, now.task ?? BINARY];
  if (was && is && canonicalJson(answersOf(was)) !== canonicalJson(answersOf(is)))
    differences.push(`the task was ${taskText(was)} and is now ${taskText(is)}`);
  if (canonicalJson(trained.request) !== canonicalJson(now.request))
    differences.push("the request values have changed");
  return differences;
}

const BINARY: TaskSpec = { kind: "binary" };

/** What a caller sees of a task: how many classes it may have changes no answer. */
function answersOf(task: TaskSpec): unknown {
  return task.kind === "multiclass" ? task.kind : task;
}

/** Throws FEATURES_MISMATCH when a version's contract is not what is defined now, and for one that has none: it came as a file. */
export function checkContract(
  model: string,
  version: number,
  trained: ServingContract | null,
  now: ServingContract,
): void {
  if (trained === null)
    throw new SlipwayError(
      "FEATURES_MISMATCH",
      `Version ${version} of "${model}" was not trained by Slipway, so nobody knows which features its inputs are. Train and promote a new version, or give the file the name of a model that is not defined here.`,
      { details: { model, version } },
    );
  const differences = contractDifferences(trained, now);
  if (differences.length > 0)
    throw new SlipwayError(
      "FEATURES_MISMATCH",
      `Version ${version} of "${model}" was trained with other features: ${differences.join("; ")}. Train and promote a new version, or restore the definitions.`,
      { details: { model, version, differences } },
    );
}
