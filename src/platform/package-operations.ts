// A version as what serves it anywhere: its model's bytes and everything of its definition that an answer needs.

import { SlipwayError } from "../core/core.ts";
import { definitionsOf } from "../define/define.ts";
import { classesOf, readArtifact, readCalibration, resolveVersion } from "../registry/registry.ts";
import { type LoneModel, loneModel } from "../scoring/scoring.ts";
import { checkContract, type ServingContract, servingContract } from "../serving/serving.ts";
import type { Platform } from "./open.ts";
import { requireKnownModel } from "./run-operations.ts";

/** Which version is to stand alone. */
export interface LoneRequest {
  readonly model: string;
  /** A number or an alias. */
  readonly reference: string;
  /** Whether callers are to send the values of features that the model reads. */
  readonly featuresAreSent?: boolean;
}

/** A version that stands alone, with its model's bytes. */
export interface LoneContents {
  readonly lone: LoneModel;
  readonly artifact: Uint8Array;
}

/**
 * Takes a version out of its project. Throws MODEL_NOT_FOUND, VERSION_NOT_FOUND, FEATURES_MISMATCH when it was trained with other features
 * than are defined now, and INPUT_INVALID for a model that reads features, unless callers are to send them.
 */
export async function versionAlone(
  platform: Pick<Platform, "registry" | "project">,
  { model: name, reference, featuresAreSent = false }: LoneRequest,
): Promise<LoneContents> {
  const { registry, project } = platform;
  const model = definitionsOf(project, "model").find((each) => each.name === name);
  if (!model) {
    await requireKnownModel(platform, name);
    throw new SlipwayError(
      "INPUT_INVALID",
      `No definition stands behind "${name}", so nothing says what a caller's row is made of. Define the model, or serve it with slipway serve.`,
      { details: { model: name } },
    );
  }
  const version = await resolveVersion(registry, name, reference);
  const { number, format, artifactHash, bestRound, inputs } = version;
  checkContract(name, number, version.features as ServingContract | null, servingContract(model));
  const calibration = (await readCalibration(registry, version)) ?? null;
  const lone = loneModel(
    model,
    { number, format, artifactHash, bestRound, inputs, classes: classesOf(version) ?? null, calibration },
    { featuresAreSent },
  );
  return { lone, artifact: await readArtifact(registry, version) };
}
