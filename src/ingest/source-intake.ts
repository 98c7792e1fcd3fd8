// Takes in the events of one source. A push goes through four steps: its events are checked; their ids are held against those seen (one push
// at a time, so that of two with the same id one is second); they are appended to the log, many pushes sharing one flush; and they are
// given to what follows the source. A push is acknowledged after the third step, for from then on nothing can take its events away: if
// the fourth fails or the process dies, the followers catch up from the log.

import { asSlipwayError, type Instant, SlipwayError } from "../core/core.ts";
import type { FeatureViewSpec, PushSpec } from "../define/define.ts";
import type { KeepTurnedAway, TurnedAway } from "../guard/guard.ts";
import type { Clock, EventLog, OfflineEngine, OnlineStore } from "../ports/ports.ts";
import { compacting } from "./compact.ts";
import { eventLine, rowWriter } from "./event-line.ts";
import { eventReader, isRefused, type Refused, type TypedEvent } from "./event-row.ts";
import { followersOf } from "./follow.ts";
import { following, type Taken } from "./following.ts";
import { historyIntake } from "./history.ts";
import { type KnownId, knownIds, knownMarks } from "./known-ids.ts";

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

/** An event that is to be appended. */
interface Wanted {
  readonly index: number;
  readonly event: TypedEvent;
  readonly row: string;
  readonly id: KnownId;
}

/** An id that is in the log, or on its way there, and not kept by the followers yet. */
interface Recent {
  readonly mark: string;
  readonly written: Promise<void>;
}

