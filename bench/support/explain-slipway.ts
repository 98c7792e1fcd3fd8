// Slipway's side of explain.ts, in a process of its own: FOLDER ROWS COLUMNS TREES EXPLAINED.

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { limeExplainer, rowsFrom } from "slipway/platform";
import { isExplainable } from "slipway/ports";
import { local } from "slipway/presets";
import { temporaryFolder } from "./project.ts";

const [folder = "", ...sizes] = process.argv.slice(2);
const [rows = 0, columns = 0, , explained = 0] = sizes.map(Number);
const stateDir = temporaryFolder();
const cacheDir = process.env["SLIPWAY_CACHE"] ?? join(homedir(), ".cache", "slipway");
const engines = await local({ threads: 1 })({ root: stateDir, stateDir, cacheDir, env: process.env });
const runtime = engines.runtimes.find(({ format }) => format === "xgboost-ubj");
const predictor = await runtime?.load(readFileSync(join(folder, "model.ubj")), { threads: 1 });
if (predictor === undefined || !isExplainable(predictor)) throw new Error("The model cannot be loaded.");
const bytes = readFileSync(join(folder, "rows.f32"));
const matrix = new Float32Array(bytes.buffer, bytes.byteOffset, rows * columns);

const seconds = (from: NodeJS.CpuUsage): number => {
  const { user, system } = process.cpuUsage(from);
  return (user + system) / 1e6;
};
let before = process.cpuUsage();
const { values } = await predictor.contributions(matrix, rows);
const shapSeconds = seconds(before);
const shap = Array.from({ length: 20 }, (_, row) => [
  ...values.slice(row * (columns + 1), (row + 1) * (columns + 1) - 1),
]).flat();

const schema = Array.from({ length: columns }, (_, place) => ({ name: `x${place}`, type: "float64" as const }));
const model = {
  name: "made@1",
  inputs: schema.map(({ name }) => ({ name, kind: "number" as const })),
  predictor,
  classes: undefined,
};
const cellsOf = (row: number): readonly number[] => Array.from(matrix.subarray(row * columns, (row + 1) * columns));
const background = rowsFrom(
  schema,
  Array.from({ length: rows }, (_, row) => cellsOf(row)),
);
const explainRow = limeExplainer(background);
before = process.cpuUsage();
const lime: number[] = [];
for (let row = 0; row < explained; row += 1) {
  const { effects } = await explainRow(
    model,
    rowsFrom(schema, [cellsOf(row)]),
    { place: 0, class: undefined },
    { samples: 5000, most: 10, seed: row, numbers: "quartiles" },
  );
  lime.push(Number(effects[0]?.input.slice(1)));
}
const limeSeconds = seconds(before);
process.stdout.write(JSON.stringify({ shapSeconds, limeSeconds, shap, lime }));
process.exit(0);
