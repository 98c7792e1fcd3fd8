// A pushed event as a caller sends it, checked and typed. Hand-written because it runs on every event; it gives reasons instead of throwing
// them, because one bad event of a batch must not cost the others.

import {
  type ColumnSchema,
  didYouMean,
  type ErrorCode,
  expectationOf,
  formatDuration,
  formatInstant,
  type Instant,
  type RefuseInput,
  type Value,
  valueFrom,
} from "../core/core.ts";
import { letInCondition, type PushSpec, type RowExpectationSpec } from "../define/define.ts";
import { type CheckedRow, rowCheck } from "../guard/guard.ts";

/** Why an event was refused. */
export interface Refused {
  readonly code: ErrorCode;
  readonly message: string;
}

/** An event that was read, and is not what its source expects. */
export interface Unexpected extends Refused {
  readonly values: readonly Value[];
  readonly failed: readonly RowExpectationSpec[];
}

/** A checked event: its values in the order of the source's columns. */
export interface TypedEvent {
  readonly id: string | bigint;
  readonly event: Instant;
  /** What it says itself of when it became known. */
  readonly created: Instant | undefined;
  readonly values: readonly Value[];
}

/** Reads events of one source. */
export type EventReader = (given: unknown, now: Instant) => TypedEvent | Refused | Unexpected;

/** Whether an event was refused. */
export function isRefused(read: TypedEvent | Refused): read is Refused {
  return "code" in read;
}

const invalid = (message: string): Refused => ({ code: "INPUT_INVALID", message });

/** A reader of a source's events. */
export function eventReader(source: PushSpec): EventReader {
  const { columns, eventTime, createdAt, id, maxAhead } = source;
  const place = (name: string): number => columns.findIndex((column) => column.name === name);
  const [eventPlace, createdPlace, idPlace] = [place(eventTime), place(createdAt), place(id)];
  const check = rowCheck(source);
  const expects = letInCondition(source.expect) !== undefined;
  const rowOf = (values: readonly Value[]): CheckedRow =>
    Object.fromEntries(columns.map(({ name }, index) => [name, values[index] ?? null]));
  const known = new Set(columns.map(({ name }) => name));
  const ahead = (name: string, at: Instant, now: Instant): Refused | undefined =>
    at <= now + maxAhead
      ? undefined
      : invalid(
          `"${name}" is ${formatInstant(at)}, which is more than ${formatDuration(maxAhead)} ahead of the clock (${formatInstant(now)}). Correct the sender's clock, or give the source a larger maxAhead.`,
        );
  return (given, now) => {
    if (typeof given !== "object" || given === null || Array.isArray(given))
      return invalid(`It is ${shown(given)}; an event is an object with ${[...known].join(", ")}.`);
    const members = given as Readonly<Record<string, unknown>>;
    for (const name in members)
      if (!known.has(name))
        return invalid(
          `"${shortened(name)}" is not a column of "${source.name}". They are: ${[...known].join(", ")}.${didYouMean(shortened(name), [...known])}`,
        );
    const values: Value[] = [];
    try {
      for (const column of columns)
        values.push(cellOf(column, Object.hasOwn(members, column.name) ? members[column.name] : undefined));
    } catch (thrown) {
      if (thrown instanceof NoValue) return thrown.refused;
      throw thrown;
    }
    const event = values[eventPlace] as Instant;
    const created = (values[createdPlace] as Instant | null) ?? undefined;
    const failed = expects ? check(rowOf(values)).filter(({ severity }) => severity === "reject") : [];
    if (failed.length > 0)
      return {
        ...invalid(`It fails what "${source.name}" expects: ${failed.map(({ text }) => text).join(", ")}.`),
        values,
        failed,
      };
    const early = ahead(eventTime, event, now) ?? (created === undefined ? undefined : ahead(createdAt, created, now));
    return early ?? { id: values[idPlace] as string | bigint, event, created, values };
  };
}

/** Thrown inside, caught inside: a value may be refused deep in a list. */
class NoValue extends Error {
  readonly refused: Refused;

  constructor(refused: Refused) {
    super();
    this.refused = refused;
  }
}

const refuse: RefuseInput = (path, given, type, problem) => {
  throw new NoValue(invalid(`"${path}" ${problem ?? `is ${shown(given)}`}; give ${expectationOf(type)}.`));
};

function cellOf({ name, type, optional }: ColumnSchema, given: unknown): Value {
  if (given === undefined || given === null) return optional ? null : refuse(name, given, type, "is missing");
  return valueFrom(type, given, true, name, refuse);
}

function shown(value: unknown): string {
  const isJson = typeof value !== "number" || Number.isFinite(value);
  return shortened(isJson ? (JSON.stringify(value) ?? "nothing") : String(value));
}

/** What a caller sent, cut so that no answer is as long as the question. */
function shortened(text: string): string {
  return text.length <= 100 ? text : `${text.slice(0, 100)}…`;
}
