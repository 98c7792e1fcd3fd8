// Steps, linear models and ONNX files beside Python's: scikit-learn fits the same rows to 1e-9, and ONNX Runtime scores what was written as the version
// does. Skipped where neither SLIPWAY_MLFLOW_PYTHON nor python3 can import scikit-learn and onnxruntime.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { columnFrom, columnOf, days, encoderOf, numberAt, randomOf, type Table, valueAt } from "../../src/core/core.ts";
import { linearFrom } from "../../src/engines/linear/artifact.ts";
import { linearTrainer } from "../../src/engines/linear/linear.ts";
import {
  bucketize,
  byTime,
  hash,
  impute,
  minMaxScale,
  model,
  multiclass,
  ngramHash,
  of,
  oneHot,
  parquet,
  robustScale,
  specOf,
  standardize,
  t,
  targetEncode,
  xgboost,
} from "../../src/index.ts";
import { applyDefinitions, getVersion, trainModel, writeModel } from "../../src/platform/platform.ts";
import { loadVersion } from "../../src/registry/registry.ts";
import { fitInputs, matrixTables } from "../../src/training/preprocessing/fit-inputs.ts";
import { foldOf } from "../../src/training/preprocessing/folds.ts";
import { day, deliveriesWorld } from "../journeys/deliveries.fixture.ts";
import {
  common,
  howLate,
  late,
  lateCalibrated,
  lateLinear,
  minutesLinear,
  preprocessProject,
  readBy,
} from "../journeys/preprocess.fixture.ts";

const python = process.env["SLIPWAY_MLFLOW_PYTHON"] ?? "python3";
const program = fileURLToPath(new URL("preprocessing.py", import.meta.url));

