// What would have to be different for another answer (Wachter, Mittelstadt and Russell 2018), for any model: few inputs change, by as little as does it,
// and only those that may, within bounds and steps. One input after the other is tried at typical values, the best changes are built upon (a beam search),
// and what does it is drawn back towards the row as far as the answer stands.

import { type AskedOutput, answersOf, type ExplainedModel } from "./model.ts";
import { typicalCells } from "./partial.ts";
import { type Cell, cellAt, type ExplainedRows, takenFrom, withCells } from "./rows.ts";

/** What an input may become. */
export interface InputBounds {
  readonly least?: number;
  readonly most?: number;
  /** The categories that it may have. */
  readonly among?: readonly string[];
}

/** The answer that is wanted: at least, or at most, a number. */
export interface WantedAnswer {
  readonly atLeast?: number;
  readonly atMost?: number;
}

/** What is asked. */
export interface CounterfactualOptions {
  readonly wanted: WantedAnswer;
  /** Inputs that stay as they are. */
  readonly fixed: ReadonlySet<string>;
  readonly bounds: ReadonlyMap<string, InputBounds>;
  /** Most inputs that change together. */
  readonly mostChanges: number;
  /** How many ways are told. */
  readonly ways: number;
}

/** One input that changes. */
export interface Change {
  readonly input: string;
  readonly from: Cell;
  readonly to: Cell;
  /** By how many of the column's quartile distances, of a number; 1 for another category. */
  readonly size: number;
}

/** One way to the answer. */
export interface Counterfactual {
  readonly changes: readonly Change[];
  readonly answer: number;
}

/** The ways found, those with fewer and smaller changes first; empty where none was. */
export interface Counterfactuals {
  readonly answer: number;
  /** Whether the row is answered so already. */
  readonly holds: boolean;
  readonly ways: readonly Counterfactual[];
  readonly scored: number;
}

/** Values that are tried of each input. */
const VALUES = 24;
/** Half-done changes that are built upon. */
const BEAM = 24;
const HALVINGS = 14;

type Trial = ReadonlyMap<number, Cell>;

/** Finds what would have to change. */
export async function counterfactuals(
  model: ExplainedModel,
  background: ExplainedRows,
  row: ExplainedRows,
  output: AskedOutput,
  { wanted, fixed, bounds, mostChanges, ways }: CounterfactualOptions,
): Promise<Counterfactuals> {
  let scored = 0;
  const ask = async (trials: readonly Trial[]): Promise<Float64Array> => {
    scored += trials.length;
    const places = new Uint32Array(trials.length);
    const columns = row.columns.map((column, place) => {
      const all = takenFrom(column, places);
      if (!trials.some((trial) => trial.has(place))) return all;
      const own = cellAt(column, 0);
      return withCells(
        all,
        trials.map((trial) => (trial.has(place) ? (trial.get(place) ?? null) : own)),
      );
    });
    const changed = { count: trials.length, columns };
    return answersOf(model, model.settled?.(changed) ?? changed, output);
  };
  const gap = (answer: number): number => {
    const below = wanted.atLeast === undefined ? 0 : wanted.atLeast - answer;
    const above = wanted.atMost === undefined ? 0 : answer - wanted.atMost;
    return Math.max(0, below, above);
  };
  const reaches = (answer: number): boolean => gap(answer) === 0 && !Number.isNaN(answer);

  const scales = background.columns.map(scaleOf);
  const sizeOf = (place: number, to: Cell): number => {
    const from = row.columns[place] === undefined ? null : cellAt(row.columns[place], 0);
    if (typeof from === "number" && typeof to === "number") return Math.abs(to - from) / (scales[place] || 1);
    return from === to ? 0 : 1;
  };
  // An input more weighs as much as a whole quartile distance.
  const costOf = (trial: Trial): number => [...trial].reduce((sum, [place, to]) => sum + 1 + sizeOf(place, to), 0);
  const candidates = row.columns.flatMap((column, place): readonly (readonly [number, Cell])[] => {
    const known = background.columns[place];
    if (column.kind === "other" || known === undefined || fixed.has(column.name)) return [];
    if (model.computed?.has(column.name) === true) return [];
    const own = cellAt(column, 0);
    return valuesFor(known, bounds.get(column.name))
      .filter((cell) => cell !== own)
      .map((cell) => [place, cell]);
  });

  const [now = Number.NaN] = await ask([new Map()]);
  if (reaches(now)) return { answer: now, holds: true, ways: [], scored };
  const found: Trial[] = [];
  let beam: readonly Trial[] = [new Map()];
  for (let changes = 1; changes <= mostChanges && beam.length > 0 && found.length < ways; changes += 1) {
    const trials = beam.flatMap((trial) =>
      candidates.flatMap(([place, cell]) => (trial.has(place) ? [] : [new Map(trial).set(place, cell)])),
    );
    if (trials.length === 0) break;
    const answers = await ask(trials);
    const judged = trials.map((trial, at) => ({ trial, gap: gap(answers[at] ?? Number.NaN), cost: costOf(trial) }));
    const done = judged.filter((each) => each.gap === 0).sort((one, other) => one.cost - other.cost);
    for (const { trial } of done)
      if (found.length < ways && !found.some((other) => [...other.keys()].every((place) => trial.has(place))))
        found.push(trial);
    // What needs no more is not built upon: whoever changes that and more changes too much.
    const open = judged.filter(
      (each) => each.gap > 0 && !found.some((other) => [...other.keys()].every((place) => each.trial.has(place))),
    );
    open.sort((one, other) => one.gap - other.gap || one.cost - other.cost);
    beam = open.slice(0, BEAM).map(({ trial }) => trial);
  }
  const refined: { readonly trial: Trial; readonly answer: number }[] = [];
  for (const trial of found) refined.push(await drawnBack(trial, row, ask, reaches));
  return {
    answer: now,
    holds: false,
    scored,
    ways: refined
      .sort((one, other) => costOf(one.trial) - costOf(other.trial))
      .map(({ trial, answer }) => ({
        answer,
        changes: [...trial].map(([place, to]) => {
          const column = row.columns[place];
          return {
            input: column?.name ?? "",
            from: column === undefined ? null : cellAt(column, 0),
            to,
            size: sizeOf(place, to),
          };
        }),
      })),
  };
}

