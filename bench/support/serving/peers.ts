// The servers of serving.ts, each in a process group of its own with two workers and the same model; Slipway and the floor with one process.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runChild } from "../child.ts";
import { script } from "../load.ts";
import { repository } from "../project.ts";
import { treeCpu, treeResident } from "../usage.ts";
import { venvWith } from "../venv.ts";

/** The model and everything else that a side may need. */
export interface World {
  /** A project with the model in it. */
  readonly root: string;
  readonly model: string;
  readonly library: string;
}

/** A server under load. */
export interface ServingSide {
  /** Where rows are posted to. */
  readonly url: string;
  /** Milliseconds from its start to its first right answer. */
  readonly coldMs: number;
  readonly cpu: () => number;
  readonly resident: () => number;
  readonly stop: () => Promise<void>;
}

/** One row after another, (rows, width), as a request. */
export type Write = (rows: readonly (readonly number[])[]) => string;

/** A side: how it is started, and how it is asked. */
export interface Contestant {
  readonly name: string;
  readonly start: (world: World, probe: string) => Promise<ServingSide>;
  readonly write: Write;
}

/** A request of the Open Inference Protocol. */
const tensors: Write = (rows) =>
  JSON.stringify({
    inputs: [{ name: "input", datatype: "FP32", shape: [rows.length, rows[0]?.length], data: rows.flat() }],
  });

const own = import.meta.dirname;
const INFER = "/v2/models/late/infer";

/** Slipway as users start it. */
export const slipway: Contestant = {
  name: "Slipway",
  write: tensors,
  async start({ root }, probe) {
    const words = ["serve", "--project", root, "--port", "PORT"];
    return launched([process.execPath, join(repository, "dist", "cli", "bin.js"), ...words], INFER, probe);
  },
};

/** The library behind node:http and nothing else. */
export const floor: Contestant = {
  name: "floor: node:http + library",
  write: tensors,
  async start({ model, library }, probe) {
    return launched(
      [...script(fileURLToPath(import.meta.resolve("./floor.ts"))), library, model, "PORT"],
      INFER,
      probe,
    );
  },
};

/** FastAPI, written by hand. */
export const fastapi: Contestant = {
  name: "FastAPI by hand",
  write: tensors,
  async start({ model }, probe) {
    const python = await venvWith("fastapi", ["fastapi==0.121.0", "uvicorn[standard]==0.38.0", "xgboost==3.2.0"]);
    const words = ["-m", "uvicorn", "fastapi_app:app", "--app-dir", own, "--workers", "2", "--port", "PORT"];
    return launched([python, ...words, "--no-access-log"], INFER, probe, { MODEL: model });
  },
};

/** BentoML. */
export const bentoml: Contestant = {
  name: "BentoML",
  write: (rows) => JSON.stringify({ rows }),
  async start({ model, root }, probe) {
    const python = await venvWith("bentoml", ["bentoml", "xgboost==3.2.0"]);
    const words = ["-m", "bentoml", "serve", "bento_service:Late", "--working-dir", own, "--port", "PORT"];
    const env = { MODEL: model, BENTOML_DO_NOT_TRACK: "True", BENTOML_HOME: join(root, "bentoml") };
    return launched([python, ...words], "/infer", probe, env);
  },
};

/** MLServer with its XGBoost runtime. */
export const mlserver: Contestant = {
  name: "MLServer",
  write: tensors,
  async start({ model, root }, probe) {
    const python = await venvWith("mlserver", ["mlserver==1.7.1", "mlserver-xgboost==1.7.1", "uvloop==0.21.0"]);
    const folder = join(root, "mlserver");
    mkdirSync(folder, { recursive: true });
    const port = await freePort();
    const ports = { http_port: port, grpc_port: await freePort(), metrics_port: await freePort() };
    const settings = { ...ports, parallel_workers: 2, debug: false, metrics_endpoint: null };
    writeFileSync(join(folder, "settings.json"), JSON.stringify(settings));
    writeFileSync(
      join(folder, "model-settings.json"),
      JSON.stringify({
        name: "late",
        implementation: "mlserver_xgboost.XGBoostModel",
        max_batch_size: 256,
        max_batch_time: 0.005,
        parameters: { uri: model },
      }),
    );
    const command = [join(dirname(python), "mlserver"), "start", folder];
    return launched(command, INFER, probe, {}, port);
  },
};

/** MLflow's scoring server. */
export const mlflow: Contestant = {
  name: "mlflow models serve",
  write: (rows) => JSON.stringify({ inputs: rows }),
  async start({ model, root }, probe) {
    const python =
      process.env["SLIPWAY_MLFLOW_PYTHON"] || (await venvWith("mlflow-serve", ["mlflow==3.17.2", "xgboost==3.2.0"]));
    const folder = join(root, "mlflow-model");
    const save = `import mlflow, xgboost
mlflow.xgboost.save_model(xgboost.Booster({"nthread": 1}, model_file=${JSON.stringify(model)}), ${JSON.stringify(folder)})`;
    await runChild([python, "-c", save]);
    const words = ["-m", "mlflow", "models", "serve", "-m", folder, "--env-manager", "local", "-w", "2", "-p", "PORT"];
    return launched([python, ...words], "/invocations", probe, { MLFLOW_DISABLE_TELEMETRY: "true" });
  },
};

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { readonly port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Starts a command that listens on PORT, and waits for its first right answer. */
async function launched(
  [file = "", ...args]: readonly string[],
  path: string,
  probe: string,
  env: Readonly<Record<string, string>> = {},
  given?: number,
): Promise<ServingSide> {
  const port = given ?? (await freePort());
  const begun = performance.now();
  const child = spawn(
    file,
    args.map((word) => (word === "PORT" ? String(port) : word)),
    {
      env: { ...process.env, PATH: `${dirname(file)}:${process.env["PATH"]}`, ...env },
      stdio: ["ignore", "ignore", "pipe"],
      detached: true,
    },
  );
  process.once("exit", () => kill(child, "SIGKILL"));
  let said = "";
  child.stderr.on("data", (text: Buffer) => {
    said = (said + text.toString()).slice(-2000);
  });
  const url = `http://127.0.0.1:${port}${path}`;
  for (;;) {
    const headers = { "content-type": "application/json" };
    const answer = await fetch(url, { method: "POST", headers, body: probe }).catch(() => undefined);
    if (answer?.status === 200) break;
    const told = answer && (await answer.text());
    if (child.exitCode !== null || performance.now() - begun > 120_000)
      throw new Error(`${file} ${args.join(" ")} does not answer (${answer?.status} ${told?.slice(0, 500)}):\n${said}`);
    await pause(5);
  }
  const pid = child.pid ?? 0;
  return {
    url,
    coldMs: performance.now() - begun,
    cpu: () => treeCpu(pid) ?? Number.NaN,
    resident: () => treeResident(pid) ?? Number.NaN,
    async stop() {
      const ended = once(child, "exit");
      kill(child, "SIGTERM");
      const late = setTimeout(() => kill(child, "SIGKILL"), 10_000);
      await ended;
      clearTimeout(late);
      kill(child, "SIGKILL");
    },
  };
}

/** Signals a child and everything it started. */
function kill({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch {
    // All of them have ended.
  }
}