function hasPeers(): boolean {
  try {
    execFileSync(python, ["-c", "import sklearn, onnxruntime"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function asked<T>(question: object): T {
  // JSON writes NaN as null, as a missing value is written.
  const input = JSON.stringify(question);
  return JSON.parse(execFileSync(python, [program], { input, maxBuffer: 1 << 28 }).toString()) as T;
}

const ROWS = 700;
const FOLDS = 4;
const random = randomOf(11, 1);
const CITIES = ["ams", "ber", "cdg", "dub", "ewr", "fra", "ätt", "😀"];
const LETTERS = [..."abcdé😀 "];
const rows = Array.from({ length: ROWS }, () => {
  const city = Math.min(CITIES.length - 1, Math.floor(random.next() ** 2 * CITIES.length));
  const amount = random.normal() * 20 + city;
  return {
    amount: random.next() < 0.1 ? null : amount,
    whole: random.next() < 0.1 ? null : Math.floor(random.next() * 12),
    city: CITIES[city] ?? "",
    text: Array.from({ length: Math.floor(random.next() * 12) }, () => LETTERS[random.below(LETTERS.length)] ?? "")
      .join("")
      .replace(/\s\s+/g, " "),
    binary: Number(amount + random.normal() * 20 > 2),
    continuous: amount * 0.3 + random.normal() * 4,
    multiclass: ["x", "y", "z"][random.below(3)] ?? "",
    weight: 0.5 + random.below(4),
  };
});
type Rows = typeof rows;

async function* tables(label: "binary" | "continuous" | "multiclass"): AsyncGenerator<Table> {
  for (let from = 0; from < ROWS; from += 128) {
    const some = rows.slice(from, from + 128);
    const numbers = (name: string, of: (row: Rows[number]) => number | null) =>
      columnFrom(name, "float64", some.map(of));
    yield {
      rowCount: some.length,
      columns: [
        numbers("amount", (row) => row.amount),
        numbers("whole", (row) => row.whole),
        columnFrom(
          "city",
          "string",
          some.map(({ city }) => city),
        ),
        columnFrom(
          "text",
          "string",
          some.map(({ text }) => text),
        ),
        label === "multiclass"
          ? columnFrom(
              "label",
              "string",
              some.map((row) => row.multiclass),
            )
          : numbers("label", (row) => row[label]),
      ],
    };
  }
}

const source = parquet("rows", {
  path: "rows.parquet",
  columns: {
    id: t.string(),
    at: t.timestamp(),
    amount: t.float64(),
    whole: t.int32(),
    city: t.string(),
    text: t.string(),
  },
  id: "id",
  eventTime: "at",
});

/** What training and serving make of the rows, column by column of one input. */
async function ours(preprocess: object, label: "binary" | "continuous" | "multiclass") {
  const own = specOf(
    model("m", {
      rows: source,
      features: [],
      request: { amount: t.float64(), whole: t.int32(), city: t.string(), text: t.string() },
      label: source.whole,
      trainer: xgboost(label === "multiclass" ? { task: multiclass() } : {}),
      split: byTime({ validate: days(1), test: days(1) }),
      metrics: [],
      preprocess: preprocess as never,
    }),
  );
  const classes = label === "multiclass" ? ["x", "y", "z"] : undefined;
  const fitted = await fitInputs({ model: own, plain: [], classes, read: () => tables(label) });
  const cells = async (made: AsyncIterable<Table>, name: string): Promise<readonly (readonly (number | null)[])[]> => {
    const input = fitted.inputs.find((each) => each.name === name);
    const columns = input?.kind === "prepared" ? input.columns.map((column) => column.name) : [];
    const found: (number | null)[][] = [];
    for await (const table of made)
      for (let row = 0; row < table.rowCount; row += 1)
        found.push(
          columns.map((column) => {
            const value = numberAt(columnOf(table, column), row) ?? Number.NaN;
            return Number.isNaN(value) ? null : value;
          }),
        );
    return found;
  };
  return {
    training: (name: string) => cells(fitted.trainingTables(fitted.inputs, tables(label)), name),
    serving: (name: string) => cells(matrixTables(fitted.inputs, tables(label)), name),
    inputs: fitted.inputs,
  };
}

function near(
  found: readonly (readonly (number | null)[])[],
  expected: readonly (readonly (number | null)[])[] | undefined,
): void {
  expect(found).toHaveLength(expected?.length ?? -1);
  for (const [row, cells] of found.entries())
    for (const [column, cell] of cells.entries()) {
      const peer = expected?.[row]?.[column];
      if (peer === null || cell === null) expect(cell).toBe(peer);
      else expect(Math.abs(cell - (peer ?? Number.NaN))).toBeLessThan(1e-9 * Math.max(1, Math.abs(cell)));
    }
}

const column = <K extends keyof Rows[number]>(name: K) => rows.map((row) => row[name]);

it.skipIf(!hasPeers())("every step gives what scikit-learn gives, to 1e-9", { timeout: 120_000 }, async () => {
  const peer = asked<Record<string, (number | null)[][]>>({
    what: "preprocessing",
    amount: column("amount"),
    whole: column("whole"),
    city: column("city"),
    text: column("text"),
    binary: column("binary"),
    continuous: column("continuous"),
    multiclass: column("multiclass"),
    folds: rows.map((_, row) => foldOf(row, 3, FOLDS)),
  });
  const encode = targetEncode({ folds: FOLDS, seed: 3 });
  const steps = {
    amount: standardize(),
    whole: impute("mostFrequent"),
    city: oneHot(),
    text: ngramHash({ n: 3, buckets: 32 }),
    robust: of("amount", [impute("median"), robustScale()]),
    minMax: of("amount", minMaxScale()),
    mean: of("amount", impute("mean")),
    bins: of("whole", [impute("median"), bucketize({ quantiles: 7 })]),
    rare: of("city", oneHot({ maxCategories: 4, rare: "together" })),
    hash: of("text", [hash({ buckets: 50 }), oneHot()]),
    target: of("city", encode),
  };
  const binary = await ours(steps, "binary");
  for (const [name, of] of [
    ["standardize", "amount"],
    ["mostFrequent", "whole"],
    ["oneHot", "city"],
    ["grams", "text"],
  ] as const)
    near(await binary.training(of), peer[name]);
  for (const name of ["robust", "minMax", "mean", "bins", "rare"]) near(await binary.training(name), peer[name]);
  near(await binary.training("target"), peer["folds binary"]);
  near(await binary.serving("target"), peer["target binary"]);
  const buckets = binary.inputs.find(({ name }) => name === "hash");
  const names = buckets?.kind === "prepared" ? buckets.columns.map((each) => Number(each.name.split("=")[1])) : [];
  expect((await binary.serving("hash")).map((cells) => names[cells.indexOf(1)])).toEqual(
    peer["hash"]?.map(([bucket]) => bucket),
  );
  for (const [label, name, smooth] of [
    ["continuous", "continuous", "auto"],
    ["continuous", "smoothed", 5],
    ["multiclass", "multiclass", "auto"],
  ] as const) {
    const own = await ours(
      { city: targetEncode({ folds: FOLDS, seed: 3, smooth }), text: oneHot({ maxCategories: 9000 }) },
      label,
    );
    near(await own.training("city"), peer[`folds ${name}`]);
    near(await own.serving("city"), peer[`target ${name}`]);
  }
});

it.skipIf(!hasPeers())("linear models have scikit-learn's coefficients", { timeout: 300_000 }, async () => {
  const strength = 0.02;
  const width = 4;
  const matrix = rows.map(({ amount, whole, city }) =>
    [(amount ?? 0) / 20, ((whole ?? 6) - 6) / 4, Number(city === "ber"), Number(city === "ams")].map(Math.fround),
  );
  const peer = asked<Record<string, number[]>>({
    what: "linear",
    ...{ matrix, strength, binary: column("binary"), continuous: column("continuous"), weights: column("weight") },
  });
  const kinds = {
    none: ["continuous", 0, 0],
    ridge: ["continuous", 0, strength],
    "weighted ridge": ["continuous", 0, strength],
    lasso: ["continuous", 1, strength],
    elasticNet: ["continuous", 0.3, strength],
    "logistic ridge": ["binary", 0, strength],
    "weighted logistic ridge": ["binary", 0, strength],
    "logistic none": ["binary", 0, 0],
    "logistic elasticNet": ["binary", 0.3, strength],
  } as const;
  for (const [name, [label, mix, much]] of Object.entries(kinds)) {
    async function* train(): AsyncGenerator<Table> {
      yield {
        rowCount: ROWS,
        columns: [
          ...Array.from({ length: width }, (_, place) =>
            columnFrom(
              `x${place}`,
              "float64",
              matrix.map((cells) => cells[place] ?? 0),
            ),
          ),
          columnFrom("label", "float64", column(label)),
          columnFrom("w", "float64", column("weight")),
        ],
      };
    }
    const { artifact } = await linearTrainer().fit({
      inputs: Array.from({ length: width }, (_, place) => ({ name: `x${place}`, kind: "number" })),
      label: "label",
      task: label === "binary" ? { kind: "binary" } : { kind: "regression", loss: "squared" },
      ...(name.startsWith("weighted") ? { weight: "w" } : {}),
      train: train(),
      parameters: { strength: much, mix, tolerance: 1e-12 },
      ...{ rounds: 100, seed: 0, threads: 1 },
    });
    const { intercept, inputs } = linearFrom(artifact);
    const found = [intercept, ...inputs.map(({ coefficient }) => coefficient)];
    // saga is the only solver there that does both penalties of the log loss, and stops sooner than the others.
    const tolerance = name === "logistic elasticNet" ? 1e-6 : 1e-9;
    for (const [place, value] of found.entries())
      expect(Math.abs(value - (peer[name]?.[place] ?? Number.NaN)), `${name}, coefficient ${place}`).toBeLessThan(
        tolerance * Math.max(1, Math.abs(value)),
      );
  }
});

it.skipIf(!hasPeers())("ONNX Runtime in Python gives the scores of the versions", { timeout: 300_000 }, async () => {
  const world = await deliveriesWorld();
  const definitions = { late, lateLinear, minutesLinear, lateCalibrated, howLate };
  const platform = await world.open({ at: day(30), config: preprocessProject(definitions) });
  try {
    await applyDefinitions(platform);
    const { offline, runtimes } = platform.engines;
    for (const { name } of Object.values(definitions)) {
      await trainModel(platform, { model: name, bounds: { validateFrom: day(20), testFrom: day(25), until: day(30) } });
      const version = await getVersion(platform.registry, name, 1);
      const file = join(world.root, `${name}.onnx`);
      const { inputs } = await writeModel(platform, { model: name, reference: "1", format: "onnx", out: file });
      const predictor = await loadVersion(platform.registry, runtimes, version);
      const encode = encoderOf(version.inputs);
      const names = readBy(version).map((each) => offline.dialect.identifier(each));
      const scores: number[] = [];
      const values = new Map<string, (string | number | null)[]>(inputs.map((each) => [each.name, []]));
      for await (const table of offline.stream(
        `SELECT ${names.join(", ")} FROM ${offline.dialect.scan(specOf(common.rows))} ORDER BY order_id`,
      )) {
        scores.push(...(await predictor.predict(encode(table), table.rowCount)));
        for (const own of table.columns)
          for (let row = 0; row < table.rowCount; row += 1) {
            const value = valueAt(own, row);
            const isText = typeof value === "string" || typeof value === "bigint";
            values
              .get(own.name)
              ?.push(value === null && own.type === "string" ? "" : isText ? String(value) : Number(value));
          }
      }
      predictor.close();
      const { score } = asked<{ score: number[] }>({
        what: "onnx",
        file,
        inputs: inputs.map(({ name: of, type }) => ({ name: of, type, values: values.get(of) })),
      });
      expect(score).toHaveLength(scores.length);
      for (const [place, value] of scores.entries())
        expect(Math.abs(value - (score[place] ?? Number.NaN)), name).toBeLessThan(1e-6 * Math.max(1, Math.abs(value)));
    }
  } finally {
    await platform.close();
    await world.remove();
  }
});
