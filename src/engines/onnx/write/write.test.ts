// Written files run by ONNX Runtime give what the version gives: every step against the encoder of training and serving, trees and linear sums against
// walks through their plain numbers, calibrations against the one that is applied here.

import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import {
  type Calibration,
  calibrateScores,
  columnFrom,
  type DataType,
  encoderOf,
  type FittedStep,
  matrixColumns,
  type PreparedInput,
  type RawColumn,
  type Table,
  type Value,
  type ValueOf,
  type VersionInput,
} from "../../../core/core.ts";
import type { DecisionTree, ModelFormula } from "../../../ports/formula.ts";
import type { Tensor, TensorModel } from "../../../ports/tensor-runtime.ts";
import { onnxRuntime } from "../onnx.ts";
import { graphWriter } from "./graph.ts";
import { modelBytes } from "./messages.ts";
import { NO_MOMENT } from "./steps.ts";
import { onnxWriter, writtenMatrix } from "./write.ts";

const opened: TensorModel[] = [];
afterAll(() => {
  for (const each of opened) each.close();
});

async function loaded(parts: Parameters<ReturnType<typeof onnxWriter>["write"]>[0]): Promise<TensorModel> {
  const model = await onnxRuntime().open(onnxWriter().write(parts).bytes);
  opened.push(model);
  return model;
}

const floatsOf = (tensor: Tensor | undefined): Float32Array => (tensor ?? { data: [] }).data as Float32Array;

/** A row's value as the file takes it. */
function tensorOf({ name, type }: Pick<RawColumn, "name" | "type">, values: readonly Value[]): Tensor {
  const shape = [values.length, 1];
  if (type === "string") return { name, datatype: "BYTES", shape, data: values.map((value) => String(value ?? "")) };
  if (type === "timestamp" || type === "date")
    return {
      name,
      datatype: "INT64",
      shape,
      data: BigInt64Array.from(values, (value) => BigInt((value ?? NO_MOMENT) as number)),
    };
  return {
    name,
    datatype: "FP64",
    shape,
    data: Float64Array.from(values, (value) => (value === null ? Number.NaN : Number(value))),
  };
}

const raw = {
  amount: "float64",
  items: "int32",
  rate: "float32",
  paid: "bool",
  city: "string",
  other: "string",
  at: "timestamp",
  on: "date",
} as const;
type Row = { readonly [K in keyof typeof raw]: Value };
const names = Object.keys(raw) as (keyof typeof raw)[];

const rowOf: fc.Arbitrary<Row> = fc.record({
  amount: fc.option(fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }), { freq: 4 }),
  items: fc.option(fc.integer({ min: -4, max: 4 }), { freq: 4 }),
  rate: fc.option(fc.constantFrom(0.7, Math.fround(0.7), 0.1, -1e-3, 5), { freq: 4 }),
  paid: fc.option(fc.boolean(), { freq: 4 }),
  city: fc.option(fc.constantFrom("a", "b", "ä", "zz"), { freq: 4 }),
  other: fc.option(fc.constantFrom("x", "y"), { freq: 4 }),
  at: fc.option(fc.bigInt({ min: -100_000_000_000_000_000n, max: 100_000_000_000_000_000n }), { freq: 4 }),
  on: fc.option(fc.integer({ min: -2_000_000, max: 2_000_000 }), { freq: 4 }),
});

function tableOf(rows: readonly Row[]): Table {
  return {
    rowCount: rows.length,
    columns: names.map((name) =>
      columnFrom(
        name,
        raw[name] as DataType,
        rows.map((row) => row[name] as ValueOf<DataType> | null),
      ),
    ),
  };
}

const prepared = (
  name: string,
  of: readonly (readonly [keyof typeof raw, RawColumn["as"]])[],
  steps: readonly FittedStep[],
  columns: number,
): PreparedInput => ({
  ...{ name, kind: "prepared", steps },
  of: of.map(([column, as]) => ({ name: column, type: raw[column], as })),
  columns: Array.from({ length: columns }, (_, place) => ({ name: `${name}${place}`, kind: "number" })),
});

