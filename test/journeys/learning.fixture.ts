// A model of the made-up deliveries that learns one label at a time.

import { auc, logLoss, model, online, type ProjectConfig } from "../../src/index.ts";
import { common, deliveries, outcomesProject } from "./outcomes.fixture.ts";

/** The project; with `learnEvery`, it is a version every so many labels. */
export function learningProject(learnEvery?: number): ProjectConfig {
  return outcomesProject({ late: late(learnEvery) });
}

const late = (learnEvery?: number) =>
  model("late", {
    ...common,
    label: deliveries.minutes_late.gt(10),
    trainer: online({ algorithm: "ftrl", rate: 0.5, ...(learnEvery === undefined ? {} : { learnEvery }) }),
    metrics: [auc(), logLoss()],
  });
