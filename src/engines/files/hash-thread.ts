// SHA-256 of long streams, on a thread of its own: a server that passes a hundred megabytes on would spend half of its time on their hash, and answer
// nobody else meanwhile. Bytes go over through a small ring of shared memory, so a stream holds no more than that. What is short, and what comes while
// others are at it, is hashed where it is.

import { createHash, type Hash } from "node:crypto";
import { Worker } from "node:worker_threads";

/** A hash of bytes that come one after the other. */
export interface Hashing {
  /** Takes in bytes, which stay as they are until the hash is known; a promise means to wait before more are given. */
  add(bytes: Uint8Array): Promise<void> | undefined;
  /** The SHA-256 of all of them, in hex. To be called once, and not after `drop`. */
  hex(): Promise<string>;
  /** Gives up; afterwards nothing is held. */
  drop(): void;
}

/** Shorter streams are not worth the way. */
const SHORT = 2 ** 22;
const SLOT = 2 ** 18;
const SLOTS = 8;
/** One thread does no more at a time than one core, and each has a ring. */
const MOST_AT_ONCE = 2;

/** Begins a hash. */
export function hashing(): Hashing {
  let held: Uint8Array[] = [];
  let length = 0;
  let inner: Hashing | undefined;
  const begin = (): Hashing => {
    inner = (length > SHORT ? onThread() : undefined) ?? inPlace();
    return inner;
  };
  const passOn = async (to: Hashing): Promise<void> => {
    const waiting = held;
    held = [];
    for (const bytes of waiting) await to.add(bytes);
  };
  return {
    add(bytes) {
      length += bytes.length;
      if (inner) return inner.add(bytes);
      held.push(bytes);
      return length > SHORT ? passOn(begin()) : undefined;
    },
    async hex() {
      const to = inner ?? begin();
      await passOn(to);
      return to.hex();
    },
    drop() {
      held = [];
      inner?.drop();
    },
  };
}

function inPlace(): Hashing {
  const digest: Hash = createHash("sha256");
  return {
    add(bytes) {
      digest.update(bytes);
      return undefined;
    },
    hex: async () => digest.digest("hex"),
    drop: () => undefined,
  };
}

/** What the thread runs: it has no file of its own, so that it is found wherever this module ends up. */
const SOURCE = `
const { parentPort } = require("node:worker_threads");
const { createHash } = require("node:crypto");
const jobs = new Map();
parentPort.on("message", ({ job, ring, at, length, isEnd }) => {
  if (ring) return void jobs.set(job, { bytes: new Uint8Array(ring), digest: createHash("sha256") });
  const { bytes, digest } = jobs.get(job);
  if (isEnd) {
    jobs.delete(job);
    return parentPort.postMessage({ job, hex: digest.digest("hex") });
  }
  digest.update(bytes.subarray(at, at + length));
  parentPort.postMessage({ job });
});`;

interface Job {
  /** A slot was read. */
  onRead(): void;
  onHex(hex: string): void;
  onFailure(thrown: unknown): void;
}

let worker: Worker | undefined;
let last = 0;
const jobs = new Map<number, Job>();

function theWorker(): Worker {
  if (worker) return worker;
  // Without the process's own words, which can say that what is evaluated is of another kind.
  const made = new Worker(SOURCE, { eval: true, name: "slipway hash", execArgv: [], env: {} });
  made.on("message", ({ job, hex }: { readonly job: number; readonly hex?: string }) => {
    if (hex === undefined) jobs.get(job)?.onRead();
    else jobs.get(job)?.onHex(hex);
  });
  made.on("error", (thrown) => {
    worker = undefined;
    for (const job of jobs.values()) job.onFailure(thrown);
  });
  worker = made;
  return made;
}

/** A hash on the thread; undefined where it has enough to do. */
function onThread(): Hashing | undefined {
  if (jobs.size >= MOST_AT_ONCE) return undefined;
  const thread = theWorker();
  // As long as something waits for it, the process does too.
  thread.ref();
  last += 1;
  const id = last;
  const shared = new SharedArrayBuffer(SLOT * SLOTS);
  const ring = new Uint8Array(shared);
  let [written, read] = [0, 0];
  let failure: { readonly thrown: unknown } | undefined;
  let wake = (): void => undefined;
  let tell: ((hex: string) => void) | undefined;
  const end = (): void => {
    jobs.delete(id);
    if (jobs.size === 0) thread.unref();
  };
  jobs.set(id, {
    onRead() {
      read += 1;
      wake();
    },
    onHex(hex) {
      end();
      tell?.(hex);
    },
    onFailure(thrown) {
      failure = { thrown };
      end();
      wake();
    },
  });
  thread.postMessage({ job: id, ring: shared });
  const change = (): Promise<void> =>
    new Promise((resolve) => {
      wake = resolve;
    });
  return {
    async add(bytes) {
      for (let start = 0; start < bytes.length; start += SLOT) {
        while (written - read === SLOTS && !failure) await change();
        if (failure) throw failure.thrown;
        const part = bytes.subarray(start, start + SLOT);
        const at = (written % SLOTS) * SLOT;
        ring.set(part, at);
        written += 1;
        thread.postMessage({ job: id, at, length: part.length });
      }
    },
    async hex() {
      const told = new Promise<string>((resolve) => {
        tell = resolve;
      });
      thread.postMessage({ job: id, isEnd: true });
      const failed = async (): Promise<never> => {
        while (!failure) await change();
        throw failure.thrown;
      };
      return Promise.race([told, failed()]);
    },
    drop() {
      if (failure || !jobs.has(id)) return;
      thread.postMessage({ job: id, isEnd: true });
    },
  };
}
