// Takes in the events of one source. A push goes through four steps: its events are checked; their ids are held against those seen (one push
// at a time, so that of two with the same id one is second); they are appended to the log, many pushes sharing one flush; and they are
// given to what follows the source. A push is acknowledged after the third step, for from then on nothing can take its events away: if
// the fourth fails or the process dies, the followers catch up from the log.

import { asSlipwayError, type Instant, SlipwayError } from "../core/core.ts";
import type { FeatureViewSpec, PushSpec } from "../define/define.ts";
import { type EventBatch, eventTable } from "../features/features.ts";
import type { KeepTurnedAway, TurnedAway } from "../guard/guard.ts";
import type { Clock, EventLog, OfflineEngine, OnlineStore } from "../ports/ports.ts";
import { compacting, NEVER } from "./compact.ts";
import { eventLine, rowWriter } from "./event-line.ts";
import { eventReader, isRefused, type Refused, type TypedEvent } from "./event-row.ts";
import { followersOf, type KnownId, knownId } from "./follow.ts";
import { historyIntake } from "./history.ts";
import { knownMarks } from "./known-ids.ts";

/** What events are taken in with. */
export interface IntakeEngines {
  readonly offline: OfflineEngine;
  readonly online: OnlineStore;
  readonly events: EventLog;
  readonly clock: Clock;
  /** How many bytes of log make compaction worth while; default 32 MiB. */
  readonly compactBytes?: number;
  /** Keeps events that are not what their source expects, before their sender is told. */
  readonly turnedAway?: KeepTurnedAway;
}

/** One event that was refused. */
export interface Rejection extends Refused {
  /** Its place in the push. */
  readonly index: number;
  /** Its id, where it had one that could be read. */
  readonly id: string | null;
}

/** What became of a push. */
export interface PushOutcome {
  readonly source: string;
  /** Events that are new, and safe now. */
  readonly accepted: number;
  /** Events that were there already, with the same content. */
  readonly duplicates: number;
  readonly rejected: readonly Rejection[];
}

/** How the intake of a source stands. */
export interface IntakeState {
  readonly source: string;
  /** Acknowledged events that are not online yet. */
  readonly lag: number;
  /** Bytes of log that are not compacted yet. */
  readonly logBytes: number;
  /** Why events do not get online at the moment; undefined when they do. */
  readonly problem: string | undefined;
}

/** Takes in the events of one source. */
export interface SourceIntake {
  push(events: readonly unknown[]): Promise<PushOutcome>;
  /** Ends when everything acknowledged, and known by now, is online. */
  settle(): Promise<void>;
  /** Does what time has made due: shows events whose time has come, and tries again what failed. */
  tick(): Promise<void>;
  state(): IntakeState;
  close(): Promise<void>;
}

/** One push that is in the log, waiting to be followed. */
interface Taken {
  readonly last: bigint;
  readonly at: Instant;
  readonly events: readonly TypedEvent[];
  readonly ids: readonly KnownId[];
}

/** An id that is in the log, or on its way there, and not kept by the followers yet. */
interface Recent {
  readonly mark: Uint8Array;
  readonly written: Promise<void>;
}

