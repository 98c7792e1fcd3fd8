// A study as one HTML file: how it got on, what matters, where good values lie, and what several goals cost each other. No script, nothing fetched.

import type { ShownStudy, TunedTrial } from "../../platform/platform.ts";
import { paramText } from "../trial-table.ts";
import { importanceBars } from "./forest.ts";
import { card, counted, escaped, footer, header, page, table, textRow, told } from "./markup.ts";
import { parallelCoordinates } from "./parallel-coordinates.ts";
import { type ParamAxis, paramAxis } from "./param-axis.ts";
import { dot, line, plot } from "./svg-plot.ts";

/** As many trials stand in the table. */
const SHOWN = 20;

/** The report as HTML. */
export function studyReport(study: ShownStudy): string {
  const { name, model, goals, front, importance } = study;
  const [goal] = goals;
  const complete = study.trials.filter(({ value }) => value !== undefined);
  const axes = Object.entries(study.space).map(([param, spec]) => paramAxis(param, spec));
  // The most telling first.
  const rank = new Map(importance.map((each, place) => [each.name, place]));
  const byImportance = axes.toSorted((left, right) => (rank.get(left.name) ?? 0) - (rank.get(right.name) ?? 0));
  const measure = goal?.name ?? "";
  const plots = [
    card("History", `Each trial by its ${measure}, and the best so far.`, history(study)),
    ...(importance.length === 0
      ? []
      : [
          card(
            "Importance",
            `Share of the variance of ${measure} that each parameter explains alone; the rest they do together.`,
            importanceBars(
              importance.map(({ name: input, share }) => ({ input, gain: share })),
              1,
            ),
          ),
        ]),
    ...(goals.length > 1
      ? [card("Front", "Trials that no other is better than in every goal are joined.", fronts(study))]
      : []),
  ];
  const body = [
    head(study),
    tiles(study),
    `<section class="plots">${plots.join("")}</section>`,
    complete.length === 0
      ? ""
      : `<section class="wide">${card("Parallel coordinates", `A line per trial through its parameters; the better its ${measure}, the stronger.`, parallelCoordinates(complete, byImportance, goal!))}</section>`,
    complete.length === 0
      ? ""
      : `<section class="wide"><div class="plots">${byImportance.map((axis) => card(axis.name, `${measure} by ${axis.name}.`, slice(complete, axis, study))).join("")}</div></section>`,
    `<section class="wide">${card(goals.length > 1 ? "Front" : "Best trials", `By ${measure}.`, trialTable(goals.length > 1 ? front : ordered(complete, study).slice(0, SHOWN), study))}</section>`,
    footer([`Run ${study.run}`, `Dataset ${study.dataset.slice(0, 12)}`]),
  ];
  return page(`${name}: ${model} tuned`, body);
}

function head({ name, model, startedAt, sampler, seed, pruner, status }: ShownStudy): string {
  const chips = [
    name,
    status,
    `sampler ${sampler}`,
    `seed ${seed}`,
    `pruner ${pruner}`,
    `begun ${startedAt.slice(0, 16).replace("T", " ")}`,
  ];
  return header("Study", model, chips);
}

function tiles({ goals, best, trials, complete, pruned, failed, budget }: ShownStudy): string {
  const before = trials.find(({ number }) => number === 0);
  const tile = (title: string, big: string, beside: string, small = ""): string =>
    `<div class="tile"><h3>${escaped(title)}</h3><p class="big">${escaped(big)}</p><p>${escaped(beside)}</p><em>${escaped(small)}</em></div>`;
  return `<section class="tiles">${[
    ...goals.map((goal, place) =>
      tile(
        `Best ${goal.name}`,
        shown(place === 0 ? best?.value : extreme(trials, place, goal.better)),
        `${shown(before?.values?.[place])} with the definition as it stands`,
        `${goal.better} is better`,
      ),
    ),
    tile("Trials", String(trials.length), `of ${budget}: ${complete} complete, ${pruned} pruned, ${failed} failed`),
  ].join("")}</section>`;
}

function extreme(trials: readonly TunedTrial[], place: number, better: "lower" | "higher"): number | undefined {
  const values = trials.flatMap(({ values: own }) => (own?.[place] === undefined ? [] : [own[place]]));
  return values.length === 0 ? undefined : better === "lower" ? Math.min(...values) : Math.max(...values);
}

function ordered(trials: readonly TunedTrial[], { goals }: ShownStudy): readonly TunedTrial[] {
  const sign = goals[0]?.better === "higher" ? -1 : 1;
  return trials.toSorted((left, right) => sign * (left.value! - right.value!));
}

/** The range of some values, the worst outliers cut off so that the others can be told apart. */
function rangeOf(
  values: readonly number[],
  better: "lower" | "higher",
): { readonly from: number; readonly to: number } {
  const sorted = values.toSorted((left, right) => left - right);
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))]!;
  const [from, to] = better === "higher" ? [at(0.05), at(1)] : [at(0), at(0.95)];
  const margin = (to - from) * 0.06 || Math.abs(to) * 0.01 || 1;
  return { from: from - margin, to: to + margin };
}

