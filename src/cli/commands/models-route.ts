// One command shows a route and moves it: what is asked for is a move as soon as an option says so, and the answer is always how it stands now.

import { SlipwayError } from "../../core/core.ts";
import {
  type Platform,
  type Ramp,
  rampModel,
  resolveVersion,
  routeModel,
  type ShownRoute,
  showRamp,
  showRoute,
} from "../../platform/platform.ts";
import { checkRampWords, type RampWords, rampDocument, rampLine, rampPlanOf } from "../ramp-words.ts";
import type { CommandContext } from "../run-command.ts";
import { withPlatform } from "../with-platform.ts";
import { instantText, momentText, wholeNumber } from "../words.ts";

interface RouteWords extends RampWords {
  readonly canary?: string;
  readonly weight?: string;
  readonly shadow?: string;
  readonly clear?: boolean;
  readonly reason?: string;
  readonly expect?: string;
}

/** `slipway models route <model>` */
export async function run(context: CommandContext, words: RouteWords, model: string): Promise<void> {
  await withPlatform(context, async (platform) => {
    const { canary, weight, shadow, clear = false, reason, expect, ramp } = words;
    checkRampWords(words);
    const isMove = clear || canary !== undefined || weight !== undefined || shadow !== undefined;
    if (!isMove && (reason !== undefined || expect !== undefined))
      throw new SlipwayError(
        "USAGE",
        "--reason and --expect belong to a move: add --canary, --weight, --shadow or --clear.",
      );
    const before = await showRoute(platform, model);
    if (ramp !== undefined) await startRamp(platform, before, words);
    else if (isMove) {
      // A new weight is for the canary that was seen.
      const seen = canary === undefined && weight !== undefined ? before.revision : undefined;
      const expected = expect === undefined ? seen : wholeNumber("--expect", expect, 0, 999_999_999);
      await routeModel(platform, {
        model,
        ...(await sidesOf(platform, before, words)),
        reason: reason ?? "routed on the command line",
        ...(expected === undefined ? {} : { expect: expected }),
      });
    }
    show(context, isMove ? await showRoute(platform, model) : before, await showRamp(platform, model));
  });
}

async function startRamp(platform: Platform, before: ShownRoute, words: RouteWords): Promise<void> {
  const { canary, reason, expect } = words;
  if (canary === undefined)
    throw new SlipwayError("USAGE", "--ramp needs the version whose share goes up: --canary VERSION.");
  await rampModel(platform, {
    model: before.model,
    canary: (await resolveVersion(platform.registry, before.model, canary)).number,
    ...rampPlanOf(words),
    reason: reason ?? "started on the command line",
    expect: expect === undefined ? before.revision : wholeNumber("--expect", expect, 0, 999_999_999),
  });
}

async function sidesOf(
  platform: Platform,
  before: ShownRoute,
  words: RouteWords,
): Promise<Partial<Pick<ShownRoute, "canary" | "shadow">>> {
  const { canary, weight, shadow, clear = false } = words;
  const isCanary = canary !== undefined || weight !== undefined;
  if (clear) {
    if (!isCanary && shadow === undefined) return { canary: null, shadow: null };
    throw new SlipwayError("USAGE", "--clear ends the route; leave --canary, --weight and --shadow out.");
  }
  return {
    ...(isCanary ? { canary: await canaryOf(platform, before, words) } : {}),
    ...(shadow === undefined
      ? {}
      : { shadow: shadow === "none" ? null : (await resolveVersion(platform.registry, before.model, shadow)).number }),
  };
}

async function canaryOf(
  { registry }: Platform,
  before: ShownRoute,
  { canary, weight }: RouteWords,
): Promise<ShownRoute["canary"]> {
  if (weight === undefined)
    throw new SlipwayError("USAGE", `--canary ${canary} needs its share of a hundred predictions: --weight 10.`);
  if (canary !== undefined)
    return { version: (await resolveVersion(registry, before.model, canary)).number, weight: weightOf(weight) };
  if (before.canary) return { ...before.canary, weight: weightOf(weight) };
  throw new SlipwayError(
    "USAGE",
    `"${before.model}" has no canary whose weight could change. Name one: slipway models route ${before.model} --canary VERSION --weight ${weight}.`,
  );
}

function show({ output }: CommandContext, { movedAt, moves, ...route }: ShownRoute, ramp: Ramp | undefined): void {
  const { model, champion, canary, shadow } = route;
  const document = {
    ...route,
    movedAt: movedAt === null ? null : instantText(movedAt),
    ramp: ramp === undefined ? null : rampDocument(ramp),
    moves: moves.map(({ at, ...move }) => ({ at: instantText(at), ...move })),
  };
  output.show(document, [
    champion === null
      ? `${model} has no champion yet.`
      : `Version ${champion} is the champion of ${model} and answers ${canary === null ? "everything" : `${percent(100 - canary.weight)} of predictions`}.`,
    ...(canary === null ? [] : [`Version ${canary.version} is its canary and answers ${percent(canary.weight)}.`]),
    ...(shadow === null ? [] : [`Version ${shadow} is its shadow: asked the same, never heard.`]),
    ...(ramp === undefined ? [] : [rampLine(ramp)]),
    ...(moves.length === 0
      ? []
      : [
          {
            columns: ["when", "revision", "canary", "shadow", "who", "why"],
            rows: moves.map(({ at, revision, to, actor, reason }) => [
              momentText(at),
              revision,
              to.canary === null ? "none" : `${to.canary.version}, ${percent(to.canary.weight)}`,
              to.shadow ?? "none",
              actor,
              reason,
            ]),
          },
        ]),
  ]);
}

function percent(weight: number): string {
  return `${Number(weight.toFixed(6))} %`;
}

function weightOf(text: string): number {
  const weight = Number(text);
  if (/^\d{1,3}(?:\.\d{1,6})?$/.test(text) && weight <= 100) return weight;
  throw new SlipwayError(
    "USAGE",
    `--weight ${text} is not a share of a hundred: give 0 to 100, such as 10 or 0.5; the champion keeps the rest.`,
  );
}
