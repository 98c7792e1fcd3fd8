// Feast from PyPI in a virtual environment of its own, serving a repository: `feast serve -w 2` on its default online store.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { runChild } from "./child.ts";
import { END, feastDefinitions } from "./online-project.ts";
import { treeCpu } from "./usage.ts";

/** A server that a bench loads. */
export interface LoadedServer {
  readonly url: string;
  /** Processor seconds used so far by it and its workers. */
  readonly cpu: () => Promise<number>;
  readonly stop: () => Promise<void>;
}

/** Applies and materialises the bench's repository in `root`/feast, and serves it with two workers. */
export async function serveFeast(file: string, root: string, port: number): Promise<LoadedServer> {
  const cwd = join(root, "feast");
  mkdirSync(cwd);
  writeFileSync(join(cwd, "definitions.py"), feastDefinitions);
  writeFileSync(
    join(cwd, "feature_store.yaml"),
    "project: online\nregistry: registry.db\nprovider: local\nentity_key_serialization_version: 3\nonline_store:\n  type: sqlite\n  path: online.db\n",
  );
  const prepare = `from datetime import datetime, timezone
from feast import FeatureStore
import definitions as d
store = FeatureStore(".")
store.apply([d.user, *d.views])
store.materialize(datetime(2025, 5, 1, tzinfo=timezone.utc), datetime.fromisoformat("${END.replace("Z", "+00:00")}"))`;
  const env = { FEAST_USAGE: "False", PYTHONWARNINGS: "ignore" };
  await runChild([file, "-c", prepare], { cwd, env });
  const serve = [
    "-c",
    "from feast.cli.cli import cli; cli()",
    "serve",
    "-h",
    "127.0.0.1",
    "-p",
    String(port),
    "-w",
    "2",
    "--no-access-log",
    // Its workers start anew after a thousand requests and break their connections doing so: more than a spell of load.
    "--max-requests",
    "1000000",
  ];
  const child = spawn(file, serve, { cwd, env: { ...process.env, ...env }, stdio: "ignore", detached: true });
  const url = `http://127.0.0.1:${port}`;
  for (let attempt = 0; (await fetch(`${url}/health`).catch(() => undefined))?.status !== 200; attempt += 1) {
    if (attempt > 600 || child.exitCode !== null) throw new Error("feast serve did not start.");
    await pause(100);
  }
  return { url, cpu: async () => treeCpu(child.pid ?? 0) ?? Number.NaN, stop: () => stopGroup(child) };
}

async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null) return;
  const ended = once(child, "exit");
  process.kill(-child.pid, "SIGTERM");
  await ended;
}
