// The example scripts, run as a project's own: scikit-learn, LightGBM and PyTorch fit the trainer contract's rows, and what they saved scores here as
// it does there. Each runs where the Python that SLIPWAY_TRAINER_PYTHON names (default python3) can import what it needs; skipped elsewhere.

import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, expect, it } from "vitest";
import { matrixRuntime, onnxRuntime } from "../../src/engines/onnx/onnx.ts";
import { pythonTrainer } from "../../src/engines/python/python.ts";
import { contractBatches, contractInputs, contractMatrix, contractRows } from "../../src/ports/trainer.contract.ts";

const interpreter = process.env["SLIPWAY_TRAINER_PYTHON"] ?? "python3";
const root = fileURLToPath(new URL("../../examples/python-trainers", import.meta.url));
const temporaryFolder = mkdtempSync(join(tmpdir(), "slipway-python-"));
afterAll(() => rmSync(temporaryFolder, { recursive: true, force: true }));

const runtime = matrixRuntime(onnxRuntime());
const trainer = pythonTrainer({ root, env: process.env, temporaryFolder, mark: "this one", runtimes: [runtime] });

const canImport = (modules: string): boolean => {
  try {
    execFileSync(interpreter, ["-c", `import ${modules}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

for (const [script, modules, parameters] of [
  ["scikit_learn.py", "pyarrow, sklearn, skl2onnx", { rounds: 60 }],
  ["lightgbm_trees.py", "pyarrow, lightgbm, onnxmltools", { rounds: 100, leaves: 15 }],
  ["pytorch_network.py", "pyarrow, torch, onnx", { epochs: 30, width: 16 }],
] as const)
  it.skipIf(!canImport(modules))(
    `${script} fits a model that scores here as it does there`,
    async () => {
      const steps: number[] = [];
      const rows = contractRows(500, 3);
      const trained = await trainer.fit(
        {
          inputs: contractInputs,
          label: "label",
          train: contractBatches(contractRows(3000, 1), 700),
          validate: contractBatches(contractRows(1000, 2), 300),
          parameters,
          rounds: 1,
          seed: 7,
          threads: 1,
          program: { script, interpreter, tolerance: 1e-4 },
        },
        { onStep: ({ metrics }) => steps.push(Number(Object.values(metrics)[0])) },
      );
      expect(trained).toMatchObject({ format: "onnx", bestRound: 1, engine: { name: "python" } });
      expect(trained.engine.packages?.some((each) => each.startsWith("pyarrow=="))).toBe(true);
      expect(steps.at(-1)).toBeLessThan(0.35);
      const predictor = await runtime.load(trained.artifact);
      const scores = await predictor.predict(contractMatrix(rows), rows.length);
      predictor.close();
      const right = rows.filter(({ label }, row) => (scores[row] as number) > 0.5 === label).length;
      expect(right / rows.length).toBeGreaterThan(0.88);
    },
    300_000,
  );
