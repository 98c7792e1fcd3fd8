// Steps fitted on training rows, held to the plainest computation of the same: all values in an array, all labels of a category in another.

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  columnFrom,
  columnOf,
  days,
  encoderOf,
  numberAt,
  SlipwayError,
  type Table,
  type ValueOf,
} from "../../core/core.ts";
import {
  bucketize,
  byTime,
  cross,
  drop,
  hash,
  impute,
  isMissing,
  type ModelSpec,
  minMaxScale,
  model,
  of,
  oneHot,
  parquet,
  robustScale,
  specOf,
  standardize,
  t,
  targetEncode,
  xgboost,
} from "../../define/define.ts";
import { fitInputs } from "./fit-inputs.ts";
import { foldOf } from "./folds.ts";

const orders = parquet("orders", {
  path: "orders.parquet",
  columns: {
    ...{ id: t.string(), at: t.timestamp(), amount: t.float64().optional(), city: t.string().optional() },
    ...{ late: t.bool(), cost: t.float64(), kind: t.string() },
  },
  id: "id",
  eventTime: "at",
});

function spec(preprocess: object, label: "late" | "cost" | "kind" = "late"): ModelSpec {
  return specOf(
    model("m", {
      rows: orders,
      features: [],
      request: { amount: t.float64().optional(), city: t.string().optional() },
      label: orders[label] as typeof orders.late,
      trainer: xgboost(),
      split: byTime({ validate: days(1), test: days(1) }),
      metrics: [],
      preprocess: preprocess as never,
    }),
  );
}

interface Row {
  readonly amount: number | null;
  readonly city: string | null;
  readonly label: number;
}

const BATCH = 7;

async function* tablesOf(rows: readonly Row[]): AsyncGenerator<Table> {
  for (let from = 0; from < rows.length; from += BATCH) {
    const some = rows.slice(from, from + BATCH);
    yield {
      rowCount: some.length,
      columns: [
        columnFrom(
          "amount",
          "float64",
          some.map(({ amount }) => amount),
        ),
        columnFrom(
          "city",
          "string",
          some.map(({ city }) => city),
        ),
        columnFrom(
          "label",
          "float64",
          some.map(({ label }) => label),
        ),
      ],
    };
  }
}

async function fitted(preprocess: object, rows: readonly Row[]) {
  const model = spec(preprocess);
  return fitInputs({ model, plain: [], classes: undefined, read: () => tablesOf(rows) });
}

/** The columns of one input as training sees them and as serving does. */
async function columnsOf(preprocess: object, rows: readonly Row[]) {
  const { inputs, trainingTables } = await fitted(preprocess, rows);
  const names = inputs.flatMap((input) => (input.kind === "prepared" ? input.columns.map(({ name }) => name) : []));
  const train: number[][] = [];
  for await (const table of trainingTables(inputs, tablesOf(rows)))
    for (let row = 0; row < table.rowCount; row += 1)
      train.push(names.map((name) => numberAt(columnOf(table, name), row) ?? Number.NaN));
  const serve: number[][] = [];
  for await (const table of tablesOf(rows)) {
    const cells = encoderOf(inputs)(table);
    for (let row = 0; row < table.rowCount; row += 1)
      serve.push(Array.from(cells.subarray(row * names.length, (row + 1) * names.length)));
  }
  return { names, train, serve, inputs };
}

const row = fc.record({
  amount: fc.option(
    fc.integer({ min: -1_000_000, max: 1_000_000 }).map((value) => value / 64),
    { freq: 4 },
  ),
  city: fc.option(fc.constantFrom("a", "b", "c", "ä", "😀"), { freq: 5 }),
  label: fc.integer({ min: 0, max: 1 }),
});
const someRows = fc.array(row, { minLength: 12, maxLength: 60 }).filter((rows) => {
  const amounts = new Set(rows.map(({ amount }) => amount));
  return amounts.size > 6 && rows.some(({ city }) => city !== null);
});

