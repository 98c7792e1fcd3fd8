// A shadow is asked what the others are asked and never heard: it starts when the answer is in the log and on its way, works within a budget
// of its own, and whatever happens to it is counted and nothing else.

import type { Instant } from "../core/core.ts";
import type { OnlineRead } from "../features/features.ts";
import type { AppendLog } from "../ports/ports.ts";
import { type AskedRow, answersOf } from "../scoring/scoring.ts";
import { give, type Lease, take } from "./lease.ts";
import { logLine, logPlace } from "./prediction-log.ts";

/** What became of the rows that a version was to mirror. */
export interface ShadowCounts {
  /** Scored and logged. */
  logged: number;
  failed: number;
  /** Not even begun, since too many were under way. */
  dropped: number;
}

/** A request as it was answered: what a shadow needs to answer it too. */
export interface Mirrored {
  readonly model: string;
  readonly at: Instant;
  readonly ids: readonly string[];
  readonly rows: readonly AskedRow[];
  readonly reads: readonly (readonly OnlineRead[])[];
}

/** The most rows of one model that its shadow has under way. */
export const SHADOW_LIMIT = 1024;

/** One model's shadow at work. */
export interface Mirror {
  /** Rows under way. */
  inFlight: number;
  /** By version; those that were shadows before are kept, since counters never go back. */
  readonly counts: Map<number, ShadowCounts>;
}

/** A mirror that has seen nothing. */
export function newMirror(): Mirror {
  return { inFlight: 0, counts: new Map() };
}

/** Has a shadow answer a request, some time after `answered`; a request that was not answered is not mirrored either. */
export function mirror(
  state: Mirror,
  log: AppendLog,
  shadow: Lease,
  request: Mirrored,
  answered: Promise<unknown>,
): void {
  const { version } = shadow.deployment;
  const rows = request.rows.length;
  const counts = state.counts.get(version) ?? { logged: 0, failed: 0, dropped: 0 };
  state.counts.set(version, counts);
  if (state.inFlight + rows > SHADOW_LIMIT) {
    counts.dropped += rows;
    return;
  }
  state.inFlight += rows;
  take(shadow);
  const work = async (): Promise<void> => {
    // The answer goes out first.
    await new Promise<void>((resolve) => setImmediate(resolve));
    try {
      await scoreAndLog(log, shadow, request);
      counts.logged += rows;
    } catch {
      counts.failed += rows;
    }
  };
  const end = (): void => {
    state.inFlight -= rows;
    give(shadow);
  };
  void answered.then(work, () => undefined).then(end);
}

async function scoreAndLog(log: AppendLog, shadow: Lease, { model, at, ids, rows, reads }: Mirrored): Promise<void> {
  const { version, encode, score, classes } = shadow.deployment;
  const answers = answersOf(await score(rows.map((row, place) => encode(row, reads[place] ?? []))), classes);
  const lines = rows.map((row, place) =>
    logLine({
      ...(answers[place] ?? { score: Number.NaN }),
      id: ids[place] ?? "",
      at,
      version,
      route: "shadow",
      row,
      reads: reads[place] ?? [],
    }),
  );
  const { stream, part } = logPlace(model, at);
  await log.append(stream, part, lines);
}
