// Which rows of a snapshot train, validate and test. Bounds are instants of prediction time, and then a training row's label must also have
// been known before validation starts, for on that day nobody could have trained on it; or they are borders that a row's id falls between.

import { type Duration, days, floorTo, formatInstant, type Instant, SlipwayError } from "../core/core.ts";
import type { ModelSpec, SplitSpec } from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";
import { problemText, type RowProblems } from "./row-problems.ts";
import { isShareBounds, type ShareBounds, shareCondition } from "./share-bounds.ts";

/** The bounds of one training. */
export type SplitBounds = TimeBounds | ShareBounds;

/** Bounds in time: train < validateFrom ≤ validate < testFrom ≤ test < until. Labels known after `knownBy` do not exist yet. */
export interface TimeBounds {
  /** Rows of every part begin here; absent means no beginning. */
  readonly trainFrom?: Instant;
  readonly validateFrom: Instant;
  readonly testFrom: Instant;
  /** Rows within this length before validation, and before the test, are in no part; absent means none. In microseconds. */
  readonly gap?: Duration;
  /** Validation labels, too, were known before the test starts. Absent in records from before this was so, and where no test follows. */
  readonly validateKnown?: true;
  /** Exclusive end of the test rows; absent means no end. */
  readonly until?: Instant;
  /** What was known then is all that is used; absent means everything. */
  readonly knownBy?: Instant;
}

/** The parts of a split. */
export type SplitPart = "train" | "validate" | "test";

/** A split that goes by time. */
export type TimeSplit = Exclude<SplitSpec, { readonly seed: number }>;

/** A split's bounds, for rows up to `newest`. Lengths are counted back from the end of the newest row's day. */
export function splitBounds(split: TimeSplit, newest: Instant): TimeBounds {
  const gap = split.gap === undefined ? {} : { gap: split.gap };
  if (split.kind === "dates")
    return knownInTime({ validateFrom: split.validateFrom, testFrom: split.testFrom, ...gap });
  const end = floorTo(newest, days(1)) + days(1);
  const bounds = { validateFrom: end - split.test - split.validate, testFrom: end - split.test, ...gap };
  return split.test > 0n ? knownInTime(bounds) : bounds;
}

/** Bounds under which validation, too, learns no outcome that came only while the test ran; as they are where no test follows. */
export function knownInTime(bounds: TimeBounds): TimeBounds {
  const hasTest = bounds.until === undefined || bounds.until > bounds.testFrom;
  return hasTest ? { ...bounds, validateKnown: true } : bounds;
}

/** The bounds of a rolling split's folds before the newest, whose bounds are `last`; oldest first. */
export function earlierFolds(split: Extract<SplitSpec, { kind: "rolling" }>, last: TimeBounds): readonly TimeBounds[] {
  return Array.from({ length: split.folds - 1 }, (_, place): TimeBounds => {
    const back = split.test * BigInt(split.folds - 1 - place);
    const testFrom = last.testFrom - back;
    return { ...last, validateFrom: last.validateFrom - back, testFrom, until: testFrom + split.test };
  });
}

/** Bounds in words, for a person who is to mend a split. */
export function boundsText(bounds: SplitBounds): string {
  const from = bounds.trainFrom === undefined ? "" : ` from ${formatInstant(bounds.trainFrom)} on`;
  if (isShareBounds(bounds)) return `by shares, with seed ${bounds.seed}${from === "" ? "" : `, rows${from}`}`;
  return `train${from} before ${formatInstant(bounds.validateFrom)}, validate before ${formatInstant(bounds.testFrom)}`;
}

/** The rows of a part, as a SQL condition over a snapshot's columns. Only labelled rows are in any part. */
export function splitCondition(dialect: SqlDialect, bounds: SplitBounds, part: SplitPart): string {
  const t = `epoch_us(${dialect.identifier("t")})`;
  const known = `epoch_us(${dialect.identifier("label_known_at")})`;
  const labelled = `${dialect.identifier("label")} IS NOT NULL`;
  const visible = bounds.knownBy === undefined ? [] : [`${known} <= ${bounds.knownBy}`];
  // What a version that is gone on from has learnt neither trains nor stops nor judges the next.
  if (bounds.trainFrom !== undefined) visible.push(`${t} >= ${bounds.trainFrom}`);
  if (isShareBounds(bounds)) {
    const before = bounds.until === undefined ? [] : [`${t} < ${bounds.until}`];
    return [labelled, ...visible, ...before, ...shareCondition(dialect, bounds, part)].join(" AND ");
  }
  const { gap = 0n, validateKnown = false } = bounds;
  const ranges: Readonly<Record<SplitPart, readonly string[]>> = {
    train: [`${t} < ${bounds.validateFrom - gap}`, `${known} < ${bounds.validateFrom}`],
    validate: [
      `${t} >= ${bounds.validateFrom}`,
      `${t} < ${bounds.testFrom - gap}`,
      ...(validateKnown ? [`${known} < ${bounds.testFrom}`] : []),
    ],
    test: [`${t} >= ${bounds.testFrom}`, ...(bounds.until === undefined ? [] : [`${t} < ${bounds.until}`])],
  };
  return [labelled, ...visible, ...ranges[part]].join(" AND ");
}

/** What is known of a part's labels. */
export interface PartLabels {
  readonly rows: number;
  readonly positives: number;
  readonly labels: number;
}

/** Throws TRAINING_SET_EMPTY, LABEL_SINGLE_CLASS or LABEL_INVALID when a part cannot be trained or judged on. */
export function checkPart(
  model: Pick<ModelSpec, "name" | "task">,
  part: SplitPart,
  bounds: SplitBounds,
  { rows, positives, labels }: PartLabels,
  problems: RowProblems = {},
): void {
  const range = boundsText(bounds);
  if (rows === 0 && part !== "test")
    throw new SlipwayError(
      "TRAINING_SET_EMPTY",
      part === "train" && bounds.trainFrom !== undefined
        ? `Model "${model.name}" has no labelled rows to train on that are newer than those of the version it goes on from (${range}). Wait for new ones, or train a version from the beginning.`
        : `Model "${model.name}" has no labelled rows to ${part} on (${range}). Check the split, and that labels find their rows by id${part === "validate" && !isShareBounds(bounds) && bounds.validateKnown ? " and are known before the test starts" : ""}.`,
    );
  const problem = problemText(part, rows, problems);
  if (problem !== undefined) throw new SlipwayError("LABEL_INVALID", `Model "${model.name}": ${problem}`);
  if (part === "train" && labels < 2)
    throw new SlipwayError(
      "LABEL_SINGLE_CLASS",
      `Model "${model.name}": every one of the ${rows} training labels is ${model.task.kind === "binary" ? positives > 0 : "the same"}; there is nothing to learn (${range}). Check the label's expression.`,
    );
}
