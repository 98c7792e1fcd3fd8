import type { Goal, TunedTrial } from "../platform/platform.ts";
import type { TableLines } from "./output.ts";
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
      figure(trial.value),
      figure(trial.test),
      ...names.map((name) => paramText(trial.params[name])),
    ]),
  };
}

/** A parameter's value for people. */
export function paramText(value: number | string | boolean | undefined): string {
  return typeof value === "number" && !Number.isInteger(value) ? value.toPrecision(4) : String(value ?? "");
}
