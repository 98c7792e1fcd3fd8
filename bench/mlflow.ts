// Tracking over HTTP beside MLflow's own server with four workers on SQLite, in turns, at 20 keep-alive connections that ask again as soon as they
// are answered. Both get the same requests, from a process that speaks HTTP over bare sockets; what the servers use of the processor is counted
// apart from it. `--once` is one round at full size, `--quick` one of 1,000 runs and short spells, `--only search,create,log,history,artifacts,growth`
// some of it, `--alone` Slipway without the other side. Needs a Python that can run `mlflow server`
// (SLIPWAY_MLFLOW_PYTHON, else a virtual environment that is made in the cache).

import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { runChild } from "./support/child.ts";
import { ownLoad, script } from "./support/load.ts";
import { temporaryFolder } from "./support/project.ts";
import { type Bench, type Line, median, newSamples, runIfMain } from "./support/report.ts";
import { atOnce, must, type Side, startMlflow, startSlipway, WORKERS } from "./support/tracking-server.ts";
import { venvWith } from "./support/venv.ts";

const CONNECTIONS = 20;
const API = "/api/2.0/mlflow";
const MIB = 2 ** 20;

type Keep = (what: string, value: number) => void;

/** What a spell asks: one GET, or bodies that are posted in turn. */
interface Asked {
  readonly path: string;
  readonly bodies?: readonly unknown[];
}

let folder: string | undefined;

/** Loads one side with one kind of request for some seconds, after one second that is not counted. */
async function spell(side: Side, seconds: number, what: string, { path, bodies }: Asked, keep: Keep): Promise<void> {
  let file: string | undefined;
  if (bodies) {
    folder ??= temporaryFolder();
    file = `${folder}/bodies`;
    writeFileSync(file, bodies.map((body) => JSON.stringify(body)).join("\n"));
  }
  const url = `${side.url}${API}${path}`;
  await ownLoad(url, file, CONNECTIONS, 1);
  const before = side.cpu();
  const { requests, errors, seconds: spent, p50Ms, p99Ms } = await ownLoad(url, file, CONNECTIONS, seconds);
  const answered = requests - errors;
  keep(`${what}: req/s`, answered / spent);
  keep(`${what}: server's processor ms`, ((side.cpu() - before) * 1e3) / answered);
  keep(`${what}: p50 ms`, p50Ms);
  keep(`${what}: p99 ms`, p99Ms);
  keep(`${what}: failed`, errors);
}

function batches(runs: readonly string[], size: number, count: number): readonly unknown[] {
  return Array.from({ length: count }, (_, step) => ({
    run_id: runs[step % runs.length],
    metrics: Array.from({ length: size }, (_each, n) => ({ key: `m${n}`, value: n / 3 + step, timestamp: step, step })),
  }));
}

const searchOf = (side: Side, filter?: string): Asked => ({
  path: "/runs/search",
  bodies: [
    {
      experiment_ids: [side.experiment],
      ...(filter === undefined ? {} : { filter }),
      order_by: ["metrics.acc DESC"],
      max_results: 100,
    },
  ],
});

type Phase = (side: Side, quick: boolean, keep: Keep) => Promise<void>;

const told = (side: Side, quick: boolean, keep: Keep) => (what: string, asked: Asked) =>
  spell(side, quick ? 3 : 8, what, asked, keep);

/** The operations by name, in their order; `--only` chooses among them. */
const PHASES: Readonly<Record<string, Phase>> = {
  async search(side, ...how) {
    const tell = told(side, ...how);
    await tell(
      "search 100, filter and order",
      searchOf(side, "metrics.acc > 100 and params.depth = '4' and tags.team = 'risk'"),
    );
    await tell("search 100, order", searchOf(side));
  },
  async create(side, ...how) {
    const bodies = Array.from({ length: 1000 }, (_, n) => ({ experiment_id: side.experiment, start_time: n + 1 }));
    await told(side, ...how)("create run", { path: "/runs/create", bodies });
  },
  async log(side, ...how) {
    const tell = told(side, ...how);
    await tell("log-batch of 10", { path: "/runs/log-batch", bodies: batches(side.runs, 10, 20_000) });
    await tell("log-batch of 500", { path: "/runs/log-batch", bodies: batches(side.runs, 500, 3000) });
  },
  async history(side, ...how) {
    const [long = ""] = side.runs;
    for (let part = 0; part < 25; part += 1)
      await must(side.url, "/runs/log-batch", { run_id: long, metrics: points(part) });
    const path = `/metrics/get-history?run_id=${long}&metric_key=long&max_results=25000`;
    await told(side, ...how)("history of 25,000 points", { path });
  },
  artifacts: (side, quick, keep) => transfers(side, quick ? 2 : 5, keep),
};

/** Names behind `--only`, with commas between; undefined for all. */
function chosen(): readonly string[] | undefined {
  const place = process.argv.indexOf("--only");
  if (place < 0) return undefined;
  const names = (process.argv[place + 1] ?? "").split(",");
  const wrong = names.find((name) => name !== "growth" && !Object.hasOwn(PHASES, name));
  if (wrong === undefined) return names;
  throw new Error(`There is no part "${wrong}": there are ${Object.keys(PHASES).join(", ")} and growth.`);
}

/** What was chosen, on one side, once. */
async function measure(side: Side, quick: boolean, only: readonly string[] | undefined, keep: Keep): Promise<void> {
  for (const [name, phase] of Object.entries(PHASES)) {
    if (only && !only.includes(name)) continue;
    await phase(side, quick, keep);
    keep(`memory, up to ${name}: MiB`, (side.memory.most() ?? Number.NaN) / MIB);
  }
}

