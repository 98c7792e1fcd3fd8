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
  const { registry, project } = platform;
  const defined = definitionsOf(project, "model");
  const model = defined.find(({ name }) => name === move.model);
  if (!model) {
    await requireKnownModel(platform, move.model);
    throw new SlipwayError(
      "MODEL_NOT_FOUND",
      `No definition stands behind "${move.model}" here, and only defined models have routes.${didYouMean(
        move.model,
        defined.map(({ name }) => name),
      )}`,
      { details: { model: move.model } },
    );
  }
  for (const number of [move.canary?.version, move.shadow]) {
    if (number === undefined || number === null) continue;
    const { features } = await getVersion(registry, model.name, number);
    checkContract(model.name, number, features as ServingContract | null, servingContract(model));
  }
  return moveRoute(registry, move);
}
