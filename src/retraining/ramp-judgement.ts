// Whether a canary's share may go up, has to wait, or goes back to nothing. What is bad enough to go back is asked first and at every look, not
// only when a step is over: a canary that fails does not get its ten minutes.

import type { Instant } from "../core/core.ts";
import { type Observed, type Ramp, type RampObservation, stepLasts } from "../registry/registry.ts";

/** What a judgement goes by. */
export interface RampEvidence {
  readonly observed: RampObservation;
  /** The model's open alerts, by what raised them. */
  readonly alerts: readonly string[];
  readonly now: Instant;
  /** The milliseconds within which a share of answers came. */
  readonly quantile: (times: readonly number[], share: number) => number;
}

/** What is to be done, and why. */
export interface RampJudgement {
  readonly verdict: "back" | "wait" | "on";
  readonly reason: string;
}

/** So many failures are no accident. */
const FEWEST_FAILURES = 3;
/** Times below which a difference means nothing, in milliseconds. */
const NOISE_MS = 1;

/** Judges a ramp that is under way. */
export function judgeRamp(ramp: Ramp, evidence: RampEvidence): RampJudgement {
  const { plan, canary: version, step, since } = ramp;
  const { observed, alerts, now } = evidence;
  const { canary, champion, problem } = observed;
  if (problem !== null) return { verdict: "back", reason: `version ${version} cannot be loaded: ${problem}` };
  if (alerts.length > 0) return { verdict: "back", reason: `an alert is open: ${alerts.join(", ")}` };
  const figures = figuresOf(observed, evidence);
  if (canary.failed >= FEWEST_FAILURES && failedShare(canary) > failedShare(champion) + plan.worseErrors)
    return { verdict: "back", reason: `version ${version} fails more often: ${figures}` };
  const [own, other] = [evidence.quantile(canary.times, 0.95), evidence.quantile(champion.times, 0.95)];
  const isKnown = canary.answered >= plan.least && champion.answered >= plan.least;
  if (isKnown && own > other * plan.worseLatency + NOISE_MS)
    return { verdict: "back", reason: `version ${version} is slower: ${figures}` };
  const weight = plan.steps[step];
  if (now < since + stepLasts(ramp))
    return { verdict: "wait", reason: `${weight} % until its time is over: ${figures}` };
  if (canary.answered < plan.least)
    return { verdict: "wait", reason: `${weight} % until it has answered ${plan.least} predictions: ${figures}` };
  return { verdict: "on", reason: figures };
}

function failedShare({ answered, failed }: Observed): number {
  return answered + failed === 0 ? 0 : failed / (answered + failed);
}

function figuresOf({ canary, champion }: RampObservation, { quantile }: RampEvidence): string {
  const figure = (observed: Observed): string => {
    const time = quantile(observed.times, 0.95);
    const within = Number.isNaN(time) ? "" : `, 95 % within ${Number(time.toPrecision(3))} ms`;
    return `${observed.answered} answered, ${observed.failed} failed${within}`;
  };
  return `${figure(canary)}; the champion ${figure(champion)}`;
}
