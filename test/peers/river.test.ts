// Online learners side by side with river's LogisticRegression on the same rows. Runs where SLIPWAY_RIVER_PYTHON, or python3, can import river; skipped
// elsewhere. AdaGrad is the same to 1e-9. So is FTRL when river's weights are brought up to date before each answer; left to itself river answers
// with the weights of one row ago, and its loss is the same to 0.01.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { columnFrom, type Table } from "../../src/core/core.ts";
import { linearFrom } from "../../src/engines/linear/artifact.ts";
import { onlineTrainer } from "../../src/engines/linear/linear.ts";

const python = process.env["SLIPWAY_RIVER_PYTHON"] ?? "python3";
const ROWS = 3000;
const NAMES = ["a", "b", "c", "d"];

function hasRiver(): boolean {
  try {
    execFileSync(python, ["-c", "import river"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const folder = mkdtempSync(join(tmpdir(), "slipway-peer-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Rows whose rule changes half-way, the same each time. */
function made(): { readonly matrix: Float32Array; readonly labels: Float32Array } {
  let state = 11;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
  const matrix = new Float32Array(ROWS * NAMES.length);
  const labels = new Float32Array(ROWS);
  for (let row = 0; row < ROWS; row += 1) {
    const cells = [next() * 2 - 1, next() * 4 - 2, next() < 0.1 ? 1 : 0, next() < 0.1 ? Number.NaN : next()];
    matrix.set(cells, row * NAMES.length);
    const sum = (row < ROWS / 2 ? 2 : -2) * (cells[0] ?? 0) + (cells[1] ?? 0) + 3 * (cells[2] ?? 0) - 0.5;
    labels[row] = Number(next() < 1 / (1 + Math.exp(-sum)));
  }
  return { matrix, labels };
}

async function* batches({ matrix, labels }: ReturnType<typeof made>): AsyncGenerator<Table> {
  for (let from = 0; from < ROWS; from += 512) {
    const rows = Math.min(512, ROWS - from);
    const cells = (of: (row: number) => number): (number | null)[] =>
      Array.from({ length: rows }, (_, row) => of(from + row)).map((value) => (Number.isNaN(value) ? null : value));
    yield {
      rowCount: rows,
      columns: [
        ...NAMES.map((name, place) =>
          columnFrom(
            name,
            "float64",
            cells((row) => matrix[row * NAMES.length + place] ?? Number.NaN),
          ),
        ),
        columnFrom(
          "label",
          "float64",
          cells((row) => labels[row] ?? 0),
        ),
      ],
    };
  }
}

it.skipIf(!hasRiver())("learns what river learns", { timeout: 120_000 }, async () => {
  const rows = made();
  writeFileSync(join(folder, "matrix"), rows.matrix);
  writeFileSync(join(folder, "labels"), rows.labels);
  const program = fileURLToPath(new URL("river-online.py", import.meta.url));
  const told = JSON.parse(
    execFileSync(python, [program, folder, String(NAMES.length)], { encoding: "utf8" }),
  ) as Readonly<Record<string, { readonly loss: number; readonly weights: readonly number[] }>>;
  const rules = { ftrl: { rate: 0.2, beta: 1, l1: 0, l2: 0 }, adagrad: { rate: 0.2 } } as const;
  for (const [algorithm, options] of Object.entries(rules)) {
    const { artifact, steps } = await onlineTrainer().fit({
      inputs: NAMES.map((name) => ({ name, kind: "number" })),
      label: "label",
      task: { kind: "binary" },
      train: batches(rows),
      parameters: { algorithm, ...options },
      rounds: 1,
      seed: 0,
      threads: 1,
    });
    const { inputs, intercept } = linearFrom(artifact);
    const current = told[`${algorithm} current`];
    const own = [...inputs.map(({ coefficient }) => coefficient), intercept];
    for (const [place, weight] of own.entries()) expect(weight).toBeCloseTo(current?.weights[place] ?? Number.NaN, 9);
    const loss = steps.at(-1)?.metrics["progressive-logloss"] ?? Number.NaN;
    expect(loss).toBeCloseTo(current?.loss ?? Number.NaN, 9);
    expect(Math.abs(loss - (told[`${algorithm} river`]?.loss ?? Number.NaN))).toBeLessThan(0.01);
  }
});
