// Routes between the versions of a model: who is let stand beside its champion, and how it stands now.

import { didYouMean, SlipwayError } from "../core/core.ts";
import { definitionsOf } from "../define/define.ts";
import {
  aliasOf,
  CHAMPION,
  getVersion,
  moveRoute,
  type RouteChange,
  type RouteMove,
  routeHistory,
  routeOf,
  type StandingRoute,
} from "../registry/registry.ts";
import { checkContract, type ServingContract, servingContract } from "../serving/serving.ts";
import type { Platform } from "./open.ts";
import { requireKnownModel } from "./run-operations.ts";

/** A model's champion and who stands beside it. */
export interface ShownRoute extends StandingRoute {
  readonly model: string;
  readonly champion: number | null;
  /** Its newest moves, newest first. */
  readonly moves: readonly RouteChange[];
}

/** Shows how a model is routed. Throws MODEL_NOT_FOUND with the nearest name. */
export async function showRoute(platform: Platform, model: string): Promise<ShownRoute> {
  const { registry } = platform;
  await requireKnownModel(platform, model);
  const champion = (await aliasOf(registry, model, CHAMPION)) ?? null;
  return { model, champion, ...(await routeOf(registry, model)), moves: await routeHistory(registry, model, 10) };
}

/**
 * Moves a route. A version is let into it only if it can be served as the model is defined now: FEATURES_MISMATCH says what differs, and
 * nothing moves.
 */
export async function routeModel(platform: Platform, move: RouteMove): ReturnType<typeof moveRoute> {
  const versions = [move.canary?.version, move.shadow].filter((number) => typeof number === "number");
  await requireServable(platform, move.model, versions);
  return moveRoute(platform.registry, move);
}

/** Refuses versions that cannot be served as the model is defined now. Throws MODEL_NOT_FOUND, VERSION_NOT_FOUND or FEATURES_MISMATCH. */
export async function requireServable(platform: Platform, name: string, versions: readonly number[]): Promise<void> {
  const { registry, project } = platform;
  const defined = definitionsOf(project, "model");
  const model = defined.find((each) => each.name === name);
  if (!model) {
    await requireKnownModel(platform, name);
    throw new SlipwayError(
      "MODEL_NOT_FOUND",
      `No definition stands behind "${name}" here, and only defined models have routes.${didYouMean(
        name,
        defined.map((each) => each.name),
      )}`,
      { details: { model: name } },
    );
  }
  for (const number of versions) {
    const { features } = await getVersion(registry, name, number);
    checkContract(name, number, features as ServingContract | null, servingContract(model));
  }
}