const numbersOf = (rows: readonly Row[]) => rows.flatMap(({ amount }) => (amount === null ? [] : [amount]));
const ascending = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const varianceOf = (values: readonly number[]) => meanOf(values.map((value) => (value - meanOf(values)) ** 2));
function quantileOf(values: readonly number[], share: number): number {
  const sorted = ascending(values);
  const place = share * (sorted.length - 1);
  const [low, high] = [sorted[Math.floor(place)] ?? 0, sorted[Math.ceil(place)] ?? 0];
  return low + (high - low) * (place - Math.floor(place));
}

const near = (value: number, expected: number) => {
  if (Number.isNaN(expected)) expect(value).toBeNaN();
  else expect(Math.abs(value - expected)).toBeLessThan(1e-9 * Math.max(1, Math.abs(expected)));
};

describe("numbers", () => {
  test.each<[string, object, (values: readonly number[]) => readonly [number, number]]>([
    ["standardize", standardize(), (values) => [meanOf(values), Math.sqrt(varianceOf(values))]],
    ["minMaxScale", minMaxScale(), (values) => [Math.min(...values), Math.max(...values) - Math.min(...values)]],
  ])("%s takes center and scale from the values that are there", async (_, step, expected) => {
    await fc.assert(
      fc.asyncProperty(someRows, async (rows) => {
        const [center, scale] = expected(numbersOf(rows));
        const { train } = await columnsOf({ amount: step, city: oneHot() }, rows);
        for (const [place, cells] of train.entries()) {
          const { amount = null } = rows[place] ?? {};
          near(cells[0] ?? 0, amount === null ? Number.NaN : (amount - center) / scale);
        }
      }),
      { numRuns: 30 },
    );
  });

  test("a step is fitted on what those before it give", async () => {
    await fc.assert(
      fc.asyncProperty(someRows, async (rows) => {
        const median = quantileOf(numbersOf(rows), 0.5);
        const filled = rows.map(({ amount }) => amount ?? median);
        const [low, center, high] = [0.25, 0.5, 0.75].map((share) => quantileOf(filled, share)) as [
          number,
          number,
          number,
        ];
        fc.pre(high > low);
        const { train, serve } = await columnsOf({ amount: [impute("median"), robustScale()], city: oneHot() }, rows);
        for (const [place, value] of filled.entries()) {
          near(train[place]?.[0] ?? 0, (value - center) / (high - low));
          expect(serve[place]?.[0]).toBe(Math.fround(train[place]?.[0] ?? 0));
        }
      }),
      { numRuns: 30 },
    );
  });

  test("quantile buckets hold about as many rows each, and equal edges are one", async () => {
    const rows = [0, 0, 0, 0, 1, 2, 3, 4].map((amount): Row => ({ amount, city: "a", label: 0 }));
    const { inputs, train } = await columnsOf({ amount: bucketize({ quantiles: 4 }), city: oneHot() }, rows);
    expect(inputs[0]).toMatchObject({ steps: [{ step: "bucketize", edges: [0.5, 2.25] }] });
    expect(train.map(([bucket]) => bucket)).toEqual([0, 0, 0, 0, 1, 1, 2, 2]);
  });

  test("of equally frequent values the least is imputed", async () => {
    const rows = [3, 2, 3, 2, 9, null].map((amount): Row => ({ amount, city: null, label: 0 }));
    const { train } = await columnsOf(
      { amount: impute("mostFrequent"), city: [impute({ constant: "x" }), oneHot()] },
      rows,
    );
    expect(train.at(-1)?.[0]).toBe(2);
  });

  test("whether a value is missing can be a column beside it", async () => {
    const rows = [1, null, 3].map((amount): Row => ({ amount, city: "a", label: 0 }));
    const { names, train } = await columnsOf(
      { amount: impute("mean"), city: oneHot(), amount_missing: of("amount", isMissing()) },
      rows,
    );
    expect(names).toEqual(["amount", "city=a", "amount_missing"]);
    expect(train).toEqual([
      [1, 1, 0],
      [2, 1, 1],
      [3, 1, 0],
    ]);
  });
});

