// Serving from the outside: open it on the champions, follow the aliases, and, if wanted, keep features fresh and the loop closed.

import { type Duration, formatInstant, minutes, SlipwayError, seconds } from "../core/core.ts";
import { definitionsOf } from "../define/define.ts";
import {
  endDeployments,
  endLease,
  LEASE,
  noteDeployment,
  type Ramp,
  takeLease,
  tracking,
  whileHeld,
} from "../registry/registry.ts";
import { openServing, type Serving } from "../serving/serving.ts";
import { alone } from "./alone.ts";
import { materialize } from "./feature-operations.ts";
import type { Platform } from "./open.ts";
import { stepRamps, watchRamps } from "./ramp-operations.ts";
import { type WatchRound, watchOnce } from "./watch.ts";

/** How to serve. */
export interface ServeOptions {
  /** Told of each version that starts to answer. */
  readonly onSwap?: (swap: { readonly model: string; readonly from: number | undefined; readonly to: number }) => void;
}

/** How often aliases are looked at: a promotion takes effect within this. */
const FOLLOW_EVERY: Duration = seconds(1) / 4n;

/** Opens serving on a platform's models, with the champions there are, and follows the aliases until closed. */
export async function startServing(platform: Platform, options: ServeOptions = {}): Promise<Serving> {
  const { engines, registry, project } = platform;
  const { online, log, clock, random, runtimes, scheduler } = engines;
  const serving = openServing({
    registry,
    online,
    log,
    clock,
    random,
    runtimes,
    models: definitionsOf(project, "model"),
  });
  const follow = async (): Promise<void> => {
    for (const swap of await serving.refresh()) {
      await noteDeployment(registry, swap.model, swap.to);
      options.onSwap?.(swap);
    }
  };
  const { isAlive } = engines.process;
  await endDeployments(registry, isAlive);
  await follow();
  const stop = scheduler.every(FOLLOW_EVERY, follow);
  return {
    ...serving,
    async close() {
      stop();
      await endDeployments(registry, isAlive);
      await serving.close();
    },
  };
}

/** How to keep a served project going. */
export interface KeepOptions {
  /** How often to look for new source rows and due monitors; default a minute. */
  readonly every?: Duration;
  readonly onRound?: (round: WatchRound) => void;
  readonly onFailure?: (failure: unknown) => void;
  readonly signal?: AbortSignal;
}

/** Brings new rows online and runs what is due, again and again. Returns what stops it. */
export function keepFresh(platform: Platform, options: KeepOptions = {}): () => void {
  // Asked now: a version that is trained in a month is made by the code that is loaded today.
  void platform.training.provenance();
  return platform.engines.scheduler.every(options.every ?? minutes(1), async () => {
    try {
      const signal = options.signal === undefined ? {} : { signal: options.signal };
      await materialize(platform, signal).catch((thrown: unknown) => {
        // Another server on this state folder is at it: what it brings online is online for this one too.
        if (!(thrown instanceof SlipwayError && thrown.code === "STATE_LOCKED")) throw thrown;
      });
      const { signal: ended } = options;
      const round = await alone(platform, "watch", { signal: ended }, (still, lease) =>
        // A process that slept until another one had looked records no second look.
        watchOnce({ ...platform, registry: whileHeld(platform.registry, lease) }, { signal: still }),
      );
      if ("done" in round) options.onRound?.(round.done);
    } catch (failure) {
      options.onFailure?.(failure);
    }
  });
}

/** How often ramps are looked at. */
const RAMP_EVERY: Duration = seconds(5);

/** Watches the ramps of what is served, and moves those that are to move, again and again. Returns what stops it. */
export function keepRamping(
  platform: Platform,
  serving: Serving,
  {
    onMove,
    onFailure,
  }: { readonly onMove?: (ramp: Ramp) => void; readonly onFailure?: (failure: unknown) => void } = {},
): () => void {
  const watch = watchRamps(platform, serving);
  return platform.engines.scheduler.every(RAMP_EVERY, async () => {
    try {
      await watch();
      for (const { ramp, moved } of (await stepRamps(platform)) ?? []) if (moved) onMove?.(ramp);
    } catch (failure) {
      onFailure?.(failure);
    }
  });
}

/** How often deliveries are looked for. */
const DELIVER_EVERY: Duration = seconds(1);

/** Sends what webhooks are to be told, again and again. Returns what stops it. */
export function keepDelivering({ engines, registry, secrets }: Platform): () => void {
  const { outbound, scheduler } = engines;
  if (!outbound) return () => undefined;
  return scheduler.every(DELIVER_EVERY, async () => {
    // As long as there is more than one look takes.
    while ((await tracking.deliverDue(registry, outbound, secrets)) > 0);
  });
}

/**
 * Makes this process the one that serves the state folder, and gives what ends that. Records in Postgres may be served by many; in SQLite
 * by one, since it has one writer at a time. Throws STATE_LOCKED that says which process serves it.
 */
export async function holdServer({ registry, engines, stateDir }: Platform): Promise<() => Promise<void>> {
  if (registry.records.kind === "postgres") return async () => undefined;
  const { process, scheduler } = engines;
  const other = await takeLease(registry, SERVER, process);
  if (other) {
    const { pid, host } = JSON.parse(other.holder) as { readonly pid: number; readonly host: string };
    const since = formatInstant(other.since);
    throw new SlipwayError(
      "STATE_LOCKED",
      `${stateDir} is served by process ${pid} on ${host}, since ${since}. Stop it first, choose another --state, or keep records in Postgres, ` +
        "which several servers may share. Commands that read work beside it, and those that write take turns with it.",
      { details: { pid, host, since, state: stateDir } },
    );
  }
  const stop = scheduler.every(LEASE / 3n, async () => void (await takeLease(registry, SERVER, process)));
  return async () => {
    stop();
    await endLease(registry, SERVER, process);
  };
}

const SERVER = "server";
