// What a version must have shown before it may answer. Declared with the model and in force once applied, it is no part of the model's
// meaning: a stricter gate makes no version another one.

import { type Role, roles, SlipwayError } from "../core/core.ts";
import { isCustomMetric } from "./custom-metric.ts";
import type { MetricSpec } from "./metric-spec.ts";

/** One bound on a figure that a version's own test gave. */
export type GateSpec =
  | { readonly kind: "atLeast" | "atMost"; readonly metric: MetricSpec["name"]; readonly bound: number }
  | {
      readonly kind: "notWorse";
      readonly metric: MetricSpec["name"];
      readonly better: MetricSpec["better"];
      readonly bound: number;
    };

/** What must hold before an alias moves to a version, as plain data. */
export interface PromotionSpec {
  readonly gates: readonly GateSpec[];
  readonly approvals: { readonly count: number; readonly by: Role };
  /** The aliases it holds for. */
  readonly aliases: readonly string[];
}

/** A gate as it is written: a metric and one bound. */
export type GateOptions = { readonly metric: MetricSpec } & (
  | { readonly atLeast: number }
  | { readonly atMost: number }
  /** How much worse than the version that the alias names now it may be, in the metric's own unit. */
  | { readonly notWorseBy: number }
);

/** What must hold before a version of a model is promoted. */
export interface PromotionOptions {
  readonly gates?: readonly GateOptions[];
  /** How many people of a role must approve first; one who has approved counts once. Default role "approver". */
  readonly approvals?: number | { readonly count: number; readonly by?: Role };
  /** The aliases it holds for; default `champion` alone. */
  readonly aliases?: readonly string[];
}

/** The spec of a promotion policy; DEFINITION_INVALID. */
export function promotionOf(model: string, options: PromotionOptions): PromotionSpec {
  const fail = (problem: string): never => {
    throw new SlipwayError("DEFINITION_INVALID", `model "${model}", promotion: ${problem}`);
  };
  const gates = (options.gates ?? []).map((gate) => gateOf(gate, fail));
  const asked = options.approvals ?? 0;
  const { count, by = "approver" } = typeof asked === "number" ? { count: asked } : asked;
  if (!Number.isInteger(count) || count < 0 || count > 20)
    fail(`approvals: ${count} is not a number of people; give a whole number up to 20.`);
  if (!roles.includes(by)) fail(`approvals by "${by}": the roles are ${roles.join(", ")}.`);
  const aliases = options.aliases ?? ["champion"];
  if (aliases.length === 0) fail("aliases names none; leave it out to mean champion.");
  return { gates, approvals: { count, by }, aliases };
}

function gateOf(gate: GateOptions, fail: (problem: string) => never): GateSpec {
  const { metric, ...rest } = gate;
  if (isCustomMetric(metric))
    return fail(`${(metric as { name: string }).name} is a metric of your own, and gates know Slipway's.`);
  const bounds = Object.entries(rest).filter(([, value]) => value !== undefined);
  const [first, ...others] = bounds;
  if (first === undefined || others.length > 0)
    return fail(`a gate on ${metric.name} takes one of atLeast, atMost and notWorseBy.`);
  const [kind, bound] = first;
  if (typeof bound !== "number" || !Number.isFinite(bound)) return fail(`${kind} of ${metric.name} must be a number.`);
  const { name, better } = metric;
  if (kind === "atLeast" || kind === "atMost") return { kind, metric: name, bound };
  if (kind !== "notWorseBy") return fail(`a gate knows atLeast, atMost and notWorseBy, not ${kind}.`);
  if (bound < 0) fail(`notWorseBy of ${name} is an amount; give zero or more.`);
  return { kind: "notWorse", metric: name, better, bound };
}
