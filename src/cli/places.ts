// Where a project keeps its state and the machine its downloads.

import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { GlobalOptions, Host } from "./host.ts";

/** The folder of records, features and artifacts: --state, else `.slipway` beside the config. */
export function stateDirOf(host: Host, globals: GlobalOptions, root: string): string {
  return globals.state === undefined ? join(root, ".slipway") : resolve(host.cwd, globals.state);
}

/** The folder of downloads that every project shares: SLIPWAY_CACHE, else `slipway` in the user's cache folder. */
export function cacheDirOf({ env, cwd }: Pick<Host, "env" | "cwd">): string {
  const { SLIPWAY_CACHE, XDG_CACHE_HOME } = env;
  if (SLIPWAY_CACHE) return resolve(cwd, SLIPWAY_CACHE);
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "slipway");
}

/** Where TypeScript files without their types are kept. */
export function strippedFolder(host: Pick<Host, "env" | "cwd">): string {
  return join(cacheDirOf(host), "typescript");
}
