// How the alerts of a monitor are told: where, how long they keep still, when they are over by themselves. Nothing of it is part of the monitor's meaning,
// so that changing it makes no other monitor.

import { type Duration, type Severity, SlipwayError, severities } from "../core/core.ts";
import type { Channel } from "./channel.ts";

/** How a monitor's alerts are told, as plain data. */
export interface AlertRulesSpec {
  readonly cooldown?: Duration;
  readonly resolveAfter?: number;
  readonly to?: readonly { readonly channel: string; readonly from: Severity }[];
}

/** How a monitor's alerts are told. */
export interface AlertRules {
  /** How long an alert that was told, acknowledged or resolved keeps still when it is found again; default a day. */
  readonly cooldown?: Duration;
  /** After so many looks in a row that do not find it, an alert is resolved; default never: somebody has to say so. */
  readonly resolveAfter?: number;
  /** Where they are told, each from a severity on; default "warning". */
  readonly to?: readonly (Channel | { readonly channel: Channel; readonly from: Severity })[];
}

/** The spec of the rules; DEFINITION_INVALID. */
export function alertRulesOf(monitor: string, { cooldown, resolveAfter, to }: AlertRules): AlertRulesSpec {
  const fail = (problem: string): never => {
    throw new SlipwayError("DEFINITION_INVALID", `monitor "${monitor}", alerts: ${problem}`);
  };
  if (cooldown !== undefined && !(typeof cooldown === "bigint" && cooldown >= 0n))
    fail(`cooldown must be a length of time, such as hours(12).`);
  if (resolveAfter !== undefined && !(Number.isSafeInteger(resolveAfter) && resolveAfter > 0))
    fail(`resolveAfter ${resolveAfter} is not a number of looks; give 1 or more, or leave it out.`);
  const told = to?.map((each) =>
    "channel" in each ? { channel: each.channel.name, from: each.from } : { channel: each.name, from: DEFAULT },
  );
  for (const { channel, from } of told ?? []) {
    if (!severities.includes(from)) fail(`"${from}" is no severity; the severities are ${severities.join(", ")}.`);
    if (told?.filter((other) => other.channel === channel).length !== 1) fail(`channel "${channel}" is named twice.`);
  }
  return {
    ...(cooldown === undefined ? {} : { cooldown }),
    ...(resolveAfter === undefined ? {} : { resolveAfter }),
    ...(told === undefined ? {} : { to: told }),
  };
}

const DEFAULT: Severity = "warning";
