// XGBoost's own collective, by which several processes fit one model: a tracker that introduces them, and the membership of each. Both belong in training
// processes alone, because the library ends a member's process by itself when the tracker says that another has failed. The communicator is kept
// per thread: a call from any other thread would add nothing up and not say so.

import { SlipwayError } from "../../core/core.ts";
import { type Bind, type Handle, made } from "./native.ts";

/** Where the members of a group meet, as the library writes it. */
export type TrackerAddress = Readonly<Record<string, string | number>>;

/** A tracker that runs in the background of this process. */
export interface Tracker {
  readonly address: TrackerAddress;
  /** Waits, on this thread, until every member has left. */
  end(): void;
}

/** The calls by which processes fit one model. */
export interface CollectiveCalls {
  /** Throws LIBRARY_NOT_FOUND with a library that has no tracker. */
  startTracker(members: number): Tracker;
  /** Joins this thread to the group, as member `rank` from 0; returns when all have joined. */
  join(address: TrackerAddress, rank: number): void;
  /** Leaves, once all are about to. */
  leave(): void;
}

const LOOPBACK = "127.0.0.1";
/** How long a member waits for another that neither answers nor ends. */
const SILENCE_SECONDS = 300;
const SHUTDOWN_SECONDS = 60;
/** Ranks by the members' own numbers, not by the order in which they come. */
const BY_TASK = 1;

/** Binds those calls; nothing is looked up in the library before one is made, as older ones lack the tracker. */
export function collectiveCalls(bind: Bind, version: string): CollectiveCalls {
  const calls = lazily(() => {
    try {
      return bindCalls(bind);
    } catch (cause) {
      throw new SlipwayError(
        "LIBRARY_NOT_FOUND",
        `XGBoost ${version} has no tracker for several workers: 2.1 or newer has. Set XGBOOST_LIB to a newer libxgboost, or leave workers out.`,
        { cause },
      );
    }
  });
  return {
    startTracker: (members) => {
      const { create, run, workerArgs, waitFor, free } = calls();
      const config = { dmlc_communicator: "rabit", n_workers: members, host: LOOPBACK, sortby: BY_TASK, timeout: 0 };
      const tracker = made((out) => create(JSON.stringify(config), out));
      run(tracker, "{}");
      const told: [string] = [""];
      workerArgs(tracker, told);
      return {
        address: JSON.parse(told[0]) as TrackerAddress,
        end: () => {
          waitFor(tracker, JSON.stringify({ timeout: SHUTDOWN_SECONDS }));
          free(tracker);
        },
      };
    },
    join: (address, rank) =>
      calls().join(
        JSON.stringify({
          ...address,
          dmlc_communicator: "rabit",
          dmlc_task_id: String(rank),
          dmlc_timeout: SILENCE_SECONDS,
        }),
      ),
    leave: () => calls().leave(),
  };
}

interface BoundCalls {
  readonly create: (config: string, out: [Handle]) => void;
  readonly run: (tracker: Handle, config: string) => void;
  readonly workerArgs: (tracker: Handle, out: [string]) => void;
  readonly waitFor: (tracker: Handle, config: string) => void;
  readonly free: (tracker: Handle) => void;
  readonly join: (config: string) => void;
  readonly leave: () => void;
}

function bindCalls(bind: Bind): BoundCalls {
  return {
    create: bind("int XGTrackerCreate(const char *, _Out_ void **)"),
    run: bind("int XGTrackerRun(void *, const char *)"),
    workerArgs: bind("int XGTrackerWorkerArgs(void *, _Out_ const char **)"),
    waitFor: bind("int XGTrackerWaitFor(void *, const char *)"),
    free: bind("int XGTrackerFree(void *)"),
    join: bind("int XGCommunicatorInit(const char *)"),
    leave: bind("int XGCommunicatorFinalize()"),
  };
}

function lazily<T>(make: () => T): () => T {
  let value: T | undefined;
  return () => {
    value ??= make();
    return value;
  };
}
