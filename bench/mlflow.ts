// Tracking over HTTP beside MLflow's own server with four workers on SQLite, in turns, at 20 keep-alive connections that ask again as soon as they
// are answered. Both get the same requests; the load comes from this process. Needs a Python that can run `mlflow server`
// (SLIPWAY_MLFLOW_PYTHON, else a virtual environment that is made in the cache).

import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { createServer } from "node:net";
import { cpus } from "node:os";
import { join } from "node:path";
import { repository, temporaryFolder } from "./support/project.ts";
import { type Bench, type Line, median, newSamples, quantile, runIfMain } from "./support/report.ts";
import { venvWith } from "./support/venv.ts";

const CONNECTIONS = 20;
const WORKERS = 4;

interface Side {
  readonly name: "slipway" | "mlflow";
  readonly url: string;
  /** Resident memory of the server and its workers, in bytes. */
  readonly memory: () => number;
  /** Processor time of the server and its workers so far, in seconds. */
  readonly cpu: () => number;
  readonly stop: () => void;
}

interface Answer {
  readonly status: number;
  readonly body: Buffer;
}

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

function ask(side: Side, method: string, path: string, body?: string | Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const headers =
      body === undefined
        ? {}
        : {
            "content-type": typeof body === "string" ? "application/json" : "application/octet-stream",
            "content-length": Buffer.byteLength(body),
          };
    const asked = request(`${side.url}${path}`, { method, agent, headers }, (answer) => {
      const parts: Buffer[] = [];
      answer.on("data", (part: Buffer) => parts.push(part));
      answer.on("end", () => resolve({ status: answer.statusCode ?? 0, body: Buffer.concat(parts) }));
      answer.on("error", reject);
    });
    asked.on("error", reject);
    asked.end(body);
  });
}

async function must(side: Side, method: string, path: string, body?: unknown): Promise<ReturnType<typeof JSON.parse>> {
  const answer = await ask(
    side,
    method,
    `/api/2.0/mlflow${path}`,
    body === undefined ? undefined : JSON.stringify(body),
  );
  if (answer.status !== 200) throw new Error(`${side.name} ${path}: ${answer.status} ${answer.body}`);
  return JSON.parse(answer.body.toString());
}

/** Asks on every connection for some seconds; gives the rate and the latencies of what was answered 200. */
async function load(
  side: Side,
  seconds: number,
  next: (count: number) => readonly [method: string, path: string, body?: string],
): Promise<{
  readonly rate: number;
  readonly p50: number;
  readonly p99: number;
  readonly failed: number;
  readonly answered: number;
}> {
  const end = performance.now() + seconds * 1e3;
  const start = performance.now();
  const took: number[] = [];
  let count = 0;
  let failed = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      const began = performance.now();
      const { status } = await ask(side, ...next(count++));
      if (status === 200) took.push(performance.now() - began);
      else failed += 1;
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
  const spent = (performance.now() - start) / 1e3;
  return {
    rate: took.length / spent,
    p50: quantile(took, 0.5),
    p99: quantile(took, 0.99),
    failed,
    answered: took.length,
  };
}

const batch = (run_id: string, count: number, step: number): string =>
  JSON.stringify({
    run_id,
    metrics: Array.from({ length: count }, (_, n) => ({ key: `m${n}`, value: n / 3, timestamp: step, step })),
  });

