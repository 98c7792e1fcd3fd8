/**
 * Works on some things, so many at once, and gives the results in their order. When one fails, or `signal` aborts, those under way are told to stop
 * and waited for, no more are begun, and what failed first is thrown.
 */
export async function atOnce<T, R>(
  things: readonly T[],
  width: number,
  signal: AbortSignal | undefined,
  work: (thing: T, signal: AbortSignal) => Promise<R>,
): Promise<readonly R[]> {
  const stop = new AbortController();
  const onAbort = (): void => stop.abort(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort);
  const results = new Array<R>(things.length);
  const failures: unknown[] = [];
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < things.length && failures.length === 0) {
      const place = next;
      next += 1;
      try {
        results[place] = await work(things[place] as T, stop.signal);
      } catch (thrown) {
        failures.push(thrown);
        stop.abort();
      }
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.max(1, Math.min(width, things.length)) }, lane));
  } finally {
    signal?.removeEventListener("abort", onAbort);
  }
  if (failures.length > 0) throw failures[0];
  return results;
}
