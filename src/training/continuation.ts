// Going on from a version with rows that are newer than those it was fitted on. What a version is asked with stays as it is: its inputs, their categories
// and fitted steps, and its classes. What the trainer makes of it, more rounds or other answers, is the trainer's own.

import { type Instant, SlipwayError, type VersionInput } from "../core/core.ts";
import type { LabelClass } from "../datasets/datasets.ts";
import { type ContinuingTrainer, isContinuingTrainer, type Trainer, type TrainingBase } from "../ports/ports.ts";
import { classesOf, getDataset, type RegistryContext, readArtifact, type VersionRecord } from "../registry/registry.ts";

/** A version that is gone on from, and how. */
export interface ContinuedVersion {
  readonly version: VersionRecord;
  /** Learn the answers of what it has anew from the new rows, instead of adding to it. */
  readonly refresh: boolean;
}

/** What a version remembers of the one that it went on from. */
export interface ContinuedOrigin {
  readonly model: string;
  readonly version: number;
  /** The SHA-256 of its artifact. */
  readonly artifact: string;
  readonly refresh: boolean;
}

/** A version as what a fit goes on from. */
export interface FitBase extends TrainingBase {
  readonly inputs: readonly VersionInput[];
  readonly classes?: readonly string[];
}

/** A version, read. */
export async function baseOf(registry: RegistryContext, { version, refresh }: ContinuedVersion): Promise<FitBase> {
  const classes = classesOf(version);
  const artifact = await readArtifact(registry, version);
  const { inputs, bestRound: rounds } = version;
  return { artifact, rounds, refresh, inputs, ...(classes === undefined ? {} : { classes }) };
}

/** The time of the first row that can be new to a version: just after the newest it was fitted on. Throws INPUT_INVALID where nobody knows. */
export async function firstNewRow(registry: RegistryContext, version: VersionRecord): Promise<Instant> {
  const last = version.datasetId === null ? null : (await getDataset(registry, version.datasetId)).timeTo;
  if (last !== null) return last + 1n;
  throw new SlipwayError(
    "INPUT_INVALID",
    `${version.model}@${version.number} was not trained here, so that nobody knows which rows are new to it. Train a version from the beginning.`,
  );
}

/** The version that was gone on from, as the new one remembers it. */
export function continuedOrigin({ version, refresh }: ContinuedVersion): ContinuedOrigin {
  const { model, number, artifactHash } = version;
  return { model, version: number, artifact: artifactHash, refresh };
}

/** What a run records as parameters of going on; nothing where it began from the beginning. */
export function continuedParameters(from: ContinuedVersion | undefined): Readonly<Record<string, string | boolean>> {
  return from === undefined
    ? {}
    : { from: `${from.version.model}@${from.version.number}`, ...(from.refresh ? { refresh: true } : {}) };
}

/** A trainer that can go on from a model. Throws INPUT_INVALID for one that cannot. */
export function continuing(trainer: Trainer): ContinuingTrainer {
  if (isContinuingTrainer(trainer)) return trainer;
  throw new SlipwayError(
    "INPUT_INVALID",
    `A trainer of kind "${trainer.kind}" cannot go on from a version; it fits from the beginning each time. Leave --from out.`,
  );
}

/**
 * The classes of the version that is gone on from, with the rows that each has now. Throws LABEL_INVALID for a class that the version does not
 * know.
 */
export function classesOfBase(
  model: string,
  classes: readonly string[],
  found: readonly LabelClass[],
): readonly LabelClass[] {
  const stranger = found.find(({ name }) => !classes.includes(name));
  if (stranger !== undefined)
    throw new SlipwayError(
      "LABEL_INVALID",
      `Model "${model}": the class ${JSON.stringify(stranger.name)} is new, and a version that is gone on from tells its own classes apart and no others. Train a version from the beginning.`,
    );
  return classes.map((name) => found.find((each) => each.name === name) ?? { name, rows: 0, weight: 0 });
}
