// The same model behind Slipway and behind what a team would serve it with in Python: 300 trees over 30 inputs, rows as JSON, the Open Inference
// Protocol where it is spoken. A closed loop at growing numbers of connections, and an open loop at half of the best rate. On a machine that
// others use too, requests a processor second of the whole process tree is the figure that holds. `--only slipway,floor` takes some of the
// sides, `--seconds N` sets the length of a spell, `--world FOLDER` keeps the project for the next time.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { applyDefinitions, getVersion, openPlatform, trainModel } from "slipway/platform";
import { batchOptions, TREES, WIDTH, writeBatch } from "./support/batch-project.ts";
import { runChild } from "./support/child.ts";
import { type Load, ownLoad } from "./support/load.ts";
import { temporaryFolder } from "./support/project.ts";
import { type Bench, type Line, median, newSamples, runIfMain } from "./support/report.ts";
import {
  bentoml,
  type Contestant,
  fastapi,
  floor,
  mlflow,
  mlserver,
  slipway,
  type World,
} from "./support/serving/peers.ts";
import { python } from "./support/venv.ts";

const sides: Readonly<Record<string, Contestant>> = { slipway, floor, fastapi, mlserver, bentoml, mlflow };
const CONNECTIONS = [1, 8, 32, 128];
const BODIES = 500;

/** What is asked of Slipway beside each side: so many times the requests a processor second. */
const ASKED: Readonly<Record<string, number>> = { fastapi: 4, mlserver: 10, bentoml: 10, mlflow: 40, floor: 1 / 1.8 };

const option = (name: string): string | undefined => {
  const place = process.argv.indexOf(`--${name}`);
  return place < 0 ? undefined : process.argv[place + 1];
};

/** All sides, one after the other. */
export const serving: Bench = async (quick) => {
  const world = await worldIn(option("world") ?? temporaryFolder());
  const seconds = Number(option("seconds") ?? (quick ? 1 : 10));
  const names = (option("only") ?? Object.keys(sides).join(",")).split(",");
  const samples = newSamples();
  const failures: string[] = [];
  for (const name of names) {
    const side = sides[name];
    if (!side) throw new Error(`There is no side "${name}".`);
    process.stderr.write(`${side.name} …\n`);
    try {
      await measureSide(name, side, world, seconds, samples.keep);
    } catch (thrown) {
      // A peer that cannot be installed here costs the others nothing.
      failures.push(
        `${side.name} was not measured: ${thrown instanceof Error ? thrown.message.slice(0, 300) : thrown}`,
      );
    }
  }
  return {
    name: "serving",
    rounds: 1,
    lines: names.flatMap((name) => linesOf(name, samples.of)),
    notes: [
      `${TREES} trees, ${WIDTH} inputs, ${seconds} s a spell; the peers have two workers, Slipway and the floor one process; MLServer and BentoML batch.`,
      ...failures,
    ],
    samples: samples.all,
  };
};

async function measureSide(
  name: string,
  side: Contestant,
  world: World,
  seconds: number,
  keep: (name: string, value: number) => void,
): Promise<void> {
  const files = [1, 100].map((rows) => {
    const file = join(world.root, `${name}-${rows}.jsonl`);
    const bodies = Array.from({ length: rows === 1 ? BODIES : 20 }, (_, place) => side.write(someRows(rows, place)));
    writeFileSync(file, `${bodies.join("\n")}\n`);
    return { rows, file };
  });
  const server = await side.start(world, side.write(someRows(1, 0)));
  try {
    keep(`${name} cold start`, server.coldMs);
    for (const { rows, file } of files) {
      await ownLoad(server.url, file, 32, Math.min(seconds, 3));
      let best = 0;
      const spell = async (what: string, connections: number, rate?: number): Promise<Load> => {
        const before = server.cpu();
        const load = await ownLoad(server.url, file, connections, seconds, rate);
        const cpu = server.cpu() - before;
        if (load.errors > 0) throw new Error(`${load.errors} of ${load.requests} requests failed.`);
        const key = `${name} ${rows} rows, ${what}`;
        keep(`${key}: requests/s`, load.requests / load.seconds);
        keep(`${key}: requests per CPU second`, load.requests / cpu);
        keep(`${key}: p99 ms`, load.p99Ms);
        process.stderr.write(
          `  ${key}: ${(load.requests / load.seconds).toFixed(0)}/s, ${(load.requests / cpu).toFixed(0)} per CPU s, p50 ${load.p50Ms.toFixed(1)}, p99 ${load.p99Ms.toFixed(1)} ms\n`,
        );
        return load;
      };
      for (const connections of rows === 1 ? CONNECTIONS : [32]) {
        const load = await spell(`${connections} connections`, connections);
        best = Math.max(best, load.requests / load.seconds);
      }
      await spell("open loop at half", 32, best / 2);
    }
    keep(`${name} memory`, server.resident() / 2 ** 20);
  } finally {
    await server.stop();
  }
}

