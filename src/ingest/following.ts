// What was acknowledged, on its way online. It is given to the followers at once when nothing else is about to be acknowledged; while more is
// on its way to the disk it waits a little, because a key is written once for all of its events in a batch. An event whose time is still to
// come is shown when it has come: by the next batch, or where none follows by one without events.

import { type Instant, SlipwayError, seconds, type Value } from "../core/core.ts";
import type { PushSpec } from "../define/define.ts";
import { type EventBatch, eventTable } from "../features/features.ts";
import type { Clock } from "../ports/ports.ts";
import { NEVER } from "./compact.ts";
import type { TypedEvent } from "./event-row.ts";
import type { Followers } from "./follow.ts";
import type { KnownId } from "./known-ids.ts";

/** One push that is in the log. */
export interface Taken {
  /** The number of its last event. */
  readonly last: bigint;
  /** When it was acknowledged. */
  readonly at: Instant;
  readonly events: readonly TypedEvent[];
  readonly ids: readonly KnownId[];
}

/** The log as far as following it takes. */
export interface FollowedLog {
  /** The last event that is safe, and its stamp. */
  acknowledged(): { readonly number: bigint; readonly at: Instant };
  /** Whether lines are on their way to the disk. */
  isWriting(): boolean;
  /** The time, when nothing is on its way: what is acknowledged from then on is stamped later. */
  quietStamp(): Instant;
  /** Told what all followers have now. */
  followed(taken: Taken): void;
}

/** The following of one source. */
export interface Following {
  /** Takes what was just acknowledged. */
  add(taken: Taken): void;
  /** Told whenever a write has ended, well or not. */
  writeEnded(): void;
  /** Gives the followers what waits, also what they did not get before. */
  follow(): Promise<void>;
  /** Shows everything acknowledged before `at`, and known by then. Throws NOT_READY when that does not work at the moment. */
  show(at: Instant): Promise<void>;
  /** Tries again what failed, and shows events whose time has come. */
  retry(): Promise<void>;
  /** Gives the followers everything that waits, or as much as works; nothing waits for more from then on. */
  finish(): Promise<void>;
  /** Has the followers look at the log itself the next time: it has more than they were given. */
  lookAgain(): void;
  /** Acknowledged events that are not online yet. */
  lag(): number;
  /** Whether the followers must catch up from the log, because something failed. */
  isBehind(): boolean;
  /** Why; undefined when all is well. */
  problem(): string | undefined;
}

/** As many are worth a batch of their own; fewer wait for more while some are on their way, but no longer than this. */
const WORTHWHILE = 8000;
const PATIENCE = seconds(1) / 50n;
/** As many are given to the followers at once. */
const LARGEST_BATCH = 20_000;
/** What becomes known within this is waited for; what is later than that is looked for again in time. */
const NEAR = seconds(1);

