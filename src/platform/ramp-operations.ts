// Ramps at work: started by whoever asks, watched by every server that answers, moved by one of them at a time.

import { type Instant, minutes, SlipwayError } from "../core/core.ts";
import {
  aliasOf,
  CHAMPION,
  listAlerts,
  moveRamp,
  noteObserved,
  observedOf,
  type Ramp,
  type RampPlan,
  rampOf,
  routeOf,
  runningRamps,
  startRamp,
} from "../registry/registry.ts";
import { judgeRamp } from "../retraining/retraining.ts";
import { newTally, type Serving, tallyQuantile, tallySince, type VersionTally } from "../serving/serving.ts";
import { alone } from "./alone.ts";
import type { Platform } from "./open.ts";
import { requireServable } from "./route-operations.ts";

/** Which version is to be ramped up, and how. */
export interface RampRequest extends Partial<Omit<RampPlan, "steps" | "everyMicros">> {
  readonly model: string;
  readonly canary: number;
  readonly steps: readonly number[];
  /** How long each step lasts at least; default ten minutes. */
  readonly every?: bigint;
  readonly reason: string;
  /** The revision of the route that was seen. */
  readonly expect?: number;
}

/** Starts a ramp. Throws what moving a route throws, and INPUT_INVALID while an alert of the model is open, for it would go back at once. */
export async function rampModel(platform: Platform, request: RampRequest): Promise<Ramp> {
  const { model, canary, steps, every = minutes(10), reason, expect } = request;
  await requireServable(platform, model, [canary]);
  const [alert] = await listAlerts(platform.registry, { model, status: "open" });
  if (alert)
    throw new SlipwayError(
      "INPUT_INVALID",
      `The monitor "${alert.monitor}" has an open alert about "${model}" (${alert.kind}), and a ramp goes back while one is open. Take care of it first: slipway monitor list.`,
      { details: { model, alert: alert.id } },
    );
  const { worseErrors = 0.01, worseLatency = 1.5, least = 100 } = request;
  const plan: RampPlan = { steps, everyMicros: Number(every), worseErrors, worseLatency, least };
  return startRamp(platform.registry, { model, canary, plan, reason, ...(expect === undefined ? {} : { expect }) });
}

/** Sends what this process saw of ramps to the records. */
export type RampWatch = () => Promise<void>;

/** Watches the ramps of what `serving` answers; what it saw before the route came to a step is not that step's. */
export function watchRamps({ registry, engines }: Pick<Platform, "registry" | "engines">, serving: Serving): RampWatch {
  const begun = new Map<string, { readonly revision: number; readonly at: ReadonlyMap<number, VersionTally> }>();
  return async () => {
    for (const { model, canary, revision, plan, step } of await runningRamps(registry)) {
      const served = serving.models().find((each) => each.model.name === model);
      const { version: champion, tallies, route } = served ?? {};
      // Servers follow the records a moment later: what is seen with the share of the step before is not this step's.
      if (champion === undefined || !tallies || route?.canary?.version !== canary) continue;
      if (route.canary.weight !== plan.steps[step]) continue;
      if (begun.get(model)?.revision !== revision) {
        begun.set(model, {
          revision,
          at: new Map([...tallies].map(([of, tally]) => [of, tallySince(tally, undefined)])),
        });
        continue;
      }
      const before = begun.get(model)?.at;
      const seen = (version: number): VersionTally =>
        tallySince(tallies.get(version) ?? newTally(), before?.get(version));
      await noteObserved(registry, { model, revision }, engines.process.mark, {
        canary: seen(canary),
        champion: seen(champion),
        problem: route.canary.problem?.message ?? null,
      });
    }
  };
}

/** What became of a ramp at one look. */
export interface RampLook {
  readonly ramp: Ramp;
  /** Whether it moved. */
  readonly moved: boolean;
}

/** Looks at every ramp and moves those that are to move; undefined when another server does it now. */
export async function stepRamps(
  platform: Pick<Platform, "registry" | "engines">,
): Promise<readonly RampLook[] | undefined> {
  const found = await alone(platform, "ramps", {}, async () => {
    const looks: RampLook[] = [];
    for (const ramp of await runningRamps(platform.registry)) {
      const after = await stepRamp(platform, ramp, platform.engines.clock.now());
      if (after) looks.push({ ramp: after, moved: after.revision !== ramp.revision || after.status !== ramp.status });
    }
    return looks;
  });
  return "done" in found ? found.done : undefined;
}

async function stepRamp({ registry }: Pick<Platform, "registry">, ramp: Ramp, now: Instant): Promise<Ramp | undefined> {
  const { model, canary, plan, step, revision } = ramp;
  if ((await routeOf(registry, model)).revision !== revision) {
    const isPromoted = (await aliasOf(registry, model, CHAMPION)) === canary;
    const status = isPromoted ? "promoted" : "ended";
    return moveRamp(registry, ramp, {
      kind: "end",
      status,
      reason: isPromoted ? `version ${canary} is the champion` : "somebody moved the route",
    });
  }
  const alerts = (await listAlerts(registry, { model, status: "open" })).map(
    ({ monitor, kind }) => `${monitor} (${kind})`,
  );
  const observed = await observedOf(registry, ramp);
  const { verdict, reason } = judgeRamp(ramp, { observed, alerts, now, quantile: tallyQuantile });
  if (verdict === "back") return moveRamp(registry, ramp, { kind: "back", reason: `back to 0 %, for ${reason}` });
  if (verdict === "wait") return moveRamp(registry, ramp, { kind: "hold", reason });
  const next = plan.steps[step + 1];
  if (next !== undefined)
    return moveRamp(registry, ramp, {
      kind: "step",
      step: step + 1,
      reason: `${next} % after ${plan.steps[step]} %: ${reason}`,
    });
  if (plan.steps[step] !== 100)
    return moveRamp(registry, ramp, {
      kind: "end",
      status: "finished",
      reason: `it stays at ${plan.steps[step]} %: ${reason}`,
    });
  return promote(registry, ramp, reason);
}

/** The last step of all: the canary becomes champion if it may, and else it waits with everything it answers. */
async function promote(registry: Platform["registry"], ramp: Ramp, reason: string): Promise<Ramp | undefined> {
  try {
    return await moveRamp(registry, ramp, { kind: "promote", reason: `champion after 100 %: ${reason}` });
  } catch (thrown) {
    if (!(thrown instanceof SlipwayError && thrown.code === "GATE_FAILED")) throw thrown;
    return moveRamp(registry, ramp, { kind: "hold", reason: `100 % until it may be promoted: ${thrown.message}` });
  }
}

/** The newest ramp of a model; one whose route was moved since has ended. */
export function showRamp({ registry }: Pick<Platform, "registry">, model: string): Promise<Ramp | undefined> {
  return rampOf(registry, model);
}
