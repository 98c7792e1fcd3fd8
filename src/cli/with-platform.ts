// Opens the project around a command and closes it again, whatever happens in between.

import { userInfo } from "node:os";
import { formatInstant, type Instant, parseInstant, SlipwayError } from "../core/core.ts";
import { type OpenOptions, openPlatform, type Platform, type ProjectConfig } from "../platform/platform.ts";
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
  work: (platform: Platform, options: OpenOptions) => Promise<T>,
  timing: Timing = {},
): Promise<T> {
  const { signal } = context;
  const options = await openOptions(context, timing);
  const platform = await openPlatform(options);
  const stop = (): void => platform.engines.offline.interrupt();
  signal.addEventListener("abort", stop);
  try {
    return await work(platform, options);
  } finally {
    signal.removeEventListener("abort", stop);
    await tellLostLineage(context, platform);
    await platform.close();
  }
}

/** Lineage that could not be told stops nothing, but is not lost silently. */
async function tellLostLineage({ progress }: CommandContext, { lineage }: Platform): Promise<void> {
  const told = await lineage.sink?.flush();
  if (told && told.lost > 0)
    progress.line(
      `Lineage: ${told.lost} of ${told.lost + told.delivered} events did not reach ${lineage.sink?.place} (${told.problem?.replace(/\.$/, "")}).`,
    );
}

/** The project's state folder, without opening anything in it. */
export async function stateFolder({ host, globals }: CommandContext): Promise<string> {
  const { root } = await loadConfig<ProjectConfig>(host.cwd, globals.project);
  return stateDirOf(host, globals, root);
}

async function openOptions({ host, globals, progress }: CommandContext, { at, running }: Timing): Promise<OpenOptions> {
  const start = at === undefined ? undefined : parseInstant(at);
  const { config, root } = await loadConfig<ProjectConfig>(host.cwd, globals.project);
  return {
    config,
    engines: local(),
    root,
    stateDir: stateDirOf(host, globals, root),
    cacheDir: cacheDirOf(host),
    env: host.env,
    ...(globals.memory === undefined ? {} : { memoryLimit: memorySize(globals.memory) }),
    actor: userName(),
    ...(start === undefined
      ? {}
      : running === true
        ? {
            startAt: start,
            onLaterStart: (later: Instant) =>
              progress.line(
                `The clock starts at ${formatInstant(later)}, not at ${formatInstant(start)}: there are online values up to then, and they go forward only.`,
              ),
          }
        : { clock: ({ clocks }) => clocks.replay(start) }),
  };
}

/** A size of memory as engines take it. */
function memorySize(text: string): string {
  if (/^[1-9]\d*(\.\d+)?\s*[KMGT]i?B$/i.test(text)) return text;
  throw new SlipwayError("USAGE", `--memory takes a number and a unit, such as 900MB or 4GB, not "${text}".`);
}

function userName(): string {
  try {
    return userInfo().username;
  } catch {
    // A container may run as a user that has no name.
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}
