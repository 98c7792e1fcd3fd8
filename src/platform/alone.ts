// What one process at a time does, by a lease that it renews while it goes on. Who lost it is told by a signal; what it writes meanwhile is refused by the lease itself,
// for a process that slept hears of it late.

import { asSlipwayError, SlipwayError } from "../core/core.ts";
import {
  endLease,
  type HeldLease,
  LEASE,
  type LeaseHolder,
  leaseLost,
  renewLease,
  takeLease,
} from "../registry/registry.ts";
import type { Platform } from "./open.ts";

/** How something is done alone. */
export interface AloneOptions {
  readonly signal?: AbortSignal | undefined;
  /** Tells apart what does the same thing within this process; without it, this process is one. */
  readonly part?: string;
}

/**
 * Does something unless somebody else does it now, whom it gives instead. `still` is aborted when another one has taken it over, or when the lease ran out since the
 * records could not be reached; its reason says which.
 */
export async function alone<T>(
  { registry, engines }: Pick<Platform, "registry" | "engines">,
  name: string,
  { signal, part }: AloneOptions,
  work: (still: AbortSignal, lease: HeldLease) => Promise<T>,
): Promise<{ readonly done: T } | { readonly holder: LeaseHolder }> {
  const { process } = engines;
  const own = { isAlive: process.isAlive, mark: part === undefined ? process.mark : partMark(process.mark, part) };
  const holder = await takeLease(registry, name, own);
  if (holder) return { holder };
  const lost = new AbortController();
  const lease = { name, mark: own.mark };
  const stop = keepLease({ registry, engines }, lease, (reason) => lost.abort(reason));
  try {
    return { done: await work(AbortSignal.any(signal ? [signal, lost.signal] : [lost.signal]), lease) };
  } finally {
    stop();
    await endLease(registry, name, own);
  }
}

/** So many renewals are due while a lease lasts. */
const RENEWALS = 3;

/** Renews a lease until it is stopped, or lost. What has gone by is counted in renewals, not read from a clock: one of a replay runs ahead, and a machine may sleep. */
function keepLease(
  { registry, engines }: Pick<Platform, "registry" | "engines">,
  lease: HeldLease,
  onLost: (reason: unknown) => void,
): () => void {
  let missed = 0;
  let isAsking = false;
  let failure: unknown;
  const renew = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      if (await renewLease(registry, lease)) missed = 0;
      else onLost(leaseLost(lease.name));
    } catch (thrown) {
      failure = thrown;
    } finally {
      isAsking = false;
    }
  };
  return engines.scheduler.every(LEASE / BigInt(RENEWALS), async () => {
    missed += 1;
    if (missed >= RENEWALS) onLost(unreachable(lease.name, failure));
    // Not waited for: an answer that never comes must not keep the next look from seeing that.
    void renew();
  });
}

function unreachable(name: string, cause: unknown): SlipwayError {
  const why = cause === undefined ? "no answer came" : asSlipwayError(cause).message;
  return new SlipwayError("RECORDS_UNAVAILABLE", `The lease on ${name} could not be renewed for a minute: ${why}`, {
    details: { lease: name },
    cause,
  });
}

/** A process's mark with a field more, so that whether it lives can be told from it as before; a mark of another kind stays as it is. */
function partMark(mark: string, part: string): string {
  return mark.startsWith("{") ? JSON.stringify({ ...(JSON.parse(mark) as object), part }) : mark;
}

/** Which process a mark is of, in words. */
export function processText(mark: string): string {
  if (!mark.startsWith("{")) return mark;
  const { pid, host } = JSON.parse(mark) as { readonly pid: number; readonly host: string };
  return `process ${pid} on ${host}`;
}
