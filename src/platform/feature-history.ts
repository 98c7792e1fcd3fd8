// A view's values for one key in the past, as documents: as they were known at one time, and every change with its reasons. Computed from the offline
// data, so that they can be told for any time that the data reaches back to.

import { formatDuration, formatInstant, type Instant, SlipwayError, type Value, valueToJson } from "../core/core.ts";
import { findView, type ReadableViewSpec } from "../define/define.ts";
import { type ChangeReason, keyHistory, valuesAsOf, viewQuery } from "../features/features.ts";
import { parseRow } from "../scoring/scoring.ts";
import type { Platform } from "./open.ts";

type Given = Readonly<Record<string, unknown>>;
type Members = Readonly<Record<string, unknown>>;

/** A view's values for one key as they were known at one time. */
export interface PastValues {
  readonly view: string;
  readonly key: Members;
  readonly at: string;
  readonly values: Members;
}

/** A view's values for one key as they were known then. Throws INPUT_INVALID for a key that does not fit, or a time still to come. */
export async function featuresAsOf(platform: Platform, name: string, given: Given, at: Instant): Promise<PastValues> {
  const view = findView(platform.project, name);
  const { key, values } = keyOf(view, given);
  notLater(platform, "as of", at);
  const [row = []] = await valuesAsOf(platform.engines.offline, viewQuery(view), key, [at]);
  return { view: name, key: values, at: formatInstant(at), values: valuesOf(view, row) };
}

/** One moment at which values changed. */
export interface PastChange {
  readonly at: string;
  /** What changed, before and after. */
  readonly changed: readonly { readonly feature: string; readonly before: unknown; readonly after: unknown }[];
  readonly why: readonly PastReason[];
}

/** Why values changed. */
export interface PastReason {
  readonly kind: ChangeReason["kind"];
  readonly view: string;
  readonly window?: string;
  readonly events: number;
  /** When the events happened. */
  readonly first: string;
  readonly last: string;
  /** All of it in words. */
  readonly text: string;
}

/** A part of a key's history. */
export interface PastDocument {
  readonly view: string;
  readonly key: Members;
  readonly before: Members;
  readonly changes: readonly PastChange[];
  /** Give this as `after` for the next page; null at the end. */
  readonly next: string | null;
}

/** Which part of a history. */
export interface HistoryRequest {
  readonly from?: Instant | undefined;
  readonly to?: Instant | undefined;
  /** Where the page before ended. */
  readonly after?: Instant | undefined;
  /** At most so many changes; default 100. */
  readonly limit?: number | undefined;
}

const LONGEST_PAGE = 10_000;

/** Every change of a view's values for one key, in order, with why. */
export async function featureHistory(
  platform: Platform,
  name: string,
  given: Given,
  { from, to, after, limit = 100 }: HistoryRequest = {},
): Promise<PastDocument> {
  const view = findView(platform.project, name);
  const { key, values } = keyOf(view, given);
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > LONGEST_PAGE)
    throw new SlipwayError("INPUT_INVALID", `A page holds 1 to ${LONGEST_PAGE} changes, not ${limit}.`);
  const now = platform.engines.clock.now();
  if (from !== undefined && to !== undefined && from > to)
    throw new SlipwayError("INPUT_INVALID", `from ${formatInstant(from)} is after to ${formatInstant(to)}.`);
  const start = after ?? (from === undefined ? undefined : from - 1n);
  const history = await keyHistory(platform.engines.offline, viewQuery(view), key, {
    ...(start === undefined ? {} : { after: start }),
    to: to === undefined || to > now ? now : to,
    limit,
  });
  let last = history.before;
  const changes = history.changes.map(({ at, values: current, changed, reasons }): PastChange => {
    const before = last;
    last = current;
    return {
      at: formatInstant(at),
      changed: changed.map((place) => {
        const { name: feature = "", type = "string" } = view.features[place] ?? {};
        return {
          feature,
          before: valueToJson(type, before[place] ?? null),
          after: valueToJson(type, current[place] ?? null),
        };
      }),
      why: reasons.map((reason) => reasonOf(reason, at)),
    };
  });
  return {
    view: name,
    key: values,
    before: valuesOf(view, history.before),
    changes,
    next: history.next === undefined ? null : formatInstant(history.next),
  };
}

function reasonOf({ kind, view, window, events, first, last }: ChangeReason, at: Instant): PastReason {
  const some = events === 1 ? "an event" : `${events} events`;
  const when = first === last ? `of ${formatInstant(first)}` : `of ${formatInstant(first)} to ${formatInstant(last)}`;
  const texts: Record<ChangeReason["kind"], string> = {
    event: `${some} ${when}`,
    late: `late: ${some} ${when} became known ${formatDuration(at - last)} later`,
    window: `the window of ${formatDuration(window ?? 0n)} moved past ${some} ${when}`,
    expired: `the newest row, ${when}, is too old`,
  };
  return {
    kind,
    view,
    ...(window === undefined ? {} : { window: formatDuration(window) }),
    events,
    first: formatInstant(first),
    last: formatInstant(last),
    text: texts[kind],
  };
}

function keyOf(view: ReadableViewSpec, given: Given): { readonly key: readonly Value[]; readonly values: Members } {
  const row = parseRow(view.name, view.keys, given, { what: `Feature view "${view.name}"` });
  for (const { name } of view.keys)
    if (row[name] === null)
      throw new SlipwayError(
        "INPUT_INVALID",
        `Feature view "${view.name}": a null "${name}" matches nothing; give a key.`,
      );
  return {
    key: view.keys.map(({ name }) => row[name] ?? null),
    values: Object.fromEntries(view.keys.map(({ name, type }) => [name, valueToJson(type, row[name] ?? null)])),
  };
}

function valuesOf({ features }: ReadableViewSpec, row: readonly Value[]): Members {
  return Object.fromEntries(features.map(({ name, type }, place) => [name, valueToJson(type, row[place] ?? null)]));
}

function notLater({ engines }: Platform, what: string, at: Instant): void {
  const now = engines.clock.now();
  if (at > now)
    throw new SlipwayError(
      "INPUT_INVALID",
      `${what} ${formatInstant(at)} is still to come: it is ${formatInstant(now)}. Give a time in the past.`,
    );
}