function history({ trials, goals: [goal] }: ShownStudy): string {
  const complete = trials.filter(({ value }) => value !== undefined);
  if (complete.length === 0 || goal === undefined) return "<p>No trial has a value yet.</p>";
  const vertical = rangeOf(
    complete.map(({ value }) => value!),
    goal.better,
  );
  const frame = plot(
    "History",
    { from: 0, to: Math.max(2, trials.length + 1), title: "trial" },
    { ...vertical, title: goal.name },
  );
  const inside = (value: number): number => Math.min(vertical.to, Math.max(vertical.from, value));
  const bests: [number, number][] = [];
  for (const { number, value } of complete) {
    const last = bests.at(-1)?.[1];
    const best =
      last === undefined ? value! : goal.better === "lower" ? Math.min(last, value!) : Math.max(last, value!);
    if (last !== undefined) bests.push([number + 1, last]);
    bests.push([number + 1, best]);
  }
  bests.push([trials.length + 1, bests.at(-1)![1]]);
  return frame.svg([
    ...complete.map(({ number, value }) =>
      dot(frame, [number + 1, inside(value!)], 3.5, "speck", `trial ${number + 1}: ${shown(value)}`),
    ),
    ...trials
      .filter(({ state }) => state !== "complete")
      .map(({ number, state }) =>
        dot(
          frame,
          [number + 1, goal.better === "higher" ? vertical.from : vertical.to],
          3,
          `dot ${state}`,
          `trial ${number + 1}: ${state}`,
        ),
      ),
    line(
      frame,
      bests.map(([x, y]) => [x, inside(y)] as const),
      "curve",
    ),
  ]);
}

function slice(trials: readonly TunedTrial[], axis: ParamAxis, { goals: [goal], trials: all }: ShownStudy): string {
  const vertical = rangeOf(
    trials.map(({ value }) => value!),
    goal!.better,
  );
  const ticks = axis.ticks;
  const frame = plot(
    axis.name,
    {
      from: -0.04,
      to: 1.04,
      title: axis.name,
      ticks: ticks.map(({ place }) => place),
      text: (place) => ticks.find((each) => each.place === place)?.text ?? "",
    },
    { ...vertical, title: goal!.name },
  );
  return frame.svg(
    trials.flatMap((trial) => {
      const place = axis.placeOf(trial.params[axis.name]);
      if (place === undefined) return [];
      const words = `trial ${trial.number + 1}: ${shown(trial.value)} with ${paramText(trial.params[axis.name])}`;
      const value = Math.min(vertical.to, Math.max(vertical.from, trial.value!));
      // Later trials are stronger: a search that gets on draws together.
      return [dot(frame, [place, value], 4, trial.number > all.length / 2 ? "dot" : "speck", words)];
    }),
  );
}

function fronts({ trials, front, goals }: ShownStudy): string {
  const [one, two] = goals;
  const complete = trials.filter(({ values }) => values !== undefined);
  if (one === undefined || two === undefined || complete.length === 0) return "";
  const axis = (goal: number) =>
    rangeOf(
      complete.map(({ values }) => values![goal]!),
      goals[goal]!.better,
    );
  const [horizontal, vertical] = [axis(1), axis(0)];
  const frame = plot("Front", { ...horizontal, title: two.name }, { ...vertical, title: one.name });
  const at = ({ values }: TunedTrial): readonly [number, number] => [
    Math.min(horizontal.to, Math.max(horizontal.from, values![1]!)),
    Math.min(vertical.to, Math.max(vertical.from, values![0]!)),
  ];
  const words = ({ number, values }: TunedTrial): string => `trial ${number + 1}: ${values!.map(shown).join(", ")}`;
  return frame.svg([
    line(
      frame,
      front.map(at).toSorted(([left], [right]) => left - right),
      "curve thin",
    ),
    ...complete.map((trial) => dot(frame, at(trial), 3, "speck", words(trial))),
    ...front.map((trial) => dot(frame, at(trial), 5, "dot", words(trial))),
  ]);
}

function trialTable(trials: readonly TunedTrial[], { goals, space }: ShownStudy): string {
  const names = Object.keys(space);
  const head = ["trial", ...goals.map(({ name }) => name), "on test rows", ...names];
  const rows = trials.map((trial) =>
    textRow([
      String(trial.number + 1),
      ...goals.map((_, goal) => shown(trial.values?.[goal])),
      shown(trial.test),
      ...names.map((name) => paramText(trial.params[name])),
    ]),
  );
  return table(head, rows);
}

/** A value for people; a large whole number is a count. */
function shown(value: number | null | undefined): string {
  return Number.isInteger(value) && Math.abs(value!) >= 100 ? counted(value!) : told(value);
}
