// Push sources: events that are sent in, one by one or in batches, and are part of the source from the moment they are acknowledged.

import { type Duration, minutes, SlipwayError } from "../core/core.ts";
import { type Field, type Fields, type RowInput, t } from "./field.ts";
import {
  declareSource,
  type NamesOf,
  type ParquetSpec,
  type Source,
  type SourceCore,
  type SourceOptions,
} from "./source.ts";

/** A source of pushed events as plain data. */
export interface PushSpec extends SourceCore {
  readonly format: "push";
  readonly eventTime: string;
  /** When an event became known: what it says itself, else when it was acknowledged. */
  readonly createdAt: string;
  /** The column by which an event is told from another: one id is one event, however often it is sent. */
  readonly id: string;
  /** How far ahead of the clock an event's times may lie. */
  readonly maxAhead: Duration;
  /** Parquet files with events from elsewhere: a file or glob, relative to the project's folder. */
  readonly history?: string;
}

/** The column that holds when an event was acknowledged, in a source that names no other. */
export const ACKNOWLEDGED_AT = "acknowledged_at";

/** The options of a push source. */
export interface PushOptions<C extends Fields> extends SourceOptions<C> {
  /** When an event happened; never null. */
  readonly eventTime: NamesOf<C, "timestamp">;
  /** The column by which an event is told from another; never null. The same id with the same content is the same event. */
  readonly id: NamesOf<C, "string" | "int64">;
  /**
   * When an event became known, for events that say so themselves; null means when it was acknowledged. Default: a column of its own,
   * `acknowledged_at`.
   */
  readonly createdAt?: NamesOf<C, "timestamp">;
  /** How far ahead of the clock an event's times may lie before it is refused; default 5 minutes. */
  readonly maxAhead?: Duration;
  /** Parquet files with events from elsewhere, such as those from before the first push; an id in both is one event. */
  readonly history?: string;
}

/** The columns of a push source: those declared, and when an event was acknowledged where no column was declared for that. */
type Pushed<C extends Fields> = C & { readonly [ACKNOWLEDGED_AT]: Field<"timestamp", true> };

/** The fields of a push source's events. For the compiler only: nothing has this property. */
declare const eventFields: unique symbol;

/** A push source: a source that events can be pushed to. */
export type PushSource<C extends Fields = Fields> = Source<Pushed<C>> & { readonly [eventFields]: C };

/** An event as a caller writes it: optional columns may be null or left out. */
export type EventOf<S> = S extends { readonly [eventFields]: infer C extends Fields } ? RowInput<C> : never;

/**
 * Events that are sent in with `POST /api/v1/push`, `client.push` or `slipway push`: acknowledged when they are safe on disk, online at
 * once, and in the source's history from then on.
 */
export function pushSource<const C extends Fields>(name: string, options: PushOptions<C>): PushSource<C> {
  const { eventTime, id, createdAt = ACKNOWLEDGED_AT, maxAhead = minutes(5), history, columns } = options;
  const invalid = (problem: string): SlipwayError =>
    new SlipwayError("DEFINITION_INVALID", `push source "${name}" ${problem}`);
  if (options.createdAt === undefined && Object.hasOwn(columns, ACKNOWLEDGED_AT))
    throw invalid(
      `declares column "${ACKNOWLEDGED_AT}", which holds when an event was acknowledged; name it with createdAt, or call it otherwise.`,
    );
  for (const needed of [eventTime, id])
    if (columns[needed]?.isOptional) throw invalid(`needs "${needed}" of every event, but declares it optional.`);
  if (maxAhead < 0n) throw invalid("has a negative maxAhead.");
  const all = {
    ...columns,
    ...(Object.hasOwn(columns, createdAt) ? {} : { [ACKNOWLEDGED_AT]: t.timestamp().optional() }),
  } as unknown as Pushed<C>;
  const own = { format: "push", maxAhead, ...(history === undefined ? {} : { history }) } as const;
  const source = declareSource<Pushed<C>, PushSpec>(
    name,
    { ...options, columns: all, createdAt } as never,
    own as never,
  );
  return source as PushSource<C>;
}

/** The files with events from elsewhere as a source of their own. They do not say when an event was acknowledged: it never was. */
export function historyOf(source: PushSpec): ParquetSpec | undefined {
  if (source.history === undefined) return undefined;
  const { name, eventTime, id, history } = source;
  const columns = source.columns.filter((column) => column.name !== ACKNOWLEDGED_AT);
  return { kind: "source", format: "parquet", name, path: history, columns, eventTime, id };
}