const encoding = { outputs: 1, values: [0.1, 0.7], missing: [0.4], others: [0.25] } as const;
const inputs: readonly VersionInput[] = [
  { name: "amount", kind: "number" },
  { name: "at", kind: "number" },
  { name: "city", kind: "category", categories: ["a", "ä"] },
  prepared(
    "scaled",
    [["amount", "number"]],
    [
      { step: "impute", value: 3.5 },
      { step: "scale", by: "standardize", center: 0.1, scale: 0.3 },
    ],
    1,
  ),
  prepared(
    "clipped",
    [["amount", "number"]],
    [{ step: "scale", by: "minMaxScale", center: -5, scale: 10, clip: true }],
    1,
  ),
  prepared("bucket", [["amount", "number"]], [{ step: "bucketize", edges: [-1, 0, 2.5] }], 1),
  prepared("rated", [["rate", "number"]], [{ step: "bucketize", edges: [-1e-3, 0.1, 0.7] }], 1),
  prepared("whole", [["amount", "number"]], [{ step: "bucketize", edges: [] }], 1),
  prepared(
    "bucketed",
    [["amount", "number"]],
    [
      { step: "bucketize", edges: [0] },
      { step: "oneHot", categories: ["0", "1"], missing: true },
    ],
    3,
  ),
  prepared("missing", [["city", "text"]], [{ step: "isMissing" }], 1),
  prepared("no_amount", [["amount", "number"]], [{ step: "isMissing" }], 1),
  prepared("no_time", [["at", "time"]], [{ step: "isMissing" }], 1),
  prepared("hot", [["city", "text"]], [{ step: "oneHot", categories: ["a", "b"], missing: true, others: true }], 4),
  prepared("bare", [["city", "text"]], [{ step: "oneHot", categories: ["b", "a"] }], 2),
  prepared(
    "filled",
    [["city", "text"]],
    [
      { step: "impute", value: "" },
      { step: "oneHot", categories: ["", "a"], others: true },
    ],
    3,
  ),
  prepared("of_items", [["items", "text"]], [{ step: "oneHot", categories: ["-1", "0", "3"] }], 3),
  prepared("of_paid", [["paid", "text"]], [{ step: "targetEncode", categories: ["false", "true"], ...encoding }], 1),
  prepared(
    "encoded",
    [["city", "text"]],
    [
      { step: "targetEncode", categories: ["a", "b"], ...encoding },
      { step: "scale", by: "robustScale", center: 0.2, scale: 0.5 },
    ],
    1,
  ),
  prepared(
    "classes",
    [["city", "text"]],
    [
      {
        step: "targetEncode",
        categories: ["a"],
        outputs: 2,
        values: [0.2, 0.8],
        missing: [0.3, 0.7],
        others: [0.5, 0.5],
      },
    ],
    2,
  ),
  prepared(
    "pair",
    [
      ["city", "text"],
      ["other", "text"],
      ["items", "text"],
    ],
    [{ step: "oneHot", categories: ["a\u001fx\u001f0", "b\u001fy\u001f-1"], others: true, missing: true }],
    4,
  ),
  prepared(
    "parts",
    [["at", "time"]],
    [
      {
        step: "dateParts",
        parts: ["year", "month", "dayOfMonth", "dayOfYear", "dayOfWeek", "hourOfDay", "minuteOfHour"],
      },
    ],
    7,
  ),
  prepared(
    "month",
    [["on", "time"]],
    [
      { step: "dateParts", parts: ["month"] },
      { step: "oneHot", categories: ["1", "12", "7"] },
    ],
    3,
  ),
  prepared("day", [["on", "time"]], [{ step: "dateParts", parts: ["year", "dayOfYear"] }], 2),
];
const width = matrixColumns(inputs).length;

const plainSum: ModelFormula = { kind: "linear", link: "identity", intercept: 0, coefficients: [1], means: [0] };

test("every step gives the cells that training and serving give, to the bit", { timeout: 120_000 }, async () => {
  const graph = graphWriter();
  const { matrix } = writtenMatrix(graph, inputs, raw);
  graph.output("matrix", matrix, "float", ["rows", width]);
  const model = await onnxRuntime().open(modelBytes("matrix", "", graph.parts()));
  opened.push(model);
  const encode = encoderOf(inputs);
  await fc.assert(
    fc.asyncProperty(fc.array(rowOf, { minLength: 1, maxLength: 12 }), async (rows) => {
      const tensors = names.map((name) =>
        tensorOf(
          { name, type: raw[name] },
          rows.map((row) => row[name]),
        ),
      );
      const [found] = await model.infer(tensors, ["matrix"]);
      // The sign of a zero is not part of a value.
      const plain = (cells: Float32Array) => Array.from(cells, (cell) => cell + 0);
      expect(plain(floatsOf(found))).toEqual(plain(encode(tableOf(rows))));
    }),
    { numRuns: 150 },
  );
});