/** The empirical Bayes estimate of a category over some rows, from the definition. */
function encodedBy(rows: readonly Row[], city: string | null): number {
  const [all, own] = [rows, rows.filter((each) => each.city === city)].map((some) =>
    some.map(({ label }) => label),
  ) as [number[], number[]];
  if (own.length === 0) return meanOf(all);
  const share = (varianceOf(all) * own.length) / (varianceOf(all) * own.length + varianceOf(own));
  return Number.isNaN(share) ? meanOf(all) : share * meanOf(own) + (1 - share) * meanOf(all);
}

describe("categories", () => {
  test("a training row is encoded by the labels of the other folds, a served one by all", async () => {
    await fc.assert(
      fc.asyncProperty(someRows, async (rows) => {
        const { train, serve } = await columnsOf(
          { city: targetEncode({ folds: 3, seed: 5 }), amount: impute("mean") },
          rows,
        );
        for (const [place, { city }] of rows.entries()) {
          const others = rows.filter((_, other) => foldOf(other, 5, 3) !== foldOf(place, 5, 3));
          near(train[place]?.[1] ?? 0, encodedBy(others, city));
          expect(serve[place]?.[1]).toBeCloseTo(encodedBy(rows, city), 6);
        }
      }),
      { numRuns: 40 },
    );
  });

  test("a row's own label does not reach its own encoding", async () => {
    const rows = Array.from(
      { length: 40 },
      (_, place): Row => ({ amount: place, city: `c${place % 3}`, label: place % 2 }),
    );
    const preprocess = { city: targetEncode({ folds: 4 }), amount: standardize() };
    const before = await columnsOf(preprocess, rows);
    for (let place = 0; place < rows.length; place += 1) {
      const changed = rows.map((each, other) => (other === place ? { ...each, label: 1 - each.label } : each));
      const { train } = await columnsOf(preprocess, changed);
      expect(train[place]?.[1]).toBe(before.train[place]?.[1]);
    }
  });

  test("folds are about equal and the same every time", () => {
    const counts = new Array<number>(5).fill(0);
    for (let place = 0; place < 10_000; place += 1)
      counts[foldOf(place, 0, 5)] = (counts[foldOf(place, 0, 5)] ?? 0) + 1;
    for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
    expect(foldOf(123, 7, 5)).toBe(foldOf(123, 7, 5));
  });

  test("rare categories share a column, which unseen ones get too", async () => {
    const rows = ["a", "a", "a", "b", "b", "c", "d"].map((city): Row => ({ amount: 1, city, label: 0 }));
    const { names, inputs } = await columnsOf(
      { city: oneHot({ maxCategories: 3, rare: "together", missing: "column" }), amount: impute("mean") },
      rows,
    );
    expect(names).toEqual(["amount", "city=a", "city=b", "city:missing", "city:others"]);
    const asked = { rowCount: 3, columns: [columnFrom("city", "string", ["c", "zzz", null])] };
    expect(Array.from(encoderOf(inputs)(asked))).toEqual([...[1, 0, 0, 0, 1], ...[1, 0, 0, 0, 1], ...[1, 0, 0, 1, 0]]);
  });

  test("several classes have a column each", async () => {
    const rows = ["a", "a", "b", "b"].map((city, place) => ({ amount: 1, city, label: place % 2 === 0 ? "x" : "y" }));
    async function* read(): AsyncGenerator<Table> {
      const cells = <T extends "float64" | "string">(name: string, type: T, values: readonly (ValueOf<T> | null)[]) =>
        columnFrom(name, type, values);
      yield {
        rowCount: 4,
        columns: [
          cells(
            "city",
            "string",
            rows.map(({ city }) => city),
          ),
          cells(
            "label",
            "string",
            rows.map(({ label }) => label),
          ),
        ],
      };
    }
    const model = spec({ city: targetEncode({ folds: 2, smooth: 0 }), amount: impute({ constant: 0 }) }, "kind");
    const { inputs } = await fitInputs({ model, plain: [], classes: ["x", "y"], read });
    expect(inputs[1]).toMatchObject({
      columns: [{ name: "city:x" }, { name: "city:y" }],
      steps: [{ values: [0.5, 0.5, 0.5, 0.5], others: [0.5, 0.5] }],
    });
  });

  test("a crossed category that is not encoded is a category of the trainer's", async () => {
    const rows = [0, 1, 2].map((place): Row => ({ amount: place, city: `c${place}`, label: 0 }));
    const { inputs } = await fitted(
      { amount: standardize(), city: oneHot(), h: of("city", hash({ buckets: 8 })) },
      rows,
    );
    expect(inputs[2]).toMatchObject({ name: "h", columns: [{ kind: "category" }] });
  });
});

