// Opens the project around a command and closes it again, whatever happens in between.

import { userInfo } from "node:os";
import { parseInstant } from "../core/core.ts";
import { openPlatform, type Platform, type ProjectConfig } from "../platform/platform.ts";
import { local } from "../presets/presets.ts";
import { loadConfig } from "./load-config.ts";
import { cacheDirOf, stateDirOf } from "./places.ts";
import type { CommandContext } from "./run-command.ts";

/** How a command wants time to be. */
export interface Timing {
  /** An instant in words: the clock stands there. */
  readonly at?: string | undefined;
  /** With `at`: the clock runs on from there. */
  readonly running?: boolean;
}

/** Opens the platform, runs `work`, closes it. Ctrl-C stops the SQL that is under way. */
export async function withPlatform<T>(
  context: CommandContext,
  work: (platform: Platform) => Promise<T>,
  { at, running }: Timing = {},
): Promise<T> {
  const { host, globals, signal } = context;
  const start = at === undefined ? undefined : parseInstant(at);
  const { config, root } = await loadConfig<ProjectConfig>(host.cwd, globals.project);
  const platform = await openPlatform({
    config,
    engines: local(),
    root,
    stateDir: stateDirOf(host, globals, root),
    cacheDir: cacheDirOf(host),
    env: host.env,
    actor: userName(),
    ...(start === undefined
      ? {}
      : { clock: ({ clocks }) => (running === true ? clocks.startingAt(start) : clocks.replay(start)) }),
  });
  const stop = (): void => platform.engines.offline.interrupt();
  signal.addEventListener("abort", stop);
  try {
    return await work(platform);
  } finally {
    signal.removeEventListener("abort", stop);
    await platform.close();
  }
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user that has no name.
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}
