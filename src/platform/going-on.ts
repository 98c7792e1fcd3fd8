// The version that a training goes on from: found by name, and held against the model as it is defined now, so that what is added means the same as what
// is there already.

import { canonicalJson, SlipwayError } from "../core/core.ts";
import { definitionHash, type ModelSpec, plainForm } from "../define/define.ts";
import { fromJson } from "../records/records.ts";
import { getVersion, type VersionRecord } from "../registry/registry.ts";
import { contractDifferences, type ServingContract, servingContract } from "../serving/serving.ts";
import { type ContinuedOrigin, type ContinuedVersion, learntLabels } from "../training/training.ts";
import { appliedModels } from "./apply.ts";
import { versionNamed } from "./model-operations.ts";
import type { Platform } from "./open.ts";

/** The version of a model that `model@number` or `model@alias` means, if what it learnt can be gone on with. Throws FEATURES_MISMATCH that says what differs. */
export async function versionToGoOn(
  platform: Platform,
  model: ModelSpec,
  reference: string,
  rows: "dataset" | "labels" = "dataset",
): Promise<VersionRecord> {
  const version = await versionNamed(platform, reference);
  if (version.model !== model.name)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${version.model}@${version.number} is a version of another model: a training of "${model.name}" goes on from one of its own, such as ${model.name}@champion.`,
    );
  if (version.runId === null || version.datasetId === null)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${version.model}@${version.number} was not trained here: nobody knows which rows are new to it. Train a version from the beginning.`,
    );
  if (rows === "dataset" && learntLabels(version) !== undefined)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${version.model}@${version.number} has learnt from labels that were pushed, and the rows of a training set may be of the same events. Go on with: slipway train ${model.name} --learn-from-log; or from a version before it.`,
    );
  const differences = [
    ...contractDifferences(version.features as ServingContract, servingContract(model)),
    ...(await meaningDifferences(platform, model, version)),
  ];
  if (differences.length > 0)
    throw new SlipwayError(
      "FEATURES_MISMATCH",
      `${version.model}@${version.number} cannot be gone on from: ${differences.join("; ")}. Train a version from the beginning, or restore the definitions.`,
      { details: { model: version.model, version: version.number, differences } },
    );
  return version;
}

/** What of a model's meaning is no longer as it was, beside what is asked when it is served. */
async function meaningDifferences(
  { registry, project }: Platform,
  model: ModelSpec,
  { definitionsHash }: VersionRecord,
): Promise<readonly string[]> {
  if (definitionHash(model) === definitionsHash) return [];
  const spec = (await appliedModels(registry, project.name)).find(({ hash }) => hash === definitionsHash)?.spec;
  if (spec === undefined) return ["its definition of then is not recorded, so that nobody knows what its inputs meant"];
  const [then, now] = [fromJson<ModelSpec>(spec), plainForm(model)];
  const differences: string[] = [];
  const tell = (what: string, before: unknown, after: unknown): void => {
    if (canonicalJson(before ?? null) !== canonicalJson(after ?? null)) differences.push(what);
  };
  const steps = ({ preprocess }: ModelSpec) => new Map((preprocess?.prepared ?? []).map((each) => [each.name, each]));
  const [before, after] = [steps(then), steps(now)];
  for (const name of new Set([...before.keys(), ...after.keys()]))
    tell(`the preprocessing of "${name}" has changed`, before.get(name), after.get(name));
  tell("the base margin is another one", then.baseMargin, now.baseMargin);
  tell("other inputs are left out", then.preprocess?.dropped, now.preprocess?.dropped);
  const { rows } = then;
  tell(
    "its rows are told apart by another id, or have another time",
    [rows.id, rows.eventTime],
    [now.rows.id, now.rows.eventTime],
  );
  tell("the label comes from another source", then.label.source.name, now.label.source.name);
  tell("the task is another one", then.task, now.task);
  tell("rows are ranked in other groups", then.beside?.group, now.beside?.group);
  tell("the label is defined differently", then.label.value, now.label.value);
  if (then.trainer.kind !== now.trainer.kind)
    differences.push(`it was fitted by ${then.trainer.kind}, and the model's trainer is now ${now.trainer.kind}`);
  if ((then.trainer.parameters["booster"] ?? "") !== (now.trainer.parameters["booster"] ?? ""))
    differences.push("one of the two is fitted with DART and the other is not");
  return differences;
}

/** The version that another one's training went on from; undefined where it began from the beginning. Throws ARTIFACT_CORRUPT where it is another one by now. */
export async function parentOf(
  { registry }: Pick<Platform, "registry">,
  { environment, model, number }: VersionRecord,
): Promise<ContinuedVersion | undefined> {
  const { from } = (environment ?? {}) as { readonly from?: ContinuedOrigin };
  if (from === undefined) return undefined;
  const version = await getVersion(registry, from.model, from.version);
  if (version.artifactHash === from.artifact) return { version, refresh: from.refresh };
  throw new SlipwayError(
    "ARTIFACT_CORRUPT",
    `${model}@${number} went on from ${from.model}@${from.version}, whose model is another one here. Import that version from the archive that it came with.`,
  );
}
