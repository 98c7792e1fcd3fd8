// The drivers project as a Feast repository over the same Parquet files, and Feast's own server and client on it. Needs a `python3` that can
// import feast (python3 -m pip install feast).

import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { promisify } from "node:util";

/** The version of Feast at hand; undefined where there is none. */
export function feastVersion(): string | undefined {
  try {
    const program = "from importlib.metadata import version; print(version('feast'))";
    return execFileSync("python3", ["-c", program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trim();
  } catch {
    return undefined;
  }
}

const definitions = `
from datetime import timedelta
from feast import Entity, FeatureService, FeatureView, Field, FileSource, ValueType
from feast.types import Bool, Float64, Int32, Int64, String

driver = Entity(name="driver", join_keys=["driver_id"], value_type=ValueType.INT64)
origin = Entity(name="origin", join_keys=["origin"], value_type=ValueType.STRING)
dest = Entity(name="dest", join_keys=["dest"], value_type=ValueType.STRING)
driver_trip = FeatureView(
    name="driver_trip", entities=[driver], ttl=timedelta(days=2),
    schema=[Field(name="fare", dtype=Float64), Field(name="seats", dtype=Int32), Field(name="meter", dtype=Int64),
            Field(name="note", dtype=String), Field(name="shared", dtype=Bool)],
    source=FileSource(name="trips", path="trips.parquet", timestamp_field="happened"),
)
leg = FeatureView(
    name="leg", entities=[origin, dest], ttl=timedelta(0),
    schema=[Field(name="km", dtype=Float64), Field(name="crew", dtype=Int64)],
    source=FileSource(name="legs", path="legs.parquet", timestamp_field="flown"),
)
far_flown = FeatureService(name="far_flown", features=[driver_trip[["fare", "meter"]], leg[["crew"]]])
`;

const prepare = `
import sys
from datetime import datetime, timezone
import pyarrow.parquet as pq, pyarrow.compute as pc
trips = pq.read_table("../trips.parquet")
pq.write_table(trips.filter(pc.is_valid(trips["driver_id"])), "trips.parquet")
pq.write_table(pq.read_table("../legs.parquet"), "legs.parquet")
from feast import FeatureStore
import definitions as d
store = FeatureStore(".")
store.apply([d.driver, d.origin, d.dest, d.driver_trip, d.leg, d.far_flown])
end = datetime.fromisoformat(sys.argv[1])
store.materialize(datetime(2025, 5, 1, tzinfo=timezone.utc), end)
`;

/** Writes a Feast repository below the project's folder. `online` is what its feature_store.yaml says under online_store. */
export function writeFeastRepo(folder: string, online: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "definitions.py"), definitions);
  writeFileSync(
    join(folder, "feature_store.yaml"),
    `project: drivers\nregistry: registry.db\nprovider: local\nentity_key_serialization_version: 3\noffline_store:\n  type: file\nonline_store:\n${online}`,
  );
}

const environment = { ...process.env, FEAST_USAGE: "False", PYTHONWARNINGS: "ignore" };

/** Runs Python in a folder and gives what it printed. */
export async function python(program: string, cwd: string, ...args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)("python3", ["-c", program, ...args], { cwd, env: environment });
  return stdout;
}

/** A running feature server. */
export interface FeastServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Applies and materialises the repository in a folder of `root`, and serves it. */
export async function serveFeast(root: string, now: string): Promise<FeastServer> {
  const folder = join(root, "feast");
  writeFeastRepo(folder, "  type: sqlite\n  path: online.db\n");
  await python(prepare, folder, now);
  const port = await freePort();
  const program = "from feast.cli.cli import cli; cli()";
  const args = ["-c", program, "serve", "-h", "127.0.0.1", "-p", String(port), "--no-access-log"];
  // A group of its own: the server starts workers.
  const child = spawn("python3", args, { cwd: folder, env: environment, stdio: "ignore", detached: true });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; ; attempt += 1) {
    const health = await fetch(`${url}/health`).catch(() => undefined);
    if (health?.status === 200) break;
    if (attempt > 600 || child.exitCode !== null) throw new Error("feast serve did not start.");
    await pause(100);
  }
  return { url, stop: () => stopGroup(child) };
}

async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const ended = once(child, "exit");
  process.kill(-child.pid, "SIGTERM");
  await ended;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address ? address.port : 0;
}
