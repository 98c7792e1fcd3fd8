// The declared rate, measured: windows in which nothing has changed, from seeds, and how many of them alarm. SLIPWAY_TEST_RUNS says how many
// windows a case has (default 60); a case fails when its alarms are more than the declared rate gives but once in ten thousand times.

import { describe, expect, test, vi } from "vitest";
import { randomOf } from "../core/core.ts";
import { freshSequence, nextVerdict } from "./sequence.ts";
import { cutCells } from "./sketch/number-cells.ts";
import { numberCounter } from "./sketch/number-counter.ts";
import {
  type ColumnReference,
  type ColumnWindow,
  isNumbers,
  type Reference,
  type Window,
} from "./sketch/table-sketch.ts";
import { binomialTail } from "./statistics/tails.ts";
import { driftVerdict } from "./verdict.ts";

const RUNS = Number(process.env["SLIPWAY_TEST_RUNS"] ?? 60);

vi.setConfig({ testTimeout: 1000 * Math.max(120, RUNS) });

type Draw = () => number | string;
type Rows = Readonly<Record<string, readonly (number | string)[]>>;

/** Draws rows: every column at once, so that columns may depend on each other and on the day. */
type RowMaker = (random: ReturnType<typeof randomOf>, day: number) => Readonly<Record<string, Draw>>;

function drawRows(maker: RowMaker, seed: number, day: number, rows: number): Rows {
  const draws = maker(randomOf(seed, day), day);
  const names = Object.keys(draws);
  const columns: Record<string, (number | string)[]> = Object.fromEntries(names.map((name) => [name, []]));
  for (let row = 0; row < rows; row += 1) for (const name of names) columns[name]!.push(draws[name]!());
  return columns;
}

const floats = (values: readonly (number | string)[]): Float64Array => Float64Array.from(values as number[]);

