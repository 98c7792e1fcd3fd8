// How the alerts of a monitor are told: how long they keep still, when they are over by themselves. Nothing of it is part of the monitor's meaning,
// so that changing it makes no other monitor.

import { type Duration, SlipwayError } from "../core/core.ts";

/** How a monitor's alerts are told, as plain data. */
export interface AlertRulesSpec {
  readonly cooldown?: Duration;
  readonly resolveAfter?: number;
}

/** How a monitor's alerts are told. */
export interface AlertRules {
  /** How long an alert that was told, acknowledged or resolved keeps still when it is found again; default a day. */
  readonly cooldown?: Duration;
  /** After so many looks in a row that do not find it, an alert is resolved; default never: somebody has to say so. */
  readonly resolveAfter?: number;
}

/** The spec of the rules; DEFINITION_INVALID. */
export function alertRulesOf(monitor: string, { cooldown, resolveAfter }: AlertRules): AlertRulesSpec {
  const fail = (problem: string): never => {
    throw new SlipwayError("DEFINITION_INVALID", `monitor "${monitor}", alerts: ${problem}`);
  };
  if (cooldown !== undefined && !(typeof cooldown === "bigint" && cooldown >= 0n))
    fail(`cooldown must be a length of time, such as hours(12).`);
  if (resolveAfter !== undefined && !(Number.isSafeInteger(resolveAfter) && resolveAfter > 0))
    fail(`resolveAfter ${resolveAfter} is not a number of looks; give 1 or more, or leave it out.`);
  return {
    ...(cooldown === undefined ? {} : { cooldown }),
    ...(resolveAfter === undefined ? {} : { resolveAfter }),
  };
}
