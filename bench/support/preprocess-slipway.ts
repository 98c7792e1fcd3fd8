// Slipway's side of preprocessing.ts, in a process of its own: fits a model's steps on the rows of a Parquet file and makes the training matrix, as training
// does before its trainer. Arguments: make or fit, Parquet file, rows, folder. `fit` prints one JSON document.

import {
  bucketize,
  byTime,
  days,
  impute,
  model,
  oneHot,
  parquet,
  robustScale,
  specOf,
  standardize,
  t,
  targetEncode,
  xgboost,
} from "slipway";
import { encodeTable, matrixColumns } from "../../src/core/core.ts";
import { duckdb } from "../../src/engines/duckdb/duckdb.ts";
import { fitInputs } from "../../src/training/preprocessing/fit-inputs.ts";
import { THREADS } from "./project.ts";

const [what = "", file = "", rows = "", folder = ""] = process.argv.slice(2);
const offline = await duckdb({ root: folder, temporaryFolder: folder, threads: THREADS });

const numbers = ["a", "b", "c", "d", "e", "f", "g", "h"] as const;
if (what === "make") {
  const cells = numbers.map(
    (name, place) =>
      `CASE WHEN ${place} > 3 AND random() < 0.05 THEN NULL ELSE (random() - 0.3) * ${place + 1} * 10 END AS ${name}`,
  );
  // hash() makes the same texts whatever random() does.
  const texts = [5, 60, 2000].map((count, place) => `'k' || (hash(i * ${place + 3}) % ${count}) AS t${count}`);
  await offline.writeParquet(
    `SELECT 'r' || i AS id, TIMESTAMP '2025-01-01' AS at, ${[...cells, ...texts].join(", ")}, hash(i) % 3 = 0 AS label FROM range(${rows}) r(i)`,
    file,
  );
} else {
  const source = parquet("rows", {
    path: file,
    columns: {
      ...{ id: t.string(), at: t.timestamp(), t5: t.string(), t60: t.string(), t2000: t.string(), label: t.bool() },
      ...{
        a: t.float64(),
        b: t.float64(),
        c: t.float64(),
        d: t.float64(),
        e: t.float64(),
        f: t.float64(),
        g: t.float64(),
        h: t.float64(),
      },
    },
    id: "id",
    eventTime: "at",
  });
  const { columns } = specOf(source);
  const own = specOf(
    model("m", {
      rows: source,
      features: [],
      request: {
        ...{
          a: t.float64(),
          b: t.float64(),
          c: t.float64(),
          d: t.float64(),
          e: t.float64(),
          f: t.float64(),
          g: t.float64(),
        },
        ...{ h: t.float64(), t5: t.string(), t60: t.string(), t2000: t.string() },
      },
      label: source.label,
      trainer: xgboost(),
      split: byTime({ validate: days(1), test: days(1) }),
      metrics: [],
      preprocess: {
        ...{ a: standardize(), b: standardize(), c: standardize(), d: standardize() },
        e: [impute("median"), robustScale()],
        f: [impute("median"), robustScale()],
        g: [impute("median"), robustScale()],
        h: [impute("median"), bucketize({ quantiles: 10 })],
        t5: oneHot(),
        t60: oneHot(),
        t2000: targetEncode(),
      },
    }),
  );
  const read = (names: readonly string[]) =>
    offline.stream(
      `SELECT ${[...names, "label"].map((name) => `"${name}"`).join(", ")} FROM read_parquet('${file.replaceAll("'", "''")}')`,
    );
  const { inputs, trainingTables } = await fitInputs({ model: own, plain: [], classes: undefined, read });
  const matrix = matrixColumns(inputs);
  const sums = new Float64Array(matrix.length);
  const cells: Float32Array[] = [];
  const names = columns.map(({ name }) => name).filter((name) => !["id", "at", "label"].includes(name));
  for await (const table of trainingTables(inputs, read(names))) cells.push(encodeTable(matrix, table));
  for (const batch of cells)
    for (let cell = 0; cell < batch.length; cell += 1)
      sums[cell % matrix.length] = (sums[cell % matrix.length] ?? 0) + (batch[cell] ?? 0);
  process.stdout.write(JSON.stringify({ rows: Number(rows), sums: Array.from(sums), engine: "slipway" }));
}
await offline.close();
process.exit(0);
