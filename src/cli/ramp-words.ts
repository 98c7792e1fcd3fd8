// What `models route` is told of a ramp, and how it tells of one.

import { formatDuration, SlipwayError } from "../core/core.ts";
import type { Ramp, RampRequest } from "../platform/platform.ts";
import { durationOf, instantText, wholeNumber } from "./words.ts";

/** The words of a ramp. */
export interface RampWords {
  readonly ramp?: string;
  readonly every?: string;
  readonly least?: string;
  readonly worseErrors?: string;
  readonly worseLatency?: string;
  readonly weight?: string;
  readonly shadow?: string;
  readonly clear?: boolean;
}

/** Refuses words that do not go together. Throws USAGE. */
export function checkRampWords({
  ramp,
  every,
  least,
  worseErrors,
  worseLatency,
  weight,
  shadow,
  clear,
}: RampWords): void {
  if (ramp !== undefined) {
    if (weight === undefined && shadow === undefined && clear !== true) return;
    throw new SlipwayError(
      "USAGE",
      "--ramp says the weights itself, and moves nothing else: leave --weight, --shadow and --clear out.",
    );
  }
  if ([every, least, worseErrors, worseLatency].some((word) => word !== undefined))
    throw new SlipwayError(
      "USAGE",
      "--every, --least, --worse-errors and --worse-latency belong to a ramp: add --ramp 1,5,25,100.",
    );
}

/** Reads a ramp's plan. Throws USAGE. */
export function rampPlanOf({
  ramp = "",
  every,
  least,
  worseErrors,
  worseLatency,
}: RampWords): Pick<RampRequest, "steps" | "every" | "least" | "worseErrors" | "worseLatency"> {
  const steps = ramp.split(",").map((text) => number("--ramp", text, 0.000_001, 100));
  return {
    steps,
    ...(every === undefined ? {} : { every: durationOf("--every", every) }),
    ...(least === undefined ? {} : { least: wholeNumber("--least", least, 1, 1_000_000_000) }),
    ...(worseErrors === undefined ? {} : { worseErrors: number("--worse-errors", worseErrors, 0, 100) / 100 }),
    ...(worseLatency === undefined ? {} : { worseLatency: number("--worse-latency", worseLatency, 1, 1000) }),
  };
}

function number(option: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (/^\d{1,4}(?:\.\d{1,6})?$/.test(text.trim()) && value >= least && value <= most) return value;
  throw new SlipwayError("USAGE", `${option} takes a number from ${least} to ${most}, not "${text}".`);
}

/** A ramp as JSON. */
export function rampDocument({ plan, since, startedAt, model: _, ...ramp }: Ramp): Readonly<Record<string, unknown>> {
  const { everyMicros, ...bounds } = plan;
  return {
    ...ramp,
    ...bounds,
    every_seconds: everyMicros / 1e6,
    since: instantText(since),
    startedAt: instantText(startedAt),
  };
}

/** A ramp in a line. */
export function rampLine({ canary, plan, status, reason }: Ramp): string {
  const { steps, everyMicros } = plan;
  return `Ramp of version ${canary}, ${steps.join(" → ")} % every ${formatDuration(BigInt(everyMicros))}: ${status}; ${reason}.`;
}