/** As many events may wait for the followers before pushes are refused. */
const LARGEST_LAG = 1_000_000;

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
  const known = knownIds(source);
  const recent = new Map<string | bigint, Recent>();
  let number = compaction.last() > followers.position() ? compaction.last() : followers.position();
  let stamp = compaction.lastAt();
  /** The last event that is safe, and its stamp. */
  let acknowledged = { number, at: stamp };
  let closed = false;
  /** No line may set out any more; pushes that had their turn before are done. */
  let isGivenUp = false;
  let checking: Promise<unknown> = Promise.resolve();
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

  /** When everything before it is in, and everything to come is later; not ahead of the clock without need, for then no read may follow. */
  const quietStamp = (): Instant => {
    const now = clock.now();
    if (now > stamp) stamp = now;
    return stamp;
  };

  const followed = following(
    source,
    followers,
    {
      acknowledged: () => acknowledged,
      isWriting: () => writing.size > 0,
      quietStamp,
      followed({ events }) {
        for (const { id } of events) recent.delete(id);
      },
    },
    clock,
  );

  const push = async (given: readonly unknown[]): Promise<PushOutcome> => {
    if (closed) throw closing();
    if (followed.lag() > LARGEST_LAG) throw tooFarBehind(source, followed.lag(), followed.problem());
    const now = clock.now();
    const rejected: Rejection[] = [];
    const unexpected: TurnedAway[] = [];
    const wanted: Wanted[] = [];
    given.forEach((each, index) => {
      const event = read(each, now);
      if (isRefused(event)) {
        const { code, message } = event;
        rejected.push({ index, id: idText(source, each), code, message });
        if ("failed" in event) unexpected.push({ values: event.values, failed: event.failed, at: now });
      } else {
        const row = writer.text(event.values);
        wanted.push({ index, event, row, id: known(event.id, row) });
      }
    });
    // Before anybody is told: they are nowhere else.
    if (unexpected.length > 0) await engines.turnedAway?.(source, unexpected);
    if (wanted.length === 0) return { source: source.name, accepted: 0, duplicates: 0, rejected };
    const others = new Set<Promise<void>>();
    const begun = await inTurn(async () => {
      // What was turned away took its time to write, and the log may be another process's by now.
      if (isGivenUp) throw closing();
      // Both are looked at in the same moment: followers may keep an id, and it be recent no more, while the store answers.
      const earlier = wanted.map(({ event }) => recent.get(event.id));
      const unseen = wanted.filter((_, place) => !earlier[place]);
      const marks = await knownMarks(
        online,
        source,
        unseen.map(({ id }) => id.key),
      );
      const fresh: Wanted[] = [];
      const own = new Map<string | bigint, string>();
      let duplicates = 0;
      let asked = 0;
      for (const [place, each] of wanted.entries()) {
        const { event, id } = each;
        const mark = earlier[place] ? earlier[place].mark : (marks[asked++] ?? own.get(event.id));
        if (mark === undefined) {
          fresh.push(each);
          own.set(event.id, id.mark);
        } else if (mark === id.mark) {
          duplicates += 1;
          if (earlier[place]) others.add(earlier[place].written);
        } else rejected.push({ index: each.index, id: String(event.id), ...conflict(source, event) });
      }
      return { duplicates, accepted: fresh.length, written: fresh.length === 0 ? undefined : append(fresh) };
    });
    // A duplicate is as safe as the event it repeats, which may still be on its way.
    await Promise.all([begun.written, ...others]);
    rejected.sort((a, b) => a.index - b.index);
    return { source: source.name, accepted: begun.accepted, duplicates: begun.duplicates, rejected };
  };

  const append = (fresh: readonly Wanted[]): Promise<void> => {
    const at = nextStamp();
    const stampText = String(at);
    const lines = fresh.map(({ row }) => {
      // Numbers of lines that could not be written are never given again: a reader might have seen them.
      number += 1n;
      return eventLine(number, stampText, row);
    });
    const taken: Taken = { last: number, at, events: fresh.map(({ event }) => event), ids: fresh.map(({ id }) => id) };
    const written = log.append(source.name, lines).then(
      () => {
        acknowledged = { number: taken.last, at };
        compaction.grew(lines);
        followed.add(taken);
      },
      (thrown: unknown) => {
        for (const { event } of fresh) recent.delete(event.id);
        throw notWritten(source, thrown);
      },
    );
    for (const { event, id } of fresh) recent.set(event.id, { mark: id.mark, written });
    writing.add(written);
    const ended = (): void => {
      writing.delete(written);
      followed.writeEnded();
    };
    written.then(ended, ended);
    return written;
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
      followed.lookAgain();
    });

  const settle = async (): Promise<void> => {
    if (await history.hasChanged()) await takeHistory();
    await followed.show(await paused(async () => quietStamp()));
  };

  const compact = async (): Promise<void> => {
    const sealed = await paused(async () => ({ files: await log.files(source.name), last: acknowledged.number }));
    await compaction.run(sealed.files, sealed.last);
  };

  const tick = async (): Promise<void> => {
    await followed.retry();
    if (compaction.isDue()) await compact();
  };
  let ticking: Promise<void> = Promise.resolve();

  await followed.follow();
  if (followed.isBehind())
    throw new SlipwayError(
      "NOT_READY",
      `The events of "${source.name}" cannot be brought online: ${followed.problem()}`,
    );
  await settle();

  return {
    push,
    settle,
    tick() {
      ticking = tick();
      return ticking;
    },
    state: () => ({
      source: source.name,
      lag: followed.lag(),
      logBytes: compaction.bytes(),
      problem: followed.problem(),
    }),
    async close() {
      closed = true;
      // The next owner may compact the same lines, and they would be there twice.
      await ticking.catch(() => undefined);
      await paused(async () => {
        isGivenUp = true;
      });
      await followed.finish();
    },
  };
}

function closing(): SlipwayError {
  return new SlipwayError("NOT_READY", "The server is closing; push again when it is back.");
}

function tooFarBehind({ name }: PushSpec, lag: number, problem: string | undefined): SlipwayError {
  const why = problem === undefined ? "" : ` (${problem})`;
  return new SlipwayError(
    "NOT_READY",
    `Online values of "${name}" are ${lag} events behind the log${why}. Nothing of this push was taken; push it again later.`,
  );
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
