// Models that MLflow's own Python client logged and registered, served without a definition and held against the libraries that trained them. Runs
// where SLIPWAY_MLFLOW_PYTHON (else `python3`) can import mlflow, sklearn, skl2onnx and xgboost; skipped elsewhere.

import { execFile, execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { importedModels } from "../../src/platform/platform.ts";
import { fakeNow, fakeServing } from "../../src/server/fake-serving.fixture.ts";
import { importedPlatform } from "../../src/server/imported.fixture.ts";
import { type OpenTracking, openTestTracking } from "../../src/server/mlflow/mlflow.fixture.ts";
import { createServer, type Server } from "../../src/server/server.ts";

const python = process.env["SLIPWAY_MLFLOW_PYTHON"] ?? "python3";

function hasLibraries(): boolean {
  try {
    execFileSync(python, ["-c", "import mlflow, sklearn, skl2onnx, xgboost"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

let open: OpenTracking;
let server: Server;
beforeAll(async () => {
  open = await openTestTracking();
  server = await createServer({
    serving: fakeServing(),
    models: [],
    imported: importedModels(importedPlatform(open.tracking)),
    version: "test",
    now: () => fakeNow,
    host: "127.0.0.1",
    port: 0,
    tracking: open.tracking,
    logger: { level: "silent" },
  });
});
afterAll(async () => {
  await server.close();
  await open.close();
});

it.runIf(hasLibraries()).each([
  ["models of a notebook answer as their libraries do", "imported-models.py", "every prediction is the library's own"],
  ["models asked as MLflow's scoring server is answer as it does", "invocations.py", "every answer is MLflow's own"],
])("%s", { timeout: 600_000 }, async (_, file, last) => {
  const script = fileURLToPath(new URL(file, import.meta.url));
  const { stdout } = await promisify(execFile)(python, [script, server.url], {
    env: { ...process.env, MLFLOW_TRACKING_URI: server.url, MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0" },
    maxBuffer: 2 ** 26,
  });
  expect(stdout.trim().split("\n").at(-1)).toBe(last);
});