/** Takes changes away that are not needed, and draws numbers back towards the row by halves. */
async function drawnBack(
  trial: Trial,
  row: ExplainedRows,
  ask: (trials: readonly Trial[]) => Promise<Float64Array>,
  reaches: (answer: number) => boolean,
): Promise<{ readonly trial: Trial; readonly answer: number }> {
  let best = trial;
  for (const place of trial.keys()) {
    if (best.size === 1) break;
    const without = new Map([...best].filter(([other]) => other !== place));
    if (reaches((await ask([without]))[0] ?? Number.NaN)) best = without;
  }
  for (const [place, to] of best) {
    const column = row.columns[place];
    if (column?.kind !== "number" || typeof to !== "number") continue;
    const from = cellAt(column, 0);
    if (typeof from !== "number") continue;
    let [near, far] = [from, to];
    for (let halving = 0; halving < HALVINGS; halving += 1) {
      const middle = column.isWhole ? Math.round((near + far) / 2) : (near + far) / 2;
      if (middle === near || middle === far) break;
      if (reaches((await ask([new Map(best).set(place, middle)]))[0] ?? Number.NaN)) far = middle;
      else near = middle;
    }
    best = new Map(best).set(place, far);
  }
  return { trial: best, answer: (await ask([best]))[0] ?? Number.NaN };
}

/** The values that an input may take: typical ones, and the ends of its bounds. */
function valuesFor(column: ExplainedRows["columns"][number], bounds: InputBounds = {}): readonly Cell[] {
  if (column.kind !== "number") {
    const { among } = bounds;
    return among ?? typicalCells(column, VALUES);
  }
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = bounds;
  const ends = [least, most].filter(Number.isFinite);
  const values = [...typicalCells(column, VALUES).map(Number), ...ends];
  const steps = column.isWhole ? values.map(Math.round) : values;
  return [...new Set(steps)].filter((value) => value >= least && value <= most);
}

/** The distance of a column's quartiles, else its range; 1 for what has neither. */
function scaleOf(column: ExplainedRows["columns"][number]): number {
  if (column.kind !== "number") return 1;
  const sorted = column.values.filter((value) => !Number.isNaN(value)).sort();
  const at = (share: number): number => sorted[Math.round(share * (sorted.length - 1))] ?? 0;
  return at(0.75) - at(0.25) || at(1) - at(0) || 1;
}
