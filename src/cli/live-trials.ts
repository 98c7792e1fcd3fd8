// A search as a few lines that are drawn over and over: how far it is, what is best, what runs now, and the trials that ended last.

import type { Goal, SearchState, TunedTrial } from "../platform/platform.ts";
import type { Style } from "./output.ts";
import { table } from "./table.ts";
import { paramText } from "./trial-table.ts";
import { figure, secondsText } from "./words.ts";

const LAST = 8;

/** What a person sees of a search that is under way. */
export interface LiveSearch {
  readonly goals: readonly Goal[];
  readonly trials: number;
  /** Rounds that a training may have. */
  readonly rounds: number;
  readonly seconds?: number;
}

/** The lines. */
export function liveTrials(
  { trials, running, best, left, elapsed }: SearchState,
  { goals, trials: budget, rounds, seconds }: LiveSearch,
  style: Style,
): readonly string[] {
  const count = (state: TunedTrial["state"]): number => trials.filter((each) => each.state === state).length;
  const parts = [
    `${trials.length} of ${budget} trials`,
    ...(best === undefined
      ? []
      : [style.good(`best ${goals[0]?.name} ${figure(best.value)} (trial ${best.number + 1})`)]),
    ...(count("pruned") === 0 ? [] : [`${count("pruned")} pruned`]),
    ...(count("failed") === 0 ? [] : [style.bad(`${count("failed")} failed`)]),
    `${left} left`,
    seconds === undefined ? secondsText(elapsed) : `${secondsText(elapsed)} of ${secondsText(seconds)}`,
  ];
  const names = [...new Set([...trials.slice(-LAST), ...running].flatMap(({ params }) => Object.keys(params)))];
  const rows = [
    ...trials
      .slice(-LAST)
      .map((trial) => [
        trial.number === best?.number ? style.good(String(trial.number + 1)) : String(trial.number + 1),
        trial.state === "failed" ? style.bad(trial.state) : trial.state,
        figure(trial.value),
        ...names.map((name) => paramText(trial.params[name])),
      ]),
    ...running.map(({ number, params, round }) => [
      String(number + 1),
      style.dim(round === 0 ? "begins" : `round ${round} of ${rounds}`),
      ...goals.map(() => ""),
      ...names.map((name) => paramText(params[name])),
    ]),
  ];
  return [
    `  ${parts.join(" · ")}`,
    ...table({ columns: ["trial", "state", ...goals.map(({ name }) => name), ...names], rows }, style)
      .split("\n")
      .map((line) => `  ${line}`),
  ];
}
