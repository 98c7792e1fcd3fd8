// MLflow's own Python client against a listening server: what its tutorials do. Runs where SLIPWAY_MLFLOW_PYTHON (else `python3`) can import mlflow,
// sklearn and xgboost (python3 -m pip install mlflow scikit-learn xgboost); skipped elsewhere.

import { execFile, execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { guardedOutbound } from "../../src/engines/system/system.ts";
import { tracking } from "../../src/platform/platform.ts";
import { fakeNow, fakeServing } from "../../src/server/fake-serving.fixture.ts";
import { type OpenTracking, openTestTracking } from "../../src/server/mlflow/mlflow.fixture.ts";
import { createServer, type Server } from "../../src/server/server.ts";

const python = process.env["SLIPWAY_MLFLOW_PYTHON"] ?? "python3";

function hasMlflow(): boolean {
  try {
    execFileSync(python, ["-c", "import mlflow, sklearn, xgboost"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

const outbound = guardedOutbound({ allow: ["127.0.0.1"] });
let open: OpenTracking;
let server: Server;
beforeAll(async () => {
  open = await openTestTracking(outbound);
  server = await createServer({
    serving: fakeServing(),
    models: [],
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

async function lastLineOf(script: string): Promise<string | undefined> {
  const path = fileURLToPath(new URL(script, import.meta.url));
  const { stdout } = await promisify(execFile)(python, [path, server.url], {
    env: { ...process.env, MLFLOW_TRACKING_URI: server.url, MLFLOW_HTTP_REQUEST_MAX_RETRIES: "0" },
    maxBuffer: 2 ** 26,
  });
  return stdout.trim().split("\n").at(-1);
}

it.runIf(hasMlflow())("the Python client does what its tutorials show", { timeout: 300_000 }, async () => {
  expect(await lastLineOf("mlflow-journey.py")).toBe("every step did what it should");
});

it.runIf(hasMlflow())(
  "the Python client evaluates, logs whatever it can, and is not broken by what is not kept",
  { timeout: 300_000 },
  async () => {
    expect(await lastLineOf("mlflow-tutorials.py")).toBe("every tutorial did what it should");
  },
);

it.runIf(hasMlflow())(
  "the Python client's webhooks are told, signed as MLflow signs",
  { timeout: 300_000 },
  async () => {
    const timer = setInterval(() => void tracking.deliverDue(open.tracking, outbound, open.tracking.secrets), 200);
    try {
      expect(await lastLineOf("mlflow-webhooks.py")).toBe("every webhook did what it should");
    } finally {
      clearInterval(timer);
    }
  },
);