test.each<[string, object, readonly (number | null)[], RegExp]>([
  ["a constant", standardize(), [4, 4, null], /the input "amount" is 4 in every training row/],
  ["a column without a value", standardize(), [null, null], /"amount" is missing in every training row/],
  ["a column without a value to impute", impute("median"), [null], /"amount" is missing in every training row/],
  [
    "quartiles that are one",
    robustScale(),
    [1, 1, 1, 1, 1, 9],
    /"amount" has 1 in more than half of the training rows/,
  ],
  ["one bucket", bucketize({ quantiles: 3 }), [2, 2], /"amount" is 2 in every training row, which makes one bucket/],
  ["an infinite value", standardize(), [1, Infinity], /"amount" is Infinity in a training row/],
])("%s is refused by name", async (_, step, amounts, message) => {
  const rows = amounts.map((amount): Row => ({ amount, city: "a", label: 0 }));
  const refused = await fitted({ amount: step, city: oneHot() }, rows).catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(SlipwayError);
  expect(refused).toMatchObject({ code: "INPUT_INVALID", message: expect.stringMatching(message) });
});

test.each<[string, object, RegExp]>([
  [
    "one-hot",
    oneHot({ maxCategories: 2 }),
    /"city" has more than 2 categories in the training rows, such as "c0" and "c1"/,
  ],
  ["a target encoding", targetEncode({ maxCategories: 2 }), /"city" has more than 2 categories/],
])("more categories than allowed are refused by %s", async (_, step, message) => {
  const rows = [0, 1, 2, 3].map((place): Row => ({ amount: place, city: `c${place}`, label: place % 2 }));
  await expect(fitted({ city: step, amount: standardize() }, rows)).rejects.toThrow(message);
});

test("crossed inputs are one category where both agree, and missing where one is", async () => {
  const rows = [
    ...[
      ["x", 1],
      ["x", 2],
      ["y", 1],
      ["x", 1],
      [null, 1],
    ].map(([city, amount]) => ({ city, amount, label: 0 }) as Row),
  ];
  const crossed = { both: cross(["city", "item"], oneHot()), item: drop(), city: drop(), amount: drop() };
  const declared = specOf(
    model("m", {
      rows: parquet("orders", {
        path: "orders.parquet",
        columns: {
          id: t.string(),
          at: t.timestamp(),
          amount: t.float64(),
          city: t.string(),
          item: t.int32(),
          late: t.bool(),
        },
        id: "id",
        eventTime: "at",
      }),
      features: [],
      request: { amount: t.float64(), city: t.string(), item: t.int32() },
      label: orders.late,
      trainer: xgboost(),
      split: byTime({ validate: days(1), test: days(1) }),
      metrics: [],
      preprocess: crossed,
    }),
  );
  async function* read(): AsyncGenerator<Table> {
    for await (const table of tablesOf(rows)) {
      const item = columnFrom("item", "int32", rows.map(({ amount }) => amount).slice(0, table.rowCount));
      yield { rowCount: table.rowCount, columns: [...table.columns, item] };
    }
  }
  const { inputs } = await fitInputs({ model: declared, plain: [], classes: undefined, read });
  expect(inputs[0]).toMatchObject({ columns: [{ name: "both=x×1" }, { name: "both=x×2" }, { name: "both=y×1" }] });
  for await (const table of read())
    expect(Array.from(encoderOf(inputs)(table))).toEqual([
      ...[1, 0, 0],
      ...[0, 1, 0],
      ...[0, 0, 1],
      ...[1, 0, 0],
      ...[0, 0, 0],
    ]);
});
