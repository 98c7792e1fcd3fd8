import { expect, test } from "vitest";
import type { ShownStudy, TunedTrial } from "../../platform/platform.ts";
import { parallelCoordinates } from "./parallel-coordinates.ts";
import { paramAxis } from "./param-axis.ts";
import { studyReport } from "./study-report.ts";

function trial(number: number, rest: Partial<TunedTrial> = {}): TunedTrial {
  const value = 0.7 + number / 100;
  const params = { eta: 0.01 * (number + 1), kind: number % 2 === 0 ? "<b>" : "plain" };
  return {
    number,
    runId: `run-${number}`,
    params,
    state: "complete",
    value,
    values: [value, 5000 - number],
    test: 0.7,
    error: undefined,
    ...rest,
  };
}

const failed = { state: "failed", value: undefined, values: undefined } as const;
const trials = [trial(0), trial(1), trial(2), trial(3, failed), trial(4, { ...failed, state: "pruned" })];
const study: ShownStudy = {
  name: "<script>alert(1)</script>",
  run: "run-id",
  model: "delay & co",
  status: "finished",
  startedAt: "2025-01-01T00:00:00Z",
  goals: [
    { name: "auc", better: "higher" },
    { name: "size", better: "lower" },
  ],
  sampler: "auto",
  seed: 0,
  pruner: "none",
  budget: 5,
  complete: 3,
  pruned: 1,
  failed: 1,
  best: trials[2]!,
  error: null,
  definition: "d",
  dataset: "0123456789abcdef",
  space: {
    eta: { kind: "float", low: 0.001, high: 1, log: true },
    kind: { kind: "categorical", choices: ["<b>", "plain"] },
  },
  known: 0,
  trials,
  front: [trials[2]!],
  importance: [
    { name: "eta", share: 0.5 },
    { name: "kind", share: 0.1 },
  ],
};

test("a report holds history, importance, front, parallel coordinates and a slice per parameter, and no script", () => {
  const html = studyReport(study);
  for (const title of ["History", "Importance", "Front", "Parallel coordinates", "eta", "kind"])
    expect(html).toContain(`<h2>${title}</h2>`);
  expect(html).toContain("50.0 %");
  expect(html).not.toMatch(/<script|<b>|https?:\/\/(?!www\.w3\.org)/);
  expect(html).toContain("&lt;script&gt;");
  expect(html).toMatch(/of 5: 3 complete, 1 pruned, 1 failed/);
  expect(html.match(/NaN|undefined|Infinity/)).toBeNull();
});

test("a study without a value, with one value or with one goal has its report too", () => {
  const [goal] = study.goals;
  const none = { ...study, trials: [trial(0, failed)], front: [], importance: [], best: null };
  const one = { ...study, goals: [goal!], trials: [trial(0, { values: [0.7] })], front: [], importance: [] };
  for (const each of [none, one]) expect(studyReport(each)).not.toMatch(/NaN|undefined|Infinity/);
  expect(studyReport(none)).toContain("No trial has a value yet.");
});

test("an axis is even over its scale, has a place for each choice, and none for what the space does not have", () => {
  const log = paramAxis("eta", { kind: "float", low: 0.001, high: 10, log: true });
  expect(log.placeOf(0.1)).toBeCloseTo(0.5, 12);
  expect(log.ticks.map(({ text }) => text)).toEqual(["0.001", "0.01", "0.1", "1", "10"]);
  expect([log.placeOf(11), log.placeOf("x"), log.placeOf(undefined)]).toEqual([undefined, undefined, undefined]);
  const bools = paramAxis("on", { kind: "bool" });
  expect([bools.placeOf(false), bools.placeOf(true), bools.placeOf("true")]).toEqual([0, 1, undefined]);
});

test("a trial without a parameter is drawn through those it has", () => {
  const axes = Object.entries(study.space).map(([name, spec]) => paramAxis(name, spec));
  const partly = { ...trial(0), params: { eta: 0.1 } };
  const svg = parallelCoordinates([partly, trial(1)], axes, study.goals[0]!);
  const points = [...svg.matchAll(/ d="M([^"]*)"/g)].map(([, path]) => path!.split("L").length);
  expect(points.toSorted()).toEqual([2, 3]);
});
