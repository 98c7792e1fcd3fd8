// Monitors and retraining rules: when to look, what to call a problem, and what may then happen.

import { type Duration, days, hours, SlipwayError } from "../core/core.ts";
import { type AlertRules, type AlertRulesSpec, alertRulesOf } from "./alert-rules.ts";
import { checkName, type Definition, frozen, type Spec, spec, specOf } from "./definition.ts";
import { type Metadata, metadataOf } from "./metadata.ts";
import { type MetricSpec, metricProblem } from "./metric-spec.ts";
import type { Model } from "./model.ts";

/** A monitor as plain data. */
export interface MonitorSpec extends Spec {
  readonly kind: "monitor";
  readonly model: string;
  readonly every: Duration;
  /** How far back each look goes. */
  readonly window: Duration;
  /** An input has drifted when its population stability index is above this and above chance for the window's own size. */
  readonly driftAbove: number;
  /** The share of inputs that must drift for an alert. */
  readonly driftShare: number;
  /** Performance has dropped when log loss is above what the same scores would give were they calibrated, by so many standard errors. */
  readonly performanceSigmas: number;
  /** Fewest labelled rows to judge by. */
  readonly leastRows: number;
  /** How its alerts are told. */
  readonly alerts?: AlertRulesSpec;
}

/** A monitor. */
export interface Monitor extends Definition<MonitorSpec> {
  readonly name: string;
}

/** The options of a monitor. */
export interface MonitorOptions extends Metadata {
  readonly model: Model<never> | Model;
  readonly every: Duration;
  /** How far back each look goes; default 7 days. */
  readonly window?: Duration;
  /** Population stability index that counts as drift; default 0.25. */
  readonly driftAbove?: number;
  /** Share of inputs that must drift for an alert; default 0.3. */
  readonly driftShare?: number;
  /** Standard errors of log loss above what calibrated scores would give; default 4. */
  readonly performanceSigmas?: number;
  /** Fewest labelled rows to judge by; default 500. */
  readonly leastRows?: number;
  /** How its alerts are told. */
  readonly alerts?: AlertRules;
}

/** Declares a monitor of a model. */
export function monitor(name: string, options: MonitorOptions): Monitor {
  checkName("monitor", name);
  if (options.every < hours(1))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `monitor "${name}" must look at most once an hour; use every: hours(1) or more.`,
    );
  const own: MonitorSpec = {
    kind: "monitor",
    name,
    model: options.model.name,
    every: options.every,
    window: options.window ?? days(7),
    driftAbove: options.driftAbove ?? 0.25,
    driftShare: options.driftShare ?? 0.3,
    performanceSigmas: options.performanceSigmas ?? 4,
    leastRows: options.leastRows ?? 500,
    ...(options.alerts === undefined ? {} : { alerts: alertRulesOf(name, options.alerts) }),
    ...metadataOf(`monitor "${name}"`, options),
  };
  return Object.freeze({ name, [spec]: frozen(own) });
}

/** What may set off retraining. */
export interface TriggerSpec {
  readonly kind: "alert";
  readonly monitor: string;
}

/** Retrain when this monitor has an open alert. */
export const alertFrom = (of: Monitor): TriggerSpec => Object.freeze({ kind: "alert", monitor: of.name });

/** A retraining rule as plain data. */
export interface RetrainSpec extends Spec {
  readonly kind: "retrain";
  readonly model: string;
  readonly when: readonly TriggerSpec[];
  /** At least this long between two challengers. */
  readonly atMostEvery: Duration;
  /** The newest labelled rows, kept from the challenger's training, on which champion and challenger are compared. */
  readonly gateWindow: Duration;
  /** The rows before the gate's window that stop the challenger's training early. */
  readonly validate: Duration;
  readonly promote: { readonly better: MetricSpec["name"]; readonly confidence: number };
}

/** A retraining rule. */
export interface Retrain extends Definition<RetrainSpec> {
  readonly name: string;
}

/** The options of a retraining rule. */
export interface RetrainOptions extends Metadata {
  readonly model: Model<never> | Model;
  readonly when: readonly TriggerSpec[];
  /** At least this long between two challengers; default 28 days. */
  readonly atMostEvery?: Duration;
  /** Newest labelled rows for the comparison; default 14 days. */
  readonly gateWindow?: Duration;
  /** Rows before those, for early stopping; default 14 days. */
  readonly validate?: Duration;
  /** The metric a challenger must win on, in at least `confidence` (default 0.95) of resampled gate windows. */
  readonly promote: { readonly better: MetricSpec["name"]; readonly confidence?: number };
}

/** Declares when a model is retrained and when the challenger is promoted. */
export function retrain(name: string, options: RetrainOptions): Retrain {
  checkName("retrain", name);
  const confidence = options.promote.confidence ?? 0.95;
  const problem = metricProblem({ name: options.promote.better }, specOf(options.model).task);
  if (problem !== undefined) throw new SlipwayError("DEFINITION_INVALID", `retrain "${name}": ${problem}`);
  if (!(confidence > 0.5 && confidence < 1))
    throw new SlipwayError(
      "DEFINITION_INVALID",
      `retrain "${name}": confidence ${confidence} must be between 0.5 and 1.`,
    );
  const own: RetrainSpec = {
    kind: "retrain",
    name,
    model: options.model.name,
    when: options.when,
    atMostEvery: options.atMostEvery ?? days(28),
    gateWindow: options.gateWindow ?? days(14),
    validate: options.validate ?? days(14),
    promote: { better: options.promote.better, confidence },
    ...metadataOf(`retrain "${name}"`, options),
  };
  return Object.freeze({ name, [spec]: frozen(own) });
}