function points(part: number): readonly unknown[] {
  return Array.from({ length: 1000 }, (_, n) => {
    const step = part * 1000 + n;
    return { key: "long", value: Math.sin(step), timestamp: step, step };
  });
}

const SIZE = 100 * MIB;

/** 100 MiB up and down, one after the other. */
async function transfers(side: Side, count: number, keep: Keep): Promise<void> {
  const { url, experiment, runs } = side;
  const root = `${url}/api/2.0/mlflow-artifacts/artifacts/${experiment}/${runs[0]}/artifacts`;
  const child = script(fileURLToPath(import.meta.resolve("./support/http-transfer.ts")));
  for (let n = 0; n < count; n += 1)
    for (const [what, args] of [
      ["upload", [String(SIZE), String(n)]],
      ["download", []],
    ] as const) {
      const before = side.cpu();
      const { stdout } = await runChild([...child, `${root}/big${n}`, ...args]);
      const { seconds, received } = JSON.parse(stdout);
      if (what === "download" && received < SIZE) throw new Error(`${side.name}: only ${received} bytes came.`);
      keep(`${what} of 100 MiB: MiB/s`, 100 / seconds);
      keep(`${what} of 100 MiB: server's processor ms`, (side.cpu() - before) * 1e3);
    }
}

/** Slipway's latencies in a database of 10,000 metrics, and in the same when it has grown to 1,000,000. */
async function growth(quick: boolean, keep: Keep): Promise<void> {
  const most = quick ? 100_000 : 1_000_000;
  const side = await startSlipway(1000);
  try {
    const look = async (when: string, step: number): Promise<void> => {
      const own = (what: string, asked: Asked): Promise<void> =>
        spell(side, quick ? 2 : 4, what, asked, (name, value) => keep(`${when}, ${name}`, value));
      await own("search 100", searchOf(side));
      await own("get run", { path: `/runs/get?run_id=${side.runs[5]}` });
      await own("history", { path: `/metrics/get-history?run_id=${side.runs[5]}&metric_key=acc&max_results=1000` });
      await own("create run", { path: "/runs/create", bodies: [{ experiment_id: side.experiment, start_time: 1 }] });
      const { runs } = side;
      const bodies = batches(runs, 10, 4000).map((body, place) => ({
        ...(body as object),
        metrics: Array.from({ length: 10 }, (_, n) => ({ key: `k${n}`, value: 1, timestamp: 1, step: step + place })),
      }));
      await own("log-batch of 10", { path: "/runs/log-batch", bodies });
    };
    const fill = (from: number, to: number): Promise<void> =>
      atOnce((to - from) / 1000, (place) =>
        must(side.url, "/runs/log-batch", {
          run_id: side.runs[place % side.runs.length],
          metrics: Array.from({ length: 1000 }, (_, n) => ({
            key: `k${n % 10}`,
            value: n,
            timestamp: 1,
            step: from + place * 1000 + n,
          })),
        }),
      );
    await fill(0, 9000);
    await look("at 10k metrics", 2e6);
    await fill(10_000, most);
    await look("at 1M metrics", 3e6);
  } finally {
    side.stop();
  }
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
  const isAlone = process.argv.includes("--alone");
  const python = async (): Promise<string> =>
    process.env["SLIPWAY_MLFLOW_PYTHON"] ?? (await venvWith("mlflow", ["mlflow==3.17.2"]));
  const rounds = quick || process.argv.includes("--once") ? 1 : 3;
  const runs = quick ? 1000 : 10_000;
  const samples = newSamples();
  const only = chosen();
  const sides = [() => startSlipway(runs), ...(isAlone ? [] : [async () => startMlflow(await python(), runs)])];
  for (let round = 0; round < rounds; round += 1)
    for (const start of only?.join() === "growth" ? [] : sides) {
      const side = await start();
      try {
        await measure(side, quick, only, (what, value) => {
          // A run takes minutes: what is known by then is told when it is stopped, too.
          process.stderr.write(`${side.name} ${what} ${value.toFixed(2)}\n`);
          samples.keep(`${side.name} ${what}`, value);
        });
      } finally {
        side.stop();
      }
    }
  const isGrowing = !only || only.includes("growth");
  if (isGrowing)
    await growth(quick, (what, value) => {
      process.stderr.write(`${what} ${value.toFixed(2)}\n`);
      samples.keep(what, value);
    });
  const names = Object.keys(samples.all).flatMap((name) => (name.startsWith("slipway ") ? [name.slice(8)] : []));
  return {
    name: "mlflow",
    rounds,
    lines: [
      ...names.map((what) =>
        comparison(what, samples.of(`slipway ${what}`), isAlone ? [] : samples.of(`mlflow ${what}`)),
      ),
      ...(isGrowing ? ["search 100", "get run", "history", "create run", "log-batch of 10"] : []).map((what): Line => {
        const of = (when: string): number => median(samples.of(`${when}, ${what}: server's processor ms`));
        const [few, many] = [of("at 10k metrics"), of("at 1M metrics")];
        return {
          what: `${what} at 1M metrics: server's processor ms`,
          unit: "",
          slipway: many,
          other: { name: "at 10k", value: few },
          ratio: many / few,
          target: { text: "≤ 2×", met: many / few <= 2 },
        };
      }),
    ],
    notes: [
      `${CONNECTIONS} connections; mlflow 3.17.2 with ${WORKERS} workers on SQLite, ${cpus().length} processors for server and load together; ${runs} runs.`,
    ],
    samples: samples.all,
  };
};

function comparison(what: string, slipway: readonly number[], mlflowToo: readonly number[]): Line {
  const [ours, theirs] = [median(slipway), median(mlflowToo)];
  const least = TARGETS[what];
  const target = what.startsWith("memory")
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
}

await runIfMain(import.meta.url, mlflow);