/** Every operation on one side, once. */
async function measure(side: Side, quick: boolean, keep: (what: string, value: number) => void): Promise<void> {
  const seconds = quick ? 3 : 10;
  const runs = quick ? 1000 : 10_000;
  const { experiment_id } = await must(side, "POST", "/experiments/create", { name: `e${process.hrtime.bigint()}` });
  const ids: string[] = [];
  const make = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n += 1) {
      const { run } = await must(side, "POST", "/runs/create", {
        experiment_id,
        start_time: 1_700_000_000_000 + ids.length,
      });
      const id: string = run.info.run_id;
      ids.push(id);
      const at = ids.length;
      await must(side, "POST", "/runs/log-batch", {
        run_id: id,
        metrics: [{ key: "acc", value: (at * 7919) % 1000, timestamp: 1, step: 0 }],
        params: [{ key: "depth", value: String(at % 10) }],
        tags: [{ key: "team", value: at % 2 === 0 ? "risk" : "growth" }],
      });
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, () => make(runs / CONNECTIONS)));

  const told = async (what: string, next: Parameters<typeof load>[2]): Promise<void> => {
    await load(side, 1, next);
    const before = side.cpu();
    const { rate, p50, p99, failed, answered } = await load(side, seconds, next);
    keep(`${what}: req/s`, rate);
    keep(`${what}: server's processor ms`, ((side.cpu() - before) * 1e3) / answered);
    keep(`${what}: p50 ms`, p50);
    keep(`${what}: p99 ms`, p99);
    keep(`${what}: failed`, failed);
  };
  const api = "/api/2.0/mlflow";
  const search = JSON.stringify({
    experiment_ids: [experiment_id],
    filter: "metrics.acc > 500 and params.depth = '3' and tags.team = 'risk'",
    order_by: ["metrics.acc DESC"],
    max_results: 100,
  });
  const searchWide = JSON.stringify({
    experiment_ids: [experiment_id],
    order_by: ["metrics.acc DESC"],
    max_results: 100,
  });
  await told("search 100, filter and order", () => ["POST", `${api}/runs/search`, search]);
  await told("search 100, order", () => ["POST", `${api}/runs/search`, searchWide]);
  await told("create run", (n) => ["POST", `${api}/runs/create`, JSON.stringify({ experiment_id, start_time: n })]);
  await told("log-batch of 10", (n) => ["POST", `${api}/runs/log-batch`, batch(ids[n % ids.length] ?? "", 10, n)]);
  await told("log-batch of 500", (n) => ["POST", `${api}/runs/log-batch`, batch(ids[n % ids.length] ?? "", 500, n)]);

  const long = ids[0] ?? "";
  for (let part = 0; part < 25; part += 1)
    await must(side, "POST", "/runs/log-batch", {
      run_id: long,
      metrics: Array.from({ length: 1000 }, (_, n) => ({
        key: "long",
        value: Math.sin(part * 1000 + n),
        timestamp: part * 1000 + n,
        step: part * 1000 + n,
      })),
    });
  await told("history of 25,000 points", () => [
    "GET",
    `${api}/metrics/get-history?run_id=${long}&metric_key=long&max_results=25000`,
  ]);

  const content = Buffer.alloc(100 * 2 ** 20, "0123456789abcdef");
  const path = `/api/2.0/mlflow-artifacts/artifacts/${experiment_id}/${long}/artifacts/big`;
  for (let n = 0; n < (quick ? 2 : 5); n += 1) {
    content.writeUInt32LE(n);
    let began = performance.now();
    if ((await ask(side, "PUT", `${path}${n}`, content)).status !== 200) throw new Error(`${side.name}: upload failed`);
    keep("upload of 100 MiB: MiB/s", 100 / ((performance.now() - began) / 1e3));
    began = performance.now();
    if ((await ask(side, "GET", `${path}${n}`)).body.length !== content.length)
      throw new Error(`${side.name}: download failed`);
    keep("download of 100 MiB: MiB/s", 100 / ((performance.now() - began) / 1e3));
  }
  keep("memory: MiB", side.memory() / 2 ** 20);
}

const TARGETS: Readonly<Record<string, number>> = {
  "create run: req/s": 10,
  "log-batch of 10: req/s": 10,
  "log-batch of 500: req/s": 10,
  "search 100, filter and order: req/s": 50,
  "history of 25,000 points: req/s": 15,
  "upload of 100 MiB: MiB/s": 2,
  "download of 100 MiB: MiB/s": 2,
};

