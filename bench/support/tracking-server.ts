// The two sides of mlflow.ts: Slipway's server and MLflow's own, each in a process group of its own, with the same runs in its database.

import { spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { runChild } from "./child.ts";
import { repository, temporaryFolder } from "./project.ts";
import { type PeakWatch, treeCpu, watchPeak } from "./usage.ts";

/** MLflow's default. */
export const WORKERS = 4;
const AT_ONCE = 20;

/** A server with runs in it. */
export interface Side {
  readonly name: "slipway" | "mlflow";
  readonly url: string;
  readonly experiment: string;
  readonly runs: readonly string[];
  /** Processor time of the server and its workers so far, in seconds. */
  readonly cpu: () => number;
  /** Resident memory of the server and its workers since it was started. */
  readonly memory: PeakWatch;
  readonly stop: () => void;
}

// A bench that is stopped from outside leaves no server behind.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });

/** Asks once over MLflow's API; an answer other than 200 throws. */
export function must(url: string, path: string, body?: unknown): Promise<ReturnType<typeof JSON.parse>> {
  const sent = body === undefined ? undefined : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const asked = request(
      `${url}/api/2.0/mlflow${path}`,
      {
        method: sent === undefined ? "GET" : "POST",
        agent,
        headers:
          sent === undefined
            ? {}
            : { "content-type": "application/json", "content-length": String(Buffer.byteLength(sent)) },
      },
      (answer) => {
        const parts: Buffer[] = [];
        answer.on("data", (each: Buffer) => parts.push(each));
        answer.on("end", () => {
          const text = Buffer.concat(parts).toString();
          if (answer.statusCode === 200) resolve(JSON.parse(text));
          else reject(new Error(`${path}: ${answer.statusCode} ${text}`));
        });
        answer.on("error", reject);
      },
    );
    asked.on("error", reject);
    asked.end(sent);
  });
}

/** Does `work` for 0 to count - 1, some at a time. */
export async function atOnce(count: number, work: (place: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const one = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, one));
}

/** Starts Slipway on an empty project and logs the runs. */
export async function startSlipway(count: number): Promise<Side> {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "slipway.config.ts"),
    'import { project } from "slipway";\nexport default project({ name: "tracking", definitions: {} });\n',
  );
  const port = await freePort();
  const command = [join(repository, "dist/cli/bin.js"), "--project", folder, "serve", "--port", String(port)];
  const side = await started("slipway", process.execPath, command, folder, port);
  const { url } = side;
  const { experiment_id: experiment } = await must(url, "/experiments/create", { name: "filled" });
  const runs: string[] = [];
  await atOnce(count, async (place) => {
    const at = place + 1;
    const { run } = await must(url, "/runs/create", { experiment_id: experiment, start_time: 1_700_000_000_000 + at });
    runs[place] = run.info.run_id;
    await must(url, "/runs/log-batch", {
      run_id: run.info.run_id,
      metrics: [{ key: "acc", value: (at * 7919) % 1000, timestamp: 1, step: 0 }],
      params: [{ key: "depth", value: String(at % 10) }],
      tags: [{ key: "team", value: at % 2 === 0 ? "risk" : "growth" }],
    });
  });
  return { ...side, experiment, runs };
}

/** Fills MLflow's database and starts its server on it. */
export async function startMlflow(python: string, count: number): Promise<Side> {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  const uri = `sqlite:///${folder}/mlflow.db`;
  const filled = await runChild([
    python,
    join(import.meta.dirname, "mlflow_fill.py"),
    uri,
    "mlflow-artifacts:",
    String(count),
  ]);
  const { experiment, runs } = JSON.parse(filled.stdout.trim().split("\n").at(-1) ?? "");
  const port = await freePort();
  const command = [
    "-m",
    "mlflow",
    "server",
    "--host",
    "127.0.0.1",
    "--port",
    String(port),
    "--workers",
    String(WORKERS),
  ];
  const store = ["--backend-store-uri", uri, "--artifacts-destination", `${folder}/artifacts`];
  return { ...(await started("mlflow", python, [...command, ...store], folder, port)), experiment, runs };
}

async function started(
  name: Side["name"],
  file: string,
  args: readonly string[],
  cwd: string,
  port: number,
): Promise<Omit<Side, "experiment" | "runs">> {
  const child = spawn(file, args, { cwd, stdio: ["ignore", "ignore", "ignore"], detached: true });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} did not start.`);
  const url = `http://127.0.0.1:${port}`;
  // Seldom enough to cost the servers nothing.
  const memory = watchPeak(pid, 500);
  // The whole group: MLflow's workers are children of a child.
  const end = (): void => void process.kill(-pid, "SIGKILL");
  process.once("exit", end);
  const stop = (): void => {
    memory.stop();
    process.off("exit", end);
    end();
  };
  const deadline = performance.now() + 120_000;
  while (performance.now() < deadline) {
    if (await must(url, "/experiments/get?experiment_id=0").catch(() => undefined))
      return { name, url, cpu: () => treeCpu(pid) ?? Number.NaN, memory, stop };
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  stop();
  throw new Error(`${name} did not start.`);
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}
