// The work of train-large.ts, in a process of its own: `make FILE ROWS` writes the rows, `fit FILE STATE ROUNDS files|memory` fits them by the offline engine and the
// trainer that `slipway train` uses, and prints one JSON document.

import { homedir } from "node:os";
import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import { project } from "slipway";
import { openPlatform } from "slipway/platform";
import { local } from "slipway/presets";
import { THREADS } from "./project.ts";

const [what = "", file = "", ...rest] = process.argv.slice(2);
const names = Array.from({ length: 28 }, (_, place) => `f${place}`);

async function make(rows: string): Promise<void> {
  const share = (seed: number): string => `(hash(i * 64 + ${seed}) % 1000003)::FLOAT / 1000003`;
  const cells = names.map((name, place) => `${share(place)} AS ${name}`).join(", ");
  const instance = await DuckDBInstance.create(":memory:", { memory_limit: "1GB", threads: String(THREADS) });
  const connection = await instance.connect();
  await connection.run("SET preserve_insertion_order = true");
  await connection.run(
    `COPY (SELECT *, f0 + f1 * f2 + (CASE WHEN f3 > 0.5 THEN f4 ELSE f5 END) + noise > 1.5 AS label
      FROM (SELECT ${cells}, ${share(40)} AS noise, i FROM range(${rows}) r(i))) TO '${file}' (FORMAT parquet)`,
  );
}

async function trainFrom(state: string, rounds: string, way: string): Promise<void> {
  const platform = await openPlatform({
    config: project({ name: "large", definitions: {} }),
    engines: local({ threads: THREADS, memoryLimit: "1GB" }),
    root: state,
    stateDir: join(state, "state"),
    cacheDir: process.env["SLIPWAY_CACHE"] ?? join(homedir(), ".cache", "slipway"),
    env: process.env,
    actor: "bench",
  });
  const part = (condition: string): ReturnType<typeof platform.engines.offline.stream> =>
    platform.engines.offline.stream(
      `SELECT ${names.join(", ")}, label FROM read_parquet('${file}') WHERE ${condition}`,
    );
  const xgboost = platform.engines.trainers.find(({ kind }) => kind === "xgboost");
  const fitted = await xgboost?.fit({
    inputs: names.map((name) => ({ name, kind: "number" })),
    label: "label",
    task: { kind: "binary" },
    train: part("i % 22 > 0"),
    validate: part("i % 22 = 0"),
    parameters: { max_depth: 6, eta: 0.1 },
    rounds: Number(rounds),
    seed: 0,
    threads: THREADS,
    ...(way === "files" ? { externalMemory: true } : {}),
  });
  if (!fitted) throw new Error("There is no trainer.");
  await platform.close();
  const loss = fitted.steps.at(-1)?.metrics["validate-logloss"];
  process.stdout.write(JSON.stringify({ loss, trainerPeak: fitted.use?.peakMemory }));
}

if (what === "make") await make(rest[0] ?? "0");
else await trainFrom(rest[0] ?? "", rest[1] ?? "", rest[2] ?? "");
process.exit(0);