/** As many events may wait for the followers before pushes are refused. */
const LARGEST_LAG = 1_000_000;
/** As many make a batch worth while; fewer wait for more, while more are on their way and have been for fewer pushes than this. */
const WORTHWHILE = 8000;
const PATIENCE = 32;
/** As many are given to the followers at once. */
const LARGEST_BATCH = 20_000;

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** Opens the intake of a source: everything in its log is online when this ends. The process must own the log. */
export async function openSourceIntake(
  engines: IntakeEngines,
  source: PushSpec,
  views: readonly FeatureViewSpec[],
): Promise<SourceIntake> {
  const { online, events: log, clock } = engines;
  const read = eventReader(source);
  const writer = rowWriter(source);
  const followers = await followersOf(engines, source, views, writer);
  const compaction = await compacting(engines, source);
  const history = historyIntake(engines, source);
  const recent = new Map<string, Recent>();
  let queue: Taken[] = [];
  let number = compaction.last() > followers.position() ? compaction.last() : followers.position();
  let stamp = compaction.lastAt();
  /** The last event that is safe, and its stamp. */
  let acknowledged = { number, at: stamp };
  /** Events in the queue, and pushes that got there since the followers last had some. */
  let queued = 0;
  let flushes = 0;
  /** Up to when what is known is to show, also without new events. */
  let due: Instant | undefined;
  let lag = 0;
  let behind = true;
  let problem: string | undefined;
  let closed = false;
  let checking: Promise<unknown> = Promise.resolve();
  let following: Promise<void> | undefined;
  const writing = new Set<Promise<unknown>>();

  /** Runs one step at a time. */
  const inTurn = <T>(step: () => Promise<T>): Promise<T> => {
    const done = checking.then(step);
    checking = done.catch(() => undefined);
    return done;
  };

  /** A stamp after every other: what was acknowledged before it is told apart from what comes after. */
  const nextStamp = (): Instant => {
    const now = clock.now();
    stamp = now > stamp ? now : stamp + 1n;
    return stamp;
  };

  const push = async (given: readonly unknown[]): Promise<PushOutcome> => {
    if (closed) throw new SlipwayError("NOT_READY", "The server is closing; push again when it is back.");
    if (lag > LARGEST_LAG)
      throw new SlipwayError(
        "NOT_READY",
        `Online values of "${source.name}" are ${lag} events behind the log${problem === undefined ? "" : ` (${problem})`}. Nothing of this push was taken; push it again later.`,
      );
    const now = clock.now();
    const rejected: Rejection[] = [];
    const unexpected: TurnedAway[] = [];
    const wanted: { readonly event: TypedEvent; readonly index: number; readonly id: KnownId; readonly row: string }[] =
      [];
    given.forEach((each, index) => {
      const event = read(each, now);
      if (isRefused(event)) {
        const { code, message } = event;
        rejected.push({ index, id: idText(source, each), code, message });
        if ("failed" in event) unexpected.push({ values: event.values, failed: event.failed, at: now });
      } else {
        const row = writer.text(event.values);
        wanted.push({ event, index, row, id: knownId(source, event.id, row) });
      }
    });
    // Before anybody is told: they are nowhere else.
    if (unexpected.length > 0) await engines.turnedAway?.(source, unexpected);
    if (wanted.length === 0) return { source: source.name, accepted: 0, duplicates: 0, rejected };
    const others = new Set<Promise<void>>();
    const begun = await inTurn(async () => {
      const texts = wanted.map(({ id }) => id.text);
      const unseen = wanted.filter((_, place) => !recent.has(texts[place] ?? ""));
      const marks = await knownMarks(
        online,
        source,
        unseen.map(({ id }) => id.key),
      );
      const kept = new Map(unseen.map(({ id }, place) => [id.text, marks[place]]));
      const fresh: typeof wanted = [];
      const own = new Map<string, Uint8Array>();
      let duplicates = 0;
      for (const [place, each] of wanted.entries()) {
        const text = texts[place] ?? "";
        const earlier = recent.get(text);
        const mark = earlier?.mark ?? own.get(text) ?? kept.get(text);
        if (mark === undefined) {
          fresh.push(each);
          own.set(text, each.id.mark);
        } else if (isSame(mark, each.id.mark)) {
          duplicates += 1;
          if (earlier) others.add(earlier.written);
        } else rejected.push({ index: each.index, id: String(each.event.id), ...conflict(source, each.event) });
      }
      return { duplicates, accepted: fresh.length, written: fresh.length === 0 ? undefined : append(fresh) };
    });
    // A duplicate is as safe as the event it repeats, which may still be on its way.
    await Promise.all([begun.written, ...others]);
    rejected.sort((a, b) => a.index - b.index);
    return { source: source.name, accepted: begun.accepted, duplicates: begun.duplicates, rejected };
  };

  const append = (
    fresh: readonly { readonly event: TypedEvent; readonly id: KnownId; readonly row: string }[],
  ): Promise<void> => {
    const at = nextStamp();
    const lines = fresh.map(({ row }) => {
      // Numbers of lines that could not be written are never given again: a reader might have seen them.
      number += 1n;
      return eventLine(number, at, row);
    });
    const taken: Taken = { last: number, at, events: fresh.map(({ event }) => event), ids: fresh.map(({ id }) => id) };
    const written = log.append(source.name, lines).then(
      () => {
        acknowledged = { number: taken.last, at };
        lag += fresh.length;
        compaction.grew(lines);
        queue.push(taken);
        queued += fresh.length;
        flushes += 1;
      },
      (thrown: unknown) => {
        for (const { id } of fresh) recent.delete(id.text);
        throw notWritten(source, thrown);
      },
    );
    for (const { id } of fresh) recent.set(id.text, { mark: id.mark, written });
    writing.add(written);
    const ended = (): void => {
      writing.delete(written);
      if (!behind && isTimeToFollow()) follow();
    };
    written.then(ended, ended);
    return written;
  };

  /** A hot key's value is written once for all of its events in a batch, so a busy source waits a little for its batches to fill. */
  const isTimeToFollow = (): boolean =>
    queue.length > 0 && (writing.size === 0 || queued >= WORTHWHILE || flushes >= PATIENCE);

  const follow = (): Promise<void> => {
    following ??= followAll().finally(() => {
      following = undefined;
    });
    return following;
  };

  const followAll = async (): Promise<void> => {
    try {
      if (behind) await catchUp();
      while (queue.length > 0) {
        flushes = 0;
        const some = nextFew();
        await followers.take(
          batchOf(source, some),
          some.flatMap(({ ids }) => ids),
        );
        queue = queue.slice(some.length);
        forget(some);
        if (due === undefined && !isTimeToFollow()) break;
      }
      const until = due;
      if (until !== undefined) await followers.take(nothing(source, followers.position(), until), []);
      if (due === until) due = undefined;
      problem = undefined;
    } catch (thrown) {
      // The log has everything: the next tick begins where the followers stand.
      behind = true;
      problem = thrown instanceof Error ? thrown.message : String(thrown);
    }
  };

  const catchUp = async (): Promise<void> => {
    const until = acknowledged;
    await followers.catchUp(until.number);
    // What the log has of the last acknowledgement is whole.
    if (until.at > NEVER) await followers.take(nothing(source, until.number, until.at), []);
    behind = false;
    const had = queue.filter(({ last }) => last <= until.number);
    queue = queue.slice(had.length);
    forget(had);
  };

  const nextFew = (): readonly Taken[] => {
    let size = 0;
    const some = queue.filter(({ events }) => {
      size += events.length;
      return size <= LARGEST_BATCH;
    });
    return some.length === 0 ? queue.slice(0, 1) : some;
  };

  const forget = (some: readonly Taken[]): void => {
    for (const { ids, events } of some) {
      lag -= events.length;
      queued -= events.length;
      for (const { text } of ids) recent.delete(text);
    }
  };

  /** Ends when no line is on its way to the disk; none sets out before `then` has ended. */
  const paused = <T>(then: () => Promise<T>): Promise<T> =>
    inTurn(async () => {
      await Promise.allSettled([...writing]);
      return then();
    });

  /** Takes in what is new in the source's history. Pushes wait until then, for an event may be in both. */
  const takeHistory = (): Promise<void> =>
    paused(async () => {
      await compaction.run(await log.files(source.name), acknowledged.number);
      number = await history.take(number, nextStamp());
      acknowledged = { number, at: stamp };
      behind = true;
    });

  const settle = async (): Promise<void> => {
    if (await history.hasChanged()) await takeHistory();
    const at = await paused(async () => nextStamp());
    if (due === undefined || due < at) due = at;
    while (due !== undefined) {
      await follow();
      if (behind) throw new SlipwayError("NOT_READY", `"${source.name}" is not online yet: ${problem}`);
    }
  };

  const compact = async (): Promise<void> => {
    const sealed = await paused(async () => ({ files: await log.files(source.name), last: acknowledged.number }));
    await compaction.run(sealed.files, sealed.last);
  };

  await follow();
  if (behind)
    throw new SlipwayError("NOT_READY", `The events of "${source.name}" cannot be brought online: ${problem}`);
  await settle();

  return {
    push,
    settle,
    async tick() {
      const next = followers.nextKnown();
      if (behind) await follow();
      else if (next !== undefined && next <= clock.now()) await settle();
      if (compaction.isDue()) await compact();
    },
    state: () => ({ source: source.name, lag, logBytes: compaction.bytes(), problem }),
    async close() {
      closed = true;
      await paused(async () => undefined);
      await follow();
    },
  };
}