function linesOf(name: string, of: (sample: string) => readonly number[]): readonly Line[] {
  const line = (what: string, unit: string, key: string, times?: number): readonly Line[] => {
    const [ours, theirs] = [median(of(`slipway ${key}`)), median(of(`${name} ${key}`))];
    if (Number.isNaN(theirs) || (name === "slipway" && times !== undefined)) return [];
    const ratio = ours / theirs;
    const target = times === undefined ? {} : { target: { text: `≥ ${times.toFixed(1)}×`, met: ratio >= times } };
    const peer = sides[name]?.name ?? name;
    return [
      {
        what,
        unit,
        slipway: ours,
        ...(name === "slipway" ? {} : { other: { name: peer, value: theirs }, ratio, ...target }),
      },
    ];
  };
  return [
    ...CONNECTIONS.flatMap((connections) => {
      const key = `1 rows, ${connections} connections`;
      const times = connections === 32 ? ASKED[name] : undefined;
      return [
        ...line(`one row, ${connections} connections`, "req/CPU s", `${key}: requests per CPU second`, times),
        ...line(`one row, ${connections} connections`, "req/s", `${key}: requests/s`),
        ...line(`one row, ${connections} connections, p99`, "ms", `${key}: p99 ms`),
      ];
    }),
    ...line("one row, open loop at half of its best, p99", "ms", "1 rows, open loop at half: p99 ms"),
    ...line("100 rows, 32 connections", "req/CPU s", "100 rows, 32 connections: requests per CPU second"),
    ...line("100 rows, 32 connections", "req/s", "100 rows, 32 connections: requests/s"),
    ...line("100 rows, open loop at half of its best, p99", "ms", "100 rows, open loop at half: p99 ms"),
    ...line("start to first right answer", "ms", "cold start"),
    ...line("memory of all processes after it", "MiB", "memory"),
  ];
}

/** Rows of six digits each, always the same. */
function someRows(count: number, seed: number): readonly (readonly number[])[] {
  let state = (seed * 7919 + count) >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Number((state / 2 ** 32).toFixed(6));
  };
  return Array.from({ length: count }, () => Array.from({ length: WIDTH }, next));
}

/** Trains the model once, in a project that `slipway serve` opens. */
async function worldIn(root: string): Promise<World> {
  mkdirSync(root, { recursive: true });
  const model = join(root, "model.ubj");
  if (!existsSync(model)) {
    await writeBatch(root, 1);
    const platform = await openPlatform({ ...batchOptions(root), stateDir: join(root, ".slipway") });
    await applyDefinitions(platform);
    await trainModel(platform, { model: "late" });
    const { artifactBlob } = await getVersion(platform.registry, "late", 1);
    const bytes = await platform.engines.blobs.get(artifactBlob);
    await platform.close();
    const definitions = pathToFileURL(fileURLToPath(import.meta.resolve("./support/batch-project.ts"))).pathname;
    writeFileSync(
      join(root, "slipway.config.ts"),
      `export { batchConfig as default } from ${JSON.stringify(definitions)};\n`,
    );
    writeFileSync(model, bytes ?? new Uint8Array());
  }
  const found = join(root, "library.txt");
  if (!existsSync(found)) {
    const code = "import xgboost.libpath as p; print(p.find_lib_path()[0])";
    writeFileSync(found, (await runChild([await python(), "-c", code])).stdout.trim());
  }
  return { root, model, library: readFileSync(found, "utf8") };
}

await runIfMain(import.meta.url, serving);
