// Training from the outside: train a model, and make the new version the champion.

import { type Instant, SlipwayError } from "../core/core.ts";
import { knownInTime } from "../datasets/datasets.ts";
import { findDefinition } from "../define/define.ts";
import { type AliasMove, aliasOf, moveAlias } from "../registry/registry.ts";
import { CHAMPION } from "../serving/serving.ts";
import { type TrainedVersion, type TrainingProgress, trainVersion } from "../training/training.ts";
import { requireApplied } from "./apply.ts";
import { versionToGoOn } from "./going-on.ts";
import type { Platform } from "./open.ts";

/** What to train. */
export interface TrainRequest extends TrainingProgress {
  readonly model: string;
  /** Use only rows and labels known before this; the split's lengths then count back from it. */
  readonly knownBy?: Instant;
  /** Make the version the champion; default true. */
  readonly promote?: boolean;
  /** Also fit a model of the request values alone, to compare with; default false. */
  readonly withBaselines?: boolean;
  /** Go on from this version of the model, `model@number` or `model@alias`, on the rows that are newer than its own. */
  readonly from?: string;
  /** With `from`: keep its trees and learn their leaves anew, instead of adding trees; default false. */
  readonly refresh?: boolean;
  /** Bounds other than the model's own split. */
  readonly bounds?: { readonly validateFrom: Instant; readonly testFrom: Instant; readonly until?: Instant };
}

/** A trained model, and what became of the champion. */
export interface TrainOutcome extends TrainedVersion {
  readonly promoted: boolean;
  /** What kept it from being promoted, though it was to be: gates and approvals of its model, in words. */
  readonly held: readonly string[];
  /** The champion before; undefined when there was none. */
  readonly champion: number | undefined;
}

/** Trains a model with its own split, registers the version and, unless told not to, promotes it. */
export async function trainModel(platform: Platform, request: TrainRequest): Promise<TrainOutcome> {
  await requireApplied(platform);
  const { registry, training } = platform;
  const model = findDefinition(platform.project, "model", request.model);
  const { bounds, knownBy, refresh = false } = request;
  if (refresh && request.from === undefined)
    throw new SlipwayError(
      "USAGE",
      `A refresh needs the version whose leaves are learnt anew, such as ${model.name}@champion.`,
    );
  const from =
    request.from === undefined
      ? {}
      : { from: { version: await versionToGoOn(platform, model, request.from), refresh } };
  const trained = await trainVersion(
    training,
    {
      model,
      reason: request.from === undefined ? "train" : refresh ? "refresh" : "continue",
      ...from,
      ...(bounds === undefined ? {} : { bounds: knownInTime(knownBy === undefined ? bounds : { ...bounds, knownBy }) }),
      ...(knownBy === undefined ? {} : { knownBy }),
      ...(request.withBaselines === undefined ? {} : { withBaselines: request.withBaselines }),
    },
    request,
  );
  const champion = await aliasOf(registry, model.name, CHAMPION);
  if (request.promote === false) return { ...trained, promoted: false, held: [], champion };
  const held = await promoted(registry, {
    model: model.name,
    alias: CHAMPION,
    version: trained.version.number,
    expect: champion ?? null,
    reason: "trained and promoted by hand",
  });
  return { ...trained, promoted: held.length === 0, held, champion };
}

/** Moves an alias, or says what the version has not passed. */
async function promoted(registry: Platform["registry"], move: AliasMove): Promise<readonly string[]> {
  try {
    await moveAlias(registry, move);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError && thrown.code === "GATE_FAILED")) throw thrown;
    return thrown.details["open"] as readonly string[];
  }
}