/** A tree that asks a number, then a category. */
const tree: DecisionTree = {
  output: 0,
  left: Int32Array.of(1, 3, -1, -1, -1),
  right: Int32Array.of(2, 4, -1, -1, -1),
  columns: Int32Array.of(0, 1, 0, 0, 0),
  thresholds: Float32Array.of(0.1, 0, 0, 0, 0),
  missingLeft: Uint8Array.of(1, 0, 0, 0, 0),
  leaves: Float32Array.of(0, 0, 0.3, -0.2, 0.9),
  categories: new Map([[1, [0, 2]]]),
};

function walked(
  { left, right, columns, thresholds, missingLeft, leaves, categories }: DecisionTree,
  cells: Float32Array,
): number {
  let node = 0;
  while ((left[node] ?? -1) !== -1) {
    const value = cells[columns[node] ?? 0] ?? Number.NaN;
    const codes = categories.get(node);
    const goesLeft = Number.isNaN(value)
      ? missingLeft[node] === 1
      : codes === undefined
        ? value < (thresholds[node] ?? 0)
        : !codes.includes(value);
    node = (goesLeft ? left[node] : right[node]) ?? 0;
  }
  return leaves[node] ?? 0;
}

const treeInputs: readonly VersionInput[] = [
  { name: "amount", kind: "number" },
  { name: "city", kind: "category", categories: ["a", "b", "ä"] },
];

test.each([0, 1])(
  "trees compare as float32, and send categories and missing values where they belong (%s)",
  async (missing) => {
    const flipped = { ...tree, missingLeft: Uint8Array.of(missing, 1 - missing, 0, 0, 0) };
    const formula: ModelFormula = {
      kind: "trees",
      link: "logistic",
      columns: 2,
      base: [0.25],
      trees: [tree, flipped, flipped],
    };
    const model = await loaded({ name: "m@1", inputs: treeInputs, types: raw, formula });
    const amounts = [null, 0.1, Math.fround(0.1), 0.09999999, 5, -5];
    const rows = amounts.flatMap((amount) => [null, "a", "b", "ä", "zz"].map((city) => ({ amount, city })));
    const cells = encoderOf(treeInputs)({
      rowCount: rows.length,
      columns: [
        columnFrom(
          "amount",
          "float64",
          rows.map(({ amount }) => amount),
        ),
        columnFrom(
          "city",
          "string",
          rows.map(({ city }) => city),
        ),
      ],
    });
    const [score] = await model.infer(
      [
        tensorOf(
          { name: "amount", type: "float64" },
          rows.map(({ amount }) => amount),
        ),
        tensorOf(
          { name: "city", type: "string" },
          rows.map(({ city }) => city),
        ),
      ],
      ["score"],
    );
    for (const [row] of rows.entries()) {
      const own = cells.subarray(row * 2, row * 2 + 2);
      const sum = 0.25 + walked(tree, own) + 2 * walked(flipped, own);
      expect(floatsOf(score)[row]).toBeCloseTo(1 / (1 + Math.exp(-sum)), 6);
    }
  },
);

test.each<[string, Calibration]>([
  ["a logistic curve", { kind: "platt", rows: 9, steps: [{ slope: 0.7, intercept: -0.2 }] }],
  ["points", { kind: "isotonic", rows: 9, steps: [{ scores: [0.1, 0.4, 0.5, 0.9], probabilities: [0, 0.2, 0.6, 1] }] }],
  ["two points", { kind: "isotonic", rows: 9, steps: [{ scores: [0.2, 0.8], probabilities: [0.3, 0.5] }] }],
  ["one point", { kind: "isotonic", rows: 9, steps: [{ scores: [0.5], probabilities: [0.25] }] }],
])("scores are corrected by %s as they are here", async (_, calibration) => {
  const formula = { kind: "linear", link: "logistic", intercept: 0, coefficients: [1], means: [0] } as const;
  const one: readonly VersionInput[] = [{ name: "amount", kind: "number" }];
  const values = [-30, -2, -1, -0.4, 0, 0.3, 0.4, 1, 2, 30];
  const given = [tensorOf({ name: "amount", type: "float64" }, values)];
  const [raws] = await (await loaded({ name: "m@1", inputs: one, types: raw, formula })).infer(given, ["score"]);
  const [corrected] = await (await loaded({ name: "m@1", inputs: one, types: raw, formula, calibration })).infer(
    given,
    ["score"],
  );
  const expected = calibrateScores(calibration, floatsOf(raws));
  for (const [place, value] of expected.entries()) expect(floatsOf(corrected)[place]).toBeCloseTo(value, 6);
});

