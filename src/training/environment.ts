// What a version was made with, so that it can be made again: code, packages, engines, seed.

import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The environment a version was trained in. */
export interface TrainingEnvironment {
  readonly git: { readonly commit: string; readonly dirty: boolean } | null;
  readonly node: string;
  readonly platform: string;
  /** Engine versions by name, e.g. duckdb and xgboost. */
  readonly engines: Readonly<Record<string, string>>;
  readonly slipway: string;
  readonly seed: number;
  readonly threads: number;
}

/** The Git commit of a folder and whether it has changes; null outside a repository or without Git. */
export async function gitState(folder: string): Promise<TrainingEnvironment["git"]> {
  try {
    const commit = await run("git", ["-C", folder, "rev-parse", "HEAD"]);
    const status = await run("git", ["-C", folder, "status", "--porcelain"]);
    return { commit: commit.stdout.trim(), dirty: status.stdout.trim() !== "" };
  } catch {
    return null;
  }
}
