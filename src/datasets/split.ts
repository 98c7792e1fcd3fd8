// Which rows of a snapshot train, validate and test. All bounds are instants of prediction time; a training row's label must also have
// been known before validation starts, for on that day nobody could have trained on it.

import { days, floorTo, formatInstant, type Instant, SlipwayError } from "../core/core.ts";
import type { SplitSpec } from "../define/define.ts";
import type { SqlDialect } from "../ports/ports.ts";

/** Bounds of one training: train < validateFrom ≤ validate < testFrom ≤ test < until. Labels known after `knownBy` do not exist yet. */
export interface SplitBounds {
  readonly validateFrom: Instant;
  readonly testFrom: Instant;
  /** Exclusive end of the test rows; absent means no end. */
  readonly until?: Instant;
  /** What was known then is all that is used; absent means everything. */
  readonly knownBy?: Instant;
}

/** The parts of a split. */
export type SplitPart = "train" | "validate" | "test";

/** A split's bounds, for rows up to `newest`. Lengths are counted back from the end of the newest row's day. */
export function splitBounds(split: SplitSpec, newest: Instant): SplitBounds {
  if (split.kind === "dates") return { validateFrom: split.validateFrom, testFrom: split.testFrom };
  const end = floorTo(newest, days(1)) + days(1);
  return { validateFrom: end - split.test - split.validate, testFrom: end - split.test };
}

/** The rows of a part, as a SQL condition over a snapshot's columns. Only labelled rows are in any part. */
export function splitCondition(dialect: SqlDialect, bounds: SplitBounds, part: SplitPart): string {
  const t = `epoch_us(${dialect.identifier("t")})`;
  const known = `epoch_us(${dialect.identifier("label_known_at")})`;
  const labelled = `${dialect.identifier("label")} IS NOT NULL`;
  const visible = bounds.knownBy === undefined ? [] : [`${known} <= ${bounds.knownBy}`];
  const ranges: Readonly<Record<SplitPart, readonly string[]>> = {
    train: [`${t} < ${bounds.validateFrom}`, `${known} < ${bounds.validateFrom}`],
    validate: [`${t} >= ${bounds.validateFrom}`, `${t} < ${bounds.testFrom}`],
    test: [`${t} >= ${bounds.testFrom}`, ...(bounds.until === undefined ? [] : [`${t} < ${bounds.until}`])],
  };
  return [labelled, ...visible, ...ranges[part]].join(" AND ");
}

/** Throws TRAINING_SET_EMPTY or LABEL_SINGLE_CLASS when a part cannot be trained on. */
export function checkPart(model: string, part: SplitPart, bounds: SplitBounds, rows: number, positives: number): void {
  const range = `train before ${formatInstant(bounds.validateFrom)}, validate before ${formatInstant(bounds.testFrom)}`;
  if (rows === 0)
    throw new SlipwayError(
      "TRAINING_SET_EMPTY",
      `Model "${model}" has no labelled rows to ${part} on (${range}). Check the split's dates, and that labels find their rows by id.`,
    );
  if (part === "train" && (positives === 0 || positives === rows))
    throw new SlipwayError(
      "LABEL_SINGLE_CLASS",
      `Model "${model}": every one of the ${rows} training labels is ${positives > 0}; there is nothing to learn (${range}). Check the label's expression.`,
    );
}
