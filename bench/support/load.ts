// Asks a server as fast as it answers, from a process of its own: wrk where it is installed, else the generator in http-load.ts.

import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runChild } from "./child.ts";
import { repository } from "./project.ts";

const WRK = "wrk";

/** How one spell of load went. */
export interface Load {
  readonly requests: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  /** What kinds of errors, in words; from wrk. */
  readonly kinds?: string;
}

/** The generator's name, for the report. */
export const generator: "wrk" | "node" = spawnSync(WRK, ["--version"]).error === undefined ? WRK : "node";

/** Keeps `connections` busy for some seconds with the bodies in a file, one a line; with a rate, asks so often a second. Throws when anything but 200 came back. */
export async function loadOn(
  url: string,
  file: string,
  connections: number,
  seconds: number,
  rate?: number,
): Promise<Load> {
  const own = import.meta.dirname;
  const wrk = [WRK, "-t1", `-c${connections}`, `-d${seconds}s`, "-s", join(own, "http-load.lua"), url, "--", file];
  const load =
    generator === WRK && rate === undefined
      ? loadIn((await runChild(wrk)).stdout)
      : await ownLoad(url, file, connections, seconds, rate);
  if (load.errors > 0)
    throw new Error(
      `${load.errors} of ${load.requests} requests to ${url} failed: ${load.kinds ?? "no more is known"}.`,
    );
  return load;
}

/** The same by the generator in http-load.ts, errors counted; without a file the url is got. */
export async function ownLoad(
  url: string,
  file: string | undefined,
  connections: number,
  seconds: number,
  rate?: number,
): Promise<Load> {
  const words = [url, file ?? "", String(connections), String(seconds), ...(rate === undefined ? [] : [String(rate)])];
  const { stdout } = await runChild([...script(fileURLToPath(import.meta.resolve("./http-load.ts"))), ...words]);
  return loadIn(stdout);
}

function loadIn(stdout: string): Load {
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Load;
}

/** A command that runs one of the benchmarks' TypeScript files in a process of its own. */
export function script(file: string): readonly string[] {
  return [process.execPath, "--import", join(repository, "dist", "cli", "typescript.js"), file];
}
