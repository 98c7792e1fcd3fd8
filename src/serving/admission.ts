// Who begins now, who waits and who is turned away. Each model has so many requests under way and so many waiting, and nobody waits while there
// is room: the first request of an idle server begins where it stands. Work that shares one event loop is begun only for a few milliseconds of
// each of the loop's turns, so that a flood of requests waits here, where it can be counted and dropped, and not in front of everything else.
// Of the models that wait, the one that has had least of the server's time goes next (start-time fair queuing; Goyal, Vin, Cheng 1996), so that
// a model that is asked for most does not starve the others.

import { SlipwayError } from "../core/core.ts";

/** How much of each model is taken at once. */
export interface AdmissionLimits {
  /** Requests of one model under way at once; default 256. Twice as many of all models together. */
  readonly concurrency?: number;
  /** Requests of one model that wait beyond those; default 1,024. */
  readonly queue?: number;
  /** Milliseconds that a request may take which does not say it itself; default as long as it takes. */
  readonly timeoutMs?: number;
}

/** What one request says of itself. */
export interface AskedTurn {
  /** Milliseconds that it may take, counted from when it began to arrive; Infinity when somebody else sees to that. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds since it began to arrive. */
  readonly sinceMs?: number;
  /** Whether whoever asked has gone away. */
  readonly isGone?: () => boolean;
}

/** A request that may begin. */
export interface Turn {
  /** Throws DEADLINE_EXCEEDED when the time the request has is over, or, when one is given, when so many milliseconds are. */
  check(timeoutMs?: number): void;
}

/** How one model stands. */
export interface AdmissionState {
  readonly model: string;
  readonly running: number;
  readonly waiting: number;
  /** Turned away, since too many waited. */
  readonly rejected: number;
  /** Dropped when their time was over. */
  readonly expired: number;
  /** Dropped while waiting, since whoever asked had gone. */
  readonly abandoned: number;
}

/** Lets requests begin. */
export interface Admission {
  /** Does `work` when it is its turn. Throws OVERLOADED when too many wait, DEADLINE_EXCEEDED when its time is over before it begins. */
  run<T>(model: string, asked: AskedTurn, work: (turn: Turn) => Promise<T>): Promise<T>;
  /** Every model that is counted by its name, and all others as one. */
  states(): readonly AdmissionState[];
}

const CONCURRENCY = 256;
const QUEUE = 1024;
/** Work is begun for so many milliseconds of a turn of the event loop. */
const TURN_MS = 5;
/** What models are counted as that are not known by name: a caller can ask for any. */
const OTHERS = "(others)";

interface Counts {
  rejected: number;
  expired: number;
  abandoned: number;
}

interface Waiting {
  readonly until: number;
  readonly isGone: (() => boolean) | undefined;
  readonly begin: () => void;
  readonly refuse: (why: SlipwayError) => void;
}

interface Gate {
  readonly model: string;
  running: number;
  /** First come, first. */
  readonly waiting: Set<Waiting>;
  /** Milliseconds that its requests have been under way, all added up: its virtual time. */
  used: number;
  /** Milliseconds that one is under way, a moving average. */
  usual: number;
}