function tally(values: readonly (number | string)[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(String(value), (counts.get(String(value)) ?? 0) + 1);
  return counts;
}

/** A reference of days; with `isHistory`, each of them a window of it. */
function referenceOf(days: readonly Rows[], isHistory = false): Reference {
  const names = Object.keys(days[0]!);
  const columns = names.map((name): ColumnReference => {
    const all = days.flatMap((day) => day[name]!);
    if (typeof all[0] === "string") {
      const sketch = (values: readonly (number | string)[]) => ({
        rows: values.length,
        missing: 0,
        counts: tally(values),
      });
      return {
        name,
        kind: "category",
        whole: sketch(all),
        ...(isHistory ? { past: days.map((day) => sketch(day[name]!)) } : {}),
      };
    }
    const cells = cutCells(floats(all));
    const sketch = (values: readonly (number | string)[]) => {
      const counter = numberCounter(cells);
      counter.add({ name, type: "float64", values: floats(values) });
      return counter.finish()[0]!;
    };
    return {
      name,
      kind: "number",
      cells,
      whole: sketch(all),
      ...(isHistory ? { past: days.map((day) => sketch(day[name]!)) } : {}),
    };
  });
  const phases = isHistory ? days.map((_, day) => day % 7) : undefined;
  return { rows: days.length * days[0]![names[0]!]!.length, columns, pairs: [], ignored: [], phases };
}

function windowOf(reference: Reference, rows: Rows, day?: number): Window {
  const columns = new Map<string, ColumnWindow>();
  for (const column of reference.columns) {
    const values = rows[column.name]!;
    if (!isNumbers(column))
      columns.set(column.name, {
        kind: column.kind,
        sketch: { rows: values.length, missing: 0, counts: tally(values) },
      });
    else {
      const counter = numberCounter(column.cells);
      counter.add({ name: column.name, type: "float64", values: floats(values) });
      columns.set(column.name, { kind: column.kind, sketch: counter.finish()[0]! });
    }
  }
  const [first = []] = Object.values(rows);
  return { rows: first.length, columns, pairs: [], ignored: [], phase: day === undefined ? undefined : day % 7 };
}

/** Fails when so many alarms are more than a declared rate explains. */
function expectRate(alarms: number, windows: number, rate: number): void {
  expect(
    binomialTail(alarms, windows, rate),
    `${alarms} alarms in ${windows} windows, declared ${rate}`,
  ).toBeGreaterThan(1e-4);
}

const mixed: RowMaker = ({ normal, next, below }) => ({
  normal,
  skewed: () => Math.exp(2 * normal()),
  sparse: () => (next() < 0.95 ? 0 : next()),
  rare: () => Number(next() < 0.01),
  counts: () => Math.floor(-2 * Math.log(1 - next())),
  few: () => `v${below(4)}`,
  many: () => `v${Math.floor(60 * next() ** 3)}`,
  ids: () => `id${Math.floor(2000 * next() ** 2)}`,
  flag: () => (next() < 0.02 ? "true" : "false"),
  uniform: next,
});

const dependent: RowMaker = ({ normal }) => {
  let shared = 0;
  const part = (weight: number) => (): number => weight * shared + Math.sqrt(1 - weight * weight) * normal();
  return {
    first: () => {
      shared = normal();
      return shared;
    },
    ...Object.fromEntries(Array.from({ length: 11 }, (_, at) => [`x${at}`, part(0.5 + 0.045 * at)])),
  };
};

describe("when nothing has changed, no more windows alarm than declared", () => {
  const cases: readonly (readonly [string, RowMaker, number, number])[] = [
    ["mixed columns, 200 rows", mixed, 5000, 200],
    ["mixed columns, 1,000 rows, a reference no larger", mixed, 1000, 1000],
    ["mixed columns, 20 rows", mixed, 3000, 20],
    ["dependent columns, 300 rows", dependent, 3000, 300],
    ["mixed columns, 10,000 rows", mixed, 10_000, 10_000],
  ];
  test.each(cases)("%s", (_, maker, referenceRows, rows) => {
    const runs = rows > 5000 ? Math.ceil(RUNS / 10) : RUNS;
    const rate = 0.05;
    let alarms = 0;
    for (let run = 0; run < runs; run += 1) {
      const reference = referenceOf([drawRows(maker, 11, 2 * run, referenceRows)]);
      const window = windowOf(reference, drawRows(maker, 11, 2 * run + 1, rows));
      if (driftVerdict(reference, window, { falseAlarms: rate, minEffect: 0 }).alarm) alarms += 1;
    }
    expectRate(alarms, runs, rate);
  });

  test("300 columns of a frequent category and five that come five times", () => {
    const { next, below } = randomOf(19, 0);
    const drawn = (): ReadonlyMap<string, number> => {
      const counts = new Map<string, number>();
      let rare = 0;
      // Each row is a rare one with the chance of a tenth, so the rows until the next are geometric.
      for (let row = -1; ; rare += 1) {
        row += 1 + Math.floor(Math.log(1 - next()) / Math.log(0.9));
        if (row >= 260) break;
        const value = `v${1 + below(5)}`;
        counts.set(value, (counts.get(value) ?? 0) + 1);
      }
      return counts.set("v0", 260 - rare);
    };
    const whole = {
      rows: 1e6,
      missing: 0,
      counts: new Map(Array.from({ length: 6 }, (_, at) => [`v${at}`, at === 0 ? 900_000 : 20_000])),
    };
    const columns = Array.from({ length: 300 }, (_, at) => ({ name: `c${at}`, kind: "category" as const, whole }));
    const reference: Reference = { rows: 1e6, columns, pairs: [], ignored: [], phases: undefined };
    const runs = 5 * RUNS;
    let alarms = 0;
    for (let run = 0; run < runs; run += 1) {
      const sketches = columns.map(({ name, kind }): [string, ColumnWindow] => [
        name,
        { kind, sketch: { rows: 260, missing: 0, counts: drawn() } },
      ]);
      const window: Window = { rows: 260, columns: new Map(sketches), pairs: [], ignored: [], phase: undefined };
      if (driftVerdict(reference, window, { falseAlarms: 0.01, minEffect: 0 }).alarm) alarms += 1;
    }
    expectRate(alarms, runs, 0.01);
  });

  const rareOnly =
    (values: number): RowMaker =>
    ({ next, below }) => ({ id: () => `id${below(values)}`, tail: () => `t${Math.floor(1 / (1e-6 + next()))}` });
  test("columns of rare values against eight weeks, in which new ones are usual", () => {
    const runs = Math.ceil(RUNS / 2);
    let alarms = 0;
    for (let run = 0; run < runs; run += 1) {
      const days = Array.from({ length: 57 }, (_, day) => drawRows(rareOnly(2000), 20, 57 * run + day, 200));
      const reference = referenceOf(days.slice(0, 56), true);
      if (driftVerdict(reference, windowOf(reference, days[56]!, 56), { falseAlarms: 0.05, minEffect: 0 }).alarm)
        alarms += 1;
    }
    expectRate(alarms, runs, 0.05);
  });

  test("but rare values that are others, or fewer, are found against eight weeks, by a run too", () => {
    const days = Array.from({ length: 56 }, (_, day) => drawRows(rareOnly(2000), 21, day, 200));
    const reference = referenceOf(days, true);
    const [same, fewer] = [drawRows(rareOnly(2000), 21, 56, 200), drawRows(rareOnly(400), 21, 56, 200)];
    const others = windowOf(reference, { ...same, id: same["id"]!.map((id) => `new-${id}`) }, 56);
    const options = { falseAlarms: 0.01, minEffect: 0 };
    expect(driftVerdict(reference, others, options).columns[0]).toMatchObject({
      statistic: "newValues",
      drifted: true,
    });
    const named = windowOf(reference, { ...fewer, id: fewer["id"]!.map((id) => String(id).replace(/\d+/, "1$&")) }, 56);
    expect(driftVerdict(reference, named, options).columns[0]).toMatchObject({ drifted: true });
    expect(nextVerdict(reference, others, freshSequence, options).verdict.columns[0]).toMatchObject({ drifted: true });
  });

  test("a change as large as the floor, and no larger", () => {
    let alarms = 0;
    const moved =
      (by: number): RowMaker =>
      ({ normal }) => ({ x: () => normal() + by });
    for (let run = 0; run < RUNS; run += 1) {
      const reference = referenceOf([drawRows(moved(0), 12, 2 * run, 4000)]);
      const window = windowOf(reference, drawRows(moved(0.1), 12, 2 * run + 1, 4000));
      if (driftVerdict(reference, window, { falseAlarms: 0.05, minEffect: 0.1 }).alarm) alarms += 1;
    }
    expectRate(alarms, RUNS, 0.05);
  });

  // Days differ: by the weekday, and by an amount of their own that is like yesterday's.
  const everyday = (likeness: number, size: number): RowMaker => {
    let seedOfEffect = -1;
    let effect = 0;
    return ({ normal, next }, day) => {
      const own = randomOf(99, day).normal();
      effect = day === seedOfEffect + 1 ? likeness * effect + Math.sqrt(1 - likeness ** 2) * own : own;
      seedOfEffect = day;
      const level = size * effect + (day % 7 >= 5 ? 0.5 : 0);
      const other = 0.2 + 0.05 * Math.tanh(size * 4 * effect) + (day % 7 >= 5 ? 0.1 : 0);
      return {
        x: () => normal() + level,
        skewed: () => Math.exp(normal() + level),
        kind: () => (next() < other ? "a" : next() < 0.5 ? "b" : "c"),
      };
    };
  };
  test.each([
    ["a weekday pattern, and days alike otherwise", 0, 0],
    ["a weekday pattern, and days that differ", 0, 0.1],
    ["days that differ, each like the one before", 0.5, 0.1],
  ])("%s, 300 rows a day against ten weeks", (_, likeness, size) => {
    const runs = Math.ceil(RUNS / 2);
    let alarms = 0;
    let start = 0;
    for (let run = 0; run < runs; run += 1) {
      const maker = everyday(likeness, size);
      const days = Array.from({ length: 71 }, (_each, day) => drawRows(maker, 13, start + day, 300));
      const reference = referenceOf(days.slice(0, 70), true);
      // The seeds' days go on, and a run begins on any weekday: what counts is that both sides count alike.
      const window = windowOf(reference, days[70]!, 70);
      if (driftVerdict(reference, window, { falseAlarms: 0.05, minEffect: 0 }).alarm) alarms += 1;
      start += 77;
    }
    expectRate(alarms, runs, 0.05);
  });
});

describe("a run of windows in which nothing has changed", () => {
  test.each([
    ["mixed columns, 100 rows", mixed, 5000, 100],
    ["mixed columns, 400 rows, a reference of 2,000", mixed, 2000, 400],
  ])("alarms within k windows with a chance of at most k times the rate: %s", (_, maker, referenceRows, rows) => {
    const runs = Math.ceil(RUNS / 10);
    const [rate, windows] = [0.005, 40];
    let alarmed = 0;
    for (let run = 0; run < runs; run += 1) {
      const reference = referenceOf([drawRows(maker, 14, 100 * run, referenceRows)]);
      let state = freshSequence;
      for (let day = 1; day <= windows && state.alarmed === undefined; day += 1)
        state = nextVerdict(reference, windowOf(reference, drawRows(maker, 14, 100 * run + day, rows)), state, {
          falseAlarms: rate,
          minEffect: 0,
        }).state;
      if (state.alarmed !== undefined) alarmed += 1;
    }
    expectRate(alarmed, runs, rate * windows);
  });

  const tied: RowMaker = ({ next }) =>
    Object.fromEntries(
      Array.from({ length: 5 }, (_, at): [string, Draw] => [`x${at}`, () => (next() < 0.01 ? 1 + next() : 0)]),
    );
  test.each([1, 5, 20])("has columns of nearly one number alone, %d rows a window", (rows) => {
    const [rate, windows, runs] = [0.01, 10, Math.ceil(RUNS / 2)];
    let alarmed = 0;
    for (let run = 0; run < runs; run += 1) {
      const reference = referenceOf([drawRows(tied, 18, 100 * run, 5000)]);
      let state = freshSequence;
      for (let day = 1; day <= windows && state.alarmed === undefined; day += 1)
        state = nextVerdict(reference, windowOf(reference, drawRows(tied, 18, 100 * run + day, rows)), state, {
          falseAlarms: rate,
          minEffect: 0,
        }).state;
      if (state.alarmed !== undefined) alarmed += 1;
    }
    expectRate(alarmed, runs, rate * windows);
  });

  test("does not add up the error of its reference: windows of many rows for a long time", () => {
    const runs = Math.ceil(RUNS / 10);
    let alarmed = 0;
    for (let run = 0; run < runs; run += 1) {
      const plain: RowMaker = ({ normal }) => ({ x: normal, y: normal });
      const reference = referenceOf([drawRows(plain, 15, 1000 * run, 1500)]);
      let state = freshSequence;
      for (let day = 1; day <= 60; day += 1)
        state = nextVerdict(reference, windowOf(reference, drawRows(plain, 15, 1000 * run + day, 1500)), state, {
          falseAlarms: 0.002,
          minEffect: 0,
        }).state;
      if (state.alarmed !== undefined) alarmed += 1;
    }
    expectRate(alarmed, runs, 0.12);
  });
});

describe("what has changed is found", () => {
  test.each([
    [0.5, 1000, 0.99],
    [0.2, 1000, 0.9],
    [0.1, 10_000, 0.99],
  ])("a shift of %d standard deviations of one of ten columns in %d rows, nearly always", (shift, rows, least) => {
    const runs = Math.max(10, Math.ceil(RUNS / 10));
    let found = 0;
    for (let run = 0; run < runs; run += 1) {
      const reference = referenceOf([drawRows(mixed, 16, 2 * run, 10_000)]);
      const now = drawRows(mixed, 16, 2 * run + 1, rows);
      const window = windowOf(reference, { ...now, normal: now["normal"]!.map((value) => Number(value) + shift) });
      const verdict = driftVerdict(reference, window, { falseAlarms: 0.01, minEffect: 0 });
      if (verdict.columns[0]?.drifted) found += 1;
    }
    expect(found / runs).toBeGreaterThanOrEqual(least - 3 * Math.sqrt((least * (1 - least)) / runs));
  });
});
