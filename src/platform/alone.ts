import { endLease, LEASE, type LeaseHolder, takeLease } from "../registry/registry.ts";
import type { Platform } from "./open.ts";

/** How something is done alone. */
export interface AloneOptions {
  readonly signal?: AbortSignal | undefined;
  /** Tells apart what does the same thing within this process; without it, this process is one. */
  readonly part?: string;
}

/** Does something unless somebody else does it now, whom it gives instead; `still` is aborted when another one has taken it over. */
export async function alone<T>(
  { registry, engines }: Pick<Platform, "registry" | "engines">,
  name: string,
  { signal, part }: AloneOptions,
  work: (still: AbortSignal) => Promise<T>,
): Promise<{ readonly done: T } | { readonly holder: LeaseHolder }> {
  const { process, scheduler } = engines;
  const own = { isAlive: process.isAlive, mark: part === undefined ? process.mark : partMark(process.mark, part) };
  const holder = await takeLease(registry, name, own);
  if (holder) return { holder };
  const lost = new AbortController();
  const stop = scheduler.every(LEASE / 3n, async () => {
    if (await takeLease(registry, name, own)) lost.abort();
  });
  try {
    return { done: await work(AbortSignal.any(signal ? [signal, lost.signal] : [lost.signal])) };
  } finally {
    stop();
    await endLease(registry, name, own);
  }
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
