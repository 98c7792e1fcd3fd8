// Metrics as values: what a model is judged by, and for which tasks each means something. What they compute is in metric.ts.

import { type TaskKind, type TaskSpec, taskText } from "./task.ts";

/** A measure of a model on labelled rows. */
export interface MetricSpec {
  readonly name: "auc" | "logLoss" | "accuracy" | "rmse" | "mae" | "pinball" | "ndcg" | "concordance";
  readonly better: "higher" | "lower";
}

const metric = (name: MetricSpec["name"], better: MetricSpec["better"]): MetricSpec => Object.freeze({ name, better });

/** Area under the ROC curve: the chance that a positive row scores above a negative one; ties count half. */
export const auc = (): MetricSpec => metric("auc", "higher");

/** Mean negative log likelihood, in nats; lower is better. */
export const logLoss = (): MetricSpec => metric("logLoss", "lower");

/** Share of rows whose most likely class is the one that came true. */
export const accuracy = (): MetricSpec => metric("accuracy", "higher");

/** Root of the mean squared error, in the label's unit. */
export const rmse = (): MetricSpec => metric("rmse", "lower");

/** Mean absolute error, in the label's unit. */
export const mae = (): MetricSpec => metric("mae", "lower");

/** Mean pinball loss at the quantile that the model foretells, in the label's unit. */
export const pinball = (): MetricSpec => metric("pinball", "lower");

/** Mean normalised discounted cumulative gain of the groups, 0 to 1, over all places; groups without a label above 0 are left out. */
export const ndcg = (): MetricSpec => metric("ndcg", "higher");

/** Share of pairs, of which one is known to have ended first, that the scores put in that order; 0.5 for chance. */
export const concordance = (): MetricSpec => metric("concordance", "higher");

const tasks: Readonly<Record<MetricSpec["name"], readonly TaskKind[]>> = {
  auc: ["binary"],
  logLoss: ["binary", "multiclass"],
  accuracy: ["binary", "multiclass"],
  rmse: ["regression"],
  mae: ["regression"],
  pinball: ["regression"],
  ndcg: ["ranking"],
  concordance: ["survival"],
};

/** Why a metric says nothing of a task; undefined when it does. */
export function metricProblem({ name }: Pick<MetricSpec, "name">, task: TaskSpec): string | undefined {
  const fits = (other: MetricSpec["name"]): boolean =>
    tasks[other].includes(task.kind) &&
    (other !== "pinball" || (task.kind === "regression" && task.loss === "quantile"));
  if (fits(name)) return undefined;
  const others = (Object.keys(tasks) as MetricSpec["name"][]).filter(fits);
  return `the metric ${name} says nothing of a ${taskText(task)} task; use ${others.join(", ")}.`;
}
