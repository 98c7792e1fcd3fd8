// Feature reads counted per view by status, and how old the values were, in the text format of Prometheus.

import type { Prediction } from "../../platform/platform.ts";

type Read = Prediction["reads"][number];

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const BOUNDS = [MINUTE, 5 * MINUTE, 15 * MINUTE, HOUR, 3 * HOUR, 12 * HOUR, DAY, 3 * DAY, 7 * DAY, 30 * DAY];

/** What was counted of one view. */
interface Tally {
  readonly byStatus: Record<Read["status"], number>;
  /** Per bound, ages up to it and above the one before; the last is everything older. */
  readonly ages: number[];
  seconds: number;
  /** Values that the view's expectations made null, and those they only warn of, by feature. */
  readonly rejected: Map<string, number>;
  readonly warned: Map<string, number>;
}

/** What a tally has counted, by view: it may be sent to another process. */
export type FeatureCounts = ReadonlyMap<string, Readonly<Tally>>;

/** Counts feature reads. */
export interface FeatureTally {
  add(view: string, status: Read["status"], age: Read["age"]): void;
  /** Counts values that were not as expected. */
  unexpected(view: string, rejected: readonly string[], warned: readonly string[]): void;
  /** Takes in what another tally has counted. */
  addAll(counted: FeatureCounts): void;
  /** Everything counted so far, by view. */
  counts(): FeatureCounts;
  /** All counts, as Prometheus text. */
  text(): string;
}

/** Starts counting at zero. */
export function featureTally(): FeatureTally {
  const views = new Map<string, Tally>();
  const tallyOf = (view: string): Tally => {
    const known = views.get(view);
    if (known) return known;
    const fresh: Tally = {
      byStatus: { present: 0, expired: 0, missing: 0 },
      ages: new Array<number>(BOUNDS.length + 1).fill(0),
      seconds: 0,
      rejected: new Map(),
      warned: new Map(),
    };
    views.set(view, fresh);
    return fresh;
  };
  return {
    add(view, status, age) {
      const tally = tallyOf(view);
      tally.byStatus[status] += 1;
      if (age === null) return;
      const seconds = Number(age) / 1e6;
      let slot = 0;
      while (slot < BOUNDS.length && seconds > (BOUNDS[slot] as number)) slot += 1;
      tally.ages[slot] = (tally.ages[slot] ?? 0) + 1;
      tally.seconds += seconds;
    },
    unexpected(view, rejected, warned) {
      const tally = tallyOf(view);
      addEach(tally.rejected, once(rejected));
      addEach(tally.warned, once(warned));
    },
    addAll(counted) {
      for (const [view, { byStatus, ages, seconds, rejected, warned }] of counted) {
        const tally = tallyOf(view);
        for (const [status, count] of Object.entries(byStatus)) tally.byStatus[status as Read["status"]] += count;
        for (const [slot, count] of ages.entries()) tally.ages[slot] = (tally.ages[slot] ?? 0) + count;
        tally.seconds += seconds;
        addEach(tally.rejected, rejected);
        addEach(tally.warned, warned);
      }
    },
    counts: () => views,
    text: () => [...statusLines(views), ...unexpectedLines(views), ...ageLines(views), ""].join("\n"),
  };
}

function addEach(counts: Map<string, number>, more: Iterable<readonly [feature: string, count: number]>): void {
  for (const [feature, count] of more) counts.set(feature, (counts.get(feature) ?? 0) + count);
}

function once(features: readonly string[]): readonly (readonly [string, number])[] {
  return features.map((feature) => [feature, 1]);
}

function* statusLines(views: ReadonlyMap<string, Tally>): Generator<string> {
  yield "# HELP slipway_feature_reads_total Feature views read, for predictions or by name, by what was found.";
  yield "# TYPE slipway_feature_reads_total counter";
  for (const [view, { byStatus }] of views)
    for (const [status, count] of Object.entries(byStatus))
      yield `slipway_feature_reads_total{view="${view}",status="${status}"} ${count}`;
}

function* unexpectedLines(views: ReadonlyMap<string, Tally>): Generator<string> {
  const name = "slipway_feature_values_unexpected_total";
  yield `# HELP ${name} Values that their view does not expect: rejected ones were served as null.`;
  yield `# TYPE ${name} counter`;
  for (const [view, { rejected, warned }] of views)
    for (const [outcome, counts] of [["rejected", rejected] as const, ["warned", warned] as const])
      for (const [feature, count] of counts)
        yield `${name}{view="${view}",feature="${feature}",outcome="${outcome}"} ${count}`;
}

function* ageLines(views: ReadonlyMap<string, Tally>): Generator<string> {
  const name = "slipway_feature_age_seconds";
  yield `# HELP ${name} Time since the newest event of the key that was read.`;
  yield `# TYPE ${name} histogram`;
  for (const [view, { ages, seconds }] of views) {
    let total = 0;
    for (const [place, count] of ages.entries()) {
      total += count;
      yield `${name}_bucket{le="${BOUNDS[place] ?? "+Inf"}",view="${view}"} ${total}`;
    }
    yield `${name}_sum{view="${view}"} ${seconds}`;
    yield `${name}_count{view="${view}"} ${total}`;
  }
}