test("several classes are corrected one by one and add up to 1", async () => {
  const leafOnly = (output: number, value: number): DecisionTree => ({
    ...{
      output,
      left: Int32Array.of(-1),
      right: Int32Array.of(-1),
      columns: Int32Array.of(0),
      thresholds: Float32Array.of(0),
    },
    ...{ missingLeft: Uint8Array.of(0), leaves: Float32Array.of(value), categories: new Map() },
  });
  const formula: ModelFormula = {
    kind: "trees",
    link: "softmax",
    columns: 1,
    base: [0, 0.5, 0],
    trees: [leafOnly(0, 1), leafOnly(2, -1)],
  };
  const calibration: Calibration = {
    kind: "platt",
    rows: 9,
    steps: [1, 2, 0.5].map((slope) => ({ slope, intercept: 0.1 })),
  };
  const one: readonly VersionInput[] = [{ name: "amount", kind: "number" }];
  const model = await loaded({ name: "m@1", inputs: one, types: raw, formula, calibration, classes: ["a", "b", "c"] });
  const [score] = await model.infer([tensorOf({ name: "amount", type: "float64" }, [1, 2])], ["score"]);
  const exps = [1, 0.5, -1].map(Math.exp);
  const sum = exps.reduce((a, b) => a + b);
  const expected = calibrateScores(
    calibration,
    Float32Array.from([...exps, ...exps], (each) => each / sum),
  );
  expect(score?.shape).toEqual([2, 3]);
  for (const [place, value] of expected.entries()) expect(floatsOf(score)[place]).toBeCloseTo(value, 6);
});

test.each<[string, FittedStep]>([
  ["hash", { step: "hash", buckets: 4 }],
  ["ngramHash", { step: "ngramHash", n: 3, buckets: 4 }],
  ["textLength", { step: "textLength" }],
])("%s, which ONNX has no operators for, is refused with what to do", (step, fitted) => {
  const formula = plainSum;
  const write = () =>
    onnxWriter().write({
      name: "m@1",
      inputs: [prepared("note", [["city", "text"]], [fitted], 1)],
      types: raw,
      formula,
    });
  expect(write).toThrowError(
    expect.objectContaining({
      code: "INPUT_INVALID",
      message: expect.stringMatching(new RegExp(`"note" goes through ${step}.*Slipway`)),
    }),
  );
});

test("an empty text that means something is refused where it stands for a missing one", () => {
  const hot = prepared("hot", [["city", "text"]], [{ step: "oneHot", categories: ["", "a"] }], 2);
  expect(() => onnxWriter().write({ name: "m@1", inputs: [hot], types: raw, formula: plainSum })).toThrow(/empty text/);
});

test("an input called score keeps its name, and the scores get another", async () => {
  const one: readonly VersionInput[] = [{ name: "score", kind: "number" }];
  const whole = { name: "m@1", inputs: one, types: { score: "float64" }, formula: plainSum } as const;
  expect(onnxWriter().write(whole).outputs).toMatchObject([{ name: "score_2" }]);
  const given = tensorOf({ name: "score", type: "float64" }, [1, 2]);
  const [score] = await (await loaded(whole)).infer([given], ["score_2"]);
  expect(Array.from(floatsOf(score))).toEqual([1, 2]);
});

test("categories that are whole numbers beyond 2^53 are refused, alone and crossed, and smaller ones are not", () => {
  const of = (columns: readonly ("id" | "city")[], categories: readonly string[]): PreparedInput => ({
    ...{ name: "who", kind: "prepared", steps: [{ step: "oneHot", categories }] },
    of: columns.map((name) => ({ name, type: name === "id" ? "int64" : "string", as: "text" })),
    columns: categories.map((_, place) => ({ name: `who${place}`, kind: "number" })),
  });
  const write = (input: PreparedInput) => () => writtenMatrix(graphWriter(), [input], { id: "int64", city: "string" });
  expect(write(of(["id"], ["9007199254740991", "-5"]))).not.toThrow();
  expect(write(of(["id"], ["1", "-9007199254740992"]))).toThrow(
    expect.objectContaining({ code: "INPUT_INVALID", message: expect.stringContaining("-9007199254740992") }),
  );
  expect(write(of(["city", "id"], ["a\u001f1000000000000000000"]))).toThrow("2^53");
  expect(write(of(["city"], ["1000000000000000000"]))).not.toThrow();
});

test("the same version gives the same bytes", () => {
  const one: readonly VersionInput[] = [{ name: "amount", kind: "number" }];
  const bytes = () => onnxWriter().write({ name: "m@1", inputs: one, types: raw, formula: plainSum }).bytes;
  expect(Buffer.from(bytes()).equals(Buffer.from(bytes()))).toBe(true);
});