/** Tracking, side by side. */
export const mlflow: Bench = async (quick) => {
  const python = process.env["SLIPWAY_MLFLOW_PYTHON"] ?? (await venvWith("mlflow", ["mlflow==3.17.2"]));
  const rounds = quick ? 1 : 3;
  const samples = newSamples();
  for (let round = 0; round < rounds; round += 1)
    for (const start of [startSlipway, () => startMlflow(python)]) {
      const side = await start();
      try {
        await measure(side, quick, (what, value) => samples.keep(`${side.name} ${what}`, value));
      } finally {
        side.stop();
      }
    }
  const names = Object.keys(samples.all).flatMap((name) => (name.startsWith("slipway ") ? [name.slice(8)] : []));
  const lines = names.map((what): Line => {
    const [ours, theirs] = [median(samples.of(`slipway ${what}`)), median(samples.of(`mlflow ${what}`))];
    const least = TARGETS[what];
    const target =
      what === "memory: MiB"
        ? { text: "< 300 MiB", met: ours < 300 }
        : least === undefined
          ? undefined
          : { text: `≥ ${least}×`, met: ours / theirs >= least };
    return {
      what,
      unit: "",
      slipway: ours,
      other: { name: "mlflow server", value: theirs },
      ratio: ours / theirs,
      ...(target ? { target } : {}),
    };
  });
  return {
    name: "mlflow",
    rounds,
    lines,
    notes: [
      `${CONNECTIONS} connections; mlflow 3.17.2 with ${WORKERS} workers on SQLite, ${cpus().length} processors for server and load together; ${quick ? "1,000" : "10,000"} runs.`,
    ],
    samples: samples.all,
  };
};

async function startSlipway(): Promise<Side> {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, "slipway.config.ts"),
    'import { project } from "slipway";\nexport default project({ name: "tracking", definitions: {} });\n',
  );
  const port = await freePort();
  const command = [join(repository, "dist/cli/bin.js"), "--project", folder, "serve", "--port", String(port)];
  return started("slipway", process.execPath, command, folder, port);
}

async function startMlflow(python: string): Promise<Side> {
  const folder = temporaryFolder();
  mkdirSync(folder, { recursive: true });
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
  const store = [
    "--backend-store-uri",
    `sqlite:///${folder}/mlflow.db`,
    "--artifacts-destination",
    `${folder}/artifacts`,
  ];
  return started("mlflow", python, [...command, ...store], folder, port);
}

async function started(
  name: Side["name"],
  file: string,
  args: readonly string[],
  cwd: string,
  port: number,
): Promise<Side> {
  const child = spawn(file, args, { cwd, stdio: ["ignore", "ignore", "ignore"], detached: true });
  const side: Side = {
    name,
    url: `http://127.0.0.1:${port}`,
    memory: () => treeOf(child.pid ?? 0).reduce((sum, pid) => sum + residentOf(pid), 0),
    cpu: () => treeOf(child.pid ?? 0).reduce((sum, pid) => sum + processorOf(pid), 0),
    stop: () => {
      // The whole group: MLflow's workers are children of a child.
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    },
  };
  const deadline = performance.now() + 120_000;
  while (performance.now() < deadline) {
    const isUp = await ask(side, "GET", "/health").then(
      ({ status }) => status === 200,
      () => false,
    );
    if (isUp) return side;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  side.stop();
  throw new Error(`${name} did not start.`);
}

/** A process and its descendants. */
function treeOf(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
  return [pid, ...children.flatMap((child) => treeOf(Number(child)))];
}

/** Resident memory of a process, in bytes. */
function residentOf(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/statm`, "utf8").split(" ")[1]) * 4096;
}

/** Processor time of a process, in seconds; the kernel counts hundredths. */
function processorOf(pid: number): number {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / 100;
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

await runIfMain(import.meta.url, mlflow);