/** Why a push could not be written, told without the paths that the cause may hold. */
function notWritten({ name }: PushSpec, thrown: unknown): SlipwayError {
  const { code } = asSlipwayError(thrown);
  if (code === "STORAGE_FULL")
    return new SlipwayError(
      code,
      `There is no space left for the events of "${name}". Nothing of this push was taken; free some space, then push it again.`,
    );
  return new SlipwayError(code, `The events of "${name}" could not be written. Nothing of this push was taken.`, {
    cause: thrown,
  });
}

function conflict({ name }: PushSpec, { id }: TypedEvent): Refused {
  return {
    code: "EVENT_CONFLICT",
    message: `Event "${id}" of "${name}" was pushed before with other content, and events never change. Give a correction an id of its own.`,
  };
}

function idText({ id }: PushSpec, given: unknown): string | null {
  const value = typeof given === "object" && given !== null ? (given as Readonly<Record<string, unknown>>)[id] : null;
  return typeof value === "string" || typeof value === "number" ? String(value).slice(0, 256) : null;
}

/** A batch without events, which lets those show that wait for `through`. */
function nothing({ columns }: PushSpec, last: bigint, through: Instant): EventBatch {
  return { table: eventTable(columns, [], [], []), last, through };
}

function batchOf({ columns, createdAt }: PushSpec, some: readonly Taken[]): EventBatch {
  const createdPlace = columns.findIndex(({ name }) => name === createdAt);
  const all = some.flatMap(({ at, events }) => events.map((event) => ({ at, ...event })));
  const table = eventTable(
    columns,
    all.map(({ at, values }) => values.with(createdPlace, values[createdPlace] ?? at)),
    all.map(({ event }) => event),
    all.map(({ at, event, created = at }) => (event > created ? event : created)),
  );
  const newest = some.at(-1);
  return { table, last: newest?.last ?? 0n, through: newest?.at ?? 0n };
}
