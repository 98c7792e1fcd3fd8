// Asks a server as fast as it answers, from a process of its own: wrk where it is installed, else the generator in http-load.ts.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { runChild } from "./child.ts";
import { repository } from "./project.ts";

/** How one spell of load went. */
export interface Load {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
}

/** The generator's name, for the report. */
export const generator: "wrk" | "node" = spawnSync("wrk", ["--version"]).error === undefined ? "wrk" : "node";

/** Keeps `connections` busy for some seconds with the bodies in a file, one a line. Throws when anything but 200 came back. */
export async function loadOn(url: string, file: string, connections: number, seconds: number): Promise<Load> {
  const own = import.meta.dirname;
  const wrk = ["wrk", "-t1", `-c${connections}`, `-d${seconds}s`, "-s", join(own, "http-load.lua"), url, "--", file];
  const node = [...script(join(own, "http-load.ts")), url, file, String(connections), String(seconds)];
  const { stdout } = await runChild(generator === "wrk" ? wrk : node);
  const load = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Load;
  if (load.errors > 0) throw new Error(`${load.errors} of ${load.requests} requests to ${url} failed.`);
  return load;
}

/** A command that runs one of the benchmarks' TypeScript files in a process of its own. */
export function script(file: string): readonly string[] {
  return [process.execPath, "--import", join(repository, "dist", "cli", "typescript.js"), file];
}