/** Follows a source's log; what it has already is caught up with by the first `follow`. */
export function following(source: PushSpec, followers: Followers, log: FollowedLog, clock: Clock): Following {
  let queue: Taken[] = [];
  let lag = 0;
  /** When the oldest in the queue has waited long enough. */
  let deadline: Instant | undefined;
  /** Up to when what is known is to show, also without new events. */
  let due: Instant | undefined;
  /** When the next event is waited for whose time is still to come. */
  let planned: Instant | undefined;
  let behind = true;
  let finishing = false;
  let problem: string | undefined;
  let running: Promise<void> | undefined;

  const isTime = (): boolean =>
    queue.length > 0 &&
    (finishing || !log.isWriting() || lag >= WORTHWHILE || (deadline !== undefined && deadline <= clock.now()));

  const follow = (): Promise<void> => {
    running ??= followAll().finally(() => {
      running = undefined;
      if (behind) return;
      // What was acknowledged in the last moment found this still running.
      if (due !== undefined || isTime()) follow();
      else {
        if (queue.length > 0) beginPatience();
        planNext();
      }
    });
    return running;
  };

  const followAll = async (): Promise<void> => {
    try {
      if (behind) await catchUp();
      while (queue.length > 0 && (due !== undefined || isTime())) {
        const some = nextFew();
        await followers.take(
          batchOf(source, some),
          some.flatMap(({ ids }) => ids),
        );
        forget(some.length);
      }
      const until = due;
      if (until !== undefined) await followers.take(nothing(source, followers.position(), until), []);
      if (due === until) due = undefined;
      problem = undefined;
    } catch (thrown) {
      // The log has everything: the next time begins where the followers stand.
      behind = true;
      problem = thrown instanceof Error ? thrown.message : String(thrown);
    }
  };

  const catchUp = async (): Promise<void> => {
    const until = log.acknowledged();
    await followers.catchUp(until.number);
    // What the log has of the last acknowledgement is whole.
    if (until.at > NEVER) await followers.take(nothing(source, until.number, until.at), []);
    behind = false;
    forget(queue.filter(({ last }) => last <= until.number).length);
  };

  const nextFew = (): readonly Taken[] => {
    let [size, count] = [0, 0];
    for (; count < queue.length; count += 1) {
      size += queue[count]?.events.length ?? 0;
      if (size > LARGEST_BATCH) break;
    }
    return queue.slice(0, Math.max(count, 1));
  };

  const forget = (count: number): void => {
    for (const taken of queue.slice(0, count)) {
      lag -= taken.events.length;
      log.followed(taken);
    }
    queue = queue.slice(count);
    deadline = undefined;
  };

  const beginPatience = (): void => {
    deadline = clock.now() + PATIENCE;
    clock.waitUntil(deadline).then(followInTime, () => undefined);
  };

  const followInTime = (): void => {
    if (!behind && isTime()) follow();
  };

  const planNext = (): void => {
    const next = followers.nextKnown();
    if (next === undefined || next - clock.now() > NEAR || (planned !== undefined && planned <= next)) return;
    planned = next;
    clock.waitUntil(next).then(showDue, () => undefined);
  };

  const showDue = (): void => {
    planned = undefined;
    const next = followers.nextKnown();
    if (next === undefined || next > clock.now()) return;
    // What is on its way shows it too, or plans anew.
    if (behind || running || queue.length > 0 || log.isWriting()) return;
    due = log.quietStamp();
    follow();
  };

  return {
    add(taken) {
      lag += taken.events.length;
      queue.push(taken);
      if (queue.length === 1 && !running) beginPatience();
    },
    writeEnded: followInTime,
    follow,
    async show(at) {
      if (due === undefined || due < at) due = at;
      while (due !== undefined) {
        await follow();
        if (behind) throw new SlipwayError("NOT_READY", `"${source.name}" is not online yet: ${problem}`);
      }
    },
    async retry() {
      if (behind) await follow();
      else {
        showDue();
        planNext();
      }
    },
    async finish() {
      finishing = true;
      do await follow();
      while (queue.length > 0 && !behind);
    },
    lookAgain() {
      behind = true;
    },
    lag: () => lag,
    isBehind: () => behind,
    problem: () => problem,
  };
}

/** A batch without events, which lets those show that wait for `through`. */
function nothing({ columns }: PushSpec, last: bigint, through: Instant): EventBatch {
  return { table: eventTable(columns, [], [], []), last, through };
}

function batchOf({ columns, createdAt }: PushSpec, some: readonly Taken[]): EventBatch {
  const createdPlace = columns.findIndex(({ name }) => name === createdAt);
  const [rows, events, known]: [(readonly Value[])[], Instant[], Instant[]] = [[], [], []];
  for (const { at, events: own } of some)
    for (const { event, created = at, values } of own) {
      rows.push(values[createdPlace] === null ? values.with(createdPlace, at) : values);
      events.push(event);
      known.push(event > created ? event : created);
    }
  const newest = some.at(-1);
  return { table: eventTable(columns, rows, events, known), last: newest?.last ?? 0n, through: newest?.at ?? 0n };
}