/** Opens the door for requests to `models`, which are counted by name, and to any others; `clock` gives milliseconds and only goes forward. */
export function openAdmission(
  models: readonly string[],
  { concurrency = CONCURRENCY, queue = QUEUE, timeoutMs }: AdmissionLimits,
  clock: () => number,
): Admission {
  /** Of models that have something under way or waiting, and of no others. */
  const gates = new Map<string, Gate>();
  const counted = new Map([...models, OTHERS].map((name): [string, Counts] => [name, noCounts()]));
  let running = 0;
  let waiting = 0;
  /** When this turn of the event loop began its first request. */
  let turnBegan: number | undefined;
  let isPumping = false;

  const countedAs = (model: string): string => (counted.has(model) ? model : OTHERS);
  const countsOf = (model: string): Counts => counted.get(countedAs(model)) ?? noCounts();
  const expired = (model: string): SlipwayError => {
    countsOf(model).expired += 1;
    return tooLate(model);
  };
  const gateOf = (model: string): Gate => {
    const known = gates.get(model);
    if (known) return known;
    // One that comes back has saved up nothing.
    const used = gates.size === 0 ? 0 : Math.min(...[...gates.values()].map((gate) => gate.used));
    const gate: Gate = { model, running: 0, waiting: new Set(), used, usual: 0 };
    gates.set(model, gate);
    return gate;
  };
  // Never between the end of waiting and the beginning of work: another gate of the same model would be opened beside this one.
  const forgetIdle = (gate: Gate): void => {
    if (gate.running === 0 && gate.waiting.size === 0) gates.delete(gate.model);
  };
  const hasRoom = (gate: Gate): boolean => gate.running < concurrency && running < 2 * concurrency;
  const isTurnYoung = (now: number): boolean => {
    if (turnBegan === undefined) {
      turnBegan = now;
      setImmediate(() => {
        turnBegan = undefined;
      });
    }
    return now - turnBegan < TURN_MS;
  };

  const begin = async <T>(gate: Gate, work: () => Promise<T>): Promise<T> => {
    gate.running += 1;
    running += 1;
    const begun = clock();
    try {
      return await work();
    } finally {
      gate.running -= 1;
      running -= 1;
      const took = clock() - begun;
      gate.used += took;
      gate.usual += (took - gate.usual) / 16;
      forgetIdle(gate);
      if (waiting > 0) pumpSoon();
    }
  };

  const leave = (gate: Gate, who: Waiting): void => {
    gate.waiting.delete(who);
    waiting -= 1;
  };
  const drop = (gate: Gate, who: Waiting, isGone: boolean): void => {
    leave(gate, who);
    if (isGone) countsOf(gate.model).abandoned += 1;
    who.refuse(isGone ? new SlipwayError("CANCELLED", "Whoever asked has gone away.") : expired(gate.model));
  };
  /** Drops one that is not wanted any more; says whether it did. */
  const dropUnwanted = (gate: Gate, who: Waiting): boolean => {
    const isGone = who.isGone?.() === true;
    const isUnwanted = isGone || clock() >= who.until;
    if (isUnwanted) drop(gate, who, isGone);
    return isUnwanted;
  };
  /** Takes the first that is still wanted out of a queue. */
  const firstOf = (gate: Gate): Waiting | undefined => {
    for (const each of gate.waiting)
      if (!dropUnwanted(gate, each)) {
        leave(gate, each);
        return each;
      }
    forgetIdle(gate);
    return undefined;
  };
  /** Whether another one may wait, after those that nobody wants any more have left a full queue. */
  const hasPlace = (gate: Gate): boolean => {
    if (gate.waiting.size < queue) return true;
    for (const each of gate.waiting) dropUnwanted(gate, each);
    return gate.waiting.size < queue;
  };
  const next = (): Waiting | undefined => {
    const ready = [...gates.values()].filter((gate) => gate.waiting.size > 0 && hasRoom(gate));
    for (const gate of ready.sort((one, other) => one.used - other.used)) {
      const found = firstOf(gate);
      if (found) return found;
    }
    return undefined;
  };
  const pump = (): void => {
    const began = clock();
    const step = (): void => {
      const found = next();
      isPumping = found !== undefined;
      if (!found) return;
      found.begin();
      // How long it took is known once everything is done that it set off: a tick that a microtask asks for comes after all microtasks.
      queueMicrotask(() => process.nextTick(() => (clock() - began < TURN_MS ? step() : setImmediate(pump))));
    };
    step();
  };
  const pumpSoon = (): void => {
    if (isPumping) return;
    isPumping = true;
    setImmediate(pump);
  };

  const wait = <T>(gate: Gate, now: number, until: number, asked: AskedTurn, work: () => Promise<T>): Promise<T> =>
    new Promise((resolve, reject) => {
      const limit = Number.isFinite(until) ? AbortSignal.timeout(Math.ceil(until - now)) : undefined;
      const onTooLate = (): void => {
        drop(gate, me, false);
        forgetIdle(gate);
      };
      const settle = (): void => limit?.removeEventListener("abort", onTooLate);
      const me: Waiting = {
        until,
        isGone: asked.isGone,
        begin() {
          settle();
          begin(gate, work).then(resolve, reject);
        },
        refuse(why) {
          settle();
          reject(why);
        },
      };
      limit?.addEventListener("abort", onTooLate, { once: true });
      gate.waiting.add(me);
      waiting += 1;
      pumpSoon();
    });

  return {
    async run(model, asked, work) {
      const now = clock();
      const arrived = now - (asked.sinceMs ?? 0);
      const until = arrived + (asked.timeoutMs ?? timeoutMs ?? Number.POSITIVE_INFINITY);
      if (now >= until) throw expired(model);
      const turn: Turn = {
        check(limit = Number.POSITIVE_INFINITY) {
          if (clock() >= Math.min(until, arrived + limit)) throw expired(model);
        },
      };
      const gate = gateOf(model);
      if (waiting === 0 && hasRoom(gate) && isTurnYoung(now)) return begin(gate, () => work(turn));
      if (hasPlace(gate)) return wait(gate, now, until, asked, () => work(turn));
      forgetIdle(gate);
      countsOf(model).rejected += 1;
      throw overloaded(gate, concurrency);
    },
    states: () =>
      [...counted].map(([model, counts]) => {
        const own = [...gates.values()].filter((gate) => countedAs(gate.model) === model);
        const sum = (of: (gate: Gate) => number): number => own.reduce((total, gate) => total + of(gate), 0);
        return { model, running: sum((gate) => gate.running), waiting: sum((gate) => gate.waiting.size), ...counts };
      }),
  };
}

function noCounts(): Counts {
  return { rejected: 0, expired: 0, abandoned: 0 };
}

/** Seconds after which those that wait now will have been answered; from 1 to 60. */
function secondsToDrain({ waiting, usual }: Gate, concurrency: number): number {
  return Math.min(60, Math.max(1, Math.ceil((waiting.size * usual) / concurrency / 1000)));
}

function overloaded(gate: Gate, concurrency: number): SlipwayError {
  const retryAfter = secondsToDrain(gate, concurrency);
  return new SlipwayError(
    "OVERLOADED",
    `Model "${gate.model}" has ${gate.running} requests under way and ${gate.waiting.size} waiting, which is all it may have. Ask again in ${retryAfter} s; or raise --concurrency or --queue of slipway serve.`,
    {
      details: {
        model: gate.model,
        running: gate.running,
        waiting: gate.waiting.size,
        retry_after_seconds: retryAfter,
      },
    },
  );
}

function tooLate(model: string): SlipwayError {
  return new SlipwayError(
    "DEADLINE_EXCEEDED",
    `The time that the request to "${model}" had was over before it was begun; nothing was predicted. Give it more, or ask again when there is less to do.`,
    { details: { model } },
  );
}
