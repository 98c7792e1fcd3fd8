import type { Goal, ShownStudy, TunedTrial } from "../platform/platform.ts";
import type { Line, TableLines } from "./output.ts";
import { figure } from "./words.ts";

/** Trials as a table: what came out, then every parameter. */
export function trialTable(trials: readonly TunedTrial[], goals: readonly Goal[]): TableLines {
  const names = [...new Set(trials.flatMap(({ params }) => Object.keys(params)))];
  const hasOthers = trials.some(({ state }) => state !== "complete");
  return {
    columns: ["trial", ...(hasOthers ? ["state"] : []), ...goals.map(({ name }) => name), "on test rows", ...names],
    rows: trials.map((trial) => [
      trial.number + 1,
      ...(hasOthers ? [trial.state] : []),
      ...goals.map((_, goal) => figure(trial.values?.[goal])),
      figure(trial.test),
      ...names.map((name) => paramText(trial.params[name])),
    ]),
  };
}

/** A parameter's value for people. */
export function paramText(value: number | string | boolean | undefined): string {
  return typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(4) : String(value ?? "");
}

/** With several goals, the trials that no other is better than in every way. */
export function frontLines(front: readonly TunedTrial[], goals: readonly Goal[]): readonly Line[] {
  return goals.length < 2 || front.length === 0
    ? []
    : ["", "No other trial is better than these in every goal:", trialTable(front, goals)];
}

/** What each parameter explains alone. */
export function importanceLines(importance: ShownStudy["importance"]): readonly Line[] {
  if (importance.length === 0) return [];
  const rows = importance.map(({ name, share }) => [name, `${(100 * share).toFixed(1)} %`]);
  return ["", { columns: ["parameter", "explains alone"], rows }];
}
