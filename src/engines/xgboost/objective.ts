// What a task is in XGBoost's words: the objective that it is fitted with, and the metric that stops it early.

import { SlipwayError } from "../../core/core.ts";
import type { RegressionLoss } from "../../define/define.ts";
import type { TrainingJob } from "../../ports/trainer.ts";

type Parameters = TrainingJob["parameters"];

/** The parameters that a job's task comes to; none where the job names no task and says them itself. */
export function taskParameters(job: Pick<TrainingJob, "task" | "classes" | "stopOn">): Parameters {
  const own = ownParameters(job);
  const { stopOn } = job;
  // The last metric is the one that stops; the task's own is still shown.
  if (stopOn === undefined || stopOn === own["eval_metric"]) return own;
  return { ...own, eval_metric: own["eval_metric"] === undefined ? stopOn : `${own["eval_metric"]},${stopOn}` };
}

function ownParameters({ task, classes }: Pick<TrainingJob, "task" | "classes">): Parameters {
  if (task === undefined) return {};
  if (task.kind === "binary") return { objective: "binary:logistic", eval_metric: "logloss" };
  if (task.kind === "regression") return lossParameters(task);
  if (task.kind === "ranking")
    return { objective: `rank:${task.objective}`, eval_metric: task.objective === "map" ? "map" : "ndcg" };
  if (task.kind === "survival")
    return {
      objective: "survival:aft",
      aft_loss_distribution: task.distribution,
      aft_loss_distribution_scale: task.scale,
      eval_metric: "aft-nloglik",
    };
  if (classes === undefined || classes.length < 2)
    throw new SlipwayError(
      "INPUT_INVALID",
      `A multi-class task needs at least 2 classes, and the job names ${classes?.length ?? 0}.`,
    );
  return { objective: "multi:softprob", num_class: classes.length, eval_metric: "mlogloss" };
}

function lossParameters(task: RegressionLoss): Parameters {
  switch (task.loss) {
    case "squared":
      return { objective: "reg:squarederror", eval_metric: "rmse" };
    case "absolute":
      return { objective: "reg:absoluteerror", eval_metric: "mae" };
    case "quantile":
      return { objective: "reg:quantileerror", quantile_alpha: task.at, eval_metric: "quantile" };
    case "gamma":
      return { objective: "reg:gamma", eval_metric: "gamma-nloglik" };
    case "tweedie":
      return {
        objective: "reg:tweedie",
        tweedie_variance_power: task.power,
        eval_metric: `tweedie-nloglik@${task.power}`,
      };
    case "count":
      return { objective: "count:poisson", eval_metric: "poisson-nloglik" };
    default:
      return task satisfies never;
  }
}

/** What an objective asks of its labels beyond being finite, in words; undefined when a label keeps it. */
export function labelProblem({ task }: Pick<TrainingJob, "task">): (label: number) => string | undefined {
  if (task?.kind === "binary")
    return (label) => (label === 0 || label === 1 ? undefined : "a binary task takes true and false, 1 and 0");
  if (task?.kind === "ranking") {
    const most = task.objective === "map" ? 1 : 31;
    return (label) =>
      Number.isInteger(label) && label >= 0 && label <= most
        ? undefined
        : `a ranking by ${task.objective} takes whole numbers from 0 to ${most}`;
  }
  if (task?.kind === "survival") return (label) => (label > 0 ? undefined : "a survival task takes times above 0");
  if (task?.kind !== "regression") return () => undefined;
  if (task.loss === "gamma") return (label) => (label > 0 ? undefined : "a gamma regression takes amounts above 0");
  if (task.loss === "tweedie")
    return (label) => (label >= 0 ? undefined : "a tweedie regression takes amounts from 0 up");
  if (task.loss === "count")
    return (label) => (label >= 0 ? undefined : "a regression of counts takes numbers from 0 up");
  return () => undefined;
}
